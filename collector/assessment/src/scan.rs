//! Looks at Rego text before the parser does. Refuses what would make the parser slow; it never interprets a rule.

/// Deepest nesting of `[` and `{` a source may have.
///
/// The parser's cost doubles with each level of nested literals and its time limit does not cover parsing.
pub(crate) const MAX_NESTING: usize = 10;
/// Largest source in bytes.
pub(crate) const MAX_SOURCE_BYTES: usize = 256 * 1024;

/// What was refused, and on which line (1-based).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) line: usize,
    pub(crate) what: String,
}

#[derive(Clone, Copy)]
enum Place {
    Code,
    Comment,
    Quoted,
    Raw,
}

/// Checks size, nesting and the string forms that the nesting count could not see through.
pub(crate) fn scan(source: &str) -> Result<(), Refusal> {
    if source.len() > MAX_SOURCE_BYTES {
        let what = format!(
            "{} bytes are over the limit of {MAX_SOURCE_BYTES}; split the file into several rules",
            source.len()
        );
        return Err(Refusal { line: 1, what });
    }
    let mut place = Place::Code;
    let (mut line, mut depth) = (1_usize, 0_usize);
    let mut letters = source.chars();
    while let Some(letter) = letters.next() {
        if letter == '\n' {
            line += 1;
        }
        place = match (place, letter) {
            (Place::Code, '#') => Place::Comment,
            (Place::Code, '"') => Place::Quoted,
            (Place::Code, '`') => Place::Raw,
            (Place::Code, '$') => {
                let what = "template strings ($\"…\") are not supported; use sprintf".to_owned();
                return Err(Refusal { line, what });
            }
            (Place::Code, '[' | '{') => {
                depth += 1;
                if depth > MAX_NESTING {
                    let what = format!(
                        "brackets nest deeper than {MAX_NESTING}; name the inner part as a rule of its own"
                    );
                    return Err(Refusal { line, what });
                }
                Place::Code
            }
            (Place::Code, ']' | '}') => {
                depth = depth.saturating_sub(1);
                Place::Code
            }
            (Place::Comment | Place::Quoted, '\n') | (Place::Quoted, '"') | (Place::Raw, '`') => {
                Place::Code
            }
            (Place::Quoted, '\\') => {
                // A backslash before a line end leaves the string as the line end itself would.
                match letters.next() {
                    Some('\n') => {
                        line += 1;
                        Place::Code
                    }
                    Some(_) | None => Place::Quoted,
                }
            }
            (Place::Code | Place::Comment | Place::Quoted | Place::Raw, _) => place,
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_nesting_is_refused_with_its_line_before_the_parser_sees_it() {
        let deep = format!("package p\nx := {}{}", "[".repeat(11), "]".repeat(11));
        let refusal = scan(&deep).unwrap_err();
        assert_eq!(refusal.line, 2);
        assert!(refusal.what.contains("deeper than 10"));
        assert!(scan(&format!("x := {}{}", "[".repeat(10), "]".repeat(10))).is_ok());
    }

    #[test]
    fn brackets_inside_strings_and_comments_do_not_count() {
        let many = "[".repeat(50);
        assert!(scan(&format!("# {many}\nx := \"\\\"{many}\"\ny := `{many}`")).is_ok());
        assert!(scan(&format!("x := \"\\\\\" {many}")).is_err());
    }

    #[test]
    fn large_sources_and_template_strings_are_refused() {
        assert!(scan(&" ".repeat(MAX_SOURCE_BYTES + 1)).is_err());
        assert!(scan("x := $\"{y}\"").is_err());
    }
}
