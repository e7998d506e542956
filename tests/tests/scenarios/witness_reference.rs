//! Witness and client against implementations that are not ours (aics-witness, from the Python package index).

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::note::Verifier;
use exhibit_proto::witness::AddCheckpoint;
use exhibit_tests::programs::{run, text};
use serde_json::Value;

use crate::support::{Scratch, http};
use crate::witness::{await_witnessed, configure};

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reference").join(name)
}

/// The folder of the installed programs; installs them where `tests/run` has not.
pub(crate) fn installed(scratch: &Scratch) -> PathBuf {
    let built = scratch.installation.programs.folder();
    let venv = built.parent().unwrap().join("reference-witness");
    let output = run(Command::new("bash").arg(reference("witness.sh")).arg(&venv)).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    venv.join("bin")
}

/// Killed at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn another_witness_cosigns_our_heads_and_refuses_a_forged_one() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let witness = installed(&scratch).join("aics-witness");
    let config = installation.folder.join("other.json");
    let command = |subcommand: &str| {
        let mut command = Command::new(&witness);
        command.arg(subcommand).arg("--config").arg(&config);
        command
    };
    let done = |command: &mut Command| {
        let output = run(command).unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let vkey = done(command("init").args(["--name", "other.example/w", "--listen", "127.0.0.1:0"]));
    let (origin, log) = (&installation.first.origin, &installation.first.log_vkey);
    done(command("add-log").args(["--origin", origin, "--vkey", log]));
    let mut child = command("serve").stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let running = Running(child);
    let address = said.by_ref().find_map(|line| {
        let rest = line.unwrap().split_once("listening on http://")?.1.to_owned();
        Some(rest.split_whitespace().next()?.to_owned())
    });
    let address = address.unwrap();
    // What it says from here on must be read, or it would wait for a reader.
    let reader = std::thread::spawn(move || said.map_while(Result::ok).count());

    let vkey = vkey.trim();
    configure(
        installation,
        &format!("\n[[witness]]\nvkey = \"{vkey}\"\nurl = \"http://{address}\"\n"),
    );
    let serving = installation.serve().unwrap();
    let first = await_witnessed(installation);
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    assert!(await_witnessed(installation) > first);
    serving.stop().unwrap();

    // It knows our log now; a head that somebody else signed in its name is refused.
    let forged = Checkpoint { origin: origin.clone(), size: 99, root: Digest::ZERO };
    let checkpoint = forged.sign(&SecretKey::from_seed(&[9; 32])).unwrap();
    let request = AddCheckpoint { old: first, proof: Vec::new(), checkpoint };
    assert_eq!(http(&address, "POST", "/add-checkpoint", &request.to_text()).0, 403);
    drop(running);
    reader.join().unwrap();
}

#[test]
fn our_witness_serves_another_client() {
    let scratch = Scratch::new();
    let python = installed(&scratch).join("python");
    let seed = [7; 32];
    let log = Verifier::new("log.reference/1", SecretKey::from_seed(&seed).public()).unwrap();
    let state = scratch.installation.folder.join("witness");
    let exhibit = |arguments: &[&str]| {
        let mut command = scratch.installation.programs.command("exhibit");
        command.arg("witness").args(arguments).arg("--state").arg(&state);
        command
    };
    let output = run(&mut exhibit(&["init", "--name", "ours.example/w"])).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut serve = exhibit(&["serve", "--listen", "127.0.0.1:0", "--log", &log.vkey()]);
    let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let _running = Running(child);
    let ready: Value = serde_json::from_str(&line).unwrap();
    let (url, vkey) = (ready["url"].as_str().unwrap(), ready["vkey"].as_str().unwrap());
    let seed: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
    let output =
        run(Command::new(python).arg(reference("feed.py")).args([url, vkey, &seed])).unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    let (cosigned, rest) = said.split_once("again").unwrap();
    assert_eq!(cosigned.lines().count(), 12, "{said}");
    assert_eq!(
        rest, " cosigned\nfresh cosigned\nolder ahead\nfork 422\nforged 403\nunknown 404\n",
        "{said}"
    );
}
