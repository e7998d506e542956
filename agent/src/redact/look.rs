//! A glance at a text, which tells whether an expression is worth trying: most texts have nothing of what it needs.

use std::cell::OnceCell;

/// A text, and what a glance tells of it.
pub(super) struct Look<'a> {
    pub(super) text: &'a str,
    marks: Marks,
    lower: OnceCell<String>,
}

impl<'a> Look<'a> {
    pub(super) fn at(text: &'a str) -> Self {
        let long = if text.len() < TOKEN_BYTES { 0 } else { LONG };
        let mark = |marks, byte| marks | MARKS.get(usize::from(byte)).unwrap_or(&0);
        let marks = text.bytes().fold(long, mark);
        Self { text, marks, lower: OnceCell::new() }
    }

    /// Whether the text has a character of each set, and one of the hints in any case.
    pub(super) fn has(&self, marks: Marks, hints: &[&str]) -> bool {
        self.marks & marks == marks && self.hinted(hints)
    }

    /// Whether one of the hints stands in the text, whatever its case; of no hints one always does.
    fn hinted(&self, hints: &[&str]) -> bool {
        let lower = || self.lower.get_or_init(|| self.text.to_ascii_lowercase());
        hints.is_empty() || hints.iter().any(|hint| lower().contains(hint))
    }
}

/// Sets of characters, a bit each.
pub(super) type Marks = u16;

pub(super) const DASH: Marks = 1;
pub(super) const SLASH: Marks = 1 << 1;
pub(super) const AT: Marks = 1 << 2;
pub(super) const COLON: Marks = 1 << 3;
pub(super) const QUERY: Marks = 1 << 4;
pub(super) const EQUALS: Marks = 1 << 5;
pub(super) const DOLLAR: Marks = 1 << 6;
pub(super) const SPACE: Marks = 1 << 7;
pub(super) const QUOTE: Marks = 1 << 8;
/// What stands between a program or a scheme and what follows it.
pub(super) const GAP: Marks = 1 << 9;
/// A text that is long enough for a token of those that are known.
pub(super) const LONG: Marks = 1 << 10;
pub(super) const TOKEN_BYTES: usize = 15;

/// The set of each byte.
const MARKS: [Marks; 256] = {
    const SETS: [(&[u8], Marks); 10] = [
        (b"-", DASH),
        (b"/", SLASH),
        (b"@", AT),
        (b":", COLON),
        (b"?&", QUERY),
        (b"=", EQUALS),
        (b"$", DOLLAR),
        (b" \t\r\n", SPACE),
        (b"\"'", QUOTE),
        (b" \t\r\n:", GAP),
    ];
    let mut table = [0; 256];
    let mut set = 0;
    while set < SETS.len() {
        let (bytes, mark) = SETS[set];
        let mut at = 0;
        while at < bytes.len() {
            table[bytes[at] as usize] |= mark;
            at += 1;
        }
        set += 1;
    }
    table
};
