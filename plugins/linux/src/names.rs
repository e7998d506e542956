//! Writes file names as text without loss: no two names look alike, and none breaks a line. It reads nothing.

use std::fmt::Write;

/// A path as text: `\` becomes `\\`, a line feed `\n`, every other control character and every byte that is not UTF-8
/// `\xHH`.
pub(crate) fn escaped(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                control if control.is_control() => {
                    let mut bytes = [0; 4];
                    hex(&mut text, control.encode_utf8(&mut bytes).as_bytes());
                }
                other => text.push(other),
            }
        }
        hex(&mut text, chunk.invalid());
    }
    text
}

fn hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string cannot fail.
        write!(text, "\\x{byte:02x}").unwrap_or(());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_told_apart_and_stay_on_one_line() {
        assert_eq!(escaped(b"/a b/M\xc3\xbcller"), "/a b/M\u{fc}ller");
        assert_eq!(escaped(b"a\nb"), "a\\nb");
        assert_eq!(escaped(b"a\\nb"), "a\\\\nb");
        assert_eq!(escaped(b"\xff\x1b\xc2\x85"), "\\xff\\x1b\\xc2\\x85");
    }

    proptest! {
        #[test]
        fn no_two_names_look_alike(names in prop::collection::btree_set(
            prop::collection::vec(prop::sample::select(b"\\nx0f\n\x00\xff\xc3\xbc".to_vec()), 0..6), 0..40)) {
            let texts: BTreeSet<String> = names.iter().map(|name| escaped(name)).collect();
            prop_assert_eq!(texts.len(), names.len());
            prop_assert!(texts.iter().all(|text| !text.contains(char::is_control)));
        }
    }
}
