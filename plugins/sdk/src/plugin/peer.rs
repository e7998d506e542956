//! Who asks a plugin that systemd started behind a socket: root, the plugin's own user, or the one that `--peer` names.
//! It never answers anybody else, and never looks at more than the kernel's word on the other end of standard input.

use std::{fs, io};

use rustix::{
    fs::{FileType, fstat},
    net::sockopt::socket_peercred,
    process::geteuid,
};

use super::runner::RunError;

/// Where `--peer` looks a name up; users of services stand in the file.
const PASSWD: &str = "/etc/passwd";

/// Checks the other end of standard input where it is a socket; on a pipe the agent is the parent, and all is well.
pub(super) fn admit(named: Option<&str>) -> Result<(), RunError> {
    let input = io::stdin();
    let socket =
        FileType::from_raw_mode(fstat(&input).map_err(io::Error::from)?.st_mode).is_socket();
    if !socket {
        return match named {
            None => Ok(()),
            Some(_) => Err(RunError::Peer("--peer is for a socket on standard input".to_owned())),
        };
    }
    let named = match named {
        None => None,
        Some(name) => Some(uid(name, &fs::read_to_string(PASSWD)?).ok_or_else(|| {
            RunError::Peer(format!("no user {name:?} in {PASSWD}; create it, or correct --peer"))
        })?),
    };
    // Not the error's kind but the kind of file decided that there is a peer: what cannot be known is refused.
    let peer = socket_peercred(&input).map_err(io::Error::from)?.uid.as_raw();
    if allowed(peer, geteuid().as_raw(), named) {
        return Ok(());
    }
    Err(RunError::Peer(format!(
        "uid {peer} asks, and only root, this plugin's own user and --peer are answered"
    )))
}

fn allowed(peer: u32, own: u32, named: Option<u32>) -> bool {
    peer == 0 || peer == own || named == Some(peer)
}

/// The number of a user who is named, or given by number.
fn uid(name: &str, passwd: &str) -> Option<u32> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let mut entries = passwd.lines().map(|line| line.split(':'));
    entries.find_map(|mut fields| {
        let found = fields.next() == Some(name);
        fields.nth(1).filter(|_| found)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_oneself_and_the_named_user_are_answered() {
        for (peer, own, named, answer) in [
            (0, 990, None, true),
            (990, 990, None, true),
            (991, 990, Some(991), true),
            (991, 990, None, false),
            (992, 990, Some(991), false),
            (u32::MAX, 990, Some(991), false),
        ] {
            assert_eq!(allowed(peer, own, named), answer, "{peer} {own} {named:?}");
        }
    }

    #[test]
    fn a_user_is_found_by_name_or_number() {
        let passwd = "root:x:0:0::/root:/bin/sh\nexhibit-agent:x:991:991::/:/bin/false\nbad\n";
        assert_eq!(uid("exhibit-agent", passwd), Some(991));
        assert_eq!(uid("65533", passwd), Some(65533));
        for absent in ["exhibit", "bad", "", "-1"] {
            assert_eq!(uid(absent, passwd), None, "{absent:?}");
        }
    }
}
