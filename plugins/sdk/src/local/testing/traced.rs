//! What a plugin and the tools it starts really open, as the kernel is asked for it (strace).

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::Line;

/// What came of a traced run.
#[derive(Debug)]
pub struct Traced {
    /// What the plugin answered.
    pub lines: Vec<Line>,
    /// Paths that were opened to be read or executed, or spoken to as sockets, by the plugin and all that it started.
    pub opened: Vec<String>,
}

/// Runs a plugin with one request and watches it.
///
/// # Panics
/// When strace is missing or the plugin fails; `tests/run` installs the package strace.
pub fn run(program: &str, request: &Value) -> Traced {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let log = folder.path().join("log");
    let mut child = Command::new("strace")
        .args(["-f", "-qq", "-y", "-s", "4096", "-o"])
        .arg(&log)
        .args(["-e", "trace=open,openat,openat2,execve,connect", "--", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("strace is installed");
    let mut input = child.stdin.take().expect("input is piped");
    input.write_all(request.to_string().as_bytes()).expect("the plugin takes a request");
    drop(input);
    let output = child.wait_with_output().expect("the plugin ends");
    assert!(output.status.success(), "{:?}", output.status);
    let text = String::from_utf8(output.stdout).expect("lines are text");
    let line = |line: &str| serde_json::from_str(line).expect("a line of the protocol");
    let log = std::fs::read(&log).expect("strace writes its log");
    Traced {
        lines: text.lines().map(line).collect(),
        opened: String::from_utf8_lossy(&log).lines().filter_map(opened).collect(),
    }
}

/// The path that a call opened, as the kernel names it; none when it failed or only named it.
fn opened(line: &str) -> Option<String> {
    let (call, result) = line.rsplit_once(" = ")?;
    if call.contains("O_PATH") || result.starts_with('-') {
        return None;
    }
    if call.contains("execve(") || call.contains("connect(") {
        return call.split('"').nth(1).filter(|path| path.starts_with('/')).map(str::to_owned);
    }
    let (_, path) = result.split_once('<')?;
    Some(path.trim_end_matches('>').to_owned())
}

#[cfg(test)]
mod tests {
    use super::opened;

    #[test]
    fn calls_that_opened_something_are_told_from_those_that_did_not() {
        for (line, expected) in [
            (r#"7 openat(AT_FDCWD</>, "/etc/x", O_RDONLY|O_CLOEXEC) = 3</etc/x>"#, Some("/etc/x")),
            (r#"7 open("link", O_RDONLY) = 3</etc/y>"#, Some("/etc/y")),
            (r#"7 openat(AT_FDCWD</>, "/etc/x", O_RDONLY|O_PATH) = 3</etc/x>"#, None),
            (r#"7 openat(AT_FDCWD</>, "/etc/x", O_RDONLY) = -1 EACCES (Permission denied)"#, None),
            (
                r#"7 execve("/usr/bin/apt-get", ["apt-get", "-s"], 0x7 /* 4 vars */) = 0"#,
                Some("/usr/bin/apt-get"),
            ),
            (
                r#"7 connect(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/x.sock"}, 110) = 0"#,
                Some("/run/x.sock"),
            ),
            (
                r#"7 connect(3<socket:[1]>, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("127.0.0.1")}, 16) = 0"#,
                None,
            ),
            ("7 +++ exited with 0 +++", None),
        ] {
            assert_eq!(opened(line).as_deref(), expected, "{line}");
        }
    }
}
