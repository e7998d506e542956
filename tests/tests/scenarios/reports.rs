//! Reports of this machine's real evidence, read back by programs that are not ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use exhibit_tests::Programs;
use exhibit_tests::programs::{run, run_json, text};
use serde_json::Value;

use crate::support::Scratch;

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reference").join(name)
}

/// Python with the packages that read reports; installs them where `tests/run` has not.
fn python(scratch: &Scratch) -> PathBuf {
    let built = scratch.installation.programs.folder();
    let venv = built.parent().unwrap().join("reference-reports");
    let output = run(Command::new("bash").arg(reference("reports.sh")).arg(&venv)).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    venv.join("bin/python")
}

/// What somebody may give as a reason: a formula, a string of a PDF that ends early, an action that a reader would run.
const HOSTILE: &str = "=HYPERLINK(\"http://evil.example\",\"x\") ) Tj ET endstream endobj << /OpenAction << /S /JavaScript /JS (app.alert) >> >>";

/// A collector with this machine's evidence in it, and a hostile decision; nobody serves.
fn observed() -> Scratch {
    let scratch = Scratch::new();
    let serving = scratch.installation.serve().unwrap();
    scratch.installation.enrol(&serving).unwrap();
    scratch.installation.observe().unwrap();
    serving.stop().unwrap();
    let mut exclude = scratch.installation.collector();
    exclude.args(["soa", "set", "A.5.23", "--exclude", "--justification", HOSTILE]);
    run_json(exclude.args(["--by", "ada", "--reason", HOSTILE, "--json"])).unwrap();
    scratch
}

/// Every name of a dictionary of a PDF, as another program reads it.
fn names(pdf: &Path) -> Vec<String> {
    fn collect(value: &Value, names: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(name, value)| {
                names.push(name.clone());
                collect(value, names);
            }),
            Value::Array(all) => all.iter().for_each(|value| collect(value, names)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut names = Vec::new();
    let told = run_json(Command::new("qpdf").args(["--json", "--json-key=qpdf"]).arg(pdf)).unwrap();
    collect(&told, &mut names);
    names
}

fn report(scratch: &Scratch, kind: &str, format: &str, out: &Path) -> Command {
    let mut command = scratch.installation.collector();
    command.args(["report", "--kind", kind, "--format", format, "--by", "ada", "--output"]);
    command.arg(out);
    command
}

/// Makes a report; answers its place and what the command said.
fn made(scratch: &Scratch, kind: &str, format: &str) -> (PathBuf, Value) {
    let out = scratch.installation.folder.join(format!("{kind}.{format}"));
    let said = run_json(report(scratch, kind, format, &out).arg("--json")).unwrap();
    (out, said)
}

const KINDS: [&str; 7] = ["controls", "soa", "findings", "gap", "poam", "evidence", "catalog"];

#[test]
fn workbooks_open_in_another_program_with_the_same_rows_and_no_formula() {
    let scratch = observed();
    let python = python(&scratch);
    for kind in KINDS {
        let (json, _) = made(&scratch, kind, "json");
        let (xlsx, said) = made(&scratch, kind, "xlsx");
        let found = read(&python, "workbook.py", &[&xlsx, &json]);
        assert_eq!(found["rows"], said["rows"], "{kind}");
        let timed = ["findings", "evidence"].contains(&kind);
        assert!(!timed || found["times"].as_u64() > Some(10), "{kind}: {found}");
    }
}

/// Runs one of the reading programs; answers what it found.
fn read(python: &Path, script: &str, files: &[&Path]) -> Value {
    let output = run(Command::new(python).arg(reference(script)).args(files)).unwrap();
    assert!(output.status.success(), "{files:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn oscal_is_valid_against_nists_schema_and_constraints_and_ocsf_against_its_own() {
    let scratch = observed();
    let python = python(&scratch);
    let (catalog, _) = made(&scratch, "catalog", "oscal");
    for (kind, root) in [
        ("catalog", "catalog"),
        ("soa", "component-definition"),
        ("findings", "assessment-results"),
        ("poam", "plan-of-action-and-milestones"),
    ] {
        let out = scratch.installation.folder.join(format!("{kind}.oscal.json"));
        run_json(report(&scratch, kind, "oscal", &out).arg("--json")).unwrap();
        let found = read(&python, "oscal.py", &[&out, &catalog]);
        assert_eq!((&found["root"], &found["problems"]), (&root.into(), &0.into()), "{found}");
    }
    let (events, said) = made(&scratch, "findings", "ocsf");
    assert_eq!(read(&python, "ocsf.py", &[&events])["lines"], said["rows"]);
}

#[test]
fn a_frozen_statement_of_applicability_is_kept_compared_and_written_in_other_forms() {
    let scratch = observed();
    let collector = |words: &[&str]| {
        let mut command = scratch.installation.collector();
        command.args(words);
        command
    };
    let serving = scratch.installation.serve().unwrap();
    let words = ["soa", "freeze", "--by", "ada", "--reason", "stage 2", "--json"];
    let frozen = run_json(&mut collector(&words)).unwrap();
    serving.stop().unwrap();
    let entry = frozen["entry"].to_string();
    let document = run(&mut collector(&["soa", "show", &entry])).unwrap().stdout;
    let sha256 = exhibit_proto::digest::Digest::of(&document).to_string();
    assert_eq!(frozen["sha256"], sha256);
    let listed = run_json(&mut collector(&["soa", "list", "--json"])).unwrap();
    let version = &listed["versions"][0];
    assert_eq!((&version["sha256"], &version["reason"]), (&frozen["sha256"], &"stage 2".into()));
    let same = run(&mut collector(&["soa", "diff", &entry, &entry])).unwrap();
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
    // The other forms repeat the frozen rows and name the document by its digest.
    let out = scratch.installation.folder.join("frozen.json");
    let mut asked = report(&scratch, "soa", "json", &out);
    run_json(asked.args(["--frozen", &entry, "--json"])).unwrap();
    let again: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    let first: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!((&again["rows"], &again["log"]), (&first["rows"], &first["log"]));
    assert_eq!(again["frozen"]["version"]["sha256"], sha256);
    let pdf = scratch.installation.folder.join("frozen.pdf");
    run_json(report(&scratch, "soa", "pdf", &pdf).args(["--frozen", &entry, "--json"])).unwrap();
    let told = run(Command::new("pdftotext").args(["-layout"]).arg(&pdf).arg("-")).unwrap();
    assert!(text(&told.stdout).contains(&sha256), "{}", text(&told.stderr));
    let missing = run(&mut collector(&["soa", "show", "0"])).unwrap();
    assert_eq!(missing.status.code(), Some(2));
    // What the entry names is stored like every other document, and looked through with them.
    let check = run(&mut collector(&["check"])).unwrap();
    assert!(check.status.success(), "{}", text(&check.stdout));
}

#[test]
fn pdfs_are_sound_and_their_text_can_be_read_by_other_programs() {
    let scratch = observed();
    for kind in ["controls", "soa"] {
        let (pdf, said) = made(&scratch, kind, "pdf");
        let sound = run(Command::new("qpdf").arg("--check").arg(&pdf)).unwrap();
        assert!(sound.status.success(), "{}{}", text(&sound.stdout), text(&sound.stderr));
        let told = run(Command::new("pdftotext").args(["-layout"]).arg(&pdf).arg("-")).unwrap();
        let told = text(&told.stdout);
        let pages = told.matches('\u{c}').count();
        assert!(pages > 3 && told.contains(&format!("Page 1 of {pages}")), "{kind}: {pages} pages");
        assert!(told.contains(&format!("Page {pages} of {pages}")), "{kind}");
        // What people wrote is text, and nothing that a reader would do.
        let names = names(&pdf);
        assert!(names.iter().any(|name| name == "/Type"), "{kind}: {names:?}");
        for act in ["/OpenAction", "/JS", "/AA", "/Launch", "/EmbeddedFiles", "/SubmitForm"] {
            assert!(!names.iter().any(|name| name == act), "{kind} does {act}");
        }
        assert!(kind != "soa" || told.contains("evil.example"), "{told}");
        let pack = said["pack"].as_str().unwrap();
        assert!(told.contains(pack) && told.contains("everything"), "{kind}");
        for control in ["A.5.1", "A.6.8", "A.7.14", "A.8.34"] {
            assert!(told.contains(control), "{kind} {control}");
        }
    }
}

#[test]
fn a_report_says_its_digest_and_its_entry_and_overwrites_nothing() {
    let scratch = observed();
    let out = scratch.installation.folder.join("findings.csv");
    let said = run_json(report(&scratch, "findings", "csv", &out).arg("--json")).unwrap();
    let sums = run(Command::new("sha256sum").arg(&out)).unwrap();
    assert!(text(&sums.stdout).starts_with(said["sha256"].as_str().unwrap()), "{said}");
    let refused = run(&mut report(&scratch, "findings", "csv", &out)).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--force"), "{}", text(&refused.stderr));
    // Beside a collector that serves, and over the old file.
    let serving = scratch.installation.serve().unwrap();
    let again = run_json(report(&scratch, "findings", "csv", &out).args(["--json", "--force"]));
    let again = again.unwrap();
    // Standard output: the bytes and nothing else.
    let piped = run(&mut report(&scratch, "findings", "csv", Path::new("-"))).unwrap();
    assert!(piped.status.success(), "{}", text(&piped.stderr));
    assert_eq!(piped.stdout, fs::read(&out).unwrap());
    assert!(text(&piped.stderr).contains(again["sha256"].as_str().unwrap()));
    serving.stop().unwrap();
    let (bundle, _) = scratch.verified_bundle("bundle");
    let entry = again["entry"].as_u64().unwrap();
    assert!(entry > said["entry"].as_u64().unwrap());
    let leaves = crate::support::leaves(&bundle);
    assert_eq!(leaves[usize::try_from(entry).unwrap()].t.as_str(), "activity");
}

#[test]
fn the_plugins_of_the_gap_analysis_are_those_that_describe_themselves() {
    let programs = Programs::beside_me().unwrap();
    let mut described: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for program in ["exhibit-plugin-backup", "exhibit-plugin-linux"] {
        let plugin = run_json(programs.command(program).arg("--describe")).unwrap();
        for kind in plugin["kinds"].as_array().unwrap() {
            let kind = kind["kind"].as_str().unwrap().to_owned();
            described.entry(kind).or_default().push(plugin["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(exhibit_assessment::emitters().unwrap(), described);
}

#[test]
fn annotations_of_every_shipped_rule_are_what_open_policy_agent_reads() {
    let scratch = Scratch::new();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../collector/assessment/rules");
    let found = read(&python(&scratch), "annotations.py", &[&rules]);
    let shipped = exhibit_assessment::RulePack::builtin().unwrap().rules().len();
    assert_eq!(found["rules"], shipped);
}
