//! The page that verifies a bundle in a browser: one file out of the modules that evidence pages load too. It names the
//! digests of its own script and style as the only ones that a browser may run, and no address at all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::digest::Digest;

const SHELL: &str = include_str!("../../assets/verify/offline.html");
/// Each after those that it imports from.
const MODULES: [&str; 11] = [
    include_str!("../../assets/verify/bytes.mjs"),
    include_str!("../../assets/verify/keys.mjs"),
    include_str!("../../assets/verify/notes.mjs"),
    include_str!("../../assets/verify/entry.mjs"),
    include_str!("../../assets/verify/logkeys.mjs"),
    include_str!("../../assets/verify/noticed.mjs"),
    include_str!("../../assets/verify/item.mjs"),
    include_str!("../../assets/verify/log.mjs"),
    include_str!("../../assets/verify/bundle.mjs"),
    include_str!("../../assets/verify/show.mjs"),
    include_str!("../../assets/verify/offline.mjs"),
];
const STYLES: [&str; 2] =
    [include_str!("../../assets/exhibit.css"), include_str!("../../assets/verify/verify.css")];

/// The page, the same for every bundle that this version writes.
pub(super) fn text() -> String {
    let (script, style) = (joined(&MODULES), STYLES.concat());
    SHELL
        .replace("{{script-digest}}", &digest(&script))
        .replace("{{style-digest}}", &digest(&style))
        .replace("{{icon-verified}}", include_str!("../../assets/icons/met.svg"))
        .replace("{{icon-failed}}", include_str!("../../assets/icons/not_met.svg"))
        .replace("{{icon-not-checked}}", include_str!("../../assets/icons/no_evidence.svg"))
        .replace("{{icon-logo}}", include_str!("../../assets/icons/logo.svg"))
        .replace("{{style}}", &style)
        .replace("{{script}}", &script)
}

/// One module out of many: what they import stands above, so imports and exports go.
fn joined(modules: &[&str]) -> String {
    let lines = modules.iter().flat_map(|module| module.lines());
    let kept = lines.filter(|line| !line.starts_with("import "));
    kept.fold(String::new(), |script, line| {
        script + line.strip_prefix("export ").unwrap_or(line) + "\n"
    })
}

/// As a content security policy names an inline script or style.
fn digest(text: &str) -> String {
    STANDARD.encode(Digest::of(text.as_bytes()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_is_one_file_that_runs_only_itself() {
        let page = text();
        assert!(!page.contains("{{") && !page.contains("export function"));
        let within = |start: &str, end: &str| {
            let (_, rest) = page.split_once(start).unwrap();
            rest.split_once(end).unwrap().0.to_owned()
        };
        let (script, style) =
            (within("<script type=\"module\">", "</script>"), within("<style>", "</style>"));
        assert!(page.contains(&format!("script-src 'sha256-{}'", digest(&script))));
        assert!(page.contains(&format!("style-src 'sha256-{}'", digest(&style))));
        // One end tag each: nothing in script or style ends them early.
        assert_eq!((page.matches("</script>").count(), page.matches("</style>").count()), (1, 1));
        assert!(page.contains("default-src 'none'"));
        assert!(!script.contains("import "), "a module is imported over more than one line");
    }
}
