//! Cutting lines of sudoers into pieces: quotes, escapes, parentheses, comments. Knows nothing of what they mean.

/// Pieces between `separator`, but not inside quotes or parentheses, and not after a backslash.
pub(super) fn split_outside(text: &str, separator: char) -> Vec<String> {
    let mut pieces = vec![String::new()];
    walk(text, |character, outside| {
        if outside && character == separator {
            pieces.push(String::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    });
    pieces
}

/// Byte position of the first `wanted` outside quotes and parentheses.
pub(super) fn find_outside(text: &str, wanted: char) -> Option<usize> {
    let (mut position, mut found) = (0, None);
    walk(text, |character, outside| {
        if outside && character == wanted && found.is_none() {
            found = Some(position);
        }
        position += character.len_utf8();
    });
    found
}

/// The line up to its comment. `#` before a number is a user id when it stands where a name could.
pub(super) fn without_comment(line: &str) -> String {
    let (mut kept, mut ended, mut before) = (String::new(), false, ' ');
    let characters: Vec<char> = line.chars().collect();
    let mut index = 0;
    walk(line, |character, outside| {
        let number = characters.get(index + 1).is_some_and(char::is_ascii_digit);
        let starts_word =
            before.is_whitespace() || matches!(before, ',' | '(' | '!' | '%' | ':' | '=');
        // Inside parentheses `outside` is false, and there a # is always an id.
        if outside && character == '#' && !(number && starts_word) {
            ended = true;
        }
        if !ended {
            kept.push(character);
        }
        before = character;
        index += 1;
    });
    kept
}

fn walk(text: &str, mut see: impl FnMut(char, bool)) {
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_usize);
    for character in text.chars() {
        let outside = !quoted && !escaped && depth == 0;
        match character {
            '"' if !escaped => quoted = !quoted,
            '(' if !quoted && !escaped => depth += 1,
            ')' if !quoted && !escaped => depth = depth.saturating_sub(1),
            _ => {}
        }
        see(character, outside);
        escaped = character == '\\' && !escaped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_count_only_in_the_open() {
        assert_eq!(split_outside(r#"a, "b, c", (d, e), f\,g"#, ',').len(), 4);
        assert_eq!(find_outside("(a=b) \"=\" \\= =x", '='), Some(13));
        assert_eq!(find_outside("none", '='), None);
    }

    #[test]
    fn comments_end_a_line_and_ids_do_not() {
        assert_eq!(without_comment("bob ALL=ALL # why"), "bob ALL=ALL ");
        assert_eq!(without_comment("#1000, %#27 ALL=(#0) ALL"), "#1000, %#27 ALL=(#0) ALL");
        assert_eq!(without_comment("# 1 comment"), "");
        assert_eq!(without_comment("Defaults x=\"#\" # c"), "Defaults x=\"#\" ");
    }
}
