//! Packs on disk: a directory, or an archive, and the signature beside. It writes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use exhibit_assessment::{GivenRules, RulePack};

const MAX_FILES: usize = 5000;
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_ARCHIVE_BYTES: u64 = 64 * 1024 * 1024;
const MAX_SIGNATURE_BYTES: u64 = 64 * 1024;
/// Stands for the pack that ships with the program.
const BUILTIN: &str = "builtin";
/// In a pack's directory: the signed note over it.
const SIGNATURE: &str = "pack.sig";

/// Where the signature of a pack lies: in its directory, or beside its archive under the archive's name and `.sig`.
pub(super) fn signature_path(pack: &Path) -> PathBuf {
    if pack.is_dir() {
        return pack.join(SIGNATURE);
    }
    let mut beside = pack.as_os_str().to_owned();
    beside.push(".sig");
    beside.into()
}

/// The signed note over a pack: at `named`, or where it belongs; nothing if it is not there.
pub(super) fn signature(pack: &Path, named: Option<&Path>) -> anyhow::Result<Option<String>> {
    let path = named.map_or_else(|| signature_path(pack), Path::to_path_buf);
    let found = match fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
            return Ok(None);
        }
        found => found.with_context(|| format!("reading {}", path.display()))?,
    };
    ensure!(
        found.is_file() && found.len() <= MAX_SIGNATURE_BYTES,
        "{} is no signature of a pack: a file of at most {MAX_SIGNATURE_BYTES} bytes",
        path.display()
    );
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    Ok(Some(text))
}

/// A pack from its directory, from its archive, or the one that ships; additions to that are put over it.
pub(super) fn load(path: &Path) -> anyhow::Result<RulePack> {
    let shipped = RulePack::builtin()?;
    match given(path)? {
        None => Ok(shipped),
        Some(given) => Ok(given.over(&shipped)?),
    }
}

/// What lies there; nothing stands for the pack that ships.
pub(super) fn given(path: &Path) -> anyhow::Result<Option<GivenRules>> {
    if path == Path::new(BUILTIN) {
        return Ok(None);
    }
    let found = fs::metadata(path).with_context(|| format!("reading {}", path.display()))?;
    if found.is_dir() {
        return Ok(Some(GivenRules::from_sources(files(path)?)?));
    }
    ensure!(
        found.len() <= MAX_ARCHIVE_BYTES,
        "{} has {} bytes, more than {MAX_ARCHIVE_BYTES}: no rule pack",
        path.display(),
        found.len()
    );
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(Some(GivenRules::from_archive(&bytes)?))
}

/// The files of a pack's directory as (path, text): `pack.json` and `<folder>/<name>.rego`. Pages (`.md`), `pack.sig` and hidden
/// files stay out.
fn files(root: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, before)) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
            let at = entry.path();
            let Ok(name) = entry.file_name().into_string() else {
                bail!("{} is not a name in UTF-8; rename it", at.display());
            };
            let sort = entry.file_type().with_context(|| format!("reading {}", at.display()))?;
            let beside = name.ends_with(".md") || (before.is_empty() && name == SIGNATURE);
            if name.starts_with('.') || (sort.is_file() && beside) {
                continue;
            }
            if sort.is_dir() && before.is_empty() {
                folders.push((at, format!("{name}/")));
                continue;
            }
            ensure!(
                sort.is_file(),
                "{} is no plain file; a pack has one level of folders",
                at.display()
            );
            ensure!(
                found.len() < MAX_FILES,
                "{} holds more than {MAX_FILES} files",
                root.display()
            );
            let bytes =
                entry.metadata().with_context(|| format!("reading {}", at.display()))?.len();
            ensure!(
                bytes <= MAX_FILE_BYTES,
                "{} has {bytes} bytes, more than {MAX_FILE_BYTES}: no rule file",
                at.display()
            );
            let text =
                fs::read_to_string(&at).with_context(|| format!("reading {}", at.display()))?;
            found.push((format!("{before}{name}"), text));
        }
    }
    Ok(found)
}
