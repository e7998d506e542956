//! `identity.secrets_and_keys` of a Linux host: SSH keys that open accounts, host keys, and private keys that lie about.
//!
//! Public keys become fingerprints; of private keys only the header, owner, mode and age are looked at.

pub(crate) mod private;

use std::collections::BTreeSet;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::identity_secrets_and_keys::{Credential, KIND, SecretsAndKeys},
};
use serde::Deserialize;

use super::{identity_accounts::keys, identity_sign_in_policy::sshd};
use crate::{
    accounts::{Tables, User},
    glob,
    host::{Facts, ReadError},
    look::Look,
    names, settings,
};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "/etc/passwd, /etc/group",
        "/etc/ssh/sshd_config and what it includes",
        "every file of AuthorizedKeysFile of every account, TrustedUserCAKeys",
        "first 40 bytes (OpenSSH and PuTTY: 100) of files in /etc/ssh and ~/.ssh; owner, mode and date of private keys",
        "/etc/ssh/*.pub and ~/.ssh/*.pub",
    ],
    needs: &["CAP_DAC_READ_SEARCH: ~/.ssh of every account, headers of private keys"],
    observe,
};

/// Files of one folder that are looked at.
const MAX_FILES: usize = 500;
/// Longest file that may be a private key.
const MAX_KEY: u64 = 64 * 1024;

/// The table `keys` of the plugin's settings.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// Whether comments of keys, in which people name themselves, are told.
    comments: bool,
}

struct Search<'l, 'a> {
    look: &'l mut Look<'a>,
    tables: Tables,
    comments: bool,
    found: Vec<Credential>,
    denied: BTreeSet<String>,
    complete: bool,
}

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let Some(settings) = settings::table::<Settings>(&mut look, "keys") else { return look.done() };
    let tables = Tables::read(&mut look);
    let complete = tables.whole && !tables.nis;
    let server = sshd::file_settings(&mut look);
    let complete = complete && server.is_some();
    let server = server.unwrap_or_default();
    let mut search = Search {
        look: &mut look,
        tables,
        comments: settings.comments,
        found: Vec::new(),
        denied: BTreeSet::new(),
        complete,
    };
    let files = server
        .get("authorizedkeysfile")
        .map_or(".ssh/authorized_keys .ssh/authorized_keys2", String::as_str);
    let files: Vec<&str> = files.split_whitespace().filter(|path| *path != "none").collect();
    for user in search.tables.users.clone() {
        for file in &files {
            search.authorized(Some(&user), &keys::expand(file, &user));
        }
        search.folder(Some(&user), &format!("{}/.ssh", user.home.trim_end_matches('/')));
    }
    search.look.seen.method(format!("{} and ~/.ssh/* of every account", files.join(", ")));
    search.host_keys(server.get("hostkey").map(String::as_str));
    search.folder(None, "/etc/ssh");
    let mut elsewhere = Vec::new();
    match server.get("trustedusercakeys").map(String::as_str) {
        None | Some("none") => {}
        Some(path) => {
            search.authorized(None, path);
            elsewhere.push("TrustedUserCAKeys".to_owned());
        }
    }
    let command = server.get("authorizedkeyscommand").filter(|command| *command != "none");
    if command.is_some() {
        elsewhere.push("AuthorizedKeysCommand".to_owned());
    }
    let Search { found, denied, mut complete, .. } = search;
    complete &= command.is_none() && denied.is_empty();
    if let Some(first) = denied.first() {
        look.seen.outcome(
            OutcomeKind::Denied,
            format!(
                "permission denied reading {} files or folders of keys, the first is {first}",
                denied.len()
            ),
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root)",
        );
    }
    let rows = found.len();
    look.seen.document(SecretsAndKeys { credentials: found, elsewhere, complete }, rows);
    look.done()
}

impl Search<'_, '_> {
    /// Takes what was read; what was refused or failed is noted and makes the answer incomplete.
    fn take<T>(&mut self, result: Result<Option<T>, ReadError>) -> Option<T> {
        match result {
            Ok(thing) => thing,
            Err(ReadError::Denied(path)) => {
                self.denied.insert(path);
                None
            }
            Err(error) => {
                self.look.seen.outcome(error.outcome(), error.to_string(), error.remedy());
                self.complete = false;
                None
            }
        }
    }

    /// Keys of one file of authorized keys; without an account, of authorities.
    fn authorized(&mut self, user: Option<&User>, path: &str) {
        let read = self.look.host.text(path);
        let Some(text) = self.take(read) else { return };
        let facts = self.look.host.facts(path).ok().flatten();
        let usable = user.is_none_or(|user| keys::is_usable(self.look, user, path));
        let (keys, faults) = keys::parse(&text, path, usable);
        if faults > 0 {
            self.look.garbled(path, &format!("{faults} lines are not understood"));
            self.complete = false;
        }
        for key in keys {
            let authority = user.is_none() || key.kind == "ssh_ca";
            let number = key.source.rsplit(':').next().and_then(|number| number.parse().ok());
            let line = number.and_then(|number: usize| text.lines().nth(number.saturating_sub(1)));
            let label = line.filter(|_| self.comments).and_then(keys::comment);
            let kind = if authority { "ssh_authorized_ca" } else { "ssh_authorized_key" };
            let credential = Credential {
                kind: kind.to_owned(),
                account: user.map(|user| user.name.clone()),
                id: Some(key.id),
                algorithm: key.algorithm,
                bits: key.bits,
                enabled: Some(key.enabled),
                restrictions: key.restrictions,
                label,
                source: key.source,
                ..Credential::default()
            };
            self.push(credential, facts);
        }
    }

    /// The keys by which the host proves itself.
    fn host_keys(&mut self, named: Option<&str>) {
        let paths = match named {
            Some(named) => named.split_whitespace().map(str::to_owned).collect(),
            None => glob::matching(self.look, "/etc/ssh/ssh_host_*_key"),
        };
        for path in paths {
            self.private(None, &path, "ssh_host_key");
        }
    }

    /// Private keys of one folder.
    fn folder(&mut self, user: Option<&User>, folder: &str) {
        let read = self.look.host.names(folder);
        let Some(names) = self.take(read) else { return };
        if names.len() > MAX_FILES {
            self.complete = false;
            self.look.seen.outcome(
                OutcomeKind::LimitExceeded,
                format!("{folder} has {} files, of which {MAX_FILES} were looked at", names.len()),
                "keep only keys in that folder",
            );
        }
        for name in names.into_iter().take(MAX_FILES).filter(|name| !name.ends_with(".pub")) {
            let path = format!("{folder}/{name}");
            let regular =
                self.look.host.facts(&path).ok().flatten().is_some_and(|facts| {
                    facts.mode & 0o170_000 == 0o100_000 && facts.size <= MAX_KEY
                });
            if regular && !self.found.iter().any(|known| known.source == path) {
                self.private(user, &path, "ssh_private_key");
            }
        }
    }

    /// One file, when it is a private key.
    fn private(&mut self, user: Option<&User>, path: &str, kind: &str) {
        let read = private::header(&self.look.host, path);
        let Some(header) = self.take(read) else { return };
        let facts = self.look.host.facts(path).ok().flatten();
        let public = self.look.host.text(&format!("{path}.pub")).ok().flatten();
        let public = public.and_then(|text| keys::parse(&text, path, true).0.into_iter().next());
        let public = public.as_ref();
        let credential = Credential {
            kind: kind.to_owned(),
            account: user.map(|user| user.name.clone()),
            id: public.map(|key| key.id.clone()),
            algorithm: public.map_or(Some(header.form.to_owned()), |key| key.algorithm.clone()),
            bits: public.and_then(|key| key.bits),
            encrypted: header.encrypted,
            source: names::escaped(path.as_bytes()),
            ..Credential::default()
        };
        self.push(credential, facts);
    }

    fn push(&mut self, credential: Credential, facts: Option<Facts>) {
        let owner = facts.map(|facts| {
            let user = self.tables.users.iter().find(|user| user.uid == facts.uid);
            user.map_or_else(|| facts.uid.to_string(), |user| user.name.clone())
        });
        self.found.push(Credential {
            owner,
            mode: facts.map(|facts| format!("{:04o}", facts.mode & 0o7777)),
            changed: facts.and_then(|facts| facts.modified).map(day),
            ..credential
        });
    }
}

/// The day in UTC.
fn day(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

    fn see(files: &[(&str, &str)], settings: Value) -> (Value, Vec<String>) {
        let root = testing::planted(files);
        for (path, _) in files.iter().filter(|(path, _)| path.contains("/.ssh")) {
            let full = root.path().join(path.trim_start_matches('/'));
            fs::set_permissions(full, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let mut job = testing::job(root.path());
        job.settings = settings;
        let seen = observe(&job);
        (testing::body(KIND, &seen), testing::outcomes(&seen))
    }

    #[test]
    fn keys_of_both_default_files_and_private_keys_are_told_without_a_secret() {
        let line = format!(
            "from=\"10.9.8.7\",command=\"echo SECRET1\" ssh-ed25519 {KEY} SECRET2@laptop\n"
        );
        let files = [
            ("/etc/passwd", "bob:x:0:0::/home/bob:/bin/sh\n"),
            ("/etc/group", "users:x:100:\n"),
            ("/home/bob/.ssh/authorized_keys", line.as_str()),
            ("/home/bob/.ssh/authorized_keys2", line.as_str()),
            (
                "/home/bob/.ssh/id_rsa",
                "-----BEGIN RSA PRIVATE KEY-----\nSECRET3SECRET3SECRET3SECRET3\n",
            ),
            ("/home/bob/.ssh/config", "Host x\n IdentityFile SECRET4\n"),
            ("/etc/ssh/ssh_host_ed25519_key", "-----BEGIN PRIVATE KEY-----\nSECRET5\n"),
            ("/etc/ssh/ssh_host_ed25519_key.pub", &format!("ssh-ed25519 {KEY} root@SECRET6\n")),
        ];
        let (body, outcomes) = see(&files, json!({}));
        assert_eq!(outcomes, Vec::<String>::new());
        let rows = body["credentials"].as_array().unwrap();
        let kinds: Vec<_> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            ["ssh_authorized_key", "ssh_authorized_key", "ssh_host_key", "ssh_private_key"]
        );
        assert_eq!(rows[0]["restrictions"], json!(["command", "from"]));
        assert_eq!(rows[0]["mode"], "0600");
        assert!(rows[2]["id"].as_str().unwrap().starts_with("SHA256:"));
        assert_eq!((&rows[3]["encrypted"], &rows[3]["algorithm"]), (&json!(false), &json!("rsa")));
        assert_eq!(body["complete"], true);
        assert!(
            !body.to_string().contains("SECRET") && !body.to_string().contains("10.9.8.7"),
            "{body}"
        );
    }

    #[test]
    fn comments_are_told_only_when_asked_for() {
        let line = format!("ssh-ed25519 {KEY} Bob Example\n");
        let files = [
            ("/etc/passwd", "bob:x:0:0::/home/bob:/bin/sh\n"),
            ("/etc/group", "users:x:100:\n"),
            ("/home/bob/.ssh/authorized_keys", line.as_str()),
        ];
        let (body, _) = see(&files, json!({"keys": {"comments": true}}));
        assert_eq!(body["credentials"][0]["label"], "Bob Example");
        assert_eq!(see(&files, json!({})).0["credentials"][0]["label"], Value::Null);
    }

    #[test]
    fn the_servers_own_places_are_followed_and_a_command_makes_it_incomplete() {
        let line = format!("ssh-ed25519 {KEY}\n");
        let server = "AuthorizedKeysFile /etc/keys/%u\nAuthorizedKeysCommand /usr/bin/ask SECRET\nTrustedUserCAKeys /etc/ca\n";
        let files = [
            ("/etc/passwd", "bob:x:0:0::/home/bob:/bin/sh\n"),
            ("/etc/group", "users:x:100:\n"),
            ("/etc/ssh/sshd_config", server),
            ("/etc/keys/bob", line.as_str()),
            ("/etc/ca", line.as_str()),
            ("/home/bob/.ssh/authorized_keys", line.as_str()),
        ];
        let (body, _) = see(&files, json!({}));
        let sources: Vec<_> = body["credentials"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["source"].clone())
            .collect();
        assert_eq!(sources, ["/etc/ca:1", "/etc/keys/bob:1"]);
        assert_eq!(body["elsewhere"], json!(["AuthorizedKeysCommand", "TrustedUserCAKeys"]));
        assert_eq!(body["complete"], false);
        assert!(!body.to_string().contains("SECRET"));
    }
}
