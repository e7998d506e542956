//! Files that people bring: how large, of which sort, by which name. A name is text for people, never a path.

use exhibit_proto::digest::Digest;
use exhibit_proto::document;

/// Largest file, in bytes: what the log takes for a document.
pub const MAX_FILE: u64 = document::MAX_BYTES;
/// Longest name, in bytes.
const MAX_NAME: usize = 255;

/// A file with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    digest: Digest,
    bytes: Vec<u8>,
}

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error(
        "the file is larger than {} bytes ({} MiB), the most that the log takes; bring its signed summary, or parts of it",
        MAX_FILE, MAX_FILE >> 20
    )]
    Large,
    #[error("the file is empty")]
    Empty,
    #[error(
        "the file is a program ({0}), which is no evidence; bring a PDF, an image, text or an office document"
    )]
    Program(&'static str),
    #[error("the file's name {0:?} has {1}; rename it")]
    Name(String, &'static str),
}

impl Attached {
    /// The file, if it may lie beside the log.
    pub fn new(bytes: Vec<u8>) -> Result<Self, FileError> {
        if bytes.is_empty() {
            return Err(FileError::Empty);
        }
        if bytes.len() as u64 > MAX_FILE {
            return Err(FileError::Large);
        }
        if let Some((_, what)) = PROGRAMS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            return Err(FileError::Program(what));
        }
        Ok(Self { digest: Digest::of(&bytes), bytes })
    }

    pub fn digest(&self) -> Digest {
        self.digest
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// How programs begin.
const PROGRAMS: [(&[u8], &str); 12] = [
    (b"\x7fELF", "ELF"),
    (b"MZ", "for Windows or DOS"),
    (b"\xfe\xed\xfa\xce", "Mach-O"),
    (b"\xfe\xed\xfa\xcf", "Mach-O"),
    (b"\xce\xfa\xed\xfe", "Mach-O"),
    (b"\xcf\xfa\xed\xfe", "Mach-O"),
    (b"\xca\xfe\xba\xbe", "Mach-O or Java"),
    (b"\0asm", "WebAssembly"),
    (b"dex\n", "for Android"),
    (b"#!", "a script"),
    (b"\xef\xbb\xbf#!", "a script"),
    (b"L\0\0\0\x01\x14\x02\0", "a shortcut of Windows"),
];

/// Endings of names that a double click runs.
const RUN: [&str; 20] = [
    "exe", "com", "scr", "pif", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "hta",
    "msi", "lnk", "jar", "sh", "app", "dll", "desktop",
];

/// A file's name as it may stand in the log: the name alone, without what could be taken for a path or turn the text around.
pub fn file_name(name: &str) -> Result<String, FileError> {
    let odd = |what| Err(FileError::Name(name.chars().take(80).collect(), what));
    // Marks that let a name read backwards: `exe.fdp` for `pdf.exe`.
    let turns = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if name.trim().is_empty() || name.trim_matches('.').is_empty() {
        return odd("no letters");
    }
    if name.len() > MAX_NAME {
        return odd("more than 255 bytes");
    }
    if name.contains(char::is_control) || name.contains(turns) {
        return odd("control characters or marks that turn text around");
    }
    if name.contains(['/', '\\', ':', '\u{2044}', '\u{2215}']) {
        return odd("signs of a path");
    }
    let ending = name.rsplit('.').next().unwrap_or_default().trim().to_ascii_lowercase();
    if name.contains('.') && RUN.contains(&ending.as_str()) {
        return Err(FileError::Program("by its name"));
    }
    Ok(name.to_owned())
}

/// What a file is by the end of its name; only what a browser shows or saves without running it.
pub fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "json" => "application/json",
        "eml" => "message/rfc822",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "odp" => "application/vnd.oasis.opendocument.presentation",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_empty_and_large_files_are_refused_with_the_limit() {
        for bytes in ["\x7fELF\x02", "MZ\u{90}", "#!/bin/sh\nrm", "\0asm\x01"] {
            let error = Attached::new(bytes.as_bytes().to_vec()).unwrap_err();
            assert!(matches!(error, FileError::Program(_)), "{bytes:?}");
        }
        assert_eq!(Attached::new(Vec::new()).unwrap_err(), FileError::Empty);
        let large = Attached::new(vec![0; 8 * 1024 * 1024 + 1]).unwrap_err().to_string();
        assert!(large.contains("8388608 bytes (8 MiB)"), "{large}");
        assert!(Attached::new(vec![b'x'; 8 * 1024 * 1024]).is_ok());
        assert!(Attached::new(b"%PDF-1.7".to_vec()).is_ok());
    }

    #[test]
    fn names_that_lead_somewhere_or_mislead_are_refused() {
        for bad in [
            "",
            "  ",
            "..",
            "../../etc/passwd",
            "a\\b.pdf",
            "C:report.pdf",
            "a\u{0}.pdf",
            "a\nb.pdf",
            "evil\u{202e}fdp.exe",
            "invoice.exe",
            "Policy.PS1",
            "a/b",
            &"x".repeat(256),
        ] {
            assert!(file_name(bad).is_err(), "{bad:?}");
        }
        for good in [
            "policy.pdf",
            "Richtlinie für Besucher (v2).docx",
            "minutes",
            ".hidden.txt",
            "протокол.pdf",
        ] {
            assert_eq!(file_name(good).unwrap(), good);
        }
        assert_eq!(media_type("a.PDF"), "application/pdf");
        assert_eq!(media_type("page.html"), "application/octet-stream");
    }
}
