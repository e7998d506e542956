//! The shipped example configurations are accepted by the programs they are for.

use std::path::Path;

use exhibit_tests::Programs;
use exhibit_tests::programs::{run, text};

fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging").join(name)
}

#[test]
fn collector_accepts_its_example() {
    let programs = Programs::beside_me().unwrap();
    let mut command = programs.command("exhibit-collector");
    command.arg("--config").arg(example("collector.example.toml")).arg("validate");
    let output = run(&mut command).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn unknown_keys_are_named_with_their_place() {
    let programs = Programs::beside_me().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (program, file) in
        [("exhibit-collector", "collector.example.toml"), ("exhibit-agent", "agent.example.toml")]
    {
        let example = std::fs::read_to_string(example(file)).unwrap();
        let changed = folder.path().join(file);
        std::fs::write(&changed, format!("surprise_key = 1\n{example}")).unwrap();
        let mut command = programs.command(program);
        let output = run(command.arg("--config").arg(&changed).arg("validate")).unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!output.status.success(), "{program}: {said}");
        assert!(said.contains("surprise_key"), "{program}: {said}");
        assert!(said.contains(file), "{program} does not name the file: {said}");
    }
}
