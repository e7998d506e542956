//! Walls around programs that handle what is restored: a dump is a program in another's language, and may be hostile. What
//! runs behind them keeps no capability, gains none, starts no other program, reads and writes nothing but what is
//! named, and reaches nobody over TCP. It never gives a right.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread;

use exhibit_plugin::OutcomeKind;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
};

use crate::jobs::Refusal;

/// What every program needs of the system: libraries, tables of names and times.
const SYSTEM: [&str; 13] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share",
    "/etc/group",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
];
/// Where the programs of the system lie, and what loads them.
const PROGRAMS: [&str; 8] =
    ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/lib", "/lib64", "/usr/lib", "/usr/lib64"];
/// Where interpreters of scripts keep locks that they share with their children, and nothing else.
const SHARED: &str = "/dev/shm";
const DEVICES: [&str; 4] = ["/dev/null", "/dev/random", "/dev/urandom", "/dev/zero"];

/// What is left to a program.
#[derive(Clone, Debug)]
pub(super) enum Walls {
    /// It may start and read what any program may, without the plugin's capabilities.
    Bare,
    /// One program that starts no other.
    Closed { program: PathBuf, reads: Vec<PathBuf>, writes: Vec<PathBuf> },
    /// A script that starts programs of the system, which are kept in as it is.
    Kept { reads: Vec<PathBuf>, writes: Vec<PathBuf> },
}

/// Does something that starts a program, in a thread of its own that goes behind the walls first: threads and programs
/// inherit them.
pub(super) fn behind<T: Send>(
    walls: &Walls,
    work: impl FnOnce() -> T + Send,
) -> Result<T, Refusal> {
    let inside = || enter(walls).map(|()| work());
    thread::scope(|scope| match scope.spawn(inside).join() {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(unconfined(&error)),
        Err(_panic) => Err(unconfined("a thread died")),
    })
}

fn unconfined(why: &str) -> Refusal {
    Refusal::new(
        OutcomeKind::ToolMissing,
        format!(
            "what a backup makes a server do cannot be kept in on this host, so nothing was restored: {why}"
        ),
        "boot a kernel with Landlock (5.13 or later, lsm=landlock,…), or set unconfined = true in the test for backups that nobody else can write",
    )
}

fn enter(walls: &Walls) -> Result<(), String> {
    rustix::thread::set_no_new_privs(true).map_err(|error| error.to_string())?;
    rustix::thread::clear_ambient_capability_set().map_err(|error| error.to_string())?;
    let status = match walls {
        Walls::Bare => return Ok(()),
        Walls::Closed { program, reads, writes } => closed(program, reads, writes),
        Walls::Kept { reads, writes } => kept(reads, writes),
    };
    match status {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
        Ok(RulesetStatus::NotEnforced) => Err("the kernel has no Landlock".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

type Rules = landlock::RulesetCreated;

fn closed(
    program: &Path,
    reads: &[PathBuf],
    writes: &[PathBuf],
) -> Result<RulesetStatus, landlock::RulesetError> {
    let run: BitFlags<AccessFs> = AccessFs::Execute | AccessFs::ReadFile;
    let interpreter = interpreter(program);
    let rules = rules(reads, writes)?
        .add_rules(path_beneath_rules(interpreter.iter().map(PathBuf::as_path), run))?
        .add_rules(path_beneath_rules([program], run))?;
    Ok(rules.restrict_self()?.ruleset)
}

fn kept(reads: &[PathBuf], writes: &[PathBuf]) -> Result<RulesetStatus, landlock::RulesetError> {
    let run = AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir;
    let share = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile;
    let rules = rules(reads, writes)?
        .add_rules(path_beneath_rules(PROGRAMS, run))?
        .add_rules(path_beneath_rules([SHARED], share))?;
    Ok(rules.restrict_self()?.ruleset)
}

fn rules(reads: &[PathBuf], writes: &[PathBuf]) -> Result<Rules, landlock::RulesetError> {
    let all = AccessFs::from_all(ABI::V6);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    Ruleset::default()
        // Without the first version nothing is kept in; what later ones add is taken where it is there.
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, read))?
        .add_rules(path_beneath_rules(DEVICES, AccessFs::ReadFile | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(reads, read))?
        .add_rules(path_beneath_rules(writes, all & !BitFlags::from(AccessFs::Execute)))
}

/// The loader that the kernel starts for a program (ELF, PT_INTERP).
fn interpreter(program: &Path) -> Option<PathBuf> {
    let mut head = Vec::new();
    File::open(program).ok()?.take(8192).read_to_end(&mut head).ok()?;
    let texts = head.split(|byte| *byte == 0).filter_map(|text| std::str::from_utf8(text).ok());
    let mut paths = texts.filter(|text| text.starts_with('/') && text.contains("/ld"));
    paths.next().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn shell(walls: &Walls, script: &str) -> (bool, String) {
        let output = behind(walls, || Command::new("/bin/sh").args(["-c", script]).output());
        let output = output.unwrap().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[test]
    fn behind_the_walls_nothing_but_what_is_named_is_read_written_or_started() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("scratch")).unwrap();
        std::fs::write(at("named"), "x\n").unwrap();
        std::fs::write(at("other"), "x\n").unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let walls = Walls::Closed {
            program: std::fs::canonicalize("/bin/sh").unwrap(),
            reads: vec![at("named")],
            writes: vec![at("scratch")],
        };
        let show = |path: &Path| format!("read x < {} && : > /dev/null", path.display());
        let make = |path: &Path| format!("echo x > {}", path.display());
        for (script, allowed) in [
            (show(&at("named")), true),
            (show(&at("other")), false),
            (show(Path::new("/etc/shadow")), false),
            (show(Path::new("/etc/hostname")), false),
            (make(&at("scratch/new")), true),
            (make(&at("new")), false),
            (make(Path::new("/dev/shm/exhibit-new")), false),
            ("/bin/cat /etc/passwd".to_owned(), false),
            ("exec /usr/bin/id".to_owned(), false),
        ] {
            assert_eq!(shell(&walls, &script).0, allowed, "{script}");
            // The same is allowed without walls, so it is the walls that keep it in.
            if !script.contains("shm") {
                assert!(shell(&Walls::Bare, &script).0, "{script}");
            }
        }
        let speak = |walls: &Walls| {
            behind(walls, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).unwrap()
        };
        assert!(speak(&Walls::Bare) && !speak(&walls));
    }

    #[test]
    fn a_script_starts_programs_of_the_system_that_are_kept_in_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("scratch")).unwrap();
        for name in ["named", "other"] {
            std::fs::write(at(name), "x\n").unwrap();
        }
        std::fs::copy("/bin/cat", at("scratch/program")).unwrap();
        let walls = Walls::Kept { reads: vec![at("named")], writes: vec![at("scratch")] };
        let show = |path: &Path| format!("cat {}", path.display());
        let make = |path: &Path| format!("touch {}", path.display());
        for (script, allowed) in [
            (show(&at("named")), true),
            (show(&at("other")), false),
            (show(Path::new("/etc/shadow")), false),
            (make(&at("scratch/new")), true),
            (make(&at("new")), false),
            (format!("{} /dev/null", at("scratch/program").display()), false),
        ] {
            assert_eq!(shell(&walls, &script).0, allowed, "{script}");
            assert!(shell(&Walls::Bare, &script).0, "{script}");
        }
    }

    #[test]
    fn who_came_from_behind_the_walls_left_them_there() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let inside = behind(&Walls::Bare, || std::fs::read_to_string("/proc/thread-self/status"));
        let told = |text: &str| {
            text.lines().find(|line| line.starts_with("NoNewPrivs")).unwrap().ends_with('1')
        };
        assert!(told(&inside.unwrap().unwrap()));
        let after = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        assert_eq!(told(&after), told(&status));
    }

    #[test]
    fn the_loader_of_a_program_is_found() {
        let loader = interpreter(&std::fs::canonicalize("/bin/sh").unwrap()).unwrap();
        assert!(loader.to_string_lossy().contains("/ld") && loader.exists(), "{loader:?}");
    }
}
