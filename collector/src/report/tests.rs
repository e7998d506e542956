//! Reports of a real log, read back by somebody else's programs where there are some.

mod large;
mod waived;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::views::sample::{Sample, patches};

pub(super) const EVIL: &str = "=HYPERLINK(\"http://evil.example\",\"x\")";
pub(super) const TALL: &str = "Łódź Ωμέγα Žižkov Київ 東京 \u{202e}txt";

/// Two hosts, one of which fails, with names that spreadsheets and fonts stumble over.
pub(super) fn sample() -> Sample {
    let sample = Sample::new();
    sample.rule_pack();
    let mut bad = sample.enrol(EVIL);
    sample.heartbeat(&mut bad, &["patch.status", "time.sync"]);
    sample.run(&mut bad, &[("patch.status", patches(true))], &[("time.sync", "denied")]);
    let mut good = sample.enrol(TALL);
    sample.run(&mut good, &[("patch.status", patches(false))], &[]);
    sample
}

pub(super) fn ask(kind: Kind, format: Format) -> Ask {
    let from = (kind == Kind::Lapses).then(|| crate::views::sample::START.parse().unwrap());
    Ask { kind, format, selection: Selection::default(), by: "ada".into(), frozen: None, from }
}

pub(super) fn bytes(sample: &Sample, asked: &Ask) -> Vec<u8> {
    let mut scratch = Scratch::new(sample.dir.path()).unwrap();
    write(&sample.views(), asked, sample.now(), scratch.file()).unwrap();
    let (mut file, digest, size) = scratch.settle().unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!((digest, size), (Digest::of(&bytes), bytes.len() as u64));
    bytes
}

pub(super) fn text(sample: &Sample, kind: Kind, format: Format) -> String {
    String::from_utf8(bytes(sample, &ask(kind, format))).unwrap()
}

#[test]
fn every_form_of_a_report_has_the_same_rows() {
    let sample = sample();
    // Long enough for evidence to lapse.
    sample.wait_minutes(20 * 24 * 60);
    for kind in Kind::ALL {
        let csv = text(&sample, kind, Format::Csv);
        let mut csv = ::csv::Reader::from_reader(csv.as_bytes());
        let heads: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
        let csv: Vec<::csv::StringRecord> = csv.records().collect::<Result<_, _>>().unwrap();
        let json: Value = serde_json::from_str(&text(&sample, kind, Format::Json)).unwrap();
        let keys: Vec<&str> = json["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["key"].as_str().unwrap())
            .collect();
        assert_eq!(heads, keys, "{kind}");
        let rows = json["rows"].as_array().unwrap();
        assert_eq!(
            (rows.len(), json["count"].as_u64()),
            (csv.len(), Some(csv.len() as u64)),
            "{kind}"
        );
        assert!(!rows.is_empty(), "{kind}");
        for (row, record) in rows.iter().zip(&csv) {
            for (key, cell) in keys.iter().zip(record) {
                let said = match &row[key] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    Value::Array(texts) => {
                        let texts: Vec<&str> = texts.iter().map(|t| t.as_str().unwrap()).collect();
                        texts.join("; ")
                    }
                    Value::Number(number) => number.to_string(),
                    Value::Bool(_) | Value::Object(_) => panic!("{kind} {key}"),
                };
                assert_eq!(cell, csv::harmless(&said), "{kind} {key}");
            }
        }
    }
}

#[test]
fn a_report_says_what_it_rests_on() {
    let sample = sample();
    let json: Value = serde_json::from_str(&text(&sample, Kind::Findings, Format::Json)).unwrap();
    let views = sample.views();
    let size = views.applied().unwrap();
    let root = sample.reader.root_at(size).unwrap();
    assert_eq!(
        json["log"],
        json!({"origin": crate::views::sample::ORIGIN, "size": size, "root": root})
    );
    assert_eq!(json["rule_pack"]["digest"], views.assessor().pack().digest());
    assert_eq!((&json["report"], &json["by"]), (&json!("findings"), &json!("ada")));
    for row in json["rows"].as_array().unwrap() {
        let index = row["log_index"].as_u64().unwrap();
        let digest: Digest = row["document_sha256"].as_str().unwrap().parse().unwrap();
        assert!(sample.reader.document(&digest).unwrap().is_some() && index < size);
    }
}

#[test]
fn no_cell_of_a_csv_is_a_formula() {
    let sample = sample();
    for kind in Kind::ALL {
        let csv = text(&sample, kind, Format::Csv);
        for record in ::csv::Reader::from_reader(csv.as_bytes()).records() {
            for cell in &record.unwrap() {
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']),
                    "{kind}: {cell}"
                );
            }
        }
    }
    assert!(text(&sample, Kind::Findings, Format::Csv).contains("'=HYPERLINK"));
}

#[test]
fn passes_are_in_the_findings_and_failures_in_the_plan() {
    let sample = sample();
    let json: Value = serde_json::from_str(&text(&sample, Kind::Findings, Format::Json)).unwrap();
    let mut verdicts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in json["rows"].as_array().unwrap() {
        *verdicts.entry(row["verdict"].as_str().unwrap()).or_default() += 1;
    }
    assert!(verdicts["pass"] > 0 && verdicts["fail"] > 0, "{verdicts:?}");
    let plan: Value = serde_json::from_str(&text(&sample, Kind::Poam, Format::Json)).unwrap();
    let rows = plan["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == "patch.status.reboot_not_pending").unwrap();
    assert_eq!((&row["targets"], &row["target_names"]), (&json!(1), &json!([EVIL])));
    assert!(rows.iter().any(|row| row["cause"] == "missing_evidence"));
}

#[test]
fn a_selection_narrows_every_kind() {
    let sample = sample();
    let mut asked = ask(Kind::Findings, Format::Json);
    asked.selection.targets.insert(format!("host:{:032x}", 1).parse().unwrap());
    let narrow: Value = serde_json::from_slice(&bytes(&sample, &asked)).unwrap();
    assert!(narrow["rows"].as_array().unwrap().iter().all(|row| row["target_name"] == EVIL));
    asked.selection.targets.clear();
    asked.selection.controls.insert("A.8.8".parse().unwrap());
    for kind in Kind::ALL {
        let whole: Value = serde_json::from_str(&text(&sample, kind, Format::Json)).unwrap();
        (asked.kind, asked.from) = (kind, ask(kind, Format::Json).from);
        let narrow: Value = serde_json::from_slice(&bytes(&sample, &asked)).unwrap();
        assert!(narrow["count"].as_u64() <= whole["count"].as_u64(), "{kind}");
        assert_eq!(narrow["selection"]["controls"], json!(["A.8.8"]), "{kind}");
    }
}

#[test]
fn equal_questions_give_equal_bytes() {
    let sample = sample();
    for kind in Kind::ALL {
        for format in kind.formats() {
            let asked = ask(kind, *format);
            assert_eq!(bytes(&sample, &asked), bytes(&sample, &asked), "{kind} {format}");
        }
    }
}

#[test]
fn nothing_is_overwritten_unasked_and_nothing_half_stands_under_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.csv");
    let names = || fs::read_dir(folder.path()).unwrap().count();
    let fill = |draft: &mut Draft, text: &str| {
        std::io::Write::write_all(draft.file(), text.as_bytes()).unwrap();
        draft.settle().unwrap().0
    };
    drop(Draft::begin(&out, false).unwrap());
    assert_eq!(names(), 0, "an unfinished one is gone");
    let mut draft = Draft::begin(&out, false).unwrap();
    assert_eq!(fill(&mut draft, "one"), Digest::of(b"one"));
    assert!(!out.exists());
    draft.keep().unwrap();
    assert!(matches!(Draft::begin(&out, false), Err(ReportError::Exists(_))));
    let mut forced = Draft::begin(&out, true).unwrap();
    fill(&mut forced, "two");
    forced.keep().unwrap();
    assert_eq!((fs::read_to_string(&out).unwrap().as_str(), names()), ("two", 1));
    // Somebody else made the file while the report was written.
    let other = folder.path().join("other.csv");
    let mut late = Draft::begin(&other, false).unwrap();
    fill(&mut late, "three");
    fs::write(&other, "theirs").unwrap();
    assert!(matches!(late.keep(), Err(ReportError::Exists(_))));
    assert_eq!((fs::read_to_string(&other).unwrap().as_str(), names()), ("theirs", 2));
    assert!(matches!(Draft::begin(Path::new("/"), false), Err(ReportError::NoName(_))));
}

#[test]
fn a_report_is_of_one_moment_whoever_writes_meanwhile() {
    let sample = sample();
    let views = sample.views();
    let pinned = views.pinned().unwrap();
    let (before, findings) = (pinned.applied().unwrap(), pinned.findings().unwrap().len());
    let mut third = sample.enrol("third");
    sample.run(&mut third, &[("patch.status", patches(true))], &[]);
    views.catch_up().unwrap();
    assert!(views.applied().unwrap() > before && views.findings().unwrap().len() > findings);
    assert_eq!((pinned.applied().unwrap(), pinned.findings().unwrap().len()), (before, findings));
    let nested = pinned.each_finding::<ViewsError>(|_| pinned.applied().map(drop));
    assert!(matches!(nested, Err(ViewsError::Busy)));
}

#[test]
fn words_that_name_no_report_are_refused_with_those_that_do() {
    assert!("docx".parse::<Format>().unwrap_err().to_string().contains("csv"));
    assert!("all".parse::<Kind>().unwrap_err().to_string().contains("findings"));
}

#[test]
fn oscal_and_ocsf_have_every_row_and_refer_only_to_what_is_there() {
    let sample = sample();
    let findings: Value =
        serde_json::from_str(&text(&sample, Kind::Findings, Format::Json)).unwrap();
    let count = findings["rows"].as_array().unwrap().len();
    let events = text(&sample, Kind::Findings, Format::Ocsf);
    let events: Vec<Value> =
        events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), count);
    assert!(events.iter().any(|event| event["compliance"]["status"] == "Pass"));
    let oscal: Value = serde_json::from_str(&text(&sample, Kind::Findings, Format::Oscal)).unwrap();
    let result = &oscal["assessment-results"]["results"][0];
    let observations = result["observations"].as_array().unwrap();
    assert_eq!(observations.len(), count);
    let known: Vec<&Value> = observations.iter().map(|observation| &observation["uuid"]).collect();
    let related = result["findings"].as_array().unwrap().iter();
    let related: Vec<&Value> = related
        .flat_map(|finding| finding["related-observations"].as_array().into_iter().flatten())
        .map(|related| &related["observation-uuid"])
        .collect();
    assert!(!related.is_empty() && related.iter().all(|uuid| known.contains(uuid)));
    // The events name the same things by the same ids.
    assert!(events.iter().all(|event| known.contains(&&event["metadata"]["uid"])));
    let satisfied = result["findings"].as_array().unwrap().iter();
    let satisfied: Vec<&str> =
        satisfied.filter_map(|finding| finding["target"]["status"]["state"].as_str()).collect();
    assert!(satisfied.contains(&"not-satisfied"));
}

#[test]
fn oscal_documents_hold_no_text_of_the_standard_and_every_control_once() {
    let sample = sample();
    let catalog: Value =
        serde_json::from_str(&text(&sample, Kind::Catalog, Format::Oscal)).unwrap();
    let groups = catalog["catalog"]["groups"].as_array().unwrap();
    let controls = groups.iter().flat_map(|group| group["controls"].as_array().unwrap());
    let controls: Vec<&Value> = controls.collect();
    assert_eq!(controls.len(), 93 + 41);
    for control in controls {
        let parts = control["parts"].as_array().unwrap();
        assert!(parts.iter().all(|part| part.get("prose").is_none()), "{control}");
    }
    let soa: Value = serde_json::from_str(&text(&sample, Kind::Soa, Format::Oscal)).unwrap();
    let component = &soa["component-definition"]["components"][0];
    let stated = &component["control-implementations"][0]["implemented-requirements"];
    assert_eq!(stated.as_array().unwrap().len(), 93);
    let empty = Sample::new();
    for kind in [Kind::Findings, Kind::Poam, Kind::Soa, Kind::Catalog] {
        let said: Value = serde_json::from_str(&text(&empty, kind, Format::Oscal)).unwrap();
        assert!(said.is_object(), "{kind}");
    }
}

#[test]
fn forms_that_a_kind_lacks_are_refused_with_those_that_it_has() {
    let sample = sample();
    let mut scratch = Scratch::new(sample.dir.path()).unwrap();
    let asked = ask(Kind::Gap, Format::Ocsf);
    let refused = write(&sample.views(), &asked, sample.now(), scratch.file()).unwrap_err();
    assert!(refused.to_string().contains("csv, xlsx, json"), "{refused}");
}

#[test]
fn pdf_holds_every_control_and_says_which_letters_its_font_lacks() {
    let sample = sample();
    sample.wait_minutes(20 * 24 * 60);
    for kind in [Kind::Controls, Kind::Soa, Kind::Lapses] {
        let pdf = bytes(&sample, &ask(kind, Format::Pdf));
        assert!(pdf.starts_with(b"%PDF-1.7") && pdf.len() > 20_000, "{kind}: {}", pdf.len());
    }
}

#[test]
fn versions_are_compared_by_control_and_a_changed_document_is_no_version() {
    let sample = sample();
    let document = present_soa(&sample.views(), sample.now()).unwrap();
    assert_eq!(diff(&document, &document).unwrap(), []);
    let mut later: Value = serde_json::from_slice(&document).unwrap();
    let row =
        later["rows"].as_array_mut().unwrap().iter_mut().find(|row| row["control"] == "A.7.4");
    let row = row.unwrap();
    row["applicable"] = json!("no");
    row["justification"] = json!("no premises");
    // The clock alone is no difference.
    row["newest"] = json!("2030-01-01T00:00:00Z");
    let later = serde_json::to_vec(&later).unwrap();
    let changed = diff(&document, &later).unwrap();
    let said: Vec<(&str, &str, &str, &str)> = changed
        .iter()
        .map(|one| (one.control.as_str(), one.field, one.was.as_str(), one.is.as_str()))
        .collect();
    let wanted =
        [("A.7.4", "applicable", "undecided", "no"), ("A.7.4", "justification", "", "no premises")];
    assert_eq!(said, wanted);
    assert!(matches!(super::document(&sample.views(), 0), Err(ReportError::NotFrozen(0))));
    assert!(matches!(diff(&document, b"{}"), Err(ReportError::Unreadable(..))));
    let mut asked = ask(Kind::Gap, Format::Json);
    asked.frozen = Some(0);
    let mut scratch = Scratch::new(sample.dir.path()).unwrap();
    let refused = write(&sample.views(), &asked, sample.now(), scratch.file());
    assert!(matches!(refused, Err(ReportError::OnlySoa)));
}
