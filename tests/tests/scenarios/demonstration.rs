//! `cargo demo -- --once`, with the programs of the test profile.

use std::process::Command;

use exhibit_tests::Programs;
use exhibit_tests::programs::{run, text};

#[test]
fn the_demonstration_ends_well_twice_on_one_folder() {
    let programs = Programs::beside_me().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut sizes = Vec::new();
    for _ in 0..2 {
        let mut demo = Command::new(programs.path("exhibit-demo"));
        demo.args(["--once", "--no-build", "--data"]).arg(folder.path());
        let output = run(&mut demo).unwrap();
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}{}", text(&output.stderr));
        for expected in ["https://127.0.0.1:", "password", "exhibit verify", "not met", "controls"]
        {
            assert!(said.contains(expected), "no {expected:?} in {said}");
        }
        let size = said.lines().find_map(|line| line.trim().strip_prefix("log size")).unwrap();
        sizes.push(size.trim().parse::<u64>().unwrap());
    }
    assert!(sizes[1] > sizes[0], "{sizes:?}");
}
