//! A document: the bytes of one observation, written once with sorted keys and hashed exactly as stored.

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::json;

/// Largest document a collector admits, in bytes.
pub const MAX_BYTES: u64 = 8 << 20;

/// What stands around the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The kind's own schema; see the plugin kit's `kinds`.
    pub body: Value,
    pub kind: Kind,
    /// 128 random bits as hex, stable per agent and kind: equal content gives an equal digest, and the digest cannot be
    /// guessed by somebody who does not hold the document.
    pub salt: String,
    /// `urn:exhibit:kind:<kind>:v<version>`
    pub schema: String,
    pub target: Target,
    /// Version of this header: 1.
    pub v: u8,
    /// Fields that the host's operator keeps back, as pointers or names: null there says nothing. Left out when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// What an observation is about, as `area.name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kind(String);

/// What is observed, as `<type>:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target(String);

/// Why a name or a document is refused.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("{0:?} is not a kind: expected lower-case `area.name`, at most 64 characters")]
    Kind(String),
    #[error("{0:?} is not a target: expected `type:id` without spaces, at most 200 characters")]
    Target(String),
    #[error(transparent)]
    Json(#[from] json::JsonError),
    #[error("document header: {0}")]
    Header(#[source] serde_json::Error),
    #[error("document header version {0} is not 1")]
    Version(u8),
    #[error("document of {found} bytes is over the limit of {limit}")]
    TooLarge { found: u64, limit: u64 },
}

impl Document {
    /// Writes the bytes that are hashed, stored and shown; called once for a document.
    pub fn write(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        json::write_sorted(&value)
    }

    /// Reads stored bytes: duplicate keys, unknown header fields and other versions are refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let found = bytes.len() as u64;
        if found > MAX_BYTES {
            return Err(DocumentError::TooLarge { found, limit: MAX_BYTES });
        }
        // serde would take a list of the values too, which no other reader does.
        let Value::Object(mut fields) = json::read(bytes)? else {
            return Err(DocumentError::Header(serde_json::Error::custom("not an object")));
        };
        // The body is most of it, and is there already: serde would build it once more.
        let body = fields.get_mut("body").map(std::mem::take);
        let header = serde_json::from_value(Value::Object(fields));
        let mut document: Self = header.map_err(DocumentError::Header)?;
        document.body = body.unwrap_or_default();
        if document.v == 1 { Ok(document) } else { Err(DocumentError::Version(document.v)) }
    }

    /// The JSON that [`Document::write`] writes.
    pub fn into_value(mut self) -> Value {
        let body = std::mem::take(&mut self.body);
        let mut value = serde_json::to_value(&self).unwrap_or_default();
        if let Some(place) = value.get_mut("body") {
            *place = body;
        }
        value
    }

    /// The digest of stored bytes.
    pub fn digest(bytes: &[u8]) -> Digest {
        Digest::of(bytes)
    }
}

impl TryFrom<String> for Kind {
    type Error = DocumentError;

    fn try_from(text: String) -> Result<Self, DocumentError> {
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let parts = text.split_once('.');
        let named = parts.is_some_and(|(area, name)| {
            [area, name].iter().all(|part| !part.is_empty() && part.chars().all(fine))
        });
        if named && text.len() <= 64 { Ok(Self(text)) } else { Err(DocumentError::Kind(text)) }
    }
}

impl TryFrom<String> for Target {
    type Error = DocumentError;

    fn try_from(text: String) -> Result<Self, DocumentError> {
        let bad = |c: char| c.is_whitespace() || c.is_control();
        let named = text.split_once(':').is_some_and(|(class, id)| {
            !class.is_empty() && !id.is_empty() && class.chars().all(|c| c.is_ascii_lowercase())
        });
        let usable = named && text.len() <= 200 && !text.contains(bad);
        if usable { Ok(Self(text)) } else { Err(DocumentError::Target(text)) }
    }
}

/// Text in, text out, for a validated name.
macro_rules! name {
    ($type:ty) => {
        impl $type {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::str::FromStr for $type {
            type Err = DocumentError;
            fn from_str(text: &str) -> Result<Self, DocumentError> {
                Self::try_from(text.to_owned())
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
    };
}
name!(Kind);
name!(Target);

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document {
            body: serde_json::json!({"z": [1, {"b": 1, "a": 2}], "a": "ü"}),
            kind: "patch.status".parse().unwrap(),
            salt: "00".repeat(16),
            schema: "urn:exhibit:kind:patch.status:v1".into(),
            target: "host:abc".parse().unwrap(),
            v: 1,
            withheld: Vec::new(),
        }
    }

    #[test]
    fn document_is_written_sorted_and_read_back() {
        let bytes = document().write();
        assert!(bytes.starts_with(
            r#"{"body":{"a":"ü","z":[1,{"a":2,"b":1}]},"kind":"patch.status","salt":"#
        ));
        assert_eq!(Document::parse(bytes.as_bytes()).unwrap(), document());
        assert_eq!(document().into_value(), json::read(bytes.as_bytes()).unwrap());
        // One without a body is none; one whose body is null is.
        let nothing = bytes.replace(r#""body":{"a":"ü","z":[1,{"a":2,"b":1}]},"#, "");
        assert!(matches!(Document::parse(nothing.as_bytes()), Err(DocumentError::Header(_))));
        let null = bytes.replace(r#"{"a":"ü","z":[1,{"a":2,"b":1}]}"#, "null");
        assert_eq!(Document::parse(null.as_bytes()).unwrap().body, Value::Null);
    }

    #[test]
    fn what_is_kept_back_stands_in_the_header_and_nothing_does_otherwise() {
        assert!(!document().write().contains("withheld"));
        let kept_back = Document { withheld: vec!["/z/*/b".into()], ..document() };
        let bytes = kept_back.write();
        assert!(bytes.ends_with(r#""v":1,"withheld":["/z/*/b"]}"#), "{bytes}");
        assert_eq!(Document::parse(bytes.as_bytes()).unwrap(), kept_back);
    }

    #[test]
    fn foreign_headers_are_refused() {
        let bytes = document().write();
        for bad in [
            bytes.replace(r#""v":1"#, r#""v":2"#),
            bytes.replace(r#""v":1"#, r#""v":1,"x":0"#),
            bytes.replace(r#""v":1"#, r#""v":1,"v":1"#),
            bytes.replace("patch.status\"", "../etc\""),
            bytes.replace("host:abc", "host:a b"),
            r#"[{},"patch.status","","urn:x","host:abc",1]"#.to_owned(),
        ] {
            assert!(Document::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_checked() {
        for bad in ["", "patch", "Patch.status", "a.b.c", "a.", ".b", "a/b.c"] {
            assert!(bad.parse::<Kind>().is_err(), "{bad}");
        }
        for bad in ["", "host", "host:", ":x", "host:a\nb"] {
            assert!(bad.parse::<Target>().is_err(), "{bad:?}");
        }
        assert!("aws:123456789012".parse::<Target>().is_ok());
    }
}
