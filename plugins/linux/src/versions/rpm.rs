//! Order of rpm's versions (`[epoch:]version[-release]`; rpm-version(7)).

use std::cmp::Ordering;

/// Compares epoch, version, release; a release counts only when both have one.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left_epoch, left_version, left_release) = split(left);
    let (right_epoch, right_version, right_release) = split(right);
    left_epoch.cmp(&right_epoch).then_with(|| part(left_version, right_version)).then_with(
        || match (left_release, right_release) {
            (Some(left), Some(right)) => part(left, right),
            (_, _) => Ordering::Equal,
        },
    )
}

pub(super) fn split(text: &str) -> (u64, &str, Option<&str>) {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, text),
    };
    match rest.rsplit_once('-') {
        Some((version, release)) => (epoch, version, Some(release)),
        None => (epoch, rest, None),
    }
}

/// Runs of digits or of letters, one after the other; `~` sorts before the end and `^` after it, but before anything else.
fn part(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    loop {
        left = skip(left);
        right = skip(right);
        match (left.first(), right.first()) {
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                left = left.get(1..).unwrap_or_default();
                right = right.get(1..).unwrap_or_default();
                continue;
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            (Some(b'^'), None) => return Ordering::Greater,
            (None, Some(b'^')) => return Ordering::Less,
            (Some(b'^'), Some(_)) => return Ordering::Less,
            (Some(_), Some(b'^')) => return Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(_), Some(_)) => {}
        }
        let (order, left_rest, right_rest) = segment(left, right);
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
}

/// Orders the first runs of digits, or of letters, of two versions that begin with one; what stands after them.
pub(super) fn segment<'a>(left: &'a [u8], right: &'a [u8]) -> (Ordering, &'a [u8], &'a [u8]) {
    let digits = left.first().is_some_and(u8::is_ascii_digit);
    let same = |byte: &u8| if digits { byte.is_ascii_digit() } else { byte.is_ascii_alphabetic() };
    let (left_run, left_rest) = run(left, same);
    let (right_run, right_rest) = run(right, same);
    let order = if right_run.is_empty() {
        // A number is newer than letters.
        if digits { Ordering::Greater } else { Ordering::Less }
    } else if digits {
        let (left, right) = (without_zeros(left_run), without_zeros(right_run));
        left.len().cmp(&right.len()).then_with(|| left.cmp(right))
    } else {
        left_run.cmp(right_run)
    };
    (order, left_rest, right_rest)
}

/// Bytes that only part runs from each other.
fn skip(bytes: &[u8]) -> &[u8] {
    let counts = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'~' || *byte == b'^';
    let start = bytes.iter().position(counts).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

pub(super) fn run(bytes: &[u8], same: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|byte| !same(byte)).unwrap_or(bytes.len()))
}

pub(super) fn without_zeros(digits: &[u8]) -> &[u8] {
    let start = digits.iter().position(|byte| *byte != b'0').unwrap_or(digits.len());
    digits.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_rpm_orders_them() {
        use Ordering::{Equal, Greater, Less};
        // The cases that rpm's own test-suite for its comparison is known for.
        for (left, right, expected) in [
            ("1.0", "1.0", Equal),
            ("1.0", "2.0", Less),
            ("2.0.1", "2.0.1a", Less),
            ("5.5p1", "5.5p10", Less),
            ("10xyz", "10.1xyz", Less),
            ("xyz10", "xyz10.1", Less),
            ("xyz.4", "8", Less),
            ("5.5p2", "5.6p1", Less),
            ("6.0.rc1", "6.0", Greater),
            ("10b2", "10a1", Greater),
            ("7.0a", "7.0", Greater),
            ("10.0001", "10.0039", Less),
            ("4.999.9", "5.0", Less),
            ("20101121", "20101122", Less),
            ("2_0", "2.0", Equal),
            ("1.0", "1.0~rc1", Greater),
            ("1.0~rc1", "1.0~rc2", Less),
            ("1.0~rc1~git123", "1.0~rc1", Less),
            ("1.0^", "1.0", Greater),
            ("1.0^git1", "1.0^git2", Less),
            ("1.0^git1", "1.01", Less),
            ("1.0^20160101", "1.0.1", Less),
            ("1.0~rc1^git1", "1.0~rc1", Greater),
            ("1.0^git1~pre", "1.0^git1", Less),
            ("1:1.0-1", "2.0-1", Greater),
            ("0:1.0-1", "1.0-1", Equal),
            ("3.0.7-27.el9", "3.0.7-27.el9_4.1", Less),
            ("1.0", "1.0-5", Equal),
        ] {
            assert_eq!(compare(left, right), expected, "{left} {right}");
            assert_eq!(compare(right, left), expected.reverse(), "{right} {left}");
        }
    }
}
