//! Witnesses as real processes beside a real collector: what they make visible, and what they never hold up.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::cosignature::Witness;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::merkle::empty_root;
use exhibit_proto::note::Note;
use exhibit_proto::witness::AddCheckpoint;
use exhibit_tests::Installation;
use exhibit_tests::programs::{run, run_json, text};
use serde_json::Value;

use crate::log_keys::change;
use crate::support::{Scratch, http};

/// A witness in a folder beside the installation; killed at the end.
pub(crate) struct Witnessing {
    child: Option<Child>,
    state: PathBuf,
    logs: Vec<String>,
    pub(crate) vkey: String,
    /// `127.0.0.1:port`, the same after a restart.
    pub(crate) address: String,
}

impl Witnessing {
    pub(crate) fn start(installation: &Installation, name: &str) -> Self {
        let state = installation.folder.join(name);
        let mut init = installation.programs.command("exhibit");
        init.args(["witness", "init", "--json", "--name", name, "--state"]).arg(&state);
        let vkey = run_json(&mut init).unwrap()["vkey"].as_str().unwrap().to_owned();
        let logs = vec![installation.first.log_vkey.clone()];
        let address = "127.0.0.1:0".to_owned();
        let mut witness = Self { child: None, state, logs, vkey, address };
        witness.serve(installation);
        witness
    }

    pub(crate) fn serve(&mut self, installation: &Installation) {
        let mut command = installation.programs.command("exhibit");
        command.args(["witness", "serve", "--listen", &self.address]);
        command.args(self.logs.iter().flat_map(|log| ["--log", log]));
        command.arg("--state").arg(&self.state);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready["vkey"], self.vkey);
        self.address = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        self.child = Some(child);
    }

    /// Starts it again with these keys of logs.
    pub(crate) fn knows(&mut self, installation: &Installation, logs: &[&str]) {
        self.stop();
        self.logs = logs.iter().map(|&log| log.to_owned()).collect();
        self.serve(installation);
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// What a monitor sees.
    fn newest(&self, origin: &str) -> (u16, String) {
        let place = Digest::of(origin.as_bytes());
        let (status, _, body) = http(&self.address, "GET", &format!("/{place}/checkpoint"), "");
        (status, body)
    }
}

impl Drop for Witnessing {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Adds lines to the collector's configuration.
pub(crate) fn configure(installation: &Installation, more: &str) {
    let path = installation.folder.join("collector.toml");
    let configuration = fs::read_to_string(&path).unwrap();
    fs::write(&path, configuration + more).unwrap();
}

/// Configuration of one witness.
pub(crate) fn table(name: &str, witness: &Witnessing) -> String {
    let Witnessing { vkey, address, .. } = witness;
    format!("\n[[witness]]\nname = \"{name}\"\nvkey = \"{vkey}\"\nurl = \"http://{address}\"\n")
}

fn status(installation: &Installation) -> Value {
    run_json(installation.collector().args(["status", "--json"])).unwrap()
}

/// Waits until the quorum has cosigned everything that is in the log now.
pub(crate) fn await_witnessed(installation: &Installation) -> u64 {
    await_status(installation, |status| status["witnessed"] == status["size"])["size"]
        .as_u64()
        .unwrap()
}

fn await_status(installation: &Installation, wanted: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let status = status(installation);
        if wanted(&status) {
            return status;
        }
        assert!(began.elapsed() < Duration::from_secs(90), "{status}");
        // A condition outside this process is polled, not timed.
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn policy(installation: &Installation) -> PathBuf {
    let output = run(installation.collector().arg("policy")).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let path = installation.folder.join("policy-with-witnesses");
    fs::write(&path, output.stdout).unwrap();
    path
}

fn verify(installation: &Installation, bundle: &Path, policy: &Path) -> (Option<i32>, String) {
    let mut command = installation.programs.command("exhibit");
    let output = run(command.arg("verify").arg(bundle).arg("--policy").arg(policy)).unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

fn export(installation: &Installation, name: &str, more: &[&str]) -> (PathBuf, Value) {
    let out = installation.folder.join(name);
    let mut command = installation.collector();
    command.arg("export").arg("--out").arg(&out).arg("--json").args(more);
    let summary = run_json(&mut command).unwrap();
    (out, summary)
}

#[test]
fn heads_are_cosigned_and_a_bundle_meets_the_quorum_or_does_not() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let first = Witnessing::start(installation, "first.example");
    let mut second = Witnessing::start(installation, "second.example");
    configure(installation, &(table("first", &first) + &table("second", &second)));
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    let size = await_witnessed(installation);
    assert!(size > 3);
    await_status(installation, |status| {
        let both = status["witnesses"].as_array().unwrap().iter();
        both.filter(|witness| witness["cosigned"][0] == size).count() == 2
    });

    // What a monitor gets from the witness is the collector's own head, with the witness's word.
    let (status, note) = first.newest(&installation.first.origin);
    assert_eq!(status, 200);
    let note = Note::parse(note.as_bytes()).unwrap();
    assert!(Witness::from_vkey(&first.vkey).unwrap().cosigned(&note).is_ok());
    assert_eq!(Checkpoint::from_text(note.text()).unwrap().size, size);

    let any = policy(installation);
    let (bundle, summary) = export(installation, "met", &[]);
    assert_eq!(summary["cosigned_by"], serde_json::json!(["first", "second"]));
    let (code, said) = verify(installation, &bundle, &any);
    assert!(code == Some(0) && said.contains("cosigned by first, second"), "{said}");

    // One is enough for "any"; an auditor who asks for both is not satisfied without the second.
    second.stop();
    installation.observe().unwrap();
    let newer = await_witnessed(installation);
    assert!(newer > size);
    let (bundle, summary) = export(installation, "one", &["--cosigned"]);
    assert_eq!(summary["cosigned_by"], serde_json::json!(["first"]));
    assert_eq!(verify(installation, &bundle, &any).0, Some(0));
    let both = installation.folder.join("policy-both");
    let strict = fs::read_to_string(&any).unwrap().replace("witnesses any", "witnesses all");
    fs::write(&both, strict).unwrap();
    let (code, said) = verify(installation, &bundle, &both);
    assert!(code == Some(1) && said.contains("cosigned by first"), "{said}");

    // It comes back and catches up, with the head that the last export's own entry made.
    second.serve(installation);
    await_status(installation, |status| {
        let all = status["witnesses"].as_array().unwrap().iter();
        status["size"].as_u64() > Some(newer)
            && all.filter(|witness| witness["cosigned"][0] == status["size"]).count() == 2
    });
    let (bundle, _) = export(installation, "caught-up", &["--cosigned"]);
    let (code, said) = verify(installation, &bundle, &both);
    assert_eq!(code, Some(0), "{said}");
    serving.stop().unwrap();
}

#[test]
fn evidence_is_admitted_while_no_witness_answers() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let mut witness = Witnessing::start(installation, "away.example");
    configure(installation, &table("away", &witness));
    witness.stop();
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    let observed = installation.observe().unwrap();
    assert!(observed.receipts > 0);
    let found = status(installation);
    assert_eq!(found["witnessed"], Value::Null);
    assert!(found["witnesses"][0]["problem"].is_string(), "{found}");
    let output =
        run(installation.collector().args(["export", "--cosigned", "--out", "x"])).unwrap();
    assert_eq!(output.status.code(), Some(2));

    // A bundle without a cosignature does not pass under a policy that asks for one.
    let (bundle, _) = export(installation, "bare", &[]);
    let (code, said) = verify(installation, &bundle, &policy(installation));
    assert!(code == Some(1) && said.contains("cosigned by nobody"), "{said}");

    witness.serve(installation);
    await_witnessed(installation);
    serving.stop().unwrap();
}

#[test]
fn a_restored_backup_is_refused_at_start() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let mut witness = Witnessing::start(installation, "memory.example");
    configure(installation, &table("memory", &witness));
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    await_witnessed(installation);
    serving.stop().unwrap();
    let (data, backup) =
        (installation.folder.join("collector"), installation.folder.join("backup"));
    copy(&data, &backup);

    let serving = installation.serve().unwrap();
    installation.observe().unwrap();
    let size = await_witnessed(installation);
    serving.stop().unwrap();
    let kept = installation.folder.join("kept");
    fs::rename(&data, &kept).unwrap();
    fs::rename(&backup, &data).unwrap();

    // With nothing but the witness to ask, the log is refused before it signs anything.
    let refused = |expected: &str| {
        let output = run(installation.collector().arg("serve")).unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected) && said.contains("memory"), "{said}");
        assert!(said.contains("newest data directory"), "{said}");
    };
    refused(&format!("has cosigned a head of {size} entries"));
    // Nor does a restored backup get another key.
    let output = change(installation, "rotate");
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains(&format!("has cosigned a head of {size} entries")), "{said}");
    assert!(!data.join("keys/log.next.pem").exists());

    // Its own memory of cosignatures is enough, even while the witness is away.
    witness.stop();
    let restored = data.join("witness.db");
    fs::copy(kept.join("witness.db"), &restored).unwrap();
    refused(&format!("has cosigned a head of {size} entries"));

    // Who starts all the same while the witness is away, writes on and meets it again, has forked the log.
    for name in ["witness.db", "witness.db-wal", "witness.db-shm"] {
        let path = data.join(name);
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
    let serving = installation.serve().unwrap();
    grow_beyond(installation, &serving, size);
    serving.stop().unwrap();
    witness.serve(installation);
    refused("another history");
    assert_eq!(fs::read_dir(witness.state.join("forks")).unwrap().count(), 1);

    // The newest data directory is taken back.
    fs::rename(&data, installation.folder.join("forked")).unwrap();
    fs::rename(&kept, &data).unwrap();
    installation.serve().unwrap().stop().unwrap();
}

/// Appends entries that no agent's receipts stand against: enrolments of other agents.
pub(crate) fn grow_beyond(
    installation: &Installation,
    serving: &exhibit_tests::installation::Serving,
    size: u64,
) {
    let mut number = 0;
    while status(installation)["size"].as_u64().unwrap() <= size {
        number += 1;
        let folder = installation.folder.join(format!("other-{number}"));
        fs::create_dir(&folder).unwrap();
        let agent = fs::read_to_string(installation.folder.join("agent.toml")).unwrap();
        fs::write(folder.join("agent.toml"), agent).unwrap();
        let token = folder.join("token");
        let made = run_json(installation.collector().args([
            "token",
            "create",
            "--by",
            "test",
            "--replace",
            "--json",
        ]));
        fs::write(&token, made.unwrap()["token"].as_str().unwrap()).unwrap();
        let mut enrol = installation.programs.command("exhibit-agent");
        enrol.arg("--config").arg(folder.join("agent.toml")).args(["enrol", "--collector"]);
        enrol.args([&serving.web, "--ca", &installation.first.ca_fingerprint]);
        let output = run(enrol.arg("--token-file").arg(&token)).unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[test]
fn forged_heads_and_broken_requests_are_refused_over_http() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let witness = Witnessing::start(installation, "strict.example");
    let serving = installation.serve().unwrap();
    serving.stop().unwrap();
    let (bundle, _) = export(installation, "bundle", &[]);
    let signed = fs::read_to_string(bundle.join("checkpoint")).unwrap();
    let origin = installation.first.origin.clone();
    let ask = |old, proof: Vec<Digest>, checkpoint: &str| {
        let request = AddCheckpoint { old, proof, checkpoint: checkpoint.to_owned() };
        http(&witness.address, "POST", "/add-checkpoint", &request.to_text())
    };
    let forged = |seed, origin: &str| {
        let checkpoint = Checkpoint { origin: origin.into(), size: 0, root: empty_root() };
        checkpoint.sign(&SecretKey::from_seed(&[seed; 32])).unwrap()
    };
    assert_eq!(ask(0, Vec::new(), &forged(9, &origin)).0, 403);
    assert_eq!(ask(0, Vec::new(), &forged(9, "stranger.example/1")).0, 404);
    assert_eq!(ask(99, Vec::new(), &signed).0, 400);
    assert_eq!(witness.newest(&origin).0, 404);
    let (status, kind, body) = ask(1, Vec::new(), &signed);
    assert_eq!((status, kind.as_str(), body.as_str()), (409, "text/x.tlog.size", "0\n"));
    assert_eq!(ask(0, vec![Digest::ZERO], &signed).0, 422);
    let (status, _, line) = ask(0, Vec::new(), &signed);
    assert_eq!(status, 200);
    let note = format!("{signed}{line}");
    let note = Note::parse(note.as_bytes()).unwrap();
    assert!(Witness::from_vkey(&witness.vkey).unwrap().cosigned(&note).is_ok());

    let post = |body: &str| http(&witness.address, "POST", "/add-checkpoint", body).0;
    assert_eq!(post("hello\n"), 400);
    assert_eq!(post(&"x".repeat(20 << 10)), 413);
    assert_eq!(http(&witness.address, "GET", "/add-checkpoint", "").0, 405);
    assert_eq!(http(&witness.address, "GET", "/healthz", "").2, "ok\n");

    // One folder, one process.
    let mut second = installation.programs.command("exhibit");
    second.args(["witness", "serve", "--listen", "127.0.0.1:0", "--log", &witness.logs[0]]);
    let output = run(second.arg("--state").arg(&witness.state)).unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}
