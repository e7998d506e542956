//! A bundle of this machine's real evidence, in the hands of somebody who trusts nobody.

use std::fs;
use std::path::Path;
use std::process::Command;

use exhibit_tests::programs::{run, text};

use crate::support::{Scratch, files_under};

fn real_bundle() -> (Scratch, std::path::PathBuf) {
    let scratch = Scratch::new();
    let serving = scratch.installation.serve().unwrap();
    scratch.installation.enrol(&serving).unwrap();
    scratch.installation.observe().unwrap();
    serving.stop().unwrap();
    let bundle = scratch.verified_bundle("bundle").0;
    (scratch, bundle)
}

#[test]
fn one_flipped_byte_in_any_file_fails_and_names_the_file() {
    let (scratch, bundle) = real_bundle();
    let files = files_under(&bundle);
    assert!(files.len() > 30, "{files:?}");
    for (number, file) in files.iter().enumerate() {
        let original = fs::read(file).unwrap();
        let mut changed = original.clone();
        // Another place in each file, so that over the files every part is hit.
        let at = (number * 7919) % changed.len();
        changed[at] ^= 0x01;
        fs::write(file, &changed).unwrap();
        let output = run(&mut scratch.installation.verify_command(&bundle)).unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        let name = file.strip_prefix(&bundle).unwrap().to_str().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}, byte {at}: {said}");
        assert!(said.contains(name), "{name}, byte {at}, is not named: {said}");
        fs::write(file, original).unwrap();
    }
    let output = run(&mut scratch.installation.verify_command(&bundle)).unwrap();
    assert!(output.status.success());
}

/// The fenced `sh` blocks of the bundle's README, in order.
fn commands(readme: &str) -> String {
    let mut script = String::new();
    let mut inside = false;
    for line in readme.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => script.extend([line, "\n"]),
            _ => {}
        }
    }
    script
}

pub(crate) fn run_readme(bundle: &Path) -> std::process::Output {
    let script = commands(&fs::read_to_string(bundle.join("README.md")).unwrap());
    assert!(script.contains("openssl") && script.contains("sha256sum") && script.contains("jq"));
    let mut command = Command::new("bash");
    run(command.args(["-e", "-u", "-o", "pipefail", "-c", &script]).current_dir(bundle)).unwrap()
}

#[test]
fn the_readme_of_a_bundle_runs_as_written_and_notices_a_change() {
    let (_scratch, bundle) = real_bundle();
    let output = run_readme(&bundle);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));

    let document = files_under(&bundle.join("documents")).swap_remove(0);
    let mut bytes = fs::read(&document).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x01;
    fs::write(&document, bytes).unwrap();
    assert!(!run_readme(&bundle).status.success());
}

#[test]
fn the_go_reference_accepts_checkpoint_tiles_and_proofs() {
    let (scratch, bundle) = real_bundle();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/check.sh");
    let vkey = &scratch.installation.first.log_vkey;
    let output = run(Command::new("bash").arg(&script).arg(&bundle).arg(vkey)).unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}
