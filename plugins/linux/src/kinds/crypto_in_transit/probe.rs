//! Asks the host's own listeners for TLS, on addresses of this very machine only, bounded in time and number.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use exhibit_plugin::{
    OutcomeKind,
    kinds::crypto_in_transit::{Endpoint, Shown},
};
use sha2::{Digest, Sha256};

use super::hello::{self, Answer, MAX_ANSWER, VERSIONS};
use crate::{
    certificate,
    kinds::network_services::proc_net::{self, Protocol},
    look::Look,
};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Listeners that are asked.
const MAX_LISTENERS: usize = 64;

/// What every listener answered, and whether all were asked; `ports`: only these, when there are any.
pub(super) fn listeners(look: &mut Look<'_>, ports: &[u16]) -> (Vec<Endpoint>, bool) {
    let mut found: BTreeSet<SocketAddr> = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = look.text(table).here().unwrap_or_default();
        found.extend(proc_net::parse(&text, Protocol::Tcp).sockets.iter().map(|socket| {
            // A listener on every address answers on the machine's own.
            let address = match socket.address {
                IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
                IpAddr::V4(_) | IpAddr::V6(_) => socket.address,
            };
            SocketAddr::new(address, socket.port)
        }));
    }
    found.retain(|address| ports.is_empty() || ports.contains(&address.port()));
    if found.len() > MAX_LISTENERS {
        look.seen.outcome(
            OutcomeKind::LimitExceeded,
            format!("{} listeners are there, {MAX_LISTENERS} were asked for TLS", found.len()),
            "name those that matter in tls_probe_ports",
        );
    }
    let mut all = found.len() <= MAX_LISTENERS;
    let end = Instant::now() + look.job.remaining() / 2;
    let mut endpoints = Vec::new();
    for address in found.into_iter().take(MAX_LISTENERS) {
        if Instant::now() >= end {
            look.seen.outcome(
                OutcomeKind::TimedOut,
                format!("the time was up before {address} and later listeners were asked for TLS"),
                "raise the deadline of the run, or name the listeners that matter in tls_probe_ports",
            );
            all = false;
            break;
        }
        look.seen.method(format!("TLS hello to {address}"));
        endpoints.extend(listener(address));
    }
    (endpoints, all)
}

/// What one listener offers; none when it cannot be reached.
pub(super) fn listener(address: SocketAddr) -> Option<Endpoint> {
    let (mut versions, mut ciphers) = (Vec::new(), Vec::new());
    let (mut shown, mut reached, mut speaks) = (None, false, false);
    for (version, name) in VERSIONS {
        let answer = match exchange(address, version) {
            Ok(answer) => answer,
            Err(_) if reached => break,
            Err(_) => return None,
        };
        reached = true;
        match answer {
            Answer::Taken { suite, certificate } => {
                speaks = true;
                versions.push(name.to_owned());
                if !ciphers.contains(&suite) {
                    ciphers.push(suite);
                }
                shown = shown.or_else(|| certificate.as_deref().map(show));
            }
            Answer::Refused | Answer::More => speaks = true,
            Answer::Other => break,
        }
    }
    let id = address.to_string();
    let seen_by = "handshake".to_owned();
    if !speaks {
        return Some(Endpoint { id, protocol: "plain".to_owned(), seen_by, ..Endpoint::default() });
    }
    Some(Endpoint {
        id,
        protocol: "tls".to_owned(),
        seen_by,
        versions: Some(versions),
        ciphers: Some(ciphers),
        certificate: shown,
        ..Endpoint::default()
    })
}

fn show(der: &[u8]) -> Shown {
    let facts = certificate::facts(der);
    Shown {
        fingerprint: certificate::fingerprint(der),
        subject: facts
            .as_ref()
            .map_or_else(|| "not understood".to_owned(), |facts| facts.subject.clone()),
        not_after: facts.and_then(|facts| facts.not_after),
    }
}

fn exchange(address: SocketAddr, version: u16) -> std::io::Result<Answer> {
    let end = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Not a secret: no key is agreed. It only must not be the same for ever.
    let seed = format!("{address} {version} {:?}", std::time::SystemTime::now());
    let random: [u8; 32] = Sha256::digest(seed).into();
    stream.write_all(&hello::ask(version, &random))?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(hello::read(version, &bytes, true));
        }
        stream.set_read_timeout(Some(left))?;
        // A listener that waits for more, or closes at once, has given its answer.
        let length = stream.read(&mut chunk).unwrap_or(0);
        bytes.extend(chunk.get(..length).unwrap_or_default());
        let last = length == 0 || bytes.len() > MAX_ANSWER;
        let answer = hello::read(version, &bytes, last);
        if last || answer != Answer::More {
            return Ok(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    #[test]
    fn a_listener_that_speaks_something_else_is_plain_and_a_closed_one_is_nothing() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let greeter = thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            stream.write_all(b"220 mail\r\n").unwrap();
        });
        let endpoint = listener(address).unwrap();
        greeter.join().unwrap();
        assert_eq!((endpoint.protocol.as_str(), endpoint.versions), ("plain", None));
        assert_eq!(listener(address), None);
    }

    #[test]
    fn a_real_server_is_told_by_version_suite_and_certificate() {
        let Some(program) = crate::tool::find("openssl") else { return };
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let made = std::process::Command::new(&program)
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=probe.example",
                "-days",
                "9",
            ])
            .arg("-keyout")
            .arg(path("key"))
            .arg("-out")
            .arg(path("cert"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut server = std::process::Command::new(&program)
            .args(["s_server", "-quiet", "-no_tls1_3", "-accept", &free.port().to_string()])
            .arg("-key")
            .arg(path("key"))
            .arg("-cert")
            .arg(path("cert"))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let patience = Instant::now() + Duration::from_secs(30);
        let mut endpoint = None;
        while endpoint.is_none() && Instant::now() < patience {
            endpoint = listener(free);
            thread::yield_now();
        }
        server.kill().unwrap();
        server.wait().unwrap();
        let endpoint = endpoint.unwrap();
        assert_eq!(endpoint.protocol, "tls");
        assert_eq!(endpoint.versions.unwrap(), ["TLSv1.2"]);
        assert_eq!(endpoint.ciphers.unwrap(), ["ECDHE-RSA-AES256-GCM-SHA384"]);
        assert_eq!(endpoint.certificate.unwrap().subject, "CN=probe.example");
    }
}
