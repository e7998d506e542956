//! JSON read strictly and written once: duplicate keys are refused, keys are sorted at every level.

mod objects;
mod once;

use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use objects::Objects;
use once::Once;

/// Why bytes are not acceptable JSON.
#[derive(Debug, thiserror::Error)]
#[error("not acceptable JSON: {0}")]
pub struct JsonError(#[from] serde_json::Error);

/// Reads JSON, refusing duplicate keys, trailing data and nesting over 128 (serde_json's bound).
pub fn read(bytes: &[u8]) -> Result<Value, JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// [`read`], into a type whose every struct must be written as an object: serde would take a list of the values too, which no
/// other reader does. Nothing is built but the type itself: one pass looks for doubled keys, the next one reads.
pub fn read_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    check(bytes)?;
    Ok(object(bytes)?)
}

/// Accepts and refuses what [`read`] does, and builds nothing.
pub fn check(bytes: &[u8]) -> Result<(), JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Once.deserialize(&mut reader)?;
    Ok(reader.end()?)
}

/// [`read_object`] of bytes that [`check`] has accepted.
pub fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    T::deserialize(Objects(&mut serde_json::Deserializer::from_slice(bytes)))
}

/// What [`read_object`] does, with JSON that is read already.
pub fn of_object<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(Objects(value))
}

/// Writes compact JSON with keys sorted by their UTF-8 bytes, whatever order the map keeps.
pub fn write_sorted(value: &Value) -> String {
    let mut out = Vec::new();
    write_into(value, &mut out);
    // What JSON writes is UTF-8.
    String::from_utf8(out).unwrap_or_default()
}

fn write_into(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_bytes());
            out.push(b'{');
            for (position, (key, value)) in entries.into_iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write_plain(key.as_str(), out);
                out.push(b':');
                write_into(value, out);
            }
            out.push(b'}');
        }
        Value::Array(values) => {
            out.push(b'[');
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write_into(value, out);
            }
            out.push(b']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            write_plain(value, out);
        }
    }
}

fn write_plain<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Plain values into memory: this cannot fail.
    serde_json::to_writer(out, value).unwrap_or_default();
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that JSON cannot hold"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Strict)?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("key {key:?} stands twice")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_level() {
        let value = read(br#"{"b":[{"z":1,"a":"\u0007"}],"a":null}"#).unwrap();
        assert_eq!(write_sorted(&value), r#"{"a":null,"b":[{"a":"\u0007","z":1}]}"#);
    }

    #[test]
    fn a_list_is_no_struct() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Inner {
            a: u8,
        }
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Outer {
            list: Vec<Inner>,
        }
        let outer = Outer { list: vec![Inner { a: 1 }] };
        assert_eq!(read_object::<Outer>(br#"{"x":0,"list":[{"a":1,"y":2}]}"#).unwrap(), outer);
        for bad in [r#"[[{"a":1}]]"#, r#"{"list":[[1]]}"#] {
            assert!(serde_json::from_str::<Outer>(bad).is_ok());
            assert!(read_object::<Outer>(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_read_into_a_type_is_as_strict_as_what_is_read_into_a_value() {
        for bad in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"x":{"b":1,"\u0062":2}}"#,
            r#"{"a":1,"x":1e999}"#,
            r#"{"a":1} x"#,
            r#"{"a":1,"x":"\ud800"}"#,
            r#"{"a":1,"x":[{"":0,"":0}]}"#,
        ] {
            #[derive(serde::Deserialize)]
            struct Inner {
                #[expect(dead_code, reason = "only whether it can be read is asked")]
                a: u8,
            }
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
            assert!(read_object::<Inner>(bad.as_bytes()).is_err(), "{bad}");
        }
        let deep = "[".repeat(100_000);
        assert!(read_object::<Value>(deep.as_bytes()).is_err());
    }

    #[test]
    fn duplicate_keys_trailing_data_and_depth_are_refused() {
        assert!(read(br#"{"a":1,"a":2}"#).is_err());
        assert!(read(br#"{"x":{"a":1,"a":2}}"#).is_err());
        assert!(read(b"{} x").is_err());
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
        assert!(read(b"\"\\ud800\"").is_err());
    }

    #[test]
    fn big_integers_keep_their_digits() {
        let value = read(b"[18446744073709551615,-9223372036854775808]").unwrap();
        assert_eq!(write_sorted(&value), "[18446744073709551615,-9223372036854775808]");
    }
}
