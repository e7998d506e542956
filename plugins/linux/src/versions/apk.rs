//! Order of apk's versions: `digits{.digits}[letter]{_suffix[digits]}[-rN]`, as apk-tools compares them.

use std::cmp::Ordering;

/// Suffixes before a release sort below none, those after it above.
const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// Compares two versions.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (Version::parse(left), Version::parse(right));
    numbers(&left.numbers, &right.numbers)
        .then_with(|| left.letter.cmp(&right.letter))
        .then_with(|| suffixes(&left.suffixes, &right.suffixes))
        .then_with(|| left.revision.cmp(&right.revision))
}

struct Version<'a> {
    numbers: Vec<&'a str>,
    letter: Option<u8>,
    /// Rank and number of each suffix.
    suffixes: Vec<(i32, u64)>,
    revision: u64,
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Self {
        let (rest, revision) = match text.rsplit_once("-r") {
            Some((rest, revision)) if !revision.is_empty() => match revision.parse() {
                Ok(number) => (rest, number),
                Err(_) => (text, 0),
            },
            _ => (text, 0),
        };
        // What follows a tilde is the digest of a commit and orders nothing.
        let rest = rest.split('~').next().unwrap_or_default();
        let mut parts = rest.split('_');
        let main = parts.next().unwrap_or_default();
        let letter = main.bytes().last().filter(u8::is_ascii_lowercase);
        let main = main.trim_end_matches(|c: char| c.is_ascii_lowercase());
        Self {
            numbers: main.split('.').collect(),
            letter,
            suffixes: parts.map(suffix).collect(),
            revision,
        }
    }
}

fn suffix(text: &str) -> (i32, u64) {
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_prefix(name).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let place = |list: &[&str]| list.iter().position(|known| *known == name);
    let rank = match (place(&BEFORE), place(&AFTER)) {
        (Some(at), _) => i32::try_from(at).unwrap_or(0) - 10,
        (None, Some(at)) => i32::try_from(at).unwrap_or(0) + 1,
        // A suffix that is not known: after all that are.
        (None, None) => 100,
    };
    (rank, number)
}

/// The first numbers are compared as such; later ones with a leading zero as digits after a decimal point.
fn numbers(left: &[&str], right: &[&str]) -> Ordering {
    for (index, (one, other)) in left.iter().zip(right).enumerate() {
        let fraction = index > 0 && (one.starts_with('0') || other.starts_with('0'));
        let order = if fraction { one.cmp(other) } else { whole(one, other) };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

fn whole(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn suffixes(left: &[(i32, u64)], right: &[(i32, u64)]) -> Ordering {
    for index in 0..left.len().max(right.len()) {
        let none = (0, 0);
        let (one, other) = (left.get(index).unwrap_or(&none), right.get(index).unwrap_or(&none));
        let order = one.cmp(other);
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_apk_orders_them() {
        use Ordering::{Equal, Greater, Less};
        for (left, right, expected) in [
            ("2.34", "0.1.0_alpha", Greater),
            ("0.1.0_alpha", "0.1.3_alpha", Less),
            ("0.1.0_alpha2", "0.1.0_alpha", Greater),
            ("0.12.1", "0.12.2_pre2", Less),
            ("1.4-r1", "1.4-r0", Greater),
            ("1.2.3", "1.2.3a", Less),
            ("2.2.12b", "2.2.12a", Greater),
            ("1.0", "1.0_p1", Less),
            ("1.0_rc1", "1.0", Less),
            ("1.0_rc1", "1.0_beta2", Greater),
            ("1.10", "1.9", Greater),
            ("1.05", "1.5", Less),
            ("1.0.4", "1.0.4-r0", Equal),
            ("3.0.12-r4", "3.0.12-r10", Less),
            ("1.2.5_git20230717-r4", "1.2.5-r0", Greater),
            ("20230506-r0", "20230506-r1", Less),
            ("1.36.1", "1.36", Greater),
        ] {
            assert_eq!(compare(left, right), expected, "{left} {right}");
            assert_eq!(compare(right, left), expected.reverse(), "{right} {left}");
        }
    }
}
