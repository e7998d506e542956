//! `crypto.in_transit` of a Linux host: sshd's algorithms, system-wide policies, and TLS of its own listeners if allowed.
//!
//! It connects to nothing unless `tls_probe = true`, and then only to addresses this very host listens on.

mod hello;
mod policies;
mod probe;

use exhibit_plugin::{
    Entry, Job, Observation, OutcomeKind,
    kinds::crypto_in_transit::{CryptoInTransit, Endpoint, KIND},
};

use super::identity_sign_in_policy::sshd;
use crate::{look::Look, settings};

pub(crate) const ENTRY: Entry = Entry {
    kind: KIND,
    reads: &[
        "sshd -T, /etc/ssh/sshd_config and what it includes",
        "/etc/ssl/openssl.cnf, /etc/pki/tls/openssl.cnf, /etc/gnutls/config, /etc/crypto-policies/{config,state/current}, /proc/sys/crypto/fips_enabled",
        "only with tls_probe = true: /proc/net/{tcp,tcp6}, and TLS hellos to the host's own listeners",
    ],
    needs: &[
        "root: sshd -T; without it only what the files set is told, not the defaults of the server's version",
        "tls_probe = true in the settings: connections to the host's own listeners",
    ],
    observe,
};

fn observe(job: &Job) -> Observation {
    let mut look = Look::new(job);
    let Some(probed) = settings::table::<bool>(&mut look, "tls_probe") else { return look.done() };
    let Some(ports) = settings::table::<Vec<u16>>(&mut look, "tls_probe_ports") else {
        return look.done();
    };
    let mut endpoints: Vec<Endpoint> = ssh(&mut look).into_iter().collect();
    let policies = policies::all(&mut look);
    let mut probed = probed && may_probe(&mut look);
    if probed {
        let (found, all) = probe::listeners(&mut look, &ports);
        endpoints.extend(found);
        probed = all;
    } else if look.host.is_live() && job.settings.get("tls_probe").is_none() {
        look.seen.outcome(
            OutcomeKind::NotConfigured,
            "listeners were not asked for TLS, since nobody allowed connections",
            "set tls_probe = true in the settings of the linux plugin to allow connections to the host's own listeners, or false to leave it at files",
        );
    }
    let rows = endpoints.len() + policies.len();
    look.seen.document(CryptoInTransit { endpoints, policies, probed }, rows);
    look.done()
}

fn may_probe(look: &mut Look<'_>) -> bool {
    if !look.host.is_live() {
        look.seen.outcome(
            OutcomeKind::NotApplicable,
            format!(
                "listeners belong to a running host, and {} is only a file tree",
                look.host.root().display()
            ),
            "observe the running host with root '/'",
        );
    }
    look.host.is_live()
}

/// The SSH server; none when there is none. What it does not say is its version's own default.
fn ssh(look: &mut Look<'_>) -> Option<Endpoint> {
    let server = sshd::observe(look);
    let seen_by = server.settings_from.filter(|_| server.installed)?;
    let seen_by = if seen_by == "sshd -T" { seen_by } else { "files".to_owned() };
    let list = |key: &str| {
        let value = server.settings.get(key)?;
        Some(value.split(',').map(str::to_owned).collect())
    };
    Some(Endpoint {
        id: "ssh".to_owned(),
        protocol: "ssh".to_owned(),
        seen_by,
        versions: None,
        ciphers: list("ciphers"),
        key_exchanges: list("kexalgorithms"),
        macs: list("macs"),
        host_key_algorithms: list("hostkeyalgorithms"),
        certificate: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing;

    #[test]
    fn what_the_server_does_not_set_is_not_made_up() {
        let root = testing::planted(&[
            ("/usr/sbin/sshd", ""),
            (
                "/etc/ssh/sshd_config",
                "Ciphers aes256-gcm@openssh.com,aes128-ctr\nMACs -hmac-sha1\n",
            ),
            ("/etc/crypto-policies/config", "# c\nDEFAULT:NO-SHA1\n"),
        ]);
        let mut job = testing::job(root.path());
        let seen = observe(&job);
        let body = testing::body(KIND, &seen);
        let ssh = &body["endpoints"][0];
        assert_eq!(ssh["ciphers"], json!(["aes256-gcm@openssh.com", "aes128-ctr"]));
        assert_eq!((&ssh["macs"], &ssh["key_exchanges"]), (&json!(["-hmac-sha1"]), &Value::Null));
        assert_eq!(body["policies"][0]["settings"]["configured"], "DEFAULT:NO-SHA1");
        assert_eq!((&body["probed"], testing::outcomes(&seen).len()), (&json!(false), 0));
        job.settings = json!({"tls_probe": "yes"});
        assert!(
            testing::outcomes(&observe(&job))[0].starts_with("not_configured: settings.tls_probe")
        );
    }

    #[test]
    fn without_leave_nothing_is_connected_to_and_that_is_said() {
        let seen = observe(&testing::job("/"));
        assert!(!seen.methods().iter().any(|method| method.starts_with("TLS hello")));
        assert!(
            testing::outcomes(&seen).iter().any(|text| text.contains("nobody allowed connections"))
        );
        assert_eq!(testing::body(KIND, &seen)["probed"], false);
    }
}
