//! A time-stamping authority for tests: `openssl ts` answers behind a few lines of HTTP. The standard library only, because tests
//! of several crates include this file.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What its keys are.
#[derive(Clone, Copy, Debug)]
pub enum Keys {
    Rsa,
    P256,
}

/// Root, intermediate and signer in a folder, with `openssl ts` on top.
#[derive(Clone, Debug)]
pub struct Authority {
    folder: PathBuf,
}

/// Extended key usage of an honest signer.
pub const STAMPS: &str = "critical,timeStamping";

const CONFIGURATION: &str = "
[tsa]
default_tsa = main
[main]
serial = SERIAL
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.2
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
ess_cert_id_chain = no
ess_cert_id_alg = sha256
";

impl Authority {
    /// Makes keys and certificates in the new folder `folder`; the signer's extended key usage is `usage`.
    pub fn new(folder: &Path, keys: Keys, usage: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let us = Self { folder: folder.to_owned() };
        let serial = us.file("serial");
        fs::write(&serial, "01\n").unwrap();
        fs::write(us.file("ts.cnf"), CONFIGURATION.replace("SERIAL", serial.to_str().unwrap()))
            .unwrap();
        let new_key: &[&str] = match keys {
            Keys::Rsa => &["-newkey", "rsa:2048"],
            Keys::P256 => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        };
        let root = ["-x509", "-days", "3650", "-subj", "/CN=Root", "-out", "root.pem"];
        us.openssl("req", &[&["-nodes", "-keyout", "root.key"], new_key, &root].concat());
        for (name, issuer, extensions) in [
            (
                "middle",
                "root",
                "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n".to_owned(),
            ),
            (
                "signer",
                "middle",
                format!(
                    "basicConstraints=CA:false\nextendedKeyUsage={usage}\nkeyUsage=critical,digitalSignature\n"
                ),
            ),
        ] {
            fs::write(us.file("extensions"), extensions).unwrap();
            let (key, request, subject) =
                (format!("{name}.key"), format!("{name}.csr"), format!("/CN={name}"));
            let asked = ["-nodes", "-keyout", &key, "-subj", &subject, "-out", &request];
            us.openssl("req", &[asked.as_slice(), new_key].concat());
            let (ca, ca_key, out) =
                (format!("{issuer}.pem"), format!("{issuer}.key"), format!("{name}.pem"));
            us.openssl(
                "x509",
                &[
                    "-req",
                    "-in",
                    &request,
                    "-CA",
                    &ca,
                    "-CAkey",
                    &ca_key,
                    "-CAcreateserial",
                    "-days",
                    "365",
                    "-extfile",
                    "extensions",
                    "-out",
                    &out,
                ],
            );
        }
        us
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// PEM of the root.
    pub fn root(&self) -> Vec<u8> {
        fs::read(self.file("root.pem")).unwrap()
    }

    /// Runs `openssl COMMAND …` in the folder.
    pub fn openssl(&self, command: &str, arguments: &[&str]) -> Vec<u8> {
        let mut openssl = Command::new("openssl");
        let output =
            openssl.arg(command).args(arguments).current_dir(&self.folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {command} {arguments:?}: {said}");
        output.stdout
    }

    /// TimeStampResp for a TimeStampReq, with the signer's chain in it; more `arguments` for `openssl ts -reply`.
    pub fn answer_with(&self, request: &[u8], arguments: &[&str]) -> Vec<u8> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let (asked, answered) = (format!("{count}.tsq"), format!("{count}.tsr"));
        fs::write(self.file(&asked), request).unwrap();
        let fixed =
            ["-reply", "-config", "ts.cnf", "-signer", "signer.pem", "-inkey", "signer.key"];
        let files = ["-queryfile", &asked, "-out", &answered];
        self.openssl("ts", &[fixed.as_slice(), &files, arguments].concat());
        fs::read(self.file(&answered)).unwrap()
    }

    pub fn answer(&self, request: &[u8]) -> Vec<u8> {
        self.answer_with(request, &["-chain", "middle.pem"])
    }

    /// Whether `openssl ts -verify` accepts the token over `data` under this root, at the time `at` or now.
    pub fn accepts(&self, data: &Path, token: &Path, at: Option<i64>) -> bool {
        let mut openssl = Command::new("openssl");
        openssl.args(["ts", "-verify", "-CAfile"]).arg(self.file("root.pem"));
        openssl.arg("-data").arg(data).arg("-in").arg(token);
        if let Some(at) = at {
            openssl.args(["-attime", &at.to_string()]);
        }
        openssl.output().unwrap().status.success()
    }
}

/// What a server makes of a request: status and body.
pub type Answering = Box<dyn Fn(&[u8]) -> (u16, Vec<u8>) + Send>;

/// The authority behind a port of this machine, until the process ends.
#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    answering: Arc<Mutex<Answering>>,
    asked: Arc<AtomicU64>,
}

impl Server {
    pub fn start(answering: Answering) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let us =
            Self { address, answering: Arc::new(Mutex::new(answering)), asked: Arc::default() };
        let server = us.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that goes away is no matter.
                drop(stream.and_then(|stream| server.one(stream)));
            }
        });
        us
    }

    pub fn honest(authority: &Authority) -> Self {
        let authority = authority.clone();
        Self::start(Box::new(move |request| (200, authority.answer(request))))
    }

    pub fn becomes(&self, answering: Answering) {
        *self.answering.lock().unwrap() = answering;
    }

    /// How often it was asked.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    fn one(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line)? > 2 {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
            line.clear();
        }
        let mut request = vec![0; length];
        reader.read_exact(&mut request)?;
        let (status, body) = (self.answering.lock().unwrap())(&request);
        self.asked.fetch_add(1, Ordering::SeqCst);
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let mut stream = reader.into_inner();
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body)
    }
}
