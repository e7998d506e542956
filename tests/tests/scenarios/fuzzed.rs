//! The API of a running collector with this machine's evidence, asked by a program that is not ours and knows only its description.

use std::path::Path;
use std::process::Command;

use exhibit_tests::programs::{run, text};

use crate::support::Scratch;

/// How long it asks; what it tries first is the same each time.
const SECONDS: &str = "40";

#[test]
fn whatever_is_asked_of_the_api_the_answer_is_as_described_and_never_a_server_error() {
    let scratch = Scratch::new();
    let installation = &scratch.installation;
    let serving = installation.serve().unwrap();
    installation.enrol(&serving).unwrap();
    installation.observe().unwrap();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference");
    let venv = installation.programs.folder().parent().unwrap().join("reference-fuzz");
    let installed = run(Command::new("bash").arg(reference.join("fuzz.sh")).arg(&venv)).unwrap();
    assert!(installed.status.success(), "{}", text(&installed.stderr));
    let (user, password) = (&installation.first.user, &installation.first.password);
    let mut ask = Command::new(venv.join("bin/python"));
    let ca = installation.folder.join("collector/keys/ca.pem");
    ask.arg(reference.join("fuzz.py")).arg(&serving.web).arg(ca);
    ask.args([user, password]).arg(&installation.folder).arg(SECONDS);
    let asked = run(&mut ask).unwrap();
    serving.stop().unwrap();
    assert!(asked.status.success(), "{}\n{}", text(&asked.stdout), text(&asked.stderr));
}
