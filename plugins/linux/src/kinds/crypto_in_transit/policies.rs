//! Policies that bear on every program's encryption: OpenSSL, GnuTLS, crypto-policies, FIPS mode. It changes none.

use std::collections::BTreeMap;

use exhibit_plugin::kinds::crypto_in_transit::Policy;

use crate::look::Look;

/// Keys of OpenSSL's `system_default` section (SSL_CONF_cmd(3)).
const OPENSSL: [&str; 8] = [
    "minprotocol",
    "maxprotocol",
    "cipherstring",
    "ciphersuites",
    "options",
    "groups",
    "curves",
    "signaturealgorithms",
];

/// Everything that is set.
pub(super) fn all(look: &mut Look<'_>) -> Vec<Policy> {
    let mut found = Vec::new();
    for path in ["/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf"] {
        if let Some(text) = look.text(path).here() {
            found.push(Policy {
                name: "openssl".to_owned(),
                settings: openssl(&text),
                source: path.to_owned(),
            });
        }
    }
    if let Some(text) = look.text("/etc/gnutls/config").here() {
        let settings = sections(&text).remove("overrides").unwrap_or_default();
        found.push(Policy {
            name: "gnutls".to_owned(),
            settings,
            source: "/etc/gnutls/config".to_owned(),
        });
    }
    let mut settings = BTreeMap::new();
    for (key, path) in [
        ("current", "/etc/crypto-policies/state/current"),
        ("configured", "/etc/crypto-policies/config"),
    ] {
        let text = look.text(path).here().unwrap_or_default();
        let line =
            text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        settings.extend(line.map(|line| (key.to_owned(), line.to_owned())));
    }
    if !settings.is_empty() {
        let source = "/etc/crypto-policies".to_owned();
        found.push(Policy { name: "crypto-policies".to_owned(), settings, source });
    }
    let fips = "/proc/sys/crypto/fips_enabled";
    if look.host.is_live()
        && let Some(text) = look.text(fips).here()
    {
        let settings = BTreeMap::from([("enabled".to_owned(), text.trim().to_owned())]);
        found.push(Policy { name: "fips".to_owned(), settings, source: fips.to_owned() });
    }
    found
}

/// The settings that `openssl_conf` → `ssl_conf` → `system_default` leads to; others are never read by a program.
fn openssl(text: &str) -> BTreeMap<String, String> {
    let sections = sections(text);
    let follow = |section: &str, key: &str| sections.get(section)?.get(key).cloned();
    let chosen = follow("", "openssl_conf")
        .and_then(|section| follow(&section, "ssl_conf"))
        .and_then(|section| follow(&section, "system_default"))
        .and_then(|section| sections.get(&section).cloned());
    let mut settings = chosen.unwrap_or_default();
    // A key may carry the prefix of a section's own name.
    settings.retain(|key, _| {
        let word = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
        OPENSSL.contains(&word.as_str())
    });
    settings
}

fn sections(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut sections: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            current = name.trim().to_owned();
        } else if let Some((key, value)) = line.split_once('=') {
            sections
                .entry(current.clone())
                .or_default()
                .insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_chain_of_sections_leads_to_counts() {
        let text = "openssl_conf = a\n[a]\nssl_conf = b\n[ b ]\nsystem_default = c\n[c]\nMinProtocol = TLSv1.2 # x\nCipherString = DEFAULT@SECLEVEL=2\nPrivateKey = SECRET\n[d]\nMinProtocol = SSLv3\n";
        let settings = openssl(text);
        assert_eq!(settings["MinProtocol"], "TLSv1.2");
        assert_eq!(settings["CipherString"], "DEFAULT@SECLEVEL=2");
        assert_eq!(settings.len(), 2);
        assert!(openssl("[c]\nMinProtocol = SSLv3\n").is_empty());
    }
}
