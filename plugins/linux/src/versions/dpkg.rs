//! Order of Debian version strings (deb-version(7)). Knows nothing of packages.

use std::cmp::Ordering;

/// Compares two version strings: epoch, upstream version, revision.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left_epoch, left_rest) = epoch(left);
    let (right_epoch, right_rest) = epoch(right);
    let (left_main, left_revision) = left_rest.rsplit_once('-').unwrap_or((left_rest, "0"));
    let (right_main, right_revision) = right_rest.rsplit_once('-').unwrap_or((right_rest, "0"));
    left_epoch
        .cmp(&right_epoch)
        .then_with(|| part(left_main.as_bytes(), right_main.as_bytes()))
        .then_with(|| part(left_revision.as_bytes(), right_revision.as_bytes()))
}

fn epoch(version: &str) -> (u64, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, version),
    }
}

fn part(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (left_text, left_rest) = split(left, |byte| !byte.is_ascii_digit());
        let (right_text, right_rest) = split(right, |byte| !byte.is_ascii_digit());
        let order = text(left_text, right_text);
        if order != Ordering::Equal {
            return order;
        }
        let (left_number, left_rest) = split(left_rest, |byte| byte.is_ascii_digit());
        let (right_number, right_rest) = split(right_rest, |byte| byte.is_ascii_digit());
        let order = number(left_number, right_number);
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

fn split(bytes: &[u8], keep: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !keep(*byte)).unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// A tilde sorts before the end, letters before everything else.
fn text(left: &[u8], right: &[u8]) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    (0..left.len().max(right.len()))
        .map(|index| weight(left.get(index)).cmp(&weight(right.get(index))))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

fn number(left: &[u8], right: &[u8]) -> Ordering {
    let strip = |digits: &[u8]| {
        let start = digits.iter().position(|byte| *byte != b'0').unwrap_or(digits.len());
        digits.get(start..).unwrap_or_default().to_vec()
    };
    let (left, right) = (strip(left), strip(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(&right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        let ascending = [
            "1.0~rc1",
            "1.0-0~bpo1",
            "1.0",
            "1.0-1",
            "1.0-1+b1",
            "1.0-10",
            "1.0+dfsg-1",
            "1.10",
            "1:0.1",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(compare("1.0", "1.00-0"), Ordering::Equal);
        assert_eq!(compare("6.1.0-9-amd64", "6.1.0-38-amd64"), Ordering::Less);
    }
}
