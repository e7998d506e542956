//! What sudo, su, sshd, login, doas and pkexec write, as plain parsers of one message. They keep names, never commands.

use exhibit_plugin::kinds::logging_privileged_activity::Action;

use super::Event;

/// Programs whose messages are understood.
pub(super) const PROGRAMS: [&str; 8] =
    ["sudo", "su", "sshd", "sshd-session", "login", "doas", "pkexec", "dropbear"];

/// The event of a message; none for what says nothing new.
pub(super) fn event(program: &str, message: &str) -> Option<Event> {
    let message = message.trim();
    match program {
        "sudo" => sudo(message),
        "su" => su(message),
        "sshd" | "sshd-session" => sshd(message),
        "login" => login(message),
        "doas" => doas(message),
        "pkexec" => pkexec(message),
        "dropbear" => dropbear(message),
        _ => None,
    }
}

fn made(account: &str, action: Action, as_account: Option<&str>, succeeded: bool) -> Option<Event> {
    let account = account.trim();
    (!account.is_empty()).then(|| Event {
        account: account.to_owned(),
        action,
        as_account: as_account.map(str::to_owned),
        succeeded,
    })
}

fn signed_in(account: &str, succeeded: bool) -> Option<Event> {
    let action = if account.trim() == "root" { Action::RootSignIn } else { Action::SignIn };
    made(account, action, None, succeeded)
}

/// `alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/x`, a refusal stands before TTY.
fn sudo(message: &str) -> Option<Event> {
    let (account, rest) = message.split_once(" : ")?;
    if account.trim().contains(' ') || !rest.contains("COMMAND=") {
        return None;
    }
    // What follows COMMAND is the person's own text.
    let facts = rest.split("COMMAND=").next()?;
    let fields: Vec<&str> = facts.split(" ; ").map(str::trim).collect();
    let target = fields.iter().find_map(|field| field.strip_prefix("USER="));
    let marks = ["TTY=", "PWD=", "USER=", "GROUP=", "TSID=", "ENV=", "CWD=", "CHROOT="];
    let first = fields.first().copied().unwrap_or_default();
    made(account, Action::Sudo, target, marks.iter().any(|mark| first.starts_with(mark)))
}

/// util-linux: `(to root) alice on pts/1`, `FAILED SU (to root) alice on pts/1`; shadow: `Successful su for root by alice`.
fn su(message: &str) -> Option<Event> {
    if let Some(rest) = message.strip_prefix("Successful su for ") {
        let (target, account) = rest.split_once(" by ")?;
        return made(account, Action::Su, Some(target), true);
    }
    if let Some(rest) = message.strip_prefix("FAILED su for ") {
        let (target, account) = rest.split_once(" by ")?;
        return made(account, Action::Su, Some(target), false);
    }
    let (rest, succeeded) = match message.strip_prefix("FAILED SU ") {
        Some(rest) => (rest, false),
        None => (message, true),
    };
    let (target, rest) = rest.strip_prefix("(to ")?.split_once(") ")?;
    made(rest.split(" on ").next()?, Action::Su, Some(target), succeeded)
}

fn sshd(message: &str) -> Option<Event> {
    if let Some(rest) = message.strip_prefix("Accepted ") {
        return signed_in(rest.split_once(" for ")?.1.split(" from ").next()?, true);
    }
    let rest = message.strip_prefix("Failed ")?;
    let (method, rest) = rest.split_once(" for ")?;
    // Each key that a client offers fails before the one that fits.
    if method == "publickey" || method == "none" {
        return None;
    }
    // The name comes from the other side and may hold anything: the last " from " is the program's own.
    let name = rest.rsplit_once(" from ")?.0;
    signed_in(name.strip_prefix("invalid user ").unwrap_or(name), false)
}

/// `ROOT LOGIN ON tty1`, `LOGIN ON tty1 BY alice`, `FAILED LOGIN (1) on '/dev/tty1' FOR 'alice', …`.
fn login(message: &str) -> Option<Event> {
    if message.starts_with("ROOT LOGIN") {
        return signed_in("root", true);
    }
    if let Some(rest) = message.strip_prefix("LOGIN ON ") {
        return signed_in(rest.split_once(" BY ")?.1.split(" FROM ").next()?, true);
    }
    let rest = message.strip_prefix("FAILED LOGIN")?;
    signed_in(rest.split_once(" FOR '")?.1.rsplit_once('\'')?.0, false)
}

/// `alice ran command x as root from /`, `command not permitted for alice: x`.
fn doas(message: &str) -> Option<Event> {
    if let Some(rest) = message.strip_prefix("command not permitted for ") {
        return made(rest.split(':').next()?, Action::Sudo, None, false);
    }
    let (account, rest) = message.split_once(" ran command ")?;
    let target = rest.rsplit_once(" as ")?.1.split(" from ").next()?;
    made(account, Action::Sudo, Some(target), true)
}

/// `alice: Executing command [USER=root] [TTY=unknown] [CWD=/] [COMMAND=/x]`.
fn pkexec(message: &str) -> Option<Event> {
    let (account, rest) = message.split_once(": ")?;
    let target = rest.split_once("[USER=")?.1.split(']').next()?;
    let succeeded = rest.starts_with("Executing command");
    made(account, Action::Sudo, Some(target), succeeded)
}

/// `Password auth succeeded for 'alice' from …`, `Pubkey auth succeeded for 'alice' with …`, `Bad password attempt for 'alice' from …`.
fn dropbear(message: &str) -> Option<Event> {
    let name = message.split_once(" for '")?.1.split('\'').next()?;
    if message.contains(" auth succeeded ") {
        signed_in(name, true)
    } else if message.starts_with("Bad password attempt") {
        signed_in(name, false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(program: &str, message: &str) -> Option<String> {
        event(program, message).map(|event| {
            let target = event.as_account.as_deref().unwrap_or("-");
            format!("{} {:?} {target} {}", event.account, event.action, event.succeeded)
        })
    }

    #[test]
    fn messages_say_who_did_what() {
        for (program, message, expected) in [
            (
                "sudo",
                "   alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/x USER=bob",
                "alice Sudo root true",
            ),
            (
                "sudo",
                "alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/x",
                "alice Sudo root false",
            ),
            (
                "sudo",
                "alice : 3 incorrect password attempts ; TTY=x ; PWD=/ ; USER=root ; COMMAND=x",
                "alice Sudo root false",
            ),
            ("su", "(to root) alice on pts/1", "alice Su root true"),
            ("su", "FAILED SU (to root) alice on pts/1", "alice Su root false"),
            ("su", "Successful su for root by alice", "alice Su root true"),
            (
                "sshd",
                "Accepted publickey for alice from 192.0.2.1 port 1 ssh2: ED25519 SHA256:x",
                "alice SignIn - true",
            ),
            (
                "sshd-session",
                "Accepted password for root from 192.0.2.1 port 1 ssh2",
                "root RootSignIn - true",
            ),
            (
                "sshd",
                "Failed password for invalid user hunter2 from x from 192.0.2.1 port 1 ssh2",
                "hunter2 from x SignIn - false",
            ),
            ("login", "ROOT LOGIN  ON tty1", "root RootSignIn - true"),
            (
                "login",
                "FAILED LOGIN (1) on '/dev/tty1' FOR 'alice', Authentication failure",
                "alice SignIn - false",
            ),
            ("doas", "alice ran command vi as root from /", "alice Sudo root true"),
            (
                "pkexec",
                "alice: Executing command [USER=root] [TTY=unknown] [CWD=/] [COMMAND=/x]",
                "alice Sudo root true",
            ),
            (
                "dropbear",
                "Pubkey auth succeeded for 'alice' with key x from 192.0.2.1:1",
                "alice SignIn - true",
            ),
        ] {
            assert_eq!(told(program, message).as_deref(), Some(expected), "{message}");
        }
    }

    #[test]
    fn what_says_nothing_new_is_passed_over() {
        for (program, message) in [
            (
                "sudo",
                "pam_unix(sudo:session): session opened for user root(uid=0) by alice(uid=1000)",
            ),
            ("sshd", "Failed publickey for alice from 192.0.2.1 port 1 ssh2"),
            ("sshd", "Invalid user hunter2 from 192.0.2.1 port 1"),
            ("su", "pam_unix(su:session): session closed for user root"),
            ("cron", "alice : COMMAND=x"),
            ("sudo", ""),
        ] {
            assert_eq!(told(program, message), None, "{message}");
        }
    }
}
