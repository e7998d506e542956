//! Looks at files that are never empty, and at single files of many, whose faults are told and whose names are not.

use super::host::ReadError;
use super::look::{Found, Look};

impl Look<'_> {
    /// Text of a file that always holds something: an empty one was cut off, and says nothing of what it lists.
    pub fn filled(&mut self, path: &str) -> Found<String> {
        match self.text(path) {
            Found::Here(text) if text.trim().is_empty() => {
                self.garbled(path, "it is empty, which it never is on a host that works");
                Found::Unreadable
            }
            found @ (Found::Here(_) | Found::Missing | Found::Unreadable) => found,
        }
    }

    /// Text of one file of many; none when it is not there, or cannot be read, which an outcome says.
    pub fn part(&mut self, path: &str) -> Option<String> {
        match self.host.text(path) {
            Ok(text) => text,
            // The run says it, once for each veto.
            Err(ReadError::Vetoed { .. }) => None,
            Err(error) => {
                self.seen.outcome(error.outcome(), error.to_string(), error.remedy());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{job, outcomes, planted};
    use super::*;

    #[test]
    fn an_empty_file_is_no_empty_list() {
        let root = planted(&[("/empty", " \n"), ("/filled", "a\n"), ("/folder/x", "")]);
        let job = job(root.path());
        let mut look = Look::new(&job);
        assert_eq!(look.filled("/empty"), Found::Unreadable);
        assert_eq!(look.filled("/filled"), Found::Here("a\n".to_owned()));
        assert_eq!(look.filled("/none"), Found::Missing);
        assert_eq!(look.part("/filled").as_deref(), Some("a\n"));
        assert_eq!((look.part("/none"), look.part("/folder")), (None, None));
        let told = outcomes(&look.done());
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("/empty") && told[1].contains("/folder"), "{told:?}");
    }
}
