//! Reads a body as its kind and names the place of a fault. It never holds a second reader of any kind: one that wraps
//! another would bring the code of every kind twice into each program that checks them, and the agent stays in memory.

use std::cell::RefCell;
use std::fmt;
use std::slice;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess};
use serde::de::{SeqAccess, Unexpected, Visitor, value::BorrowedStrDeserializer};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value, map};

/// A body that is not what its kind says.
#[derive(Debug)]
pub(super) struct Fault {
    /// Such as `pending[0].security`; `.` is the body itself.
    pub(super) place: String,
    pub(super) error: Error,
}

/// Reads a body.
pub(super) fn read<B: DeserializeOwned>(body: &Value) -> Result<B, Fault> {
    let fault = RefCell::new(None);
    let placed = Placed { value: body, place: Place::Body, fault: &fault };
    B::deserialize(placed).map_err(|error| {
        let place = fault.take().unwrap_or_else(|| Place::Body.to_string());
        Fault { place, error }
    })
}

/// Where a value stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    Body,
    Field(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => out.write_str("."),
            Self::Field(Place::Body, name) => out.write_str(name),
            Self::Field(parent, name) => write!(out, "{parent}.{name}"),
            Self::Element(Place::Body, index) => write!(out, "[{index}]"),
            Self::Element(parent, index) => write!(out, "{parent}[{index}]"),
        }
    }
}

/// A value that knows where it stands.
struct Placed<'de, 'a> {
    value: &'de Value,
    place: Place<'a>,
    /// The innermost place of the first fault.
    fault: &'a RefCell<Option<String>>,
}

impl Placed<'_, '_> {
    fn noted<T>(
        fault: &RefCell<Option<String>>,
        place: &Place<'_>,
        error: Error,
    ) -> Result<T, Error> {
        fault.borrow_mut().get_or_insert_with(|| place.to_string());
        Err(error)
    }
}

impl<'de> Deserializer<'de> for Placed<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self { value, place, fault } = self;
        let read = match value {
            Value::Array(values) => {
                let mut elements =
                    Elements { values: values.iter(), next: 0, place: &place, fault };
                visitor.visit_seq(&mut elements).and_then(|read| match elements.values.len() {
                    0 => Ok(read),
                    _more => Err(Error::invalid_length(values.len(), &"fewer elements")),
                })
            }
            Value::Object(map) => {
                visitor.visit_map(Fields { map: map.iter(), at: None, place: &place, fault })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                value.deserialize_any(visitor)
            }
        };
        read.or_else(|error| Self::noted(fault, &place, error))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// serde would read a struct from a list of its fields, too; no schema means that.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.value.is_array() {
            let error = Error::invalid_type(Unexpected::Seq, &visitor);
            return Self::noted(self.fault, &self.place, error);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let read = self.value.deserialize_enum(name, variants, visitor);
        read.or_else(|error| Self::noted(self.fault, &self.place, error))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Elements<'de, 'a> {
    values: slice::Iter<'de, Value>,
    next: usize,
    place: &'a Place<'a>,
    fault: &'a RefCell<Option<String>>,
}

impl<'de> SeqAccess<'de> for &mut Elements<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.values.next() else { return Ok(None) };
        let place = Place::Element(self.place, self.next);
        self.next += 1;
        seed.deserialize(Placed { value, place, fault: self.fault }).map(Some)
    }
}

struct Fields<'de, 'a> {
    map: map::Iter<'de>,
    /// The field whose name was read, and whose value comes next.
    at: Option<(&'de str, &'de Value)>,
    place: &'a Place<'a>,
    fault: &'a RefCell<Option<String>>,
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.at = self.map.next().map(|(name, value)| (name.as_str(), value));
        let Some((name, _)) = self.at else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((name, value)) = self.at.take() else {
            return Err(Error::custom("a value without a name"));
        };
        let place = Place::Field(self.place, name);
        seed.deserialize(Placed { value, place, fault: self.fault })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        word: Word,
        size: u8,
        #[serde(default)]
        pair: (i64, f64),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Good,
        Bad,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        list: Vec<Inner>,
        by_name: BTreeMap<String, Option<Inner>>,
    }

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        let whole = json!({
            "list": [{"word": "good", "size": 255, "pair": [-1, 0.5]}, {"word": "bad", "size": 0}],
            "by_name": {"a": null, "b": {"word": "good", "size": 1}},
        });
        let read: Outer = read(&whole).unwrap();
        assert_eq!(read, serde_json::from_value(whole).unwrap());
        assert_eq!(read.list[0].pair, (-1, 0.5));
    }

    #[test]
    fn each_fault_is_named_with_its_innermost_place() {
        let good = json!({"word": "good", "size": 1});
        for (inner, place, words) in [
            (json!({"word": "ugly", "size": 1}), "list[1].word", "ugly"),
            (json!({"word": "good", "size": 256}), "list[1].size", "256"),
            (json!({"word": "good", "size": -1}), "list[1].size", "-1"),
            (json!({"word": "good"}), "list[1]", "size"),
            (json!({"word": "good", "size": 1, "colour": 2}), "list[1]", "colour"),
            (json!({"word": "good", "size": 1, "pair": [1, "x"]}), "list[1].pair[1]", "x"),
            (json!({"word": "good", "size": 1, "pair": [1, 2.0, 3]}), "list[1].pair", "3"),
            (json!({"word": "good", "size": 1, "pair": [1]}), "list[1].pair", "1"),
            (json!("text"), "list[1]", "text"),
        ] {
            let body = json!({"list": [good, inner], "by_name": {}});
            let fault = read::<Outer>(&body).unwrap_err();
            assert_eq!(fault.place, place, "{}", fault.error);
            assert!(fault.error.to_string().contains(words), "{}", fault.error);
            assert!(serde_json::from_value::<Outer>(body).is_err());
        }
        let body = json!({"list": [], "by_name": {"a b": {"word": 1, "size": 1}}});
        assert_eq!(read::<Outer>(&body).unwrap_err().place, "by_name.a b.word");
        assert_eq!(read::<Outer>(&json!([[], {}])).unwrap_err().place, ".");
        assert_eq!(read::<Outer>(&json!(null)).unwrap_err().place, ".");
    }
}
