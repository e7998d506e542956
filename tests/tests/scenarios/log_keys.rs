//! The log's own key changes under load, and nobody who knows either key loses the log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use exhibit_proto::bundle::LOG_KEYS;
use exhibit_proto::leaf::{EntryType, Leaf};
use exhibit_tests::Installation;
use exhibit_tests::installation::Serving;
use exhibit_tests::programs::{run, run_json, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::bundle::run_readme;
use crate::online::{Auditor, VERIFY, WATCH};
use crate::support::{Scratch, leaves};
use crate::witness::{Witnessing, await_witnessed, configure, policy, table};

/// An agent that has nothing to observe and says every second that it is there.
struct Ticking<'a> {
    installation: &'a Installation,
    folder: PathBuf,
    running: Option<Child>,
}

impl<'a> Ticking<'a> {
    fn enrol(installation: &'a Installation, serving: &Serving, number: u32) -> Self {
        let folder = installation.folder.join(format!("ticking-{number}"));
        fs::create_dir(&folder).unwrap();
        let configuration = format!(
            "state_dir = \"state\"\ntarget = \"host:ticking-{number}\"\n[heartbeat]\ninterval = \"1s\"\n"
        );
        fs::write(folder.join("agent.toml"), configuration).unwrap();
        let token = folder.join("token");
        exhibit_tests::installation::write_private(
            &token,
            installation.token().unwrap().as_bytes(),
        )
        .unwrap();
        let agent = Self { installation, folder, running: None };
        let mut enrol = agent.command();
        enrol.args(["enrol", "--collector", &serving.web, "--token-file"]).arg(&token);
        let output = run(enrol.args(["--ca", &installation.first.ca_fingerprint])).unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        agent
    }

    fn command(&self) -> Command {
        let mut command = self.installation.programs.command("exhibit-agent");
        command.arg("--config").arg(self.folder.join("agent.toml"));
        command
    }

    fn start(&mut self) {
        let mut command = self.command();
        command.arg("run").stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some(command.spawn().unwrap());
    }

    /// One connection, until nothing waits any more.
    fn once(&self) {
        let output = run(self.command().args(["run", "--once", "--timeout", "60s"])).unwrap();
        let said = text(&output.stdout);
        // There is nothing to observe, which it tells; its sign of life is sent, and its receipt verified.
        assert!(said.contains("no kind is configured"), "{said}{}", text(&output.stderr));
        assert!(!said.contains(r#""receipts":0"#), "{said}");
        let status = run_json(self.command().args(["status", "--json"])).unwrap();
        assert_eq!(status["spool"]["items"], 0, "{status}");
    }

    fn stop(&mut self) {
        let mut child = self.running.take().unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// The newest key that is pinned, and the one before it while both are.
    fn pinned(&self) -> (String, Option<String>) {
        let identity = fs::read(self.folder.join("state/identity.json")).unwrap();
        let identity: Value = serde_json::from_slice(&identity).unwrap();
        let key = |name: &str| identity[name].as_str().map(str::to_owned);
        (key("log_key").unwrap(), key("old_log_key"))
    }

    fn await_pinned(&self, new: &str, old: Option<&str>) {
        let began = Instant::now();
        while self.pinned() != (new.to_owned(), old.map(str::to_owned)) {
            assert!(began.elapsed() < Duration::from_secs(60), "{:?}", self.pinned());
            // A condition of another process is polled, not timed.
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

pub(crate) fn change(installation: &Installation, what: &str) -> Output {
    let mut command = installation.collector();
    command.args(["log-key", what, "--by", "ada", "--reason", "yearly", "--json"]);
    run(&mut command).unwrap()
}

/// Rotates or retires; answers what was said.
pub(crate) fn changed(installation: &Installation, what: &str) -> Value {
    let output = change(installation, what);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The exit code and what was said of this under a policy of one key alone.
fn judged(
    installation: &Installation,
    arguments: &[&str],
    file: &Path,
    vkey: &str,
) -> (Option<i32>, String) {
    let policy = installation.folder.join("policy-of-one-key");
    fs::write(&policy, format!("log {vkey}\nquorum none\n")).unwrap();
    let mut command = installation.programs.command("exhibit");
    command.args(arguments).arg(file).arg("--policy").arg(&policy);
    let output = run(&mut command).unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

fn holds(installation: &Installation, bundle: &Path, keys: [&str; 2]) {
    for vkey in keys {
        let (code, said) = judged(installation, &["verify"], bundle, vkey);
        assert_eq!(code, Some(0), "{vkey}: {said}");
    }
    let output = run_readme(bundle);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

/// The Go reference opens the checkpoint under this key, and finds the log that it signs.
fn reference(bundle: &Path, vkey: &str) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/check.sh");
    run(Command::new("bash").arg(&script).arg(bundle).arg(vkey)).unwrap()
}

fn export(installation: &Installation, name: &str) -> PathBuf {
    let out = installation.folder.join(name);
    installation.export(&out).unwrap();
    out
}

/// Where the newest enrolment stands: the log's own key signed it.
fn last_enrolment(bundle: &Path) -> usize {
    let enrols = |leaf: &Leaf| leaf.t == EntryType::Enrol;
    leaves(bundle).iter().rposition(enrols).unwrap()
}

#[test]
fn a_rotation_under_load_loses_nothing_and_both_keys_lead_to_everything() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let mut witness = Witnessing::start(installation, "keys.example");
    configure(installation, &table("keys", &witness));
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    let mut ticking: Vec<_> =
        (1..=3).map(|number| Ticking::enrol(installation, &serving, number)).collect();
    // This one sleeps through all of it, and knows a head of before.
    let sleeping = ticking.pop().unwrap();
    sleeping.once();
    installation.observe().unwrap();
    await_witnessed(installation);
    let before = export(installation, "before");
    let auditor = Auditor::new(installation, &serving, policy(installation));
    auditor.told(&WATCH, 0);

    ticking.iter_mut().for_each(Ticking::start);
    let old = installation.first.log_vkey.clone();
    let rotated = changed(installation, "rotate");
    let new = rotated["new"].as_str().unwrap().to_owned();
    assert_eq!(rotated["old"], Value::from(old.clone()));
    for agent in &ticking {
        agent.await_pinned(&new, Some(&old));
    }
    // Enrolled under the new key, by what the log's page tells, while others send.
    let late = Ticking::enrol(installation, &serving, 4);
    late.once();
    assert_eq!(late.pinned().0, new);
    installation.observe().unwrap();
    // Who knows the old key only sees the log go on: the witness, the watch, the Go reference.
    await_witnessed(installation);
    auditor.told(&WATCH, 0);
    let overlap = export(installation, "overlap");
    holds(installation, &overlap, [&old, &new]);
    for vkey in [&old, &new] {
        let output = reference(&overlap, vkey);
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    }

    // The witness would lose the log: the old key stays until its operator knows the new one.
    let refused = change(installation, "retire");
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains("witness keys would refuse") && said.contains("Nothing was signed"),
        "{said}"
    );
    witness.knows(installation, &[&old, &new]);
    await_witnessed(installation);
    let retired = changed(installation, "retire");
    assert!(!retired["policy"].as_str().unwrap().contains(&old), "{retired}");
    for agent in &mut ticking {
        agent.await_pinned(&new, None);
        agent.stop();
        agent.once();
    }
    assert_eq!(sleeping.pinned(), (old.clone(), None));
    sleeping.once();
    assert_eq!(sleeping.pinned(), (new.clone(), None));
    installation.observe().unwrap();
    await_witnessed(installation);
    witness.knows(installation, &[&new]);
    await_witnessed(installation);

    let after = export(installation, "after");
    holds(installation, &after, [&old, &new]);
    assert!(reference(&after, &new).status.success());
    assert!(!reference(&after, &old).status.success(), "the old key signs nothing more");
    let report = judged(installation, &["verify", "--json"], &after, &new).1;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["counts"]["missing_statements"], 0, "{}", report["chains"]);
    receipts(installation, [&before, &after], [&old, &new]);

    // The watch still has the policy of before: it follows the key as the log shows it, and so does a whole verification.
    let said = auditor.told(&WATCH, 0);
    assert!(said.contains(r#""event":"head""#), "{said}");
    auditor.told(&VERIFY, 0);
    serving.stop().unwrap();
}

/// One receipt of before the change and one of after it, under either key.
fn receipts(installation: &Installation, [before, after]: [&Path; 2], [old, new]: [&str; 2]) {
    let shown = after.join(LOG_KEYS);
    let shown = shown.to_str().unwrap();
    let proof =
        |bundle: &Path| bundle.join(format!("proofs/{}.tlog-proof", last_enrolment(bundle)));
    for (receipt, own, other) in [(proof(before), old, new), (proof(after), new, old)] {
        assert_eq!(judged(installation, &["verify-receipt"], &receipt, own).0, Some(0));
        let (code, said) = judged(installation, &["verify-receipt"], &receipt, other);
        assert_eq!(code, Some(1), "{said}");
        for vkey in [own, other] {
            let arguments = ["verify-receipt", "--log-keys", shown];
            let (code, said) = judged(installation, &arguments, &receipt, vkey);
            assert_eq!(code, Some(0), "{said}");
            assert_eq!(said.contains("was retired by entry"), own == old, "{said}");
        }
    }
    // A bundle of before the change names nothing of it: what shows the log's keys leads back there.
    let (code, said) = judged(installation, &["verify"], before, new);
    assert!(code == Some(1) && said.contains("signed by another key"), "{said}");
    let (code, said) = judged(installation, &["verify", "--log-keys", shown], before, new);
    assert_eq!(code, Some(0), "{said}");
}
