//! Shows a command so that it can be recognised and holds no secret: programs, names of options, plain paths and numbers
//! stay, every other word becomes `…`. It guesses nothing: what is not known to be harmless is left out.

/// Longest text that is shown.
const MAX_SHOWN: usize = 300;
/// Programs whose plain words are data.
const SPEAKING: [&str; 12] = [
    "echo",
    "printf",
    "sshpass",
    "htpasswd",
    "expect",
    "curl",
    "wget",
    "mysql",
    "mysqldump",
    "psql",
    "openssl",
    "export",
];
/// Words that name an action of a program; any other word could be a password.
const ACTIONS: [&str; 65] = [
    "agent",
    "apply",
    "archive",
    "autoclean",
    "autoremove",
    "backup",
    "build",
    "certonly",
    "check",
    "clean",
    "cleanup",
    "collect",
    "compact",
    "compose",
    "container",
    "copy",
    "create",
    "diff",
    "download",
    "dump",
    "exec",
    "expire",
    "export",
    "fetch",
    "forget",
    "full",
    "full-upgrade",
    "gc",
    "image",
    "incr",
    "incremental",
    "info",
    "install",
    "list",
    "maintenance",
    "migrate",
    "move",
    "ping",
    "prune",
    "pull",
    "purge",
    "push",
    "refresh",
    "reload",
    "remove",
    "renew",
    "report",
    "restart",
    "restore",
    "rotate",
    "run",
    "run-parts",
    "scan",
    "send",
    "show",
    "snapshot",
    "snapshots",
    "start",
    "status",
    "stop",
    "sync",
    "system",
    "update",
    "upgrade",
    "verify",
];
/// Programs that are shown behind an operator without their path.
const FOLLOWING: [&str; 28] = [
    "[",
    "bash",
    "cat",
    "cd",
    "command",
    "docker",
    "else",
    "exec",
    "exit",
    "fi",
    "find",
    "flock",
    "if",
    "ionice",
    "logger",
    "mail",
    "nice",
    "perl",
    "php",
    "podman",
    "python3",
    "rm",
    "run-parts",
    "sh",
    "sleep",
    "systemctl",
    "test",
    "then",
];

/// The command without what may be a secret.
pub(crate) fn shown(command: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut program: Option<String> = None;
    let (mut after_program, mut after_secret) = (false, false);
    for word in split(command) {
        if is_operator(&word) {
            program = None;
            words.push(word);
            continue;
        }
        let Some(name) = &program else {
            if let Some((variable, _)) = assignment(&word) {
                words.push(format!("{variable}=…"));
                continue;
            }
            let first = word.trim_start_matches(['-', '@', '+', '!', ':']);
            // Behind an operator may stand the rest of a secret that was not quoted.
            let plain = is_word(first)
                && (words.iter().all(|word| word.ends_with("=…")) || FOLLOWING.contains(&first));
            words.push(if plain || is_path(first) { first.to_owned() } else { "…".to_owned() });
            program = Some(first.rsplit('/').next().unwrap_or_default().to_owned());
            after_program = true;
            continue;
        };
        let quiet = !SPEAKING.contains(&name.as_str());
        // `--pin 1234`: not even a number may follow.
        words.push(if after_secret {
            "…".to_owned()
        } else {
            argument(&word, after_program && quiet)
        });
        after_program = false;
        after_secret = word.starts_with('-') && !word.contains('=') && names_a_secret(&word);
    }
    words.dedup_by(|later, first| later == "…" && first == "…");
    let text = words.join(" ");
    match text.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{} …", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// A command that a rule allows, whose words are the limit of what it allows: they stay, but for those that follow a name of a
/// secret, those that a program takes for data, and those that look drawn at random.
pub(crate) fn allowed(command: &str) -> String {
    let mut program = None;
    let mut after_secret = false;
    let mut words = Vec::new();
    for word in command.split_ascii_whitespace() {
        let bare = word.trim_start_matches('!');
        let Some(name) = program else {
            // In front of the program may stand its digest.
            if bare.starts_with('/') || !bare.contains(':') {
                program = Some(bare.rsplit('/').next().unwrap_or(bare));
            }
            words.push(word.to_owned());
            continue;
        };
        let (key, value) = word.split_once('=').map_or((word, None), |(k, v)| (k, Some(v)));
        let is_option = word.starts_with('-');
        words.push(if after_secret {
            "…".to_owned()
        } else if SPEAKING.contains(&name) {
            argument(word, false)
        } else if value.is_some_and(|value| names_a_secret(key) || is_random(value)) {
            format!("{key}=…")
        } else if is_random(word) {
            "…".to_owned()
        } else {
            word.to_owned()
        });
        after_secret = is_option && value.is_none() && names_a_secret(word);
    }
    words.join(" ")
}

/// Whether a word, or a part of it between signs, looks like what nobody would think of.
fn is_random(word: &str) -> bool {
    let drawn = |part: &str| {
        let has = |fits: fn(&u8) -> bool| usize::from(part.bytes().any(|byte| fits(&byte)));
        let classes =
            has(u8::is_ascii_digit) + has(u8::is_ascii_uppercase) + has(u8::is_ascii_lowercase);
        part.len() > 40 || part.len() >= 8 && classes == 3 || part.len() >= 16 && classes == 2
    };
    let mixed = |part: &str| part.bytes().any(|byte| byte.is_ascii_digit());
    word.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| mixed(part) && drawn(part))
}

/// One word after the program; `first` says whether it may be the name of an action such as `backup`.
fn argument(word: &str, first: bool) -> String {
    if let Some(option) = word.strip_prefix("--") {
        let (name, value) = option.split_once('=').map_or((option, None), |(n, v)| (n, Some(v)));
        if !is_word(name) {
            return "…".to_owned();
        }
        return match value {
            None => word.to_owned(),
            Some(value) if is_path(value) && !names_a_secret(name) => word.to_owned(),
            Some(_) => format!("--{name}=…"),
        };
    }
    if word.starts_with('-') {
        // Behind one letter may stand its value: -psecret.
        return match word.char_indices().nth(2) {
            Some((at, _)) => format!("{}…", word.get(..at).unwrap_or_default()),
            None => word.to_owned(),
        };
    }
    let number = word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    let action = first && ACTIONS.contains(&word);
    if number || action || is_path(word) || word == "2>&1" {
        word.to_owned()
    } else {
        "…".to_owned()
    }
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "secret", "token", "key", "auth", "cred", "pwd", "pin", "otp"]
        .iter()
        .any(|part| name.contains(part))
}

/// An absolute path none of whose parts looks drawn at random.
fn is_path(word: &str) -> bool {
    let random = |part: &str| {
        let has = |fits: fn(&u8) -> bool| part.bytes().any(|byte| fits(&byte));
        part.len() > 40
            || (part.len() >= 16
                && has(u8::is_ascii_digit)
                && has(u8::is_ascii_uppercase)
                && has(u8::is_ascii_lowercase))
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-%@+".contains(&byte);
    word.starts_with('/') && word.bytes().all(plain) && !word.split('/').any(random)
}

fn is_word(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+[".contains(&byte);
    (1..=40).contains(&word.len()) && word.bytes().all(plain)
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!name.is_empty() && name.bytes().all(plain)).then_some((name, value))
}

fn is_operator(word: &str) -> bool {
    ["|", "||", "&&", ";", "&", "(", ")", "{", "}", "!", ";;"].contains(&word)
}

/// Words and operators; what is quoted or escaped is one word.
fn split(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut characters = command.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"' | '`') => {
                quote = Some(character);
                // Marks the word as one that is not plain.
                word.push('"');
            }
            (None, '\\') => {
                word.push('"');
                word.extend(characters.next());
            }
            (None, c) if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            (None, '|' | ';' | '(' | ')') => {
                words.push(std::mem::take(&mut word));
                let double = character == '|' && characters.next_if_eq(&'|').is_some();
                words.push(if double { "||".to_owned() } else { character.to_string() });
            }
            (None, '&') if !word.ends_with('>') => {
                words.push(std::mem::take(&mut word));
                let double = characters.next_if_eq(&'&').is_some();
                words.push(if double { "&&" } else { "&" }.to_owned());
            }
            (None, c) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_planted_secret_is_shown() {
        for command in [
            "mysqldump -u root -pPLANTED db > /srv/dump.sql",
            "mysqldump --password=PLANTED db",
            "mysqldump --password PLANTED db",
            "curl -H 'Authorization: Bearer PLANTED' https://u:PLANTED@host.example/PLANTED",
            "curl https://hooks.example/services/PLANTED",
            "DB_PASSWORD=PLANTED /usr/bin/backup --all",
            "echo PLANTED | sudo -S reboot",
            "sshpass -p PLANTED ssh host",
            "sshpass -pPLANTED ssh host",
            "/usr/bin/tool backup PLANTED",
            "/usr/bin/tool planted",
            "/usr/bin/unlock --pin 1234",
            "/usr/bin/tool PLANTED/x --token=/PLANTED=",
            "export TOKEN=PLANTED; /usr/bin/x",
            "sh -c \"tool --key PLANTED\"",
            "x 'PLANTED' `PLANTED` $(PLANTED) \\PLANTED",
            "/usr/bin/tool --pass=a;PLANTED b|PLANTED",
        ] {
            let shown = shown(command);
            let lower = shown.to_ascii_lowercase();
            assert!(!lower.contains("planted") && !lower.contains("1234"), "{command} -> {shown}");
        }
    }

    #[test]
    fn what_a_rule_allows_stays_and_what_may_be_a_secret_does_not() {
        for (command, expected) in [
            ("ALL", "ALL"),
            (
                "/usr/bin/systemctl restart nginx.service",
                "/usr/bin/systemctl restart nginx.service",
            ),
            ("/usr/bin/apt-get install -y *", "/usr/bin/apt-get install -y *"),
            ("!/bin/su", "!/bin/su"),
            ("sudoedit /etc/nginx/conf.d/*.conf", "sudoedit /etc/nginx/conf.d/*.conf"),
            (
                "sha224:0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ== /bin/ls -l",
                "sha224:0GomF8mNN3wlDt1HD9XldjJ3SNgpFdbjO1+NsQ== /bin/ls -l",
            ),
            (
                "/usr/bin/tool --user app --password hunter2 x",
                "/usr/bin/tool --user app --password … x",
            ),
            (
                "/usr/bin/tool --api-key=k DB_PASSWORD=x a=b",
                "/usr/bin/tool --api-key=… DB_PASSWORD=… a=b",
            ),
            ("/usr/bin/login q8Zr2mKx", "/usr/bin/login …"),
            ("/usr/bin/login 9f86d081884c7d659a2feaa0", "/usr/bin/login …"),
            ("/usr/bin/curl -u app:x https\\://h/", "/usr/bin/curl -u … …"),
            (
                "/usr/bin/mount /dev/sdb1 /mnt/backup2026",
                "/usr/bin/mount /dev/sdb1 /mnt/backup2026",
            ),
        ] {
            assert_eq!(allowed(command), expected, "{command}");
        }
    }

    #[test]
    fn what_is_harmless_stays() {
        for (command, expected) in [
            ("/usr/local/bin/report --all", "/usr/local/bin/report --all"),
            (
                "-/usr/bin/restic backup /srv --repo=/mnt/x",
                "/usr/bin/restic backup /srv --repo=/mnt/x",
            ),
            (
                "cd / && run-parts --report /etc/cron.daily",
                "cd / && run-parts --report /etc/cron.daily",
            ),
            ("test -x /usr/sbin/anacron || ( cd / )", "test -x /usr/sbin/anacron || ( cd / )"),
            ("nice -n 19 tar -czf /x a b", "nice -n 19 … -c… /x …"),
            ("X=1 tool", "X=… tool"),
            ("tool > /dev/null 2>&1", "tool … /dev/null 2>&1"),
        ] {
            assert_eq!(shown(command), expected, "{command}");
        }
    }

    #[test]
    fn long_commands_are_cut_between_characters() {
        let text = shown(&"/ü/a ".repeat(500).replace('ü', "u"));
        assert!(text.chars().count() <= MAX_SHOWN + 2 && text.ends_with('…'));
    }
}
