//! Signing in at a provider that is not ours (oidc-provider, from npm), over TLS.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::{Method, StatusCode};

use super::{Answer, OIDC, Site};
use crate::ask::Asking;
use crate::config::Oidc;
use crate::oidc::Provider;
use crate::people::{Elsewhere, From, NewApiToken, Role, Scope};

const REDIRECT: &str = "https://evidence.example.com/sign-in/oidc/callback";

/// A provider that runs; killed at the end.
struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    port: u64,
    pem: String,
    folder: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Running {
    fn start(in_id_token: bool) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let me = std::env::current_exe().unwrap();
        let place = me.ancestors().nth(3).unwrap().join("reference-oidc");
        let script = root.join("tests/reference/oidc.sh");
        let output = Command::new("bash").arg(script).arg(&place).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let node = String::from_utf8(output.stdout).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (key, certificate) = (folder.path().join("key"), folder.path().join("certificate"));
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let pem = made.cert.pem();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        std::fs::write(&certificate, &pem).unwrap();
        std::fs::write(folder.path().join("secret"), "a secret: with /signs+\n").unwrap();
        let mut command = Command::new(node.trim());
        command.arg(place.join("provider.mjs")).args([&key, &certificate]).arg(REDIRECT);
        if in_id_token {
            command.env("IN_ID_TOKEN", "1");
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut running = Self { child, lines, port: 0, pem, folder };
        running.port = running.line()["port"].as_u64().unwrap();
        running
    }

    /// The next line of ours: the provider notes what it thinks of its settings in between.
    fn line(&mut self) -> serde_json::Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "the provider ended early");
            if line.starts_with('{') {
                return serde_json::from_str(&line).unwrap();
            }
        }
    }

    /// It signs with another key from now on.
    fn change_key(&mut self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::USR2).unwrap();
        assert_eq!(self.line()["changed"], true);
    }

    fn config(&self) -> Oidc {
        let tls_roots = self.folder.path().join("certificate");
        let secret = self.folder.path().join("secret");
        let text = format!(
            "issuer = \"https://localhost:{}\"\nclient_id = \"exhibit\"\nredirect = \"{REDIRECT}\"\n\
             scopes = [\"openid\", \"profile\", \"email\", \"groups\"]\n\
             tls_roots = {tls_roots:?}\nclient_secret_file = {secret:?}\n\
             [roles]\n\"exhibit-admins\" = \"admin\"\nstaff = \"viewer\"\n",
            self.port
        );
        toml::from_str(&text).unwrap()
    }

    fn site(&self, change: impl FnOnce(&mut Oidc)) -> Site {
        let mut config = self.config();
        change(&mut config);
        OIDC.set(Some(Arc::new(Provider::new(config).unwrap())));
        let site = Site::new(|_| {});
        OIDC.set(None);
        site
    }

    /// What a browser does at the provider; answers where it is sent back to.
    async fn walk(&self, address: &str, login: &str) -> String {
        let asking = Asking {
            url: address,
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(20),
            idle: None,
            roots: Some(self.pem.as_bytes()),
        };
        let (client, mut address) = (asking.client().unwrap(), address.to_owned());
        let mut cookies: BTreeMap<String, String> = BTreeMap::new();
        for _ in 0..12 {
            let held: Vec<String> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let request = client.get(&address).header("cookie", held.join("; "));
            let answer = request.send().await.unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = cookie.split_once('=').unwrap();
                cookies.insert(name.to_owned(), value.to_owned());
            }
            if answer.status() == StatusCode::OK {
                assert!(!address.contains("login="), "{}", answer.text().await.unwrap());
                address = format!("{address}?login={login}");
                continue;
            }
            let location =
                answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
            let location = location.unwrap_or_else(|| panic!("{address}: {}", answer.status()));
            if location.starts_with(REDIRECT) {
                return location.trim_start_matches("https://evidence.example.com").to_owned();
            }
            let origin = format!("https://localhost:{}", self.port);
            address = if location.starts_with('/') { origin + &location } else { location };
        }
        panic!("the provider goes in circles");
    }
}

impl Site {
    async fn go(&self, next: &str) -> Answer {
        let begun = self.get(&format!("/sign-in/oidc?next={next}"), "").await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
        assert!(begun.cookie.starts_with("__Host-exhibit-flow="), "{}", begun.cookie);
        begun
    }

    fn done(&self) -> Vec<(String, String)> {
        let recorded = self.recorded.lock().unwrap();
        recorded.iter().map(|done| (done.by.clone(), done.action.clone())).collect()
    }
}

#[tokio::test]
async fn people_sign_in_at_a_provider_and_get_the_role_of_their_groups() {
    let mut provider = Running::start(false);
    let site = provider.site(|_| {});
    // Somebody here has that name already: it is another person.
    site.entered("vera", Role::Admin, None);
    let door = site.get("/sign-in?next=/log", "").await.body;
    assert!(door.contains("/sign-in/oidc?next=%2Flog"), "{door}");

    let begun = site.go("/log").await;
    let back = provider.walk(&begun.location, "ada").await;
    let entered = site.get(&back, &begun.cookie).await;
    assert_eq!(
        (entered.status, entered.location.as_str()),
        (StatusCode::SEE_OTHER, "/log"),
        "{}",
        entered.body
    );
    let ada = entered.cookie.clone();
    assert!(site.get("/settings", &ada).await.body.contains("<strong>admin</strong>"));
    let page = site.get("/settings/people/ada", &ada).await.body;
    assert!(page.contains("ada@example.com") && page.contains("sign in at the provider"), "{page}");

    let begun = site.go("//evil.example").await;
    let back = provider.walk(&begun.location, "vera").await;
    let entered = site.get(&back, &begun.cookie).await;
    assert_eq!(entered.location, "/", "no open redirect");
    let vera = entered.cookie.clone();
    let own = site.get("/settings", &vera).await.body;
    assert!(own.contains("<h1>vera-2</h1>") && own.contains("<strong>viewer</strong>"), "{own}");

    // The same person again, under another key of the provider.
    provider.change_key();
    site.later.store(31, Ordering::SeqCst);
    let begun = site.go("/").await;
    let back = provider.walk(&begun.location, "ada").await;
    let entered = site.get(&back, &begun.cookie).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    let said = |by: &str, action: &str| (by.to_owned(), action.to_owned());
    assert_eq!(
        site.done(),
        [
            said("ada", "person_created"),
            said("ada", "sign_in"),
            said("vera-2", "person_created"),
            said("vera-2", "sign_in"),
            said("ada", "sign_in"),
        ]
    );
    // Disabled here is disabled, whatever the provider says.
    let form = "act=disable";
    assert_eq!(
        site.form("/settings/people/vera-2", &ada, form).await.status,
        StatusCode::SEE_OTHER
    );
    let begun = site.go("/").await;
    let back = provider.walk(&begun.location, "vera").await;
    let refused = site.get(&back, &begun.cookie).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("disabled"), "{}", refused.body);
}

#[tokio::test]
async fn whoever_has_no_group_here_or_says_no_there_does_not_come_in() {
    let provider = Running::start(true);
    let site = provider.site(|_| {});
    for (login, why) in [("nobody", "none of your groups"), ("refuse", "access_denied")] {
        let begun = site.go("/").await;
        let back = provider.walk(&begun.location, login).await;
        let refused = site.get(&back, &begun.cookie).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{login}");
        assert!(refused.body.contains(why) && refused.cookie.is_empty(), "{}", refused.body);
    }
    // Who had a role and has lost it there keeps nothing that was open here.
    let (issuer, subject) = (format!("https://localhost:{}", provider.port), "nobody".to_owned());
    let (name, full_name, email) = ("nobody".to_owned(), String::new(), String::new());
    let who = Elsewhere { issuer, subject, name, full_name, email };
    let now = jiff::Timestamp::now();
    let (session, _) =
        site.people.enter((&who, "nobody"), Role::Viewer, &From::default(), now).unwrap();
    let wanted = |days| NewApiToken {
        user: "nobody".into(),
        name: "n".into(),
        scopes: vec![Scope::Read],
        days,
    };
    let long = site.people.check_api_token(&wanted(31), now).unwrap_err().to_string();
    assert!(long.contains("who signs in at a provider lives for 1 to 30 days"), "{long}");
    let token = site.people.create_api_token("T-1", &wanted(30), now).unwrap();
    let me = site.bearing(&Method::GET, "/api/v1/me", &token).await;
    assert_eq!(me.status, StatusCode::OK, "{}", me.body);
    let begun = site.go("/").await;
    let back = provider.walk(&begun.location, "nobody").await;
    assert_eq!(site.get(&back, &begun.cookie).await.status, StatusCode::FORBIDDEN);
    assert!(site.people.session(&session, now).unwrap().is_none(), "the session has ended");
    let me = site.bearing(&Method::GET, "/api/v1/me", &token).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED, "and so has the token");
    assert!(site.done().contains(&("nobody".to_owned(), "sign_in_refused".to_owned())));
    // Groups that stand in the ID token itself.
    let begun = site.go("/").await;
    let back = provider.walk(&begun.location, "vera").await;
    assert_eq!(site.get(&back, &begun.cookie).await.status, StatusCode::SEE_OTHER);
    assert_eq!(site.done()[..2].iter().filter(|(_, act)| act == "sign_in_refused").count(), 2);
}

#[tokio::test]
async fn an_answer_is_good_once_in_the_browser_that_asked_with_its_own_code() {
    let provider = Running::start(false);
    let site = provider.site(|_| {});
    let (one, two) = (site.go("/").await, site.go("/").await);
    let (back_one, back_two) =
        (provider.walk(&one.location, "ada").await, provider.walk(&two.location, "vera").await);
    let code = |back: &str| {
        let (_, rest) = back.split_once("code=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    for (what, back, cookie) in [
        ("another browser", back_one.clone(), String::new()),
        ("another sign-in's cookie", back_one.clone(), two.cookie.clone()),
        ("a state of nobody", back_one.replace("state=", "state=x"), one.cookie.clone()),
        ("another issuer", back_one.replace("localhost", "evil.example"), String::new()),
    ] {
        let refused = site.get(&back, &cookie).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{what}");
        assert!(!refused.cookie.contains("__Host-exhibit="), "{what}");
    }
    // The code of another sign-in has another verifier and nonce.
    let swapped = back_one.replace(&code(&back_one), &code(&back_two));
    let refused = site.get(&swapped, &one.cookie).await;
    assert_eq!(refused.status, StatusCode::BAD_GATEWAY, "{}", refused.body);
    // That used the state up: the right answer comes too late.
    assert_eq!(site.get(&back_one, &one.cookie).await.status, StatusCode::FORBIDDEN);
    let three = site.go("/").await;
    let back = provider.walk(&three.location, "ada").await;
    assert_eq!(site.get(&back, &three.cookie).await.status, StatusCode::SEE_OTHER);
    assert_eq!(site.get(&back, &three.cookie).await.status, StatusCode::FORBIDDEN, "once");
    let mixed = site.go("/").await;
    let back = provider.walk(&mixed.location, "ada").await.replace("localhost", "evil.example");
    let refused = site.get(&back, &mixed.cookie).await;
    assert!(refused.body.contains("another issuer"), "{}", refused.body);
    assert!(!site.done().iter().any(|(by, _)| by == "vera"));
}

#[tokio::test]
async fn a_provider_that_is_not_the_configured_one_is_refused() {
    let provider = Running::start(false);
    let not_itself = provider.site(|config| config.issuer.push('/'));
    let answer = not_itself.get("/sign-in/oidc", "").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    let untrusted = provider.site(|config| config.tls_roots = None);
    let answer = untrusted.get("/sign-in/oidc", "").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    let wrong = provider.site(|config| config.client_id = "other".into());
    let begun = wrong.go("/").await;
    let address = begun.location.replace("client_id=other", "client_id=exhibit");
    let back = provider.walk(&address, "ada").await;
    let refused = wrong.get(&back, &begun.cookie).await;
    assert!(!refused.status.is_success() && refused.status != StatusCode::SEE_OTHER);
    let alone = Site::new(|_| {});
    for path in ["/sign-in/oidc", "/sign-in/oidc/callback?code=x&state=y"] {
        assert_eq!(alone.get(path, "").await.status, StatusCode::NOT_FOUND);
    }
    assert!(!alone.get("/sign-in", "").await.body.contains("/sign-in/oidc"));
    let post = alone.post("/sign-in/oidc", "", "same-origin", "").await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
}
