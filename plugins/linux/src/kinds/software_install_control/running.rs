//! Programs that run: whether a package brought the file, and whether it is still the same file. It reads no memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::Path,
};

use exhibit_plugin::OutcomeKind;
use exhibit_plugin::kinds::software_install_control::{Running, RunningState};

use crate::{accounts::Tables, look::Look, packages};

/// Programs that are odd, and whether all that run were looked at. None: not the running host, or nothing tells which files
/// packages brought.
pub(super) fn find(look: &mut Look<'_>) -> (Option<Vec<Running>>, bool) {
    if !look.host.is_live() {
        return (None, false);
    }
    let mut whole = true;
    let found = odd(look, &mut whole);
    whole &= found.is_some();
    (found, whole)
}

fn odd(look: &mut Look<'_>, whole: &mut bool) -> Option<Vec<Running>> {
    let names: BTreeMap<u32, String> =
        Tables::read(look).users.into_iter().map(|user| (user.uid, user.name)).collect();
    look.seen.method("/proc/<pid>/exe");
    let mut programs: BTreeMap<(String, Option<RunningState>), BTreeSet<String>> = BTreeMap::new();
    let mut denied = false;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let folder = entry.path();
        if !entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        if !look.host.allows(&folder.join("exe").to_string_lossy()) {
            // Kept back by the operator.
            *whole = false;
            continue;
        }
        match program(&folder) {
            Ok(Some((path, state))) => {
                let uid = fs::metadata(&folder).map(|facts| facts.uid());
                let user =
                    uid.map(|uid| names.get(&uid).cloned().unwrap_or_else(|| uid.to_string()));
                programs.entry((path, state)).or_default().extend(user);
            }
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                *whole = false;
                denied = true;
            }
            // It ended while we looked.
            Err(_) => {}
        }
    }
    if denied {
        look.seen.outcome(
            OutcomeKind::Denied,
            "programs of other accounts are not visible",
            "give the plugin CAP_SYS_PTRACE (or run it as root)",
        );
    }
    let paths = programs.keys().filter(|(_, state)| state.is_none()).map(|(path, _)| path.clone());
    let paths: BTreeSet<String> = paths.collect();
    let owned = packages::owned(look, &paths)?;
    let odd = programs.into_iter().filter_map(|((path, state), users)| {
        let state = match state {
            Some(state) => state,
            None if owned.contains(&path) => return None,
            None => RunningState::Unowned,
        };
        Some(Running { path, state, users: users.into_iter().collect() })
    });
    Some(odd.collect())
}

/// Path of a process's executable, and what is odd about it; none for a thread of the kernel.
fn program(process: &Path) -> io::Result<Option<(String, Option<RunningState>)>> {
    let link = process.join("exe");
    let target = match fs::read_link(&link) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let path = target.to_string_lossy().into_owned();
    let running = fs::metadata(&link)?;
    let is_same = |path: &str| {
        fs::metadata(path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (running.dev(), running.ino()))
    };
    Ok(Some(match path.strip_suffix(" (deleted)") {
        // A program out of memory has a name drawn at random, which would differ at each start.
        Some(path) if path.starts_with("/memfd:") => {
            ("/memfd".to_owned(), Some(RunningState::Deleted))
        }
        Some(path) => (path.to_owned(), Some(RunningState::Deleted)),
        None if is_same(&path) => (path, None),
        None => (path, Some(RunningState::Foreign)),
    }))
}
