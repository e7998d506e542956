//! What the operator of a host keeps back, as each statement names it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::Kind;

/// What the file of an agent forbids on its host. Nothing that a collector sends can lift it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vetoes {
    /// Kinds that are not observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// Patterns of paths that no plugin reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Fields that are null in documents of a kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<Kind, Vec<String>>,
}

impl Vetoes {
    /// Whether nothing is forbidden.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.paths.is_empty() && self.fields.is_empty()
    }
}

/// `kinds a, b; paths /x; fields y of c`.
impl fmt::Display for Vetoes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.kinds.is_empty() {
            let kinds: Vec<&str> = self.kinds.iter().map(Kind::as_str).collect();
            parts.push(format!("kinds {}", kinds.join(", ")));
        }
        if !self.paths.is_empty() {
            parts.push(format!("paths {}", self.paths.join(", ")));
        }
        for (kind, fields) in &self.fields {
            parts.push(format!("fields {} of {kind}", fields.join(", ")));
        }
        f.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vetoes_are_told_in_one_line_and_none_leaves_no_trace() {
        let vetoes = Vetoes {
            kinds: vec!["hardware.health".parse().unwrap()],
            paths: vec!["/etc/ssl/private/**".into(), "/home/*/.ssh".into()],
            fields: [("identity.accounts".parse().unwrap(), vec!["/accounts/*/name".into()])]
                .into(),
        };
        assert_eq!(
            vetoes.to_string(),
            "kinds hardware.health; paths /etc/ssl/private/**, /home/*/.ssh; fields /accounts/*/name of identity.accounts"
        );
        let text = serde_json::to_string(&vetoes).unwrap();
        assert_eq!(serde_json::from_str::<Vetoes>(&text).unwrap(), vetoes);
        assert_eq!(serde_json::to_string(&Vetoes::default()).unwrap(), "{}");
        assert!(Vetoes::default().is_empty() && !vetoes.is_empty());
    }
}
