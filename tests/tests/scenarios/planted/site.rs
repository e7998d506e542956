//! Signs in at the pages of a collector and reads every page that a link leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use exhibit_tests::Installation;
use exhibit_tests::installation::Serving;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

const NEW_PASSWORD: &str = "a-long-password-of-the-test";

struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// The pages behind TLS, as the collector's own authority vouches for them.
struct Site {
    tls: Arc<ClientConfig>,
    address: String,
}

impl Site {
    fn of(installation: &Installation, serving: &Serving) -> Self {
        let ca = installation.folder.join("collector/keys/ca.pem");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider);
        let tls = tls.with_safe_default_protocol_versions().unwrap();
        let tls = Arc::new(tls.with_root_certificates(roots).with_no_client_auth());
        let address = serving.web.trim_start_matches("https://").trim_end_matches('/').to_owned();
        Self { tls, address }
    }

    fn ask(&self, cookie: &str, path: &str, form: Option<&str>) -> Answer {
        let address = &self.address;
        let host = address.rsplit_once(':').unwrap().0.to_owned();
        let session = ClientConnection::new(Arc::clone(&self.tls), host.try_into().unwrap());
        let stream = TcpStream::connect(address).unwrap();
        let mut stream = StreamOwned::new(session.unwrap(), stream);
        let (method, form) = form.map_or(("GET", ""), |form| ("POST", form));
        let text = format!(
            "{method} {path} HTTP/1.0\r\nHost: {address}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            // The end of an answer is the end of its connection.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            read => drop(read.unwrap()),
        }
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        Answer { head, body: answer[end + 4..].to_vec() }
    }

    fn sign_in(&self, password: &str) -> String {
        let form = format!("name=admin&password={password}");
        let first = cookie(&self.ask("", "/sign-in", Some(&form)));
        let page = String::from_utf8(self.ask(&first, "/password", None).body).unwrap();
        let (_, csrf) = page.split_once("name=\"csrf\" value=\"").unwrap();
        let csrf = csrf.split('"').next().unwrap();
        let form =
            format!("csrf={csrf}&present={password}&new={NEW_PASSWORD}&again={NEW_PASSWORD}");
        cookie(&self.ask(&first, "/password", Some(&form)))
    }
}

fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    set.split(';').next().unwrap().to_owned()
}

/// Whether a link leads to rows that no other page shows. Orders of a list and earlier moments show the same again; entries from
/// `size` on are those of this walk itself, which would never end.
fn fresh(link: &str, size: u64) -> bool {
    let entry = link.strip_prefix("/entries/").and_then(|rest| rest.split(['/', '?', '#']).next());
    let own = entry.and_then(|index| index.parse().ok()).is_some_and(|index: u64| index >= size);
    link.starts_with('/') && !own && !link.contains("sort=") && !link.contains("as_of=")
}

/// Address and content of every page, also those that are no HTML.
pub(super) fn walk(installation: &Installation, serving: &Serving) -> BTreeMap<String, Vec<u8>> {
    let site = Site::of(installation, serving);
    let cookie = site.sign_in(&installation.first.password);
    let log = String::from_utf8(site.ask(&cookie, "/log", None).body).unwrap();
    let entries = log.split("href=\"/entries/").skip(1).filter_map(|rest| rest.split('"').next());
    let size = entries.filter_map(|index| index.parse::<u64>().ok()).max().unwrap() + 1;
    let mut pages = BTreeMap::new();
    let (mut waiting, mut known) = (vec!["/".to_owned()], BTreeSet::new());
    while let Some(path) = waiting.pop() {
        if path.starts_with("/assets/") || !known.insert(path.clone()) {
            continue;
        }
        let answer = site.ask(&cookie, &path, None);
        let status = answer.head.split(' ').nth(1).unwrap();
        assert!(status != "401" && !status.starts_with('5'), "{path}: {}", answer.head);
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let links = text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let links = links.map(|link| link.replace("&amp;", "&").replace("&#38;", "&"));
        waiting.extend(links.filter(|link| fresh(link, size)));
        if let Some(to) = answer.header("location").filter(|to| to.starts_with('/')) {
            assert!(!to.starts_with("/sign-in"), "{path} leads to {to}");
            waiting.push(to.to_owned());
        }
        pages.insert(path, answer.body);
    }
    pages
}
