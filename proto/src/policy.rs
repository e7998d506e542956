//! C2SP tlog-policy: the file that says which keys a verifier trusts. It comes from outside, never from a bundle.

use std::collections::BTreeMap;

use crate::cosignature::Witness;
use crate::note::{Note, NoteError, Verifier};

/// Longest policy we read: far above any real one.
const MAX_BYTES: usize = 1 << 20;

/// A parsed policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub logs: Vec<Verifier>,
    /// By the name that the policy gives them.
    pub witnesses: BTreeMap<String, Witness>,
    pub groups: BTreeMap<String, Group>,
    /// The witness or group that must have cosigned; `None` for `quorum none`.
    pub quorum: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub threshold: usize,
    pub members: Vec<String>,
}

/// What the policy's quorum says about one head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quorum {
    /// `quorum none`: the policy asks for no witness.
    NotAsked,
    /// Witnesses that cosigned, with their times (Unix seconds); they suffice.
    Met(BTreeMap<String, u64>),
    /// Witnesses that cosigned; they do not suffice.
    Short(BTreeMap<String, u64>),
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

    /// Whether the witnesses whose cosignatures stand on `checkpoint` are enough. A cosignature that claims to be a
    /// known witness's and fails rejects the note.
    pub fn quorum(&self, checkpoint: &Note) -> Result<Quorum, NoteError> {
        let mut cosigned = BTreeMap::new();
        for (name, witness) in &self.witnesses {
            match witness.cosigned(checkpoint) {
                Ok(time) => drop(cosigned.insert(name.clone(), time)),
                Err(NoteError::Unsigned(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let Some(quorum) = &self.quorum else { return Ok(Quorum::NotAsked) };
        let met = self.holds(quorum, &cosigned);
        Ok(if met { Quorum::Met(cosigned) } else { Quorum::Short(cosigned) })
    }

    /// By when the quorum had cosigned, and since when at the earliest, if `cosigned` (times by name) satisfies it: the smallest
    /// time up to which enough of them signed, and the largest from which on enough did. A few witnesses that lie about the
    /// time cannot move either beyond what the honest ones say, unless they are a quorum themselves.
    pub fn quorum_times(&self, cosigned: &BTreeMap<String, u64>) -> Option<(u64, u64)> {
        let quorum = self.quorum.as_deref()?;
        let mut times: Vec<u64> = cosigned.values().copied().collect();
        times.sort_unstable();
        let enough = |keep: &dyn Fn(u64) -> bool| {
            let some = cosigned.iter().filter(|(_, time)| keep(**time));
            self.holds(quorum, &some.map(|(name, time)| (name.clone(), *time)).collect())
        };
        let by = times.iter().copied().find(|by| enough(&|time| time <= *by))?;
        let since = times.iter().rev().copied().find(|since| enough(&|time| time >= *since))?;
        Some((by, since))
    }

    /// Names are defined before use, so this ends.
    fn holds(&self, name: &str, cosigned: &BTreeMap<String, u64>) -> bool {
        match self.groups.get(name) {
            Some(group) => {
                let holding = group.members.iter().filter(|member| self.holds(member, cosigned));
                holding.count() >= group.threshold
            }
            None => cosigned.contains_key(name),
        }
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
                let witness =
                    Witness::from_vkey(vkey).map_err(|source| PolicyError::Key { line, source })?;
                if self.policy.witnesses.values().any(|known| known.key() == witness.key()) {
                    return refused("this witness's key stands twice");
                }
                self.policy.witnesses.insert((*name).to_owned(), witness);
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

    fn witness(name: &str, seed: u8) -> String {
        let key = SecretKey::from_seed(&[seed; 32]).public();
        Witness::new(name, key).unwrap().vkey()
    }

    #[test]
    fn policy_with_groups_reads() {
        let text = format!(
            "# ours\nlog {}\nwitness a {} https://a.example\nwitness b {}\ngroup g 1 a b\nquorum g\n",
            vkey("log.example/1", 1),
            witness("a.example", 2),
            witness("b.example", 3)
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
            (format!("{log}witness a {}\ngroup g 2 a\nquorum g\n", witness("a", 2)), "line 3"),
            (format!("{log}witness a {}\n", vkey("a", 2)), "line 2"),
            (format!("{log}trust me\n"), "line 2"),
            ("log x+y+z\nquorum none\n".to_owned(), "line 1"),
        ] {
            let error = Policy::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} lacks {expected}");
        }
    }

    #[test]
    fn quorum_counts_the_witnesses_that_cosigned() {
        let log = SecretKey::from_seed(&[1; 32]);
        let note = crate::note::sign("log.example/1\n0\nx\n", "log.example/1", &log).unwrap();
        let text = "log.example/1\n0\nx\n";
        let by = |name: &str, seed| {
            let key = SecretKey::from_seed(&[seed; 32]);
            crate::cosignature::cosign(text, name, &key, 7).unwrap()
        };
        let policy = Policy::parse(&format!(
            "log {}\nwitness a {}\nwitness b {}\nwitness c {}\ngroup ab all a b\ngroup g any ab c\nquorum g\n",
            vkey("log.example/1", 1),
            witness("a.example", 2),
            witness("b.example", 3),
            witness("c.example", 4),
        ))
        .unwrap();
        let verdict = |lines: &[String]| {
            let note = format!("{note}{}", lines.concat());
            policy.quorum(&Note::parse(note.as_bytes()).unwrap())
        };
        assert!(matches!(verdict(&[by("a.example", 2)]), Ok(Quorum::Short(who)) if who.len() == 1));
        assert!(matches!(verdict(&[by("c.example", 4)]), Ok(Quorum::Met(_))));
        let both = verdict(&[by("a.example", 2), by("b.example", 3)]);
        assert!(matches!(both, Ok(Quorum::Met(who)) if who.len() == 2));
    }

    #[test]
    fn one_witness_that_lies_about_the_time_moves_no_bound_of_a_quorum_of_two() {
        let policy = Policy::parse(&format!(
            "log {}\nwitness a {}\nwitness b {}\nwitness c {}\ngroup g 2 a b c\nquorum g\n",
            vkey("log.example/1", 1),
            witness("a.example", 2),
            witness("b.example", 3),
            witness("c.example", 4),
        ))
        .unwrap();
        let times = |times: &[(&str, u64)]| {
            policy.quorum_times(&times.iter().map(|(name, time)| ((*name).into(), *time)).collect())
        };
        assert_eq!(times(&[("a", 100), ("b", 110), ("c", 105)]), Some((105, 105)));
        // Far too early, far too late.
        assert_eq!(times(&[("a", 1), ("b", 110), ("c", 105)]), Some((105, 105)));
        assert_eq!(times(&[("a", 100), ("b", 9_999), ("c", 105)]), Some((105, 105)));
        assert_eq!(times(&[("a", 100), ("b", 110)]), Some((110, 100)));
        assert_eq!(times(&[("a", 100)]), None);
    }
}
