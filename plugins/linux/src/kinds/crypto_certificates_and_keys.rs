//! `crypto.certificates_and_keys` of a Linux host: certificates that services name, of known places and of the settings.
//!
//! Of private keys it looks at mode, owner, age and the first bytes of the header; it decodes none.

mod named;

use std::collections::{BTreeMap, BTreeSet};

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::crypto_certificates_and_keys::{Authority, Certificate, Certificates, KIND, Key, Trust},
};
use serde::Deserialize;

use super::identity_secrets_and_keys::private;
use crate::{accounts::Tables, certificate, glob, host::ReadError, look::Look, names, settings};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "settings of nginx, apache, httpd, postfix, dovecot, postgresql, mysql, vsftpd, openvpn, haproxy: certificates and keys that they name",
        "/etc/letsencrypt/live/*/fullchain.pem, /etc/ssl/*.{pem,crt}, /etc/pki/tls/certs/*.crt and the paths of certificates.paths",
        "mode, owner, date and first 40 bytes of private keys; /etc/ssl/private, /etc/pki/tls/private",
        "/etc/ssl/certs/ca-certificates.crt or the bundle of ca-trust; authorities that an operator added",
        "/etc/passwd, /etc/group",
    ],
    needs: &["CAP_DAC_READ_SEARCH: private folders of services and of certbot"],
    observe,
};

/// Longest file that is read, in bytes; a chain has some kilobytes.
const MAX_FILE: u64 = 2 * 1024 * 1024;
/// Files that are looked at.
const MAX_FILES: usize = 2000;
const KNOWN: [&str; 3] = ["/etc/ssl/*.pem", "/etc/ssl/*.crt", "/etc/pki/tls/certs/*.crt"];
const KEY_FOLDERS: [&str; 2] = ["/etc/ssl/private", "/etc/pki/tls/private"];
const LIVE: &str = "/etc/letsencrypt/live";
const BUNDLES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
];
const ADDED: [&str; 4] = [
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/pki/trust/anchors",
    "/etc/ca-certificates/trust-source/anchors",
];

/// The table `certificates` of the plugin's settings.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// Files and folders beside those that are known.
    paths: Vec<String>,
}

struct Search<'l, 'a> {
    look: &'l mut Look<'a>,
    tables: Tables,
    certificates: BTreeMap<String, Certificate>,
    keys: BTreeMap<String, Key>,
    files: usize,
    denied: BTreeSet<String>,
    complete: bool,
}

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let Some(settings) = settings::table::<Settings>(&mut look, "certificates") else {
        return look.done();
    };
    let tables = Tables::read(&mut look);
    let named = named::by_services(&mut look);
    let trust = trust(&mut look);
    let mut search = Search {
        look: &mut look,
        tables,
        certificates: BTreeMap::new(),
        keys: BTreeMap::new(),
        files: 0,
        denied: BTreeSet::new(),
        complete: named.whole,
    };
    for (path, services) in &named.certificates {
        search.place(path, services, true);
    }
    for (path, services) in &named.keys {
        search.key(path, services);
    }
    for path in &settings.paths {
        search.place(path, &[], true);
    }
    search.known();
    let Search { certificates, keys, denied, files, mut complete, .. } = search;
    if files > MAX_FILES {
        complete = false;
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!("{files} files of certificates are there, of which {MAX_FILES} were read"),
            "name fewer folders in certificates.paths",
        );
    }
    if let Some(first) = denied.first() {
        complete = false;
        look.seen.outcome(
            OutcomeKind::Denied,
            format!("permission denied looking at {} files or folders of certificates and keys, the first is {first}", denied.len()),
            "give the plugin CAP_DAC_READ_SEARCH (or run it as root)",
        );
    }
    let body = Certificates {
        certificates: certificates.into_values().collect(),
        keys: keys.into_values().collect(),
        trust,
        complete,
    };
    let rows = body.certificates.len() + body.keys.len();
    look.seen.document(body, rows);
    look.done()
}

impl Search<'_, '_> {
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

    fn known(&mut self) {
        for pattern in KNOWN {
            for path in glob::matching(self.look, pattern) {
                self.place(&path, &[], false);
            }
        }
        let read = self.look.host.names(LIVE);
        for name in self.take(read).unwrap_or_default() {
            if self
                .look
                .host
                .facts(&format!("{LIVE}/{name}"))
                .ok()
                .flatten()
                .is_some_and(|facts| facts.directory)
            {
                self.place(&format!("{LIVE}/{name}/fullchain.pem"), &[], false);
                self.key(&format!("{LIVE}/{name}/privkey.pem"), &[]);
            }
        }
        for folder in KEY_FOLDERS {
            let read = self.look.host.names(folder);
            for name in self.take(read).unwrap_or_default() {
                let path = format!("{folder}/{name}");
                let header = private::header(&self.look.host, &path);
                if !matches!(header, Ok(None)) {
                    self.key(&path, &[]);
                }
            }
        }
    }

    /// A file, or every file of a folder. `wanted`: somebody named it, so its absence is worth telling.
    fn place(&mut self, path: &str, services: &[String], wanted: bool) {
        let facts = self.look.host.facts(path);
        let Some(facts) = self.take(facts) else {
            if wanted && !self.denied.iter().any(|denied| denied == path) {
                self.complete = false;
                let by = if services.is_empty() {
                    "certificates.paths".to_owned()
                } else {
                    services.join(", ")
                };
                self.look.garbled(path, &format!("named by {by} and not there"));
            }
            return;
        };
        if !facts.directory {
            self.file(path, services);
            return;
        }
        let names = self.look.host.names(path);
        let names = self.take(names).unwrap_or_default();
        if names.is_empty() && wanted && !services.is_empty() {
            self.complete = false;
            self.look.garbled(
                path,
                &format!("a folder without a certificate for {}", services.join(", ")),
            );
        }
        for name in names {
            let inside = format!("{path}/{name}");
            if self.look.host.facts(&inside).ok().flatten().is_some_and(|facts| !facts.directory) {
                self.file(&inside, services);
            }
        }
    }

    fn file(&mut self, path: &str, services: &[String]) {
        self.files += 1;
        if self.files > MAX_FILES {
            return;
        }
        let read = self.look.host.head(path, MAX_FILE);
        let Some(content) = self.take(read) else { return };
        let ders = certificate::ders(&content);
        // haproxy and postfix keep the key in the same file.
        let with_key = String::from_utf8_lossy(&content).contains("PRIVATE KEY-----");
        drop(content);
        if with_key {
            self.key(path, services);
        }
        let Some(first) = ders.first() else {
            // Other files in a folder of certificates may be anything; what a service names must be one.
            if !services.is_empty() {
                self.complete = false;
                self.look
                    .garbled(path, &format!("it holds no certificate for {}", services.join(", ")));
            }
            return;
        };
        let Some(facts) = certificate::facts(first) else {
            self.complete = false;
            self.look.garbled(path, "its first certificate is not understood");
            return;
        };
        self.look.seen.method(path);
        let chain = u32::try_from(ders.len() - 1).unwrap_or(u32::MAX);
        let entry = self.certificates.entry(facts.fingerprint.clone());
        let certificate = entry.or_insert_with(|| Certificate {
            fingerprint: facts.fingerprint,
            places: Vec::new(),
            used_by: Vec::new(),
            subject: facts.subject,
            issuer: facts.issuer,
            names: facts.names,
            names_total: facts.names_total,
            serial: facts.serial,
            not_before: facts.not_before,
            not_after: facts.not_after,
            signature: facts.signature,
            key_algorithm: facts.key_algorithm,
            key_bits: facts.key_bits,
            self_signed: facts.self_signed,
            authority: facts.authority,
            chain: 0,
            renewed_by: None,
        });
        let place = names::escaped(path.as_bytes());
        if !certificate.places.contains(&place) {
            certificate.places.push(place);
        }
        certificate.used_by.extend(services.iter().cloned());
        certificate.chain = certificate.chain.max(chain);
        if path.starts_with(LIVE) {
            certificate.renewed_by = Some("certbot".to_owned());
        }
    }

    fn key(&mut self, path: &str, services: &[String]) {
        let facts = self.look.host.facts(path);
        let Some(facts) = self.take(facts) else { return };
        let header = private::header(&self.look.host, path);
        let header = self.take(header);
        let user = self.tables.users.iter().find(|user| user.uid == facts.uid);
        let group = self.tables.groups.iter().find(|group| group.gid == facts.gid);
        let key = self.keys.entry(path.to_owned()).or_insert_with(|| Key {
            id: names::escaped(path.as_bytes()),
            used_by: Vec::new(),
            owner: Some(user.map_or_else(|| facts.uid.to_string(), |user| user.name.clone())),
            group: Some(group.map_or_else(|| facts.gid.to_string(), |group| group.name.clone())),
            mode: Some(format!("{:04o}", facts.mode & 0o7777)),
            changed: facts.modified.map(|time| time.strftime("%Y-%m-%d").to_string()),
            encrypted: header.and_then(|header| header.encrypted),
        });
        key.used_by.extend(services.iter().cloned());
    }
}

/// The store of authorities: how many, and which were added here.
fn trust(look: &mut Look<'_>) -> Option<Trust> {
    let (place, text) = BUNDLES.iter().find_map(|path| Some((*path, look.text(path).here()?)))?;
    let count = text.matches("-----BEGIN CERTIFICATE-----").count();
    let mut added = Vec::new();
    for folder in ADDED {
        let mut open = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = open.pop() {
            for name in look.names(&folder).here().unwrap_or_default() {
                let path = format!("{folder}/{name}");
                let directory =
                    look.host.facts(&path).ok().flatten().is_some_and(|facts| facts.directory);
                if directory && depth < 4 {
                    open.push((path, depth + 1));
                } else if !directory {
                    added.extend(authorities(look, &path));
                }
            }
        }
    }
    Some(Trust { place: place.to_owned(), count: u32::try_from(count).unwrap_or(u32::MAX), added })
}

fn authorities(look: &mut Look<'_>, path: &str) -> Vec<Authority> {
    let content = look.head(path, MAX_FILE).here().unwrap_or_default();
    let found = certificate::ders(&content).into_iter().filter_map(|der| {
        let facts = certificate::facts(&der)?;
        Some(Authority {
            subject: facts.subject,
            fingerprint: facts.fingerprint,
            not_after: facts.not_after,
            source: names::escaped(path.as_bytes()),
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{certificate::tests::PEM, kinds::testing};

    #[test]
    fn a_certificate_is_one_row_wherever_it_lies_and_its_key_is_told_by_mode() {
        let secret = "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n";
        let combined = format!("{PEM}{PEM}{secret}");
        let root = testing::planted(&[
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("/etc/group", "root:x:0:\n"),
            (
                "/etc/nginx/nginx.conf",
                "ssl_certificate /etc/letsencrypt/live/a/fullchain.pem;\nssl_certificate_key /etc/letsencrypt/live/a/privkey.pem;\n",
            ),
            ("/etc/letsencrypt/live/a/fullchain.pem", PEM),
            ("/etc/letsencrypt/live/a/privkey.pem", secret),
            ("/etc/haproxy/haproxy.cfg", "bind :443 ssl crt /c/h.pem crt /c/none.pem\n"),
            ("/c/h.pem", &combined),
            ("/etc/ssl/certs/ca-certificates.crt", &format!("{PEM}{PEM}{PEM}")),
            ("/usr/local/share/ca-certificates/inc/root.crt", PEM),
        ]);
        let seen = observe(&testing::job(root.path()));
        let body = testing::body(KIND, &seen);
        assert_eq!(body["certificates"].as_array().unwrap().len(), 1);
        let row = &body["certificates"][0];
        assert_eq!(row["places"], json!(["/c/h.pem", "/etc/letsencrypt/live/a/fullchain.pem"]));
        assert_eq!((&row["used_by"], &row["chain"]), (&json!(["haproxy", "nginx"]), &json!(1)));
        assert_eq!(row["renewed_by"], "certbot");
        let keys: Vec<&Value> =
            body["keys"].as_array().unwrap().iter().map(|key| &key["id"]).collect();
        assert_eq!(keys, ["/c/h.pem", "/etc/letsencrypt/live/a/privkey.pem"]);
        assert_eq!(body["keys"][1]["encrypted"], false);
        assert_eq!(
            (&body["trust"]["count"], body["trust"]["added"].as_array().unwrap().len()),
            (&json!(3), 1)
        );
        assert_eq!(body["complete"], false);
        assert_eq!(
            testing::outcomes(&seen),
            ["failed: /c/none.pem: named by haproxy and not there"]
        );
        assert!(!body.to_string().contains("SECRET"));
    }
}
