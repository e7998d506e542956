//! Ends a server with all that it started, and whatever still works in its folder. It waits no longer than it is told.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

/// Asks a server to end at once with its children, and kills it when it does not.
pub(super) fn end(server: &mut Child, patience: Duration) {
    let pid = i32::try_from(server.id()).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid
        && matches!(server.try_wait(), Ok(None))
    {
        // It may have ended in between, which is what we want.
        kill_process(pid, Signal::QUIT).unwrap_or(());
        if let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) {
            let mut waiting = [PollFd::new(&handle, PollFlags::IN)];
            let most = Timespec {
                tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(patience.subsec_nanos()),
            };
            poll(&mut waiting, Some(&most)).unwrap_or(0);
        }
    }
    server.kill().unwrap_or(());
    drop(server.wait());
}

/// Kills every process whose working folder lies in `folder`.
pub(super) fn kill_below(folder: &Path) {
    let Ok(folder) = std::fs::canonicalize(folder) else { return };
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let number = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        let Some(pid) = number.and_then(Pid::from_raw) else { continue };
        // A handle first, so that no other process can take the number in between.
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        let works = std::fs::read_link(entry.path().join("cwd"));
        if works.is_ok_and(|works| works.starts_with(&folder)) {
            pidfd_send_signal(&handle, Signal::KILL).unwrap_or(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_works_in_the_folder_is_gone_even_if_it_leads_itself_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let sleeper = |at: &Path| {
            let mut command = Command::new("sleep");
            command.arg("600").current_dir(at).process_group(0).stdin(Stdio::null());
            command.spawn().unwrap()
        };
        let (mut inside, mut outside) = (sleeper(folder.path()), sleeper(Path::new("/")));
        kill_below(folder.path());
        assert!(!inside.wait().unwrap().success());
        assert!(outside.try_wait().unwrap().is_none());
        end(&mut outside, Duration::from_secs(5));
        assert!(outside.try_wait().unwrap().is_some());
    }

    #[test]
    fn one_that_does_not_listen_is_killed_when_patience_ends() {
        let script = "trap '' QUIT; echo ready; while :; do :; done";
        let mut deaf =
            Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut said = std::io::BufReader::new(deaf.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        end(&mut deaf, Duration::from_millis(100));
        assert!(deaf.try_wait().unwrap().is_some());
    }
}
