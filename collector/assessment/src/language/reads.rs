//! What of its input a rule can read, seen in its text. It says rather too much than too little: what it does not name, the rule
//! is not given.

use std::collections::BTreeSet;

use super::tokens::{Sign, tokens};

/// The parts of a document that a text names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reads {
    /// Fields of the body; none: it reads the body as a whole.
    pub(crate) fields: Option<BTreeSet<String>>,
    pub(crate) target: bool,
    pub(crate) schema: bool,
}

impl Reads {
    /// Of a rule's text, with the text of the libraries that it imports.
    pub(crate) fn of(text: &str) -> Self {
        let mut fields = BTreeSet::new();
        let mut reads = Self::default();
        let mut whole = false;
        for token in tokens(text) {
            let Sign::Word(word) = token.sign else { continue };
            let mut names = word.split('.');
            if names.next() != Some("input") {
                continue;
            }
            match (names.next(), names.next()) {
                (Some("body"), Some(field)) if !field.is_empty() => {
                    fields.insert(field.to_owned());
                }
                (Some("body"), _) => whole = true,
                (Some("target"), _) => reads.target = true,
                (Some("schema"), _) => reads.schema = true,
                (Some("capture" | "kind" | "labels" | "now" | "parameters"), _) => {}
                // `input` by itself, or by a computed name.
                (_, _) => (whole, reads.target, reads.schema) = (true, true, true),
            }
        }
        reads.fields = (!whole).then_some(fields);
        reads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Option<Vec<String>> {
        Reads::of(text).fields.map(|fields| fields.into_iter().collect())
    }

    #[test]
    fn fields_are_named_and_whatever_is_not_plain_reads_everything() {
        let plain = "count(input.body.accounts) > 0\nevery row in input.body.rows.of { row.id }\n# input.body";
        assert_eq!(fields(plain), Some(vec!["accounts".to_owned(), "rows".to_owned()]));
        assert_eq!(fields("input.parameters.days\ninput.now\ninput.kind"), Some(Vec::new()));
        for whole in [
            "backups.of(input.body)",
            "input.body[name]",
            "input.body[\"a-b\"]",
            "input.body .rows",
            "some name, value in input.body",
            "document := input",
            "input[\"body\"].rows",
            "input .body.rows",
        ] {
            assert_eq!(fields(whole), None, "{whole}");
        }
    }

    #[test]
    fn target_and_schema_are_parts_of_their_own() {
        let reads = Reads::of("startswith(input.target, \"host:\")");
        assert!(reads.target && !reads.schema && reads.fields.is_some());
        let reads = Reads::of("x := input");
        assert!(reads.target && reads.schema && reads.fields.is_none());
    }
}
