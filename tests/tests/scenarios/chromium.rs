//! A real Chromium without a window, driven over its debugging pipe. Never opens a port, never reaches beyond this machine.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// One browser with one page; gone when dropped.
pub(crate) struct Chromium {
    child: Child,
    to: File,
    from: BufReader<File>,
    session: Option<String>,
    last: u64,
    /// Addresses that pages asked for.
    pub(crate) asked: Vec<String>,
    /// What pages broke: our own policy, or a script that failed.
    pub(crate) broken: Vec<String>,
    _profile: TempDir,
}

impl Chromium {
    /// `more` are further arguments of the program.
    pub(crate) fn start(more: &[&str]) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let pipe = |name: &str| -> PathBuf {
            let path = profile.path().join(name);
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            path
        };
        let (to, from) = (pipe("to"), pipe("from"));
        let said = File::create(profile.path().join("said")).unwrap();
        // The browser speaks JSON, each message ended by a zero byte, on descriptors 3 (in) and 4 (out).
        let child = Command::new("bash")
            .args(["-c", r#"exec chromium "${@:3}" 3<"$1" 4>"$2""#, "chromium"])
            .args([&to, &from])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-sync"])
            .args(["--disable-component-update", "--disable-dev-shm-usage"])
            .args(["--ignore-certificate-errors", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().join("data").display()))
            .args(more)
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .unwrap();
        let to = File::options().write(true).open(to).unwrap();
        let from = BufReader::new(File::open(from).unwrap());
        let (session, asked, broken) = (None, Vec::new(), Vec::new());
        let mut browser =
            Self { child, to, from, session, last: 0, asked, broken, _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "DOM", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Goes to an address and waits until its page is loaded.
    pub(crate) fn open(&mut self, address: &str) {
        let answer = self.call("Page.navigate", json!({"url": address}));
        assert_eq!(answer.get("errorText"), None, "{address}");
        while self.message()["method"] != "Page.loadEventFired" {}
    }

    /// Does what leads to another page and waits until that is loaded.
    pub(crate) fn follow(&mut self, deed: &str) {
        self.evaluate(&format!("setTimeout(() => {{ {deed} }}), true"));
        while self.message()["method"] != "Page.loadEventFired" {}
    }

    /// What an expression gives, promises awaited.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let ask = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", ask);
        assert_eq!(answer.get("exceptionDetails"), None, "{expression}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression holds; the page is asked again whenever it changes.
    pub(crate) fn until(&mut self, condition: &str) {
        self.evaluate(&format!(
            "new Promise((done, failed) => {{
               const seen = () => ({condition}) && (watch.disconnect(), done(true));
               const watch = new MutationObserver(seen);
               watch.observe(document, {{subtree: true, childList: true, attributes: true, characterData: true}});
               setTimeout(() => failed(new Error('in vain: ' + document.body.innerText)), 60000);
               seen();
             }})"
        ));
    }

    /// Chooses files, or a folder, as a person does in the dialog; waits until the page is told.
    pub(crate) fn choose(&mut self, input: &str, files: &[&Path]) {
        self.evaluate(&format!(
            "window.input = document.querySelector({input:?});
             input.value = '';
             window.chosen = new Promise((done) => input.addEventListener('change', () => done(true), {{once: true}}));
             true"
        ));
        let found = self.call("Runtime.evaluate", json!({"expression": "window.input"}));
        let ask = json!({"files": files, "objectId": found["result"]["objectId"]});
        self.call("DOM.setFileInputFiles", ask);
        self.evaluate("window.chosen");
    }

    /// Scripts of pages run, or do not; what a test evaluates does in any case.
    pub(crate) fn scripts(&mut self, run: bool) {
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": !run}));
    }

    /// Does what leads to a download and waits until that is whole; answers the file.
    pub(crate) fn download(&mut self, folder: &Path, deed: &str) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        let allow = json!({"behavior": "allow", "downloadPath": folder, "eventsEnabled": true});
        self.call("Browser.setDownloadBehavior", allow);
        self.evaluate(&format!("setTimeout(() => {{ {deed} }}), true"));
        let mut name = PathBuf::new();
        loop {
            let message = self.message();
            let told = &message["params"];
            if message["method"] == "Browser.downloadWillBegin" {
                name = folder.join(told["suggestedFilename"].as_str().unwrap());
            }
            if message["method"] == "Browser.downloadProgress" && told["state"] != "inProgress" {
                assert_eq!(told["state"], "completed", "{message}");
                return name;
            }
        }
    }

    /// What was fetched is forgotten, as on a first visit.
    pub(crate) fn empty_cache(&mut self) {
        self.call("Network.clearBrowserCache", json!({}));
    }

    /// A window of that width, in a light or dark scheme.
    pub(crate) fn window(&mut self, width: u32, scheme: &str) {
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = json!({"name": "prefers-color-scheme", "value": scheme});
        // Nothing is half way between two schemes.
        let still = json!({"name": "prefers-reduced-motion", "value": "reduce"});
        self.call("Emulation.setEmulatedMedia", json!({"features": [scheme, still]}));
    }

    /// A picture of the page, for people, as that width shows it; of a long one the beginning.
    pub(crate) fn picture(&mut self, file: &Path, width: u32, scheme: &str) {
        self.window(width, scheme);
        let height = self.evaluate("Math.min(document.documentElement.scrollHeight, 5000)");
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let ask = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.call("Page.captureScreenshot", ask);
        let decoded = decode(picture["data"].as_str().unwrap());
        fs::write(file, decoded).unwrap();
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "every caller makes its parameters on the spot"
    )]
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut answer = self.message();
            if answer["id"] == id {
                assert_eq!(answer.get("error"), None, "{method}");
                return answer["result"].take();
            }
        }
    }

    fn message(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "the browser ended");
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        if message["method"] == "Network.requestWillBeSent" {
            let address = message["params"]["request"]["url"].as_str().unwrap();
            self.asked.push(address.to_owned());
        }
        let security = message["params"]["entry"]["source"] == "security";
        if message["method"] == "Runtime.exceptionThrown" || security {
            self.broken.push(message["params"].to_string());
        }
        message
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its own helpers end with it.
        if self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0").is_err() {
            self.child.kill().unwrap_or_default();
        }
        self.child.wait().map(drop).unwrap_or_default();
    }
}

fn decode(base64: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(base64).unwrap()
}
