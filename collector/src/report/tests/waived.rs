//! What people live with in the plan of action, and lapses as a person reads them.

use std::process::Command;

use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Act, DECISION, Decision};

use super::*;

const RULE: &str = "patch.status.reboot_not_pending";

/// A waiver of the rule's failures on a selection of targets.
fn waive(sample: &Sample, id: &str, targets: &str, until: &str) {
    let value = json!({"about": {"rule": RULE}, "targets": targets, "until": until});
    let (register, by, reason) = ("waiver".into(), "ada".into(), "window in January".into());
    let (act, value) = (Act::Put, Some(value));
    let decision = Decision { register, id: id.into(), after: None, act, value, by, reason };
    sample.own(EntryType::Decision, DECISION, decision);
}

/// The row of the rule: the plan as JSON, and as CSV.
fn row(sample: &Sample) -> (Value, String) {
    let plan: Value = serde_json::from_str(&text(sample, Kind::Poam, Format::Json)).unwrap();
    let rows = plan["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == RULE).unwrap().clone();
    let csv = text(sample, Kind::Poam, Format::Csv);
    let line = csv.lines().find(|line| line.starts_with(RULE)).unwrap().to_owned();
    (row, line)
}

/// The status of the rule's risk in OSCAL, and what it says of waivers.
fn risk(sample: &Sample) -> (String, Vec<(String, String)>) {
    let plan: Value = serde_json::from_str(&text(sample, Kind::Poam, Format::Oscal)).unwrap();
    let plan = &plan["plan-of-action-and-milestones"];
    let of_rule = |one: &&Value| {
        one["title"]
            .as_str()
            .is_some_and(|title| title.starts_with("fails: ") && title.contains("restart"))
    };
    let item = plan["poam-items"].as_array().unwrap().iter().find(of_rule).unwrap();
    let uuid = &item["related-risks"][0]["risk-uuid"];
    let risks = plan["risks"].as_array().unwrap();
    let risk = risks.iter().find(|risk| risk["uuid"] == *uuid).unwrap();
    let all = item["props"].as_array().unwrap().iter();
    let all = all.map(|prop| ["name", "value"].map(|key| prop[key].as_str().unwrap().to_owned()));
    let told = all.map(|[name, value]| (name, value)).filter(|(name, _)| name.contains("waive"));
    (risk["status"].as_str().unwrap().to_owned(), told.collect())
}

#[test]
fn the_plan_says_which_failures_people_live_with_and_until_when() {
    let sample = sample();
    let mut other = sample.enrol("db-1");
    sample.run(&mut other, &[("patch.status", patches(true))], &[]);
    assert_eq!((&row(&sample).0["targets"], &row(&sample).0["waived"]), (&json!(2), &json!(0)));
    assert_eq!(risk(&sample), ("open".to_owned(), Vec::new()));
    // One of the two: named, and the rest stays open.
    waive(&sample, "W-1", "name = db-1", "2027-01-31T00:00:00Z");
    let (some, line) = row(&sample);
    let says = "W-1 until 2027-01-31T00:00:00Z, approved by ada";
    assert_eq!((&some["waived"], &some["waivers"]), (&json!(1), &json!([says])));
    assert!(line.contains(says), "{line}");
    let (status, told) = risk(&sample);
    let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(status, "open");
    assert_eq!(told, [named("waived-targets", "1"), named("waivers", says)]);
    // One that has ended has no say.
    waive(&sample, "W-2", "all", "2026-11-20T08:00:01Z");
    assert_eq!(row(&sample).0["waived"], json!(1));
    waive(&sample, "W-3", "all", "2027-03-31T00:00:00Z");
    let (all, _) = row(&sample);
    assert_eq!((&all["targets"], &all["waived"]), (&json!(2), &json!(2)));
    assert_eq!(all["waivers"].as_array().unwrap().len(), 2);
    assert_eq!(risk(&sample).0, "deviation-approved");
}

#[test]
fn lapses_stand_in_their_pdf_with_target_time_cause_and_controls() {
    let sample = sample();
    sample.wait_minutes(20 * 24 * 60);
    let pdf = sample.dir.path().join("lapses.pdf");
    fs::write(&pdf, bytes(&sample, &ask(Kind::Lapses, Format::Pdf))).unwrap();
    let told = Command::new("pdftotext").args(["-layout"]).arg(&pdf).arg("-").output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told = String::from_utf8(told.stdout).unwrap();
    let json: Value = serde_json::from_str(&text(&sample, Kind::Lapses, Format::Json)).unwrap();
    let rows = json["rows"].as_array().unwrap();
    assert!(
        told.contains(&format!("{} intervals without valid evidence, on 2 targets", rows.len())),
        "{told}"
    );
    assert!(
        told.contains("Controls that lacked evidence") && told.contains("still open"),
        "{told}"
    );
    let flat = told.split_whitespace().collect::<String>();
    for row in rows {
        let minute = row["from"].as_str().unwrap().get(..16).unwrap().replace('T', " ");
        let cause = row["cause"].as_str().unwrap().replace('_', " ");
        for text in
            [row["kind"].as_str().unwrap(), row["target"].as_str().unwrap(), &minute, &cause]
        {
            // A cell breaks what is longer than itself.
            let bare = text.split_whitespace().collect::<String>();
            assert!(flat.contains(&bare) || broken(&told, text), "no {text:?} in {told}");
        }
        for control in row["controls"].as_array().unwrap() {
            let id = control.as_str().unwrap().split(' ').next().unwrap();
            assert!(told.contains(id), "no {id} in {told}");
        }
    }
    assert!(told.contains("Page 1 of "), "{told}");
}

/// Whether every part of a long word stands in the text, as cells that are too narrow for it break it.
fn broken(told: &str, word: &str) -> bool {
    let parts: Vec<char> = word.chars().collect();
    parts.chunks(8).all(|part| told.contains(&part.iter().collect::<String>()))
}
