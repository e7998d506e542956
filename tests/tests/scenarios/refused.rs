//! Bad input to rules, waivers and manual evidence at the command line: what the person who typed it reads, and that nothing of it
//! is taken. `exhibit-collector` is asked as they would ask it, file by file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use exhibit_tests::programs::{run, run_json, text};

use crate::support::Scratch;

const RULE: &str = "# METADATA
# title: The clock has a source
# description: d
# custom:
#   id: time.sync.own
#   kind: time.sync
#   controls:
#   - id: A.8.17
#     relation: supporting
#   severity: low
#   freshness: 24
#   why: w
#   fix: f
#   parameters:
#     most: 5
#   limits:
#     most: [1, 30]
package exhibit.time.sync.own

default verdict := \"error\"

verdict := \"pass\" if input.body.off <= input.parameters.most

message := \"m\"
";
const TESTS: &str = "package exhibit.time.sync.own_test

import data.exhibit.time.sync.own as rule

test_pass if rule.verdict == \"pass\" with input as {\"body\": {\"off\": 5}, \"parameters\": {\"most\": 5}}
";
/// Where the rule stands, and its manifest.
const OWN: &str = "time.sync/own.rego";
const MANIFEST: &str = "pack.json";

/// What is wrong with a pack: the files that are other ones, and what is read then.
type Wrong = (Vec<(&'static str, String)>, Vec<&'static str>);

struct Desk(Scratch);

impl Desk {
    fn refused(&self, words: &[&str]) -> String {
        refusal(self.0.installation.collector().args(words))
    }

    /// A pack of one good rule, but for some files.
    fn pack(&self, files: &[(&str, String)]) -> PathBuf {
        let folder = self.0.path("pack");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let good = [(OWN, RULE), ("time.sync/own_test.rego", TESTS)];
        let good = good.map(|(path, text)| (path, text.to_owned()));
        let manifest = (MANIFEST, r#"{"name": "own", "version": "1"}"#.to_owned());
        for (path, text) in good.iter().chain([&manifest]).chain(files) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    /// How many entries the log has.
    fn entries(&self) -> u64 {
        let status = run_json(self.0.installation.collector().args(["status", "--json"])).unwrap();
        status["size"].as_u64().unwrap()
    }
}

/// What a command says that ends with 2.
fn refusal(command: &mut Command) -> String {
    let output = run(command).unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
    said
}

fn changed(from: &str, to: &str) -> String {
    assert!(RULE.contains(from), "{from}");
    RULE.replace(from, to)
}

/// What may be wrong with a pack.
fn wrong_packs() -> Vec<Wrong> {
    let add = |line: &str| changed("message := \"m\"\n", &format!("message := \"m\"\n\n{line}\n"));
    let extends = |more: &str| {
        format!("{{\"name\": \"own\", \"version\": \"1\", \"extends\": \"builtin\",\n{more}}}")
    };
    let twice = RULE.replace("time.sync.own", "time.sync.offset_small");
    vec![
        (
            vec![(OWN, add("again(x) := again(x + 1)"))],
            vec!["time.sync/own.rego:26: ", "calls itself", "do not recurse"],
        ),
        (
            vec![(OWN, add("x := numbers.range(1, 100000000)"))],
            vec!["time.sync/own.rego:26:", "more than 67108864 bytes"],
        ),
        (
            vec![(
                OWN,
                changed("input.body.off <= input.parameters.most", "input.body.off / 0 < 1"),
            )],
            vec!["time.sync/own_test.rego:5: test_pass: it is undefined", "rules test"],
        ),
        (
            vec![(OWN, changed("\"pass\"", "\"great\""))],
            vec!["time.sync/own.rego:22: \"great\" is no verdict; use one of pass"],
        ),
        (
            vec![(OWN, changed("message := ", "says := "))],
            vec!["time.sync/own.rego:18: the rule defines no `message`"],
        ),
        (
            vec![(OWN, changed("A.8.17", "A.8.71"))],
            vec!["time.sync/own.rego:8: ", "A.5.1 … A.8.34"],
        ),
        (
            vec![("time.sink/own.rego", changed("time.sync", "time.sink"))],
            vec![
                "time.sink/own.rego:6: no plugin is known to emit time.sink",
                "`kinds` in pack.json",
            ],
        ),
        (
            vec![("time.sync/other.rego", RULE.to_owned())],
            vec![
                "time.sync/other.rego:5: custom.id: time.sync.own must be time.sync.other, after its file",
            ],
        ),
        (
            vec![("time.sync/offset_small.rego", twice), (MANIFEST, extends("\"without\": []"))],
            vec![
                "time.sync/offset_small.rego:1: the shipped pack has a file of this name",
                "`without` in pack.json",
            ],
        ),
        (
            vec![(MANIFEST, extends("\"parameters\": {\"time.sync.own\": {\"most\": 31}}"))],
            vec!["pack.json:2: time.sync.own.most = 31 is out of range; use from 1 to 30"],
        ),
        (
            vec![(OWN, changed("severity: low", "severity: lwo"))],
            vec!["time.sync/own.rego:10: ", "low, medium, high, critical"],
        ),
        (vec![(MANIFEST, "{\"version\": \"1\",".to_owned())], vec!["pack.json:1: "]),
    ]
}

#[test]
fn what_is_wrong_with_a_pack_is_told_with_file_line_and_way_out_and_the_pack_in_force_stays() {
    let desk = Desk(Scratch::new());
    let good = desk.pack(&[]);
    let activate = |pack: &Path| {
        let mut command = desk.0.installation.collector();
        command.args(["rules", "activate", "--by", "ada", "--reason", "ours"]).arg(pack);
        command
    };
    let activated = run_json(activate(&good).arg("--json")).unwrap();
    let before = desk.entries();
    for (files, says) in wrong_packs() {
        let pack = desk.pack(&files);
        let said = refusal(&mut activate(&pack));
        assert!(says.iter().all(|one| said.contains(one)), "no {says:?} in {said}");
        assert!(said.contains("the pack in force stays"), "{said}");
        // Who tries it first reads the same.
        let tried =
            run(desk.0.installation.collector().args(["rules", "test"]).arg(&pack)).unwrap();
        assert!(!tried.status.success(), "{says:?}");
        let tried = text(&tried.stdout) + &text(&tried.stderr);
        assert!(tried.contains(says[0]), "no {says:?} in {tried}");
    }
    let unsound = desk.pack(&[(OWN, changed("A.8.17", "A.8.71"))]);
    let unsound = unsound.to_str().unwrap();
    for words in [
        &["rules", "diff", "builtin", unsound][..],
        &["rules", "backtest", unsound, "--from", "2026-11-01"],
    ] {
        assert!(desk.refused(words).contains("time.sync/own.rego:8: "), "{words:?}");
    }
    let listed =
        run_json(desk.0.installation.collector().args(["rules", "list", "--json"])).unwrap();
    assert_eq!(
        (&listed[0]["entry"], &listed[0]["state"]),
        (&activated["entry"], &"in_force".into())
    );
    assert_eq!(desk.entries(), before, "nothing was logged");
}

#[test]
fn what_is_wrong_with_a_waiver_or_a_file_is_told_with_the_way_out_and_nothing_is_logged() {
    let desk = Desk(Scratch::new());
    let before = desk.entries();
    let because = ["--by", "ada", "--reason", "as agreed"];
    let rule = ["--rule", "patch.status.reboot_not_pending"];
    let control = ["--control", "A.8.8"];
    let waiver = |words: &[&str]| desk.refused(&[&["waiver", "add"][..], words, &because].concat());
    let until = ["--until", "2031-01-31"];
    for (words, says) in [
        (
            [&rule[..], &["--until", "2026-01-31"]].concat(),
            "ends at 2026-02-01T00:00:00Z, not after its begin",
        ),
        ([&rule[..], &["--until", "2031-13-01"]].concat(), "expected a day like 2027-03-31"),
        (
            [&["--rule", "no.such.rule"][..], &until].concat(),
            "has no rule no.such.rule; see the page Rules",
        ),
        (
            [&["--control", "A.9.9"][..], &until].concat(),
            "A.5.1 … A.8.34; take the id from the Annex A table",
        ),
        ([&control[..], &until, &["--targets", "owner ="]].concat(), "expected a value"),
        ([&control[..], &["--from", "2031-05-01"], &until].concat(), "give a later end"),
        (control.to_vec(), "--until <DAY>"),
    ] {
        let said = waiver(&words);
        assert!(said.contains(says), "no {says:?} in {said}");
    }
    let said = desk.refused(&[&["waiver", "approve", "W-9"][..], &because].concat());
    assert!(
        said.contains("waiver W-9 (`decision list waiver` shows what there is): no proposal"),
        "{said}"
    );

    let folder = desk.0.path("files");
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let large = folder.join("large.pdf");
    File::create(&large).unwrap().set_len(5 << 30).unwrap();
    let program = fs::read(desk.0.installation.programs.path("exhibit")).unwrap();
    for (path, says) in [
        (
            large,
            "large.pdf: the file is larger than 8388608 bytes (8 MiB), the most that the log takes",
        ),
        (
            file("policy.pdf", program.get(..1000).unwrap()),
            "policy.pdf: the file is a program (ELF), which is no evidence",
        ),
        (file("run.sh.txt", b"#!/bin/sh\n"), "the file is a program (a script)"),
        (file("invoice.exe", b"x"), "the file is a program (by its name)"),
        (file("empty.pdf", b""), "empty.pdf: the file is empty"),
        (file("a\nb.pdf", b"x"), "control characters or marks that turn text around; rename it"),
        (file("evil\u{202e}fdp.txt", b"x"), "marks that turn text around; rename it"),
        (folder.join("not-there.pdf"), "not-there.pdf: No such file"),
        (folder.clone(), "is no plain file; name the file itself"),
    ] {
        let named = ["--control", "A.5.4", "--title", "Policy", "--valid-until", "2031-01-31"];
        let add = ["evidence", "add", path.to_str().unwrap()];
        let said = desk.refused(&[&add[..], &named, &because].concat());
        assert!(said.contains(says), "no {says:?} in {said}");
    }
    let good = file("good.pdf", b"minutes");
    let good = good.to_str().unwrap();
    for (named, says) in [
        (["--control", "A.9.9", "--valid-until", "2031-01-31"], "A.5.1 … A.8.34"),
        (["--control", "A.5.4", "--valid-until", "2026-01-31"], "give a later end"),
    ] {
        let said = desk.refused(
            &[&["evidence", "add", good, "--title", "Policy"][..], &named, &because].concat(),
        );
        assert!(said.contains(says), "no {says:?} in {said}");
    }
    assert_eq!(desk.entries(), before, "nothing was logged");
}
