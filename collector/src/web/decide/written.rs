//! A form in the place of a file: what somebody writes down themselves, such as the checklist of a site, becomes a file like any other.

use super::fields::Typed;
use crate::decisions::Attached;

/// The field that it is written into.
pub(super) const FIELD: &str = "written";
/// What such a file is called.
const NAME: &str = "form.txt";

/// The file that comes with a form: the one that was chosen, or what was written.
pub(super) fn file(
    register: &str,
    chosen: Option<(String, Attached)>,
    typed: &Typed,
) -> Result<Option<(String, Attached)>, String> {
    let text = typed.get(FIELD).map_or("", |text| text.trim());
    if register != "manual_evidence" || text.is_empty() {
        return Ok(chosen);
    }
    if chosen.is_some() {
        let why =
            "a file was chosen and something was written: bring one of them, or each by itself";
        return Err(why.to_owned());
    }
    // A browser ends lines as the network does.
    let text = format!("{}\n", text.replace("\r\n", "\n"));
    let file = Attached::new(text.into_bytes()).map_err(|error| error.to_string())?;
    Ok(Some((NAME.to_owned(), file)))
}
