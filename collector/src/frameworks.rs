//! The organisation's own frameworks: read from their folders, beside those that ship. It writes nothing, and a folder that is
//! refused takes none of the others with it.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exhibit_assessment::{Crosswalks, FrameworkError, OwnFrameworkError};
use serde::Serialize;

const MAX_FOLDERS: usize = 100;
const MAX_FILES: usize = 100;
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Every framework that is known, and what was refused.
#[derive(Debug, Clone)]
pub struct Frameworks {
    pub crosswalks: Arc<Crosswalks>,
    pub refused: Arc<[Refused]>,
}

/// A folder that holds no framework that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub folder: PathBuf,
    /// File, line, and the way out.
    pub why: String,
}

/// Why a folder is no framework.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("reading {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} is longer than {MAX_FILE_BYTES} bytes; split the framework", path.display())]
    Long { path: PathBuf },
    #[error("{} is no UTF-8 text; save it as UTF-8", path.display())]
    Text { path: PathBuf },
    #[error("{} holds more than {most} entries; leave only frameworks in it", path.display())]
    Many { path: PathBuf, most: usize },
    #[error(transparent)]
    Framework(#[from] OwnFrameworkError),
}

impl Frameworks {
    /// Those that ship, and one of each folder in the directory. A name that starts with a dot is passed over.
    pub fn read(directory: Option<&Path>) -> Result<Self, FrameworkError> {
        let mut crosswalks = Crosswalks::builtin()?.clone();
        let mut refused = Vec::new();
        let folders = match directory.map(folders).transpose() {
            Ok(folders) => folders.unwrap_or_default(),
            Err(error) => {
                refused.extend(directory.map(|path| Refused::new(path, &error)));
                Vec::new()
            }
        };
        for folder in folders {
            match files(&folder).and_then(|files| Ok(crosswalks.clone().with_own(&files)?)) {
                Ok(more) => crosswalks = more,
                Err(error) => refused.push(Refused::new(&folder, &error)),
            }
        }
        Ok(Self { crosswalks: Arc::new(crosswalks), refused: refused.into() })
    }
}

impl Refused {
    fn new(folder: &Path, error: &FolderError) -> Self {
        let source = std::error::Error::source(error);
        let why = match source {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        Self { folder: folder.to_owned(), why }
    }
}

/// The folders of a directory by name: the first of two frameworks with one id is the one that is taken.
fn folders(directory: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut folders: Vec<PathBuf> = listed(directory, MAX_FOLDERS)?;
    folders.sort();
    Ok(folders)
}

/// The files of one framework as (name, text).
pub fn files(folder: &Path) -> Result<Vec<(String, String)>, FolderError> {
    let mut files = Vec::new();
    for path in listed(folder, MAX_FILES)? {
        let read = |source| FolderError::Read { path: path.clone(), source };
        let mut bytes = Vec::new();
        let file = fs::File::open(&path).map_err(read)?;
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(read)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(FolderError::Long { path });
        }
        let text =
            String::from_utf8(bytes).map_err(|_bytes| FolderError::Text { path: path.clone() })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, text));
    }
    Ok(files)
}

fn listed(directory: &Path, most: usize) -> Result<Vec<PathBuf>, FolderError> {
    let read = |source| FolderError::Read { path: directory.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(read)? {
        let entry = entry.map_err(read)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if paths.len() == most {
            return Err(FolderError::Many { path: directory.to_owned(), most });
        }
        paths.push(entry.path());
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 3] = [
        ("framework.json", r#"{"id": "acme", "title": "House rules"}"#),
        ("controls.csv", "id,title\nH.1,Backups\n"),
        ("crosswalk.csv", "id_2022,framework_id,relationship,source\nA.8.13,H.1,same,Ada 2026\n"),
    ];

    fn put(directory: &Path, folder: &str, files: &[(&str, &str)]) {
        let folder = directory.join(folder);
        fs::create_dir(&folder).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
    }

    #[test]
    fn one_bad_folder_takes_no_other_with_it() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "b-acme", &GOOD);
        put(dir.path(), "c-twin", &GOOD);
        let broken = "id_2022,framework_id,relationship,source\nA.8.99,H.1,same,Ada 2026\n";
        put(dir.path(), "a-broken", &[GOOD[0], GOOD[1], ("crosswalk.csv", broken)]);
        put(dir.path(), "d-latin", &[("framework.json", "x"), GOOD[1], GOOD[2]]);
        fs::write(dir.path().join("d-latin/controls.csv"), b"id,title\nH.1,B\xfcro\n").unwrap();
        fs::create_dir(dir.path().join(".git")).unwrap();
        fs::write(dir.path().join("note.txt"), "no folder").unwrap();
        let known = Frameworks::read(Some(dir.path())).unwrap();
        assert_eq!(known.crosswalks.framework("acme").unwrap().title, "House rules");
        let said: Vec<(String, &str)> = known
            .refused
            .iter()
            .map(|one| (one.folder.file_name().unwrap().to_string_lossy().into(), one.why.as_str()))
            .collect();
        let parts = [
            ("a-broken", "crosswalk.csv:2: "),
            ("c-twin", "the framework id \"acme\" is taken"),
            ("d-latin", "is no UTF-8 text"),
            ("note.txt", "reading"),
        ];
        assert_eq!(said.len(), parts.len(), "{said:?}");
        for ((folder, why), (expected, part)) in said.iter().zip(parts) {
            assert_eq!(folder, expected);
            assert!(why.contains(part), "{why}");
        }
        let shipped = Crosswalks::builtin().unwrap().frameworks().len();
        assert_eq!(known.crosswalks.frameworks().len(), shipped + 1);
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let known = Frameworks::read(Some(Path::new("/nowhere/at/all"))).unwrap();
        assert!(known.refused[0].why.contains("/nowhere/at/all: No such file"), "{known:?}");
        assert!(Frameworks::read(None).unwrap().refused.is_empty());
    }

    #[test]
    fn a_file_has_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "long", &GOOD);
        let file = fs::File::create(dir.path().join("long/crosswalk.csv")).unwrap();
        file.set_len(MAX_FILE_BYTES + 1).unwrap();
        let known = Frameworks::read(Some(dir.path())).unwrap();
        assert!(known.refused[0].why.contains("is longer than"), "{known:?}");
    }
}
