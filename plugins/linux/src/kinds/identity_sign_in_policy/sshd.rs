//! Settings of the SSH server: as the server itself prints them, else as its files say (sshd_config(5)).

use std::collections::BTreeMap;

use exhibit_plugin::{
    OutcomeKind,
    kinds::identity_sign_in_policy::{Ssh, SshMatch},
};

use crate::{
    glob,
    look::{Found, Look},
    tool::Tool,
};

const CONFIG: &str = "/etc/ssh/sshd_config";
const MAX_DEPTH: usize = 16;

/// Documented defaults of OpenSSH 9 for what the files leave open; only used when the server cannot be asked.
const DEFAULTS: [(&str, &str); 29] = [
    ("allowagentforwarding", "yes"),
    ("allowtcpforwarding", "yes"),
    ("authenticationmethods", "any"),
    ("authorizedkeyscommand", "none"),
    ("authorizedkeysfile", ".ssh/authorized_keys .ssh/authorized_keys2"),
    ("banner", "none"),
    ("clientalivecountmax", "3"),
    ("clientaliveinterval", "0"),
    ("gatewayports", "no"),
    ("gssapiauthentication", "no"),
    ("hostbasedauthentication", "no"),
    ("ignorerhosts", "yes"),
    ("kbdinteractiveauthentication", "yes"),
    ("logingracetime", "120"),
    ("loglevel", "INFO"),
    ("maxauthtries", "6"),
    ("maxsessions", "10"),
    ("maxstartups", "10:30:100"),
    ("passwordauthentication", "yes"),
    ("permitemptypasswords", "no"),
    ("permitrootlogin", "prohibit-password"),
    ("permittunnel", "no"),
    ("permituserenvironment", "no"),
    ("port", "22"),
    ("printlastlog", "yes"),
    ("pubkeyauthentication", "yes"),
    ("strictmodes", "yes"),
    ("usepam", "no"),
    ("x11forwarding", "no"),
];

/// Keywords whose lines add up; of all others the first counts.
const REPEATED: [&str; 11] = [
    "acceptenv",
    "allowgroups",
    "allowusers",
    "denygroups",
    "denyusers",
    "hostcertificate",
    "hostkey",
    "listenaddress",
    "port",
    "setenv",
    "subsystem",
];

/// The server of the host.
pub(crate) fn observe(look: &mut Look<'_>) -> Ssh {
    if !look.host.exists("/usr/sbin/sshd") {
        return Ssh::default();
    }
    let Some(files) = read_files(look) else {
        return Ssh { installed: true, ..Ssh::default() };
    };
    if look.host.is_live()
        && let Some(settings) = ask_server(look)
    {
        let settings_from = Some("sshd -T".to_owned());
        return Ssh { installed: true, settings_from, settings, matches: files.matches };
    }
    from_files(files)
}

/// The server as its files make it, without asking it; none when it is not installed or a file is not readable.
pub(crate) fn configured(look: &mut Look<'_>) -> Option<Ssh> {
    look.host.exists("/usr/sbin/sshd").then(|| read_files(look).map(from_files))?
}

fn from_files(files: Files) -> Ssh {
    let mut settings = files.settings;
    for (keyword, value) in DEFAULTS {
        settings.entry(keyword.to_owned()).or_insert_with(|| value.to_owned());
    }
    Ssh {
        installed: true,
        settings_from: Some("files".to_owned()),
        settings,
        matches: files.matches,
    }
}

/// Where the server looks for keys of accounts, with its tokens.
pub(crate) fn authorized_keys_files(look: &mut Look<'_>) -> Vec<String> {
    let set = read_files(look).and_then(|files| files.settings.get("authorizedkeysfile").cloned());
    let line = set.unwrap_or_else(|| ".ssh/authorized_keys .ssh/authorized_keys2".to_owned());
    line.split_whitespace().filter(|path| *path != "none").map(str::to_owned).collect()
}

/// What the files set for everybody, without defaults; none when one of them is not readable.
pub(crate) fn file_settings(look: &mut Look<'_>) -> Option<BTreeMap<String, String>> {
    read_files(look).map(|files| files.settings)
}

/// Effective settings as the server prints them; none when it cannot be asked (it wants its host keys).
fn ask_server(look: &mut Look<'_>) -> Option<BTreeMap<String, String>> {
    let output = look.try_run(&Tool::new("sshd", &["-T"])).ok()?;
    if !output.is_success() {
        look.seen.log(
            exhibit_plugin::protocol::Level::Info,
            format!("sshd -T {}; its files were read instead", output.fault()),
        );
        return None;
    }
    let mut settings = BTreeMap::new();
    for line in output.stdout.lines() {
        if let Some((keyword, value)) = split(line) {
            add(&mut settings, keyword, value);
        }
    }
    Some(settings)
}

#[derive(Debug, Default)]
struct Files {
    settings: BTreeMap<String, String>,
    matches: Vec<SshMatch>,
}

/// Reads the files; none when one of them is not readable, which an outcome then says.
fn read_files(look: &mut Look<'_>) -> Option<Files> {
    let mut files = Files::default();
    let whole = read_file(look, CONFIG, &mut files, None, 0);
    whole.then_some(files)
}

/// Adds one file. `within` is the block around its `Include`; a block begun inside ends with the file.
fn read_file(
    look: &mut Look<'_>,
    path: &str,
    files: &mut Files,
    within: Option<usize>,
    depth: usize,
) -> bool {
    if depth > MAX_DEPTH {
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!("{path} is included more than {MAX_DEPTH} deep"),
            "remove the circle of Include lines",
        );
        return false;
    }
    let text = match look.text(path) {
        Found::Here(text) => text,
        Found::Missing => return true,
        Found::Unreadable => return false,
    };
    let (mut block, mut whole) = (within, true);
    for (index, line) in text.lines().enumerate() {
        let Some((keyword, value)) = split(line) else { continue };
        match keyword.as_str() {
            "include" => {
                for pattern in value.split_whitespace() {
                    let pattern = match pattern.starts_with('/') {
                        true => pattern.to_owned(),
                        false => format!("/etc/ssh/{pattern}"),
                    };
                    for file in glob::matching(look, &pattern) {
                        whole &= read_file(look, &file, files, block, depth + 1);
                    }
                }
            }
            "match" => {
                block = Some(files.matches.len());
                files.matches.push(SshMatch {
                    criteria: value,
                    settings: BTreeMap::new(),
                    source: format!("{path}:{}", index + 1),
                });
            }
            _ => match block.and_then(|block| files.matches.get_mut(block)) {
                Some(block) => add(&mut block.settings, keyword, value),
                None => add(&mut files.settings, keyword, value),
            },
        }
    }
    whole
}

/// `Keyword value`, `Keyword=value` or `Keyword "value"`; the keyword in lower case.
fn split(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=')?;
    let (keyword, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let value = rest.strip_prefix('=').unwrap_or(rest).trim();
    let value = value.split(" #").next().unwrap_or_default().replace('"', "");
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let keyword = keyword.to_ascii_lowercase();
    // Old names of two keywords, as the server itself maps them.
    let keyword = match keyword.as_str() {
        "challengeresponseauthentication" | "skeyauthentication" => {
            "kbdinteractiveauthentication".to_owned()
        }
        "dsaauthentication" => "pubkeyauthentication".to_owned(),
        _ => keyword,
    };
    Some((keyword, value))
}

fn add(settings: &mut BTreeMap<String, String>, keyword: String, value: String) {
    let value = match (keyword.as_str(), value.as_str()) {
        ("permitrootlogin", "without-password") => "prohibit-password".to_owned(),
        ("logingracetime" | "clientaliveinterval", text) => seconds(text).unwrap_or(value),
        (_, "yes" | "YES" | "Yes" | "no" | "NO" | "No") => value.to_ascii_lowercase(),
        (_, _) => value,
    };
    if REPEATED.contains(&keyword.as_str()) {
        let all: &mut String = settings.entry(keyword).or_default();
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(&value);
    } else {
        settings.entry(keyword).or_insert(value);
    }
}

/// `2m` and `1h30m` as seconds.
fn seconds(text: &str) -> Option<String> {
    let (mut total, mut number) = (0_u64, String::new());
    for character in text.chars() {
        let factor = match character.to_ascii_lowercase() {
            digit if digit.is_ascii_digit() => {
                number.push(digit);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        number.clear();
    }
    if !number.is_empty() {
        total = total.checked_add(number.parse().ok()?)?;
    }
    Some(total.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    fn see(files: &[(&str, &str)]) -> Ssh {
        let root = planted(files);
        let job = job(root.path());
        observe(&mut Look::new(&job))
    }

    #[test]
    fn first_value_wins_and_drop_ins_at_the_top_beat_the_file() {
        let ssh = see(&[
            ("/usr/sbin/sshd", ""),
            (
                CONFIG,
                "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\nPort 22\nPort=2222\nSubsystem sftp\t/x\n\
                 LoginGraceTime 1m30s\nChallengeResponseAuthentication no\nMatch User bob Address 10.0.0.0/8\n\
                 \tPasswordAuthentication yes\n",
            ),
            (
                "/etc/ssh/sshd_config.d/10.conf",
                "permitrootlogin without-password\nMatch all\nX11Forwarding yes\n",
            ),
            ("/etc/ssh/sshd_config.d/20.conf", "PasswordAuthentication \"no\"\n"),
            ("/etc/ssh/sshd_config.d/30.txt", "UsePAM yes\n"),
        ]);
        assert_eq!(ssh.settings_from.as_deref(), Some("files"));
        assert_eq!(ssh.settings["permitrootlogin"], "prohibit-password");
        assert_eq!(ssh.settings["passwordauthentication"], "no");
        assert_eq!(ssh.settings["port"], "22 2222");
        assert_eq!(ssh.settings["logingracetime"], "90");
        assert_eq!(ssh.settings["kbdinteractiveauthentication"], "no");
        assert_eq!(ssh.settings["usepam"], "no");
        assert_eq!(ssh.settings["subsystem"], "sftp /x");
        assert_eq!(ssh.settings["x11forwarding"], "no");
        assert_eq!(ssh.matches.len(), 2);
        assert_eq!(ssh.matches[0].settings["x11forwarding"], "yes");
        assert_eq!(ssh.matches[1].criteria, "User bob Address 10.0.0.0/8");
        assert_eq!(ssh.matches[1].source, "/etc/ssh/sshd_config:8");
    }

    #[test]
    fn a_circle_of_includes_ends_and_no_server_is_said() {
        let root = planted(&[("/usr/sbin/sshd", ""), (CONFIG, "Include sshd_config\n")]);
        let job = job(root.path());
        let mut look = Look::new(&job);
        let ssh = observe(&mut look);
        assert_eq!((ssh.installed, ssh.settings_from), (true, None));
        assert!(look.seen.outcomes().any(|(kind, ..)| kind == OutcomeKind::LimitExceeded));
        assert!(!see(&[]).installed);
    }

    #[test]
    fn times_are_seconds() {
        assert_eq!(seconds("2m").unwrap(), "120");
        assert_eq!(seconds("1h30m5").unwrap(), "5405");
        assert_eq!(seconds("none"), None);
        assert_eq!(seconds("99999999999999999999w"), None);
    }
}
