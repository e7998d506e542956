//! The rule files that ship with the program. A test compares this list with the folder.

/// Files as (path, text).
macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../rules/", $path)))),*]
    };
}

pub(crate) fn sources() -> Vec<(String, String)> {
    files!["pack.json", "patch.status/reboot_not_pending.rego",]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into()
}
