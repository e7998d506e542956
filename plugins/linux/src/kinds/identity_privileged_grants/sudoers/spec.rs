//! One rule of sudoers: who, where, as whom, what. It does not expand aliases.

use super::words::{find_outside, split_outside};

/// Commands that share hosts, run-as and authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Rule {
    /// Users, as written.
    pub(in super::super) users: Vec<String>,
    /// Hosts, as written.
    pub(in super::super) hosts: Vec<String>,
    /// Users to act as; none when the rule has no parentheses.
    pub(in super::super) run_as_users: Option<Vec<String>>,
    /// Groups to act as.
    pub(in super::super) run_as_groups: Vec<String>,
    /// Commands with arguments, as written.
    pub(in super::super) commands: Vec<String>,
    /// Whether the rule says so itself (`PASSWD:`, `NOPASSWD:`).
    pub(in super::super) authenticate: Option<bool>,
    /// File and line.
    pub(in super::super) source: String,
}

const TAGS: [&str; 20] = [
    "EXEC",
    "NOEXEC",
    "FOLLOW",
    "NOFOLLOW",
    "INTERCEPT",
    "NOINTERCEPT",
    "LOG_INPUT",
    "NOLOG_INPUT",
    "LOG_OUTPUT",
    "NOLOG_OUTPUT",
    "MAIL",
    "NOMAIL",
    "PASSWD",
    "NOPASSWD",
    "SETENV",
    "NOSETENV",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
];

const OPTIONS: [&str; 10] = [
    "ROLE",
    "TYPE",
    "PRIVS",
    "LIMITPRIVS",
    "CWD",
    "CHROOT",
    "TIMEOUT",
    "NOTBEFORE",
    "NOTAFTER",
    "APPARMOR_PROFILE",
];

/// Reads `users hosts = commands [: hosts = commands]…`; none when it is no rule.
pub(super) fn parse(line: &str, place: &str) -> Option<Vec<Rule>> {
    let (mut rules, mut users) = (Vec::new(), None);
    for section in sections(&line.replace('\t', " ")) {
        let equals = find_outside(&section, '=')?;
        let (left, right) = section.split_at_checked(equals)?;
        let left = tight(left);
        let hosts = match &users {
            None => {
                let space = find_outside(&left, ' ')?;
                let (names, hosts) = left.split_at_checked(space)?;
                users = Some(list(names));
                list(hosts)
            }
            Some(_) => list(&left),
        };
        let users = users.clone().filter(|users| !users.is_empty())?;
        if hosts.is_empty() {
            return None;
        }
        let mut found = commands(right.strip_prefix('=')?, &users, &hosts, place)?;
        rules.append(&mut found);
    }
    (!rules.is_empty()).then_some(rules)
}

/// Pieces between colons that are neither part of a tag nor of a digest.
fn sections(line: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in split_outside(line, ':') {
        let word = |text: &String| {
            let last = text.rsplit(|c: char| c.is_whitespace() || ",=)".contains(c)).next();
            last.unwrap_or_default().to_owned()
        };
        // `NOPASSWD :` may stand apart from its colon.
        match found.last_mut() {
            Some(before)
                if TAGS.contains(&word(&before.trim_end().to_owned()).as_str())
                    || before.ends_with('%') =>
            {
                before.push(':');
                before.push_str(&piece);
            }
            _ => found.push(piece),
        }
    }
    found
}

/// Without the spaces around commas and after exclamation marks, so that only lists are parted by spaces.
fn tight(text: &str) -> String {
    let pieces = split_outside(text.trim(), ',');
    let pieces: Vec<_> = pieces.iter().map(|piece| piece.trim().replace("! ", "!")).collect();
    pieces.join(",")
}

fn list(text: &str) -> Vec<String> {
    let words = split_outside(text.trim(), ',');
    let words = words.iter().map(|word| word.trim().replace(['"', '\\'], ""));
    words.filter(|word| !word.is_empty()).collect()
}

fn commands(text: &str, users: &[String], hosts: &[String], place: &str) -> Option<Vec<Rule>> {
    let mut rules: Vec<Rule> = Vec::new();
    let (mut run_as, mut groups, mut authenticate): (
        Option<Vec<String>>,
        Vec<String>,
        Option<bool>,
    ) = (None, Vec::new(), None);
    for piece in split_outside(text, ',') {
        let mut rest = piece.trim();
        // Run-as and tags hold for the commands after them, too.
        if let Some(inside) = rest.strip_prefix('(') {
            let (inside, after) = inside.split_once(')')?;
            let (names, group_names) = inside.split_once(':').unwrap_or((inside, ""));
            run_as = Some(list(names));
            groups = list(group_names);
            rest = after.trim_start();
        }
        loop {
            if let Some(after) = after_option(rest) {
                rest = after;
            } else if let Some((tag, after)) = tag(rest) {
                match tag {
                    "NOPASSWD" => authenticate = Some(false),
                    "PASSWD" => authenticate = Some(true),
                    _ => {}
                }
                rest = after;
            } else {
                break;
            }
        }
        if rest.is_empty() {
            return None;
        }
        let rule = Rule {
            users: users.to_vec(),
            hosts: hosts.to_vec(),
            run_as_users: run_as.clone(),
            run_as_groups: groups.clone(),
            commands: vec![rest.to_owned()],
            authenticate,
            source: place.to_owned(),
        };
        match rules.last_mut() {
            Some(last) if last.is_like(&rule) => last.commands.push(rest.to_owned()),
            _ => rules.push(rule),
        }
    }
    Some(rules)
}

impl Rule {
    fn is_like(&self, other: &Self) -> bool {
        self.run_as_users == other.run_as_users
            && self.run_as_groups == other.run_as_groups
            && self.authenticate == other.authenticate
    }
}

/// `NOPASSWD:` and the like; of a digest the value goes with its name.
fn tag(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(':')?;
    let word = word.trim_end();
    if !TAGS.contains(&word) {
        return None;
    }
    if word.starts_with("sha") {
        let (_digest, after) = rest.trim_start().split_once(char::is_whitespace)?;
        return Some((word, after.trim_start()));
    }
    Some((word, rest.trim_start()))
}

/// What follows `CWD=/x` and the like.
fn after_option(text: &str) -> Option<&str> {
    let (word, rest) = text.split_once('=')?;
    if !OPTIONS.contains(&word.trim_end()) {
        return None;
    }
    let (_value, after) = rest.trim_start().split_once(char::is_whitespace)?;
    Some(after.trim_start())
}
