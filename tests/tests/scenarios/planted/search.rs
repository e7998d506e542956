//! Looks for what is in every planted secret, in the forms in which bytes hide.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::host::{MARK, Planted};
use crate::support::files_under;

/// Where something was found: place and form, and what stands around it.
#[derive(Default)]
pub(super) struct Finds(BTreeMap<String, BTreeSet<String>>);

impl Finds {
    /// A file, or every file below a folder.
    pub(super) fn files(&mut self, path: &Path) {
        let files = if path.is_dir() { files_under(path) } else { vec![path.to_owned()] };
        assert!(!files.is_empty(), "{} has no file", path.display());
        for file in files {
            // A socket leaves nothing behind.
            if fs::metadata(&file).is_ok_and(|found| found.is_file()) {
                self.bytes(&file.to_string_lossy(), &fs::read(&file).unwrap());
            }
        }
    }

    pub(super) fn bytes(&mut self, place: &str, bytes: &[u8]) {
        for (form, around) in found(bytes) {
            self.0.entry(format!("{form}: {around}")).or_default().insert(place.to_owned());
        }
    }

    pub(super) fn assert_none(&self, planted: &Planted) {
        let lines = self.0.iter().map(|(found, places)| {
            let from = planted.origin(found).unwrap_or("?");
            format!("planted in {from}, found as {found}\n    in {places:?}")
        });
        let lines: Vec<String> = lines.collect();
        assert!(lines.is_empty(), "{} secrets left:\n{}", lines.len(), lines.join("\n"));
    }
}

/// Every form in which the mark of a secret may stand; those that end with `*` in any case.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let each = |write: fn(u8) -> String| MARK.bytes().map(write).collect::<String>();
    let mut forms = vec![
        ("plain*", MARK.as_bytes().to_vec()),
        ("hex*", each(|byte| format!("{byte:02x}")).into_bytes()),
        ("percent*", each(|byte| format!("%{byte:02x}")).into_bytes()),
        ("entities*", each(|byte| format!("&#x{byte:x};")).into_bytes()),
        ("decimal entities", each(|byte| format!("&#{byte};")).into_bytes()),
        ("escapes*", each(|byte| format!("\\u{byte:04x}")).into_bytes()),
        ("utf-16", MARK.bytes().flat_map(|byte| [byte, 0]).collect()),
    ];
    for before in 0..3_usize {
        // The characters that hold bits of the mark alone.
        let text = [vec![0; before], MARK.as_bytes().to_vec()].concat();
        let (from, to) = ((before * 8).div_ceil(6), text.len() * 8 / 6);
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = engine.encode(&text);
            forms.push(("base64", encoded.as_bytes()[from..to].to_vec()));
        }
    }
    forms
}

/// Form and surroundings of each find, once a form and a secret.
fn found(bytes: &[u8]) -> Vec<(&'static str, String)> {
    let lower = bytes.to_ascii_lowercase();
    let mut finds = Vec::new();
    for (form, needle) in forms() {
        let text = if form.ends_with('*') { &lower } else { bytes };
        let mut from = 0;
        while let Some(at) = position(&text[from..], &needle) {
            let at = from + at;
            let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + needle.len() + 12)];
            finds.push((form, String::from_utf8_lossy(around).replace(['\n', '\0'], " ")));
            from = at + needle.len();
        }
    }
    finds
}

fn position(text: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|byte| *byte == first)?;
        if text[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secret = format!("{MARK}abc");
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let written = |write: fn(u8) -> String| secret.bytes().map(write).collect::<String>();
    let mut hidden = vec![
        secret.to_uppercase().into_bytes(),
        written(|byte| format!("{byte:02X}")).into_bytes(),
        written(|byte| format!("%{byte:02X}")).into_bytes(),
        written(|byte| format!("&#x{byte:X};")).into_bytes(),
        written(|byte| format!("&#{byte};")).into_bytes(),
        written(|byte| format!("\\u{byte:04x}")).into_bytes(),
        utf16,
    ];
    for before in ["", "a", "ab", "abc"] {
        for engine in [&STANDARD, &URL_SAFE] {
            hidden.push(engine.encode(format!("{before}{secret}>?")).into_bytes());
        }
    }
    for bytes in hidden {
        let text = [b"before ".as_slice(), &bytes, b" after"].concat();
        assert!(!found(&text).is_empty(), "{}", String::from_utf8_lossy(&text));
    }
    assert!(found(b"nothing is planted here, zqplan").is_empty());
}
