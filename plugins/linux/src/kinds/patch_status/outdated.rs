//! Programs that still run with a library whose file an update replaced. It reads which files a process has mapped, and no
//! memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::Path,
};

use exhibit_plugin::{OutcomeKind, kinds::patch_status::OutdatedProgram};

use crate::{look::Look, names};

/// Most libraries that are told of one program.
const MOST: usize = 20;

/// What was seen, and whether every process could be looked at. None: not a running host.
pub(super) fn find(look: &mut Look<'_>) -> (Option<Vec<OutdatedProgram>>, bool) {
    if !look.host.is_live() {
        return (None, false);
    }
    let (Ok(own), Ok(processes)) = (fs::metadata("/"), fs::read_dir("/proc")) else {
        return (None, false);
    };
    look.seen.method("/proc/<pid>/{maps,exe,cgroup}");
    let mut found: BTreeMap<(String, Option<String>), BTreeSet<String>> = BTreeMap::new();
    let (mut hidden, mut forbidden) = (false, false);
    for entry in processes.flatten() {
        if !entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let folder = entry.path();
        if !["maps", "root", "exe", "cgroup"].iter().all(|name| is_allowed(look, &folder, name)) {
            forbidden = true;
            continue;
        }
        match process(&folder, (own.dev(), own.ino())) {
            Ok(Some((program, libraries))) => {
                found.entry((program, unit(&folder))).or_default().extend(libraries);
            }
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => hidden = true,
            // It ended while we looked.
            Err(_) => {}
        }
    }
    if hidden {
        look.seen.outcome(
            OutcomeKind::Denied,
            "which libraries some programs of others run with is not visible",
            "give the plugin CAP_SYS_PTRACE (or run it as root with every capability)",
        );
    }
    let programs = found.into_iter().map(|((program, unit), libraries)| OutdatedProgram {
        program,
        unit,
        libraries: libraries.into_iter().take(MOST).collect(),
    });
    (Some(programs.collect()), !hidden && !forbidden)
}

fn is_allowed(look: &Look<'_>, folder: &Path, name: &str) -> bool {
    look.host.allows(&folder.join(name).to_string_lossy())
}

/// The program of a process and the replaced libraries that it has mapped; none without such, and for a process that sees
/// another root, such as one in a container.
fn process(folder: &Path, own: (u64, u64)) -> io::Result<Option<(String, Vec<String>)>> {
    let maps = fs::read(folder.join("maps"))?;
    let libraries = replaced(&maps);
    if libraries.is_empty() {
        return Ok(None);
    }
    let root = fs::metadata(folder.join("root"))?;
    if (root.dev(), root.ino()) != own {
        return Ok(None);
    }
    let program = fs::read_link(folder.join("exe"))?;
    let program = names::escaped(program.as_os_str().as_encoded_bytes());
    Ok(Some((program.trim_end_matches(" (deleted)").to_owned(), libraries)))
}

/// Libraries of the system among the mapped files that are gone (proc_pid_maps(5)).
fn replaced(maps: &[u8]) -> Vec<String> {
    let mut found: Vec<String> = maps
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let line = line.strip_suffix(b" (deleted)")?;
            let start = line.iter().position(|byte| *byte == b'/')?;
            let path = line.get(start..)?;
            let library = [&b"/usr/lib"[..], b"/lib"].iter().any(|place| path.starts_with(place))
                && path.windows(3).any(|part| part == b".so");
            library.then(|| names::escaped(path))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The service that a process belongs to: the last unit of its control group.
fn unit(folder: &Path) -> Option<String> {
    let groups = fs::read_to_string(folder.join("cgroup")).ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let unit = path.rsplit('/').find(|part| part.ends_with(".service"))?;
    Some(names::escaped(unit.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn only_libraries_that_are_gone_count() {
        let maps = b"7f00-7f01 r-xp 0 08:01 7 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n\
            7f00-7f01 r--p 0 08:01 7 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n\
            7f02-7f03 r-xp 0 08:01 8 /usr/lib/x86_64-linux-gnu/libc.so.6\n\
            7f04-7f05 rw-s 0 00:01 9 /memfd:x.so (deleted)\n\
            7f06-7f07 rw-s 0 00:01 9 /usr/lib/locale/archive (deleted)\n\
            7f08-7f09 rw-p 0 00:00 0 [heap]\n";
        assert_eq!(replaced(maps), ["/usr/lib/x86_64-linux-gnu/libssl.so.3"]);
        assert_eq!(replaced(b"\xff\n"), [""; 0]);
    }

    #[test]
    fn a_program_whose_library_was_replaced_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lib.so");
        fs::write(&file, [0; 4096]).unwrap();
        let script = "import mmap,sys\nf=open(sys.argv[1],'rb')\nm=mmap.mmap(f.fileno(),0,access=mmap.ACCESS_READ)\nprint('ready',flush=True)\nsys.stdin.read()";
        let mut child = Command::new("python3")
            .args(["-c", script, file.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let maps = || fs::read(format!("/proc/{}/maps", child.id())).unwrap();
        let mark = format!("{} (deleted)", file.display());
        let told = |maps: Vec<u8>| String::from_utf8_lossy(&maps).contains(&mark);
        assert!(!told(maps()));
        fs::remove_file(&file).unwrap();
        assert!(told(maps()), "the kernel marks a mapped file that is gone in another way");
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn this_machine_is_described_twice_in_the_same_words() {
        let job = crate::kinds::testing::job("/");
        assert_eq!(find(&mut Look::new(&job)), find(&mut Look::new(&job)));
    }
}
