//! What each kind yields at each level of rights, from what a plugin declares that it needs; pure.
//!
//! It never looks at a host: a test runs the plugin at every level and holds the declarations to what was seen.

use std::collections::BTreeSet;

use crate::protocol::{Describe, DescribeKind};

/// The right that no capability replaces.
pub const ROOT: &str = "root";

/// How much a plugin may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What anybody may.
    User,
    /// Not root, with every capability that the plugin declares.
    Capabilities,
    /// Root.
    Root,
}

impl Level {
    /// Every level, the lowest first.
    pub const ALL: [Self; 3] = [Self::User, Self::Capabilities, Self::Root];

    /// Whether this level has a right, one of [`rights`].
    #[must_use]
    pub fn has(self, right: &str) -> bool {
        match self {
            Self::User => false,
            Self::Capabilities => right != ROOT,
            Self::Root => true,
        }
    }
}

/// The rights that a declaration or a remedy names. Where it names capabilities, root is only another way to have them.
#[must_use]
pub fn rights(text: &str) -> BTreeSet<String> {
    let words = || text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let capability = |word: &&str| word.strip_prefix("CAP_").is_some_and(|name| !name.is_empty());
    let capabilities: BTreeSet<String> = words().filter(capability).map(str::to_owned).collect();
    if capabilities.is_empty() && words().any(|word| word == ROOT) {
        return BTreeSet::from([ROOT.to_owned()]);
    }
    capabilities
}

/// Every right that a kind declares.
#[must_use]
pub fn declared(kind: &DescribeKind) -> BTreeSet<String> {
    kind.needs.iter().flat_map(|need| rights(need)).collect()
}

/// What a kind may lack at a level; empty when the level yields all.
#[must_use]
pub fn lacking(kind: &DescribeKind, level: Level) -> BTreeSet<String> {
    declared(kind).into_iter().filter(|right| !level.has(right)).collect()
}

/// The table of a plugin's page.
#[must_use]
pub fn table(plugin: &Describe) -> String {
    let mut text =
        "| kind | any user | with the capabilities | root |\n|---|---|---|---|\n".to_owned();
    for kind in &plugin.kinds {
        let cells = Level::ALL.map(|level| {
            let lacking: Vec<String> = lacking(kind, level).into_iter().collect();
            if lacking.is_empty() {
                "all".to_owned()
            } else {
                format!("without {}", lacking.join(", "))
            }
        });
        text.push_str(&format!("| {} | {} |\n", kind.kind, cells.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(needs: &[&str]) -> DescribeKind {
        DescribeKind {
            kind: "identity.accounts".into(),
            schema: "urn:exhibit:kind:identity.accounts:v1".into(),
            reads: Vec::new(),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        }
    }

    #[test]
    fn a_right_is_what_a_declaration_names_and_root_only_where_nothing_less_will_do() {
        let named = |text: &str| rights(text).into_iter().collect::<Vec<_>>();
        assert_eq!(
            named("CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH for sockets"),
            ["CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE"]
        );
        assert_eq!(named("CAP_NET_ADMIN (or run it as root)"), ["CAP_NET_ADMIN"]);
        assert_eq!(named("root: sshd -T"), ["root"]);
        assert!(named("a password file; CAP_; chroot; install nft").is_empty());
    }

    #[test]
    fn the_table_says_what_each_level_lacks() {
        let plugin = Describe {
            name: "test".into(),
            version: "1".into(),
            protocol: 1,
            keeps_deny_paths: false,
            kinds: vec![kind(&["CAP_DAC_READ_SEARCH: shadow", "root: sshd -T"]), kind(&[])],
        };
        let table = table(&plugin);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| identity.accounts | without CAP_DAC_READ_SEARCH, root | without root | all |",
                "| identity.accounts | all | all | all |",
            ]
        );
    }
}
