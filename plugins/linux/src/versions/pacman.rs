//! Order of pacman's versions (`[epoch:]version[-release]`; vercmp(8)). Runs of digits and letters count as with rpm, but letters that
//! remain at the end are older than none (`1.0rc < 1.0`), and a run after more separators is newer.

use std::cmp::Ordering;

use super::rpm::{run, segment, split};

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

fn part(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() && !right.is_empty() {
        let (left_gap, left_rest) = run(left, |byte| !byte.is_ascii_alphanumeric());
        let (right_gap, right_rest) = run(right, |byte| !byte.is_ascii_alphanumeric());
        (left, right) = (left_rest, right_rest);
        if left.is_empty() || right.is_empty() {
            break;
        }
        if left_gap.len() != right_gap.len() {
            return left_gap.len().cmp(&right_gap.len());
        }
        let (order, left_rest, right_rest) = segment(left, right);
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    let letters = |bytes: &[u8]| bytes.first().is_some_and(u8::is_ascii_alphabetic);
    if left.is_empty() && right.is_empty() {
        Ordering::Equal
    } else if letters(left) || (left.is_empty() && !letters(right)) {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_vercmp_says() {
        use Ordering::{Equal, Greater, Less};
        // The line of the manual page, then cases that part pacman from rpm.
        let page = ["1.0a", "1.0b", "1.0beta", "1.0p", "1.0pre", "1.0rc", "1.0", "1.0.a", "1.0.1"];
        for pair in page.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Less, "{pair:?}");
        }
        for (left, right, expected) in [
            ("1.5-1", "1.5", Equal),
            ("1.5-1", "1.5-2", Less),
            ("1.5.1-1", "1.5-3", Greater),
            ("0:1.0", "1:0.1", Less),
            ("1.5", "1..5", Less),
            ("2.0", "2_0", Equal),
            ("1.0~rc1", "1.0", Greater),
            ("3.0.r12.gabc-1", "3.0.r9.gdef-1", Greater),
        ] {
            assert_eq!(compare(left, right), expected, "{left} {right}");
            assert_eq!(compare(right, left), expected.reverse(), "{right} {left}");
        }
    }
}
