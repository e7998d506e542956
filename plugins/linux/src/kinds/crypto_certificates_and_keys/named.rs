//! Which certificates and keys the settings of services name. It reads their files, keeps the paths, and nothing else.

use std::collections::BTreeMap;

use crate::{
    glob,
    look::{Found, Look},
};

/// Settings of one service: its name, its files, where relative paths start, and the words that name a file.
struct Reader {
    service: &'static str,
    files: &'static [&'static str],
    base: &'static str,
    certificates: &'static [&'static str],
    keys: &'static [&'static str],
}

const READERS: [Reader; 10] = [
    Reader {
        service: "nginx",
        files: &[
            "/etc/nginx/nginx.conf",
            "/etc/nginx/conf.d/*.conf",
            "/etc/nginx/sites-enabled/*",
            "/etc/nginx/snippets/*.conf",
        ],
        base: "/etc/nginx",
        certificates: &["ssl_certificate"],
        keys: &["ssl_certificate_key"],
    },
    Reader {
        service: "apache",
        files: &[
            "/etc/apache2/apache2.conf",
            "/etc/apache2/sites-enabled/*",
            "/etc/apache2/conf-enabled/*",
            "/etc/apache2/mods-enabled/*.conf",
        ],
        base: "/etc/apache2",
        certificates: &["sslcertificatefile", "sslcertificatechainfile"],
        keys: &["sslcertificatekeyfile"],
    },
    Reader {
        service: "httpd",
        files: &["/etc/httpd/conf/httpd.conf", "/etc/httpd/conf.d/*.conf"],
        base: "/etc/httpd",
        certificates: &["sslcertificatefile", "sslcertificatechainfile"],
        keys: &["sslcertificatekeyfile"],
    },
    Reader {
        service: "postfix",
        files: &["/etc/postfix/main.cf"],
        base: "/etc/postfix",
        certificates: &[
            "smtpd_tls_cert_file",
            "smtpd_tls_eccert_file",
            "smtpd_tls_chain_files",
            "smtp_tls_cert_file",
        ],
        keys: &["smtpd_tls_key_file", "smtpd_tls_eckey_file", "smtp_tls_key_file"],
    },
    Reader {
        service: "dovecot",
        files: &[
            "/etc/dovecot/dovecot.conf",
            "/etc/dovecot/conf.d/*.conf",
            "/etc/dovecot/local.conf",
        ],
        base: "/etc/dovecot",
        certificates: &["ssl_cert", "ssl_server_cert_file"],
        keys: &["ssl_key", "ssl_server_key_file"],
    },
    Reader {
        service: "postgresql",
        files: &[
            "/etc/postgresql/*/*/postgresql.conf",
            "/etc/postgresql/*/*/conf.d/*.conf",
            "/var/lib/pgsql/data/postgresql.conf",
        ],
        base: "/var/lib/pgsql/data",
        certificates: &["ssl_cert_file"],
        keys: &["ssl_key_file"],
    },
    Reader {
        service: "mysql",
        files: &[
            "/etc/mysql/my.cnf",
            "/etc/mysql/conf.d/*.cnf",
            "/etc/mysql/mysql.conf.d/*.cnf",
            "/etc/mysql/mariadb.conf.d/*.cnf",
            "/etc/my.cnf",
            "/etc/my.cnf.d/*.cnf",
        ],
        base: "/var/lib/mysql",
        certificates: &["ssl-cert", "ssl_cert"],
        keys: &["ssl-key", "ssl_key"],
    },
    Reader {
        service: "vsftpd",
        files: &["/etc/vsftpd.conf", "/etc/vsftpd/vsftpd.conf"],
        base: "/",
        certificates: &["rsa_cert_file"],
        keys: &["rsa_private_key_file"],
    },
    Reader {
        service: "openvpn",
        files: &["/etc/openvpn/*.conf", "/etc/openvpn/server/*.conf", "/etc/openvpn/client/*.conf"],
        base: "/etc/openvpn",
        certificates: &["cert"],
        keys: &["key"],
    },
    Reader {
        service: "haproxy",
        files: &["/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/*.cfg"],
        base: "/etc/haproxy",
        certificates: &[],
        keys: &[],
    },
];

/// Paths by what they are, with the services that name them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) certificates: BTreeMap<String, Vec<String>>,
    pub(super) keys: BTreeMap<String, Vec<String>>,
    /// Whether every file of settings could be read.
    pub(super) whole: bool,
}

/// Reads the settings of every service that is there.
pub(super) fn by_services(look: &mut Look<'_>) -> Named {
    let mut named = Named { whole: true, ..Named::default() };
    for reader in &READERS {
        let mut files: Vec<String> = Vec::new();
        for pattern in reader.files {
            files.extend(expand(look, pattern));
        }
        for file in files {
            match look.text(&file) {
                Found::Here(text) => reader.read(&text, &mut named),
                Found::Missing => {}
                Found::Unreadable => named.whole = false,
            }
        }
    }
    named
}

/// A pattern with `*` in any part.
fn expand(look: &mut Look<'_>, pattern: &str) -> Vec<String> {
    let mut places = vec![String::new()];
    for part in pattern.split('/').skip(1) {
        let mut next = Vec::new();
        for place in places {
            let path = format!("{place}/{part}");
            if part.contains('*') {
                next.extend(glob::matching(look, &path));
            } else {
                next.push(path);
            }
        }
        places = next;
    }
    places
}

impl Reader {
    fn read(&self, text: &str, named: &mut Named) {
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let mut words =
                line.split(|c: char| c.is_whitespace() || c == '=').filter(|word| !word.is_empty());
            if self.service == "haproxy" {
                // `bind :443 ssl crt /path crt /other`
                while let Some(word) = words.next() {
                    if word == "crt"
                        && let Some(path) = words.next()
                    {
                        self.add(&mut named.certificates, path);
                    }
                }
                continue;
            }
            let Some(key) = words.next().map(str::to_ascii_lowercase) else { continue };
            let into = if self.certificates.contains(&key.as_str()) {
                &mut named.certificates
            } else if self.keys.contains(&key.as_str()) {
                &mut named.keys
            } else {
                continue;
            };
            // postfix takes a list.
            for path in words.next().unwrap_or_default().split(',') {
                self.add(into, path);
            }
        }
    }

    fn add(&self, into: &mut BTreeMap<String, Vec<String>>, written: &str) {
        let path = written.trim_matches(['"', '\'', ';', '<', ',']);
        // A variable, an engine's id or data in place of a path.
        if path.is_empty() || path == "none" || path.contains(['$', ':', '{', '%']) {
            return;
        }
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("{}/{path}", self.base.trim_end_matches('/'))
        };
        let services = into.entry(path).or_default();
        if !services.iter().any(|known| known == self.service) {
            services.push(self.service.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{job, planted};

    #[test]
    fn every_service_names_its_files_in_its_own_words() {
        let root = planted(&[
            (
                "/etc/nginx/sites-enabled/a",
                "  ssl_certificate /c/n.pem;\n # ssl_certificate /no;\n ssl_certificate_key \"n.key\";\n ssl_certificate $x;\n",
            ),
            (
                "/etc/apache2/sites-enabled/a.conf",
                "SSLCertificateFile\t/c/a.pem\nSSLCertificateKeyFile /c/a.key\n",
            ),
            (
                "/etc/postfix/main.cf",
                "smtpd_tls_cert_file=/c/n.pem\nsmtpd_tls_key_file = /c/p.key\n",
            ),
            (
                "/etc/dovecot/conf.d/10-ssl.conf",
                "ssl_cert = </c/d.pem\nssl_key = </c/d.key\nssl_key_password = SECRET\n",
            ),
            ("/etc/postgresql/15/main/postgresql.conf", "ssl_cert_file = '/c/pg.pem'\t# c\n"),
            ("/etc/haproxy/haproxy.cfg", "bind :443 ssl crt /c/h.pem alpn h2 crt /c/dir\n"),
        ]);
        let job = job(root.path());
        let named = by_services(&mut Look::new(&job));
        let certificates: Vec<_> = named.certificates.keys().map(String::as_str).collect();
        assert_eq!(
            certificates,
            ["/c/a.pem", "/c/d.pem", "/c/dir", "/c/h.pem", "/c/n.pem", "/c/pg.pem"]
        );
        assert_eq!(named.certificates["/c/n.pem"], ["nginx", "postfix"]);
        let keys: Vec<_> = named.keys.keys().map(String::as_str).collect();
        assert_eq!(keys, ["/c/a.key", "/c/d.key", "/c/p.key", "/etc/nginx/n.key"]);
        assert!(named.whole && !format!("{named:?}").contains("SECRET"));
    }
}
