//! People who sign in at the port as browsers do, each role among them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use exhibit_tests::installation::{Installation, Serving};
use exhibit_tests::programs::run_json;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, RETRY_AFTER, SET_COOKIE,
};
use reqwest::{Certificate, Client, StatusCode};
use rustls::crypto::ring;
use tokio::runtime::Runtime;

use super::world::World;

/// Who reads, each with their role. The last one is bound to the one audit.
pub(super) const PEOPLE: [(&str, &str); 12] = [
    ("vera", "viewer"),
    ("viktor", "viewer"),
    ("vita", "viewer"),
    ("clara", "contributor"),
    ("carl", "contributor"),
    ("nora", "compliance"),
    ("nils", "compliance"),
    ("nadia", "compliance"),
    ("ada", "admin"),
    ("alma", "auditor"),
    ("anton", "auditor"),
    ("bela", "auditor"),
];
pub(super) const BOUND: &str = "bela";
pub(super) const ADMIN: &str = "ada";
const PASSWORD: &str = "four calm words here";
const PATIENCE: Duration = Duration::from_secs(120);

/// The second port of a collector that serves.
pub(super) struct Port {
    web: String,
    certificate: Vec<u8>,
}

/// Somebody with a session and a connection of their own.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) name: String,
    client: Client,
    web: String,
    cookie: String,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    /// Until the last byte was here.
    pub(super) milliseconds: f64,
}

/// Adds everybody and lets them choose their password; `meanwhile` happens while the collector serves, and answers an audit.
pub(super) fn settle(at: &Installation, meanwhile: impl FnOnce() -> Result<String>) -> Result<()> {
    let serving = at.serve()?;
    let audit = meanwhile()?;
    let port = Port::at(at, &serving)?;
    let runtime = Runtime::new()?;
    for (number, (name, role)) in PEOPLE.into_iter().enumerate() {
        let mut add = at.collector();
        add.args(["user", "add", name, "--role", role, "--by", "bench", "--json"]);
        if role == "auditor" {
            add.args(["--valid-until", "2099-12-31"]);
        }
        if name == BOUND {
            add.args(["--audit", &audit]);
        }
        let added = run_json(&mut add)?;
        let first = added.get("password").and_then(|password| password.as_str());
        let first = first.context("no first password")?;
        runtime.block_on(port.arrive((name, first), number))?;
    }
    serving.stop()
}

impl Port {
    pub(super) fn of(world: &World, serving: &Serving) -> Result<Self> {
        Self::at(&world.installation, serving)
    }

    fn at(installation: &Installation, serving: &Serving) -> Result<Self> {
        let certificate = fs::read(installation.folder.join("collector/keys/ca.pem"))?;
        Ok(Self { web: serving.web.clone(), certificate })
    }

    /// A connection from an address of its own: the door slows who comes too often from one.
    fn client(&self, number: usize) -> Result<Client> {
        if ring::default_provider().install_default().is_err() {
            // Somebody was first, with the same.
        }
        let last = u8::try_from(1 + number % 250)?;
        let address = IpAddr::V4(Ipv4Addr::new(127, 0, u8::try_from(1 + number / 250)?, last));
        Ok(Client::builder()
            .local_address(address)
            .tls_certs_only([Certificate::from_pem(&self.certificate)?])
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?)
    }

    /// Signs somebody in who has been here before.
    pub(super) async fn sign_in(&self, name: &str, number: usize) -> Result<Person> {
        let (person, next) = self.enter((name, PASSWORD), number).await?;
        ensure!(next != "/password", "{name} has not chosen a password");
        Ok(person)
    }

    /// Somebody's first sign-in.
    async fn arrive(&self, (name, first): (&str, &str), number: usize) -> Result<()> {
        let (mut person, next) = self.enter((name, first), number).await?;
        ensure!(next == "/password", "{name} was led to {next}");
        let form = String::from_utf8(person.get("/password").await?.body)?;
        let (_, after) =
            form.split_once("name=\"csrf\" value=\"").context("a form without token")?;
        let csrf = after.split('"').next().context("a token")?.to_owned();
        let fields = [("present", first), ("new", PASSWORD), ("again", PASSWORD), ("csrf", &csrf)];
        let answer = person.post("/password", &fields).await?;
        ensure!(answer.0 == StatusCode::SEE_OTHER, "the password was not taken: {}", answer.0);
        Ok(())
    }

    async fn enter(
        &self,
        (name, password): (&str, &str),
        number: usize,
    ) -> Result<(Person, String)> {
        let mut person = Person {
            name: name.to_owned(),
            client: self.client(number)?,
            web: self.web.clone(),
            cookie: String::new(),
        };
        loop {
            let (status, headers) =
                person.post("/sign-in", &[("name", name), ("password", password)]).await?;
            match status {
                StatusCode::SEE_OTHER => {
                    let next = headers.get(LOCATION).and_then(|next| next.to_str().ok());
                    return Ok((person, next.unwrap_or_default().to_owned()));
                }
                StatusCode::TOO_MANY_REQUESTS => {
                    let wait = headers.get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
                    let wait = wait.and_then(|wait| wait.parse().ok()).unwrap_or(5);
                    tokio::time::sleep(Duration::from_secs(wait)).await;
                }
                other => bail!("{name} was not let in: {other}"),
            }
        }
    }
}

impl Person {
    pub(super) async fn get(&self, path: &str) -> Result<Answer> {
        let asked = Instant::now();
        let mut answer = self.open(path).await?;
        let (status, mut body) = (answer.status(), Vec::new());
        while let Some(piece) = answer.chunk().await? {
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, body, milliseconds: asked.elapsed().as_secs_f64() * 1000.0 })
    }

    /// The same as it comes over the wire, with its size alone.
    pub(super) async fn weigh(&self, path: &str) -> Result<(StatusCode, u64, f64)> {
        let asked = Instant::now();
        let request = self.client.get(format!("{}{path}", self.web));
        let request = request.header(COOKIE, &self.cookie).header(ACCEPT_ENCODING, "gzip");
        let mut answer = request.send().await.with_context(|| path.to_owned())?;
        let mut bytes = 0;
        while let Some(piece) = answer.chunk().await? {
            bytes += piece.len() as u64;
        }
        Ok((answer.status(), bytes, asked.elapsed().as_secs_f64() * 1000.0))
    }

    /// An answer whose body is still to be read.
    pub(super) async fn open(&self, path: &str) -> Result<reqwest::Response> {
        let request = self.client.get(format!("{}{path}", self.web)).header(COOKIE, &self.cookie);
        request.send().await.with_context(|| path.to_owned())
    }

    /// Sends a form; takes the session that comes with the answer.
    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Result<(StatusCode, HeaderMap)> {
        let fields = form.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
        let body = fields.collect::<Vec<_>>().join("&");
        let request = self.client.post(format!("{}{path}", self.web)).body(body);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.header(COOKIE, &self.cookie).send().await?;
        let cookie = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        if let Some(cookie) = cookie.and_then(|cookie| cookie.split(';').next()) {
            self.cookie = cookie.to_owned();
        }
        Ok((answer.status(), answer.headers().clone()))
    }
}

fn escaped(text: &str) -> String {
    let each = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    });
    each.collect()
}
