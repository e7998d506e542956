//! Words and signs of a Rego source, as far as the checks of the language need them. It never fails: what it cannot
//! read, the parser refuses.

/// One word or sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign<'a> {
    /// A name with the dotted names behind it: `input.body.rows`. Begins with a dot when it follows a bracket.
    Word(&'a str),
    /// A quoted or raw string.
    Text,
    Other(char),
}

/// A word or sign with its line (1-based).
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) sign: Sign<'a>,
    pub(super) line: usize,
    /// It stands at the very beginning of its line, where rules begin.
    pub(super) first_column: bool,
}

/// All words and signs outside comments.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line, mut first_column) = (source, 1, true);
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => quoted(rest),
            '`' => rest.match_indices('`').nth(1).map_or(rest.len(), |(end, _)| end + 1),
            _ if letter == '.' || begins_word(letter) => word(rest),
            _ => letter.len_utf8(),
        };
        let (text, after) = rest.split_at(length);
        let sign = match letter {
            '#' => None,
            '"' | '`' => Some(Sign::Text),
            _ if letter.is_whitespace() => None,
            _ if begins_word(letter) || (letter == '.' && length > 1) => Some(Sign::Word(text)),
            _ => Some(Sign::Other(letter)),
        };
        if let Some(sign) = sign {
            found.push(Token { sign, line, first_column });
        }
        line += text.matches('\n').count();
        first_column = text.ends_with('\n');
        rest = after;
    }
    found
}

fn begins_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Bytes of a name with the dotted names behind it.
fn word(text: &str) -> usize {
    text.find(|letter: char| !begins_word(letter) && letter != '.').unwrap_or(text.len())
}

/// Bytes of a quoted string with its quotes; it ends at the line's end at the latest.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            '\n' => return place,
            '"' if !escaped => return place + 1,
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    text.len()
}
