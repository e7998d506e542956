//! C2SP tlog-policy: the file that says which keys a verifier trusts. It comes from outside, never from a bundle.

use std::collections::BTreeMap;

use crate::note::{NoteError, Verifier};

/// Longest policy we read: far above any real one.
const MAX_BYTES: usize = 1 << 20;

/// A parsed policy. Witnesses are known by their key text; their cosignatures are checked by whoever asks for a quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub logs: Vec<Verifier>,
    /// Name → verifier key text, as written.
    pub witnesses: BTreeMap<String, String>,
    pub groups: BTreeMap<String, Group>,
    /// The witness or group that must have cosigned; `None` for `quorum none`.
    pub quorum: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub threshold: usize,
    pub members: Vec<String>,
}

/// Why a policy is refused, with its line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PolicyError {
    #[error("policy line {line}: {what}: {text:?}")]
    Line { line: usize, what: &'static str, text: String },
    #[error("policy line {line}: {source}")]
    Key { line: usize, source: NoteError },
    #[error("policy names no log: add a line `log <vkey>`")]
    NoLog,
    #[error("policy has no quorum line: add `quorum none`, or `quorum <witness or group>`")]
    NoQuorum,
    #[error("policy of {0} bytes is over 1 MiB")]
    TooLong(usize),
}

impl Policy {
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_BYTES {
            return Err(PolicyError::TooLong(text.len()));
        }
        let mut reader = Reader::default();
        for (line, text) in (1..).zip(text.lines()) {
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let comment = words.first().is_none_or(|word| word.starts_with('#'));
            if !comment {
                reader.line(line, text, &words)?;
            }
        }
        if reader.policy.logs.is_empty() {
            return Err(PolicyError::NoLog);
        }
        if reader.quorum_line { Ok(reader.policy) } else { Err(PolicyError::NoQuorum) }
    }

    /// The log of this name.
    pub fn log(&self, origin: &str) -> Option<&Verifier> {
        self.logs.iter().find(|log| log.name() == origin)
    }
}

struct Reader {
    policy: Policy,
    used: Vec<String>,
    quorum_line: bool,
}

impl Default for Reader {
    fn default() -> Self {
        let policy = Policy {
            logs: Vec::new(),
            witnesses: BTreeMap::new(),
            groups: BTreeMap::new(),
            quorum: None,
        };
        Self { policy, used: Vec::new(), quorum_line: false }
    }
}

impl Reader {
    fn line(&mut self, line: usize, text: &str, words: &[&str]) -> Result<(), PolicyError> {
        let refused = |what| {
            let text = text.chars().take(120).collect();
            Err(PolicyError::Line { line, what, text })
        };
        match words {
            ["log", vkey] | ["log", vkey, _] => {
                let log = Verifier::from_vkey(vkey)
                    .map_err(|source| PolicyError::Key { line, source })?;
                if self.policy.logs.iter().any(|known| known.key() == log.key()) {
                    return refused("this log's key stands twice");
                }
                self.policy.logs.push(log);
            }
            ["witness", name, vkey] | ["witness", name, vkey, _] => {
                if self.knows(name) || *name == "none" {
                    return refused("this name is taken");
                }
                if self.policy.witnesses.values().any(|known| known == vkey) {
                    return refused("this witness's key stands twice");
                }
                self.policy.witnesses.insert((*name).to_owned(), (*vkey).to_owned());
            }
            ["group", name, threshold, members @ ..] if !members.is_empty() => {
                if self.knows(name) || *name == "none" {
                    return refused("this name is taken");
                }
                let threshold = match *threshold {
                    "any" => Some(1),
                    "all" => Some(members.len()),
                    number => number.parse().ok().filter(|k| (1..=members.len()).contains(k)),
                };
                let Some(threshold) = threshold else {
                    return refused("threshold is not any, all or 1..members");
                };
                if members.iter().any(|member| !self.use_name(member)) {
                    return refused("a member is not defined above, or is used twice");
                }
                let members = members.iter().map(|member| (*member).to_owned()).collect();
                self.policy.groups.insert((*name).to_owned(), Group { threshold, members });
            }
            ["quorum", name] => {
                if self.quorum_line {
                    return refused("second quorum line");
                }
                if *name != "none" {
                    if !self.use_name(name) {
                        return refused("quorum is not defined above, or is already in a group");
                    }
                    self.policy.quorum = Some((*name).to_owned());
                }
                self.quorum_line = true;
            }
            _ => return refused("not a log, witness, group or quorum line"),
        }
        Ok(())
    }

    fn knows(&self, name: &str) -> bool {
        self.policy.witnesses.contains_key(name) || self.policy.groups.contains_key(name)
    }

    /// Marks a defined name as used; each may be used once.
    fn use_name(&mut self, name: &str) -> bool {
        let fresh = self.knows(name) && !self.used.iter().any(|used| used == name);
        self.used.push(name.to_owned());
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SecretKey;

    fn vkey(name: &str, seed: u8) -> String {
        let key = SecretKey::from_seed(&[seed; 32]).public();
        Verifier::new(name, key).unwrap().vkey()
    }

    #[test]
    fn policy_with_groups_reads() {
        let text = format!(
            "# ours\nlog {}\nwitness a {} https://a.example\nwitness b {}\ngroup g 1 a b\nquorum g\n",
            vkey("log.example/1", 1),
            vkey("a.example", 2),
            vkey("b.example", 3)
        );
        let policy = Policy::parse(&text).unwrap();
        assert_eq!(policy.log("log.example/1").unwrap().vkey(), vkey("log.example/1", 1));
        assert_eq!((policy.quorum.as_deref(), policy.groups["g"].threshold), (Some("g"), 1));
    }

    #[test]
    fn wrong_policies_name_their_line() {
        let log = format!("log {}\n", vkey("log.example/1", 1));
        for (text, expected) in [
            ("quorum none\n".to_owned(), "names no log"),
            (log.clone(), "no quorum line"),
            (format!("{log}{log}quorum none\n"), "line 2"),
            (format!("{log}quorum g\n"), "line 2"),
            (format!("{log}quorum none\nquorum none\n"), "line 3"),
            (format!("{log}witness a k\ngroup g 2 a\nquorum g\n"), "line 3"),
            (format!("{log}trust me\n"), "line 2"),
            ("log x+y+z\nquorum none\n".to_owned(), "line 1"),
        ] {
            let error = Policy::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} lacks {expected}");
        }
    }
}
