//! Every question about the present, asked as of an earlier entry, must get the answer that it got then.

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{Act, DECISION, Decision};
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use super::super::sample::{Sample, SampleAgent, document, patches};
use super::super::{Asked, DocumentRow, EntryFilter, MomentError, Views};
use super::KIND;

const OTHER: &str = "time.sync";

/// Questions with their answers.
type Said = Vec<(String, String)>;

/// All that pages ask, in words.
fn said(views: &Views, agents: &[&SampleAgent], now: Timestamp) -> Said {
    let mut said = Said::new();
    let mut say = |name: &str, what: String| said.push((name.to_owned(), what));
    say("applied", views.applied().unwrap().to_string());
    say("targets", format!("{:#?}", views.targets().unwrap()));
    say("agents", format!("{:#?}", views.agents().unwrap()));
    say("schedules", format!("{:#?}", views.schedules().unwrap()));
    say("findings", format!("{:#?}", views.findings().unwrap()));
    say("segments", format!("{:#?}", views.finding_segments().unwrap()));
    let failing = Asked { order: Some(("failing".to_owned(), true)), ..Asked::default() };
    say("targets", format!("{:#?}", views.targets_asked(&failing).unwrap()));
    say("outcomes", format!("{:#?}", views.outcomes(None).unwrap()));
    say("records", format!("{:#?}", views.records(None).unwrap()));
    say("all records", format!("{:#?}", views.all_records(None, 99).unwrap()));
    say("people", format!("{:#?}", views.people().unwrap()));
    say("packs", format!("{:#?}", views.packs().unwrap()));
    say("notices", format!("{:#?}", views.notices(None, 99).unwrap()));
    say("entries", format!("{:#?}", views.entries(&EntryFilter::default(), 99).unwrap()));
    say("changes", format!("{:#?}", views.changes(99).unwrap()));
    say("holds", format!("{:#?}", views.holds().unwrap()));
    let assessment = views.assess(now).unwrap();
    say("statuses", format!("{:#?}", assessment.statuses));
    say("silent", format!("{:#?}", assessment.silent));
    say("pack", format!("{} {}", assessment.pack, views.assessor().pack().digest()));
    for agent in agents {
        let target = agent.target.as_str();
        say("findings of one", format!("{:#?}", views.findings_of_target(target).unwrap()));
        for kind in [KIND, OTHER] {
            let documents = views.document_history(target, kind).unwrap();
            say("documents", format!("{documents:#?}"));
        }
    }
    said
}

/// Without the number of runs, which is not known as of then of what was observed again since.
fn without_runs(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let mut skip = 0;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("seen: Some(") {
            skip = 2;
        } else if trimmed.starts_with("seen: None") {
        } else if skip > 0 {
            skip -= 1;
        } else {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn decide(sample: &Sample, after: Option<u64>, act: Act, by: &str, until: &str) -> u64 {
    let value = (act == Act::Put).then(
        || json!({"about": {"rule": "patch.status.reboot_not_pending"}, "until": format!("{until}T00:00:00Z")}),
    );
    let (register, id) = ("waiver".to_owned(), "W-1".to_owned());
    let reason = "window".to_owned();
    let decision = Decision { register, id, after, act, value, by: by.into(), reason };
    sample.own(EntryType::Decision, DECISION, decision)
}

#[test]
fn what_is_asked_as_of_any_entry_is_answered_as_it_was_then() {
    let sample = Sample::new();
    let views = sample.views();
    let mut past: Vec<(u64, Timestamp, Said)> = Vec::new();
    let mut one = sample.enrol("web-1");
    let mut two = sample.enrol("web-2");
    let mut heir = None;
    let mut remember = |agents: &[&SampleAgent]| {
        views.catch_up().unwrap();
        let now = sample.now();
        past.push((views.applied().unwrap(), now, said(&views, agents, now)));
    };
    let both = [(KIND, patches(true)), (OTHER, json!({}))];
    for step in 0..22 {
        match step {
            0 => drop(sample.rule_pack()),
            1 => drop(sample.heartbeat(&mut one, &[KIND, OTHER])),
            2 | 3 | 12 => drop(sample.run(&mut one, &both, &[])),
            4 => drop(sample.run(&mut one, &[(KIND, patches(false))], &[(OTHER, "denied")])),
            5 => drop(sample.run(&mut two, &[(KIND, patches(true))], &[(OTHER, "tool_missing")])),
            6 => drop(sample.run(&mut one, &[(KIND, patches(false))], &[(OTHER, "denied")])),
            7 => drop(decide(&sample, None, Act::Put, "ada", "2027-01-31")),
            8 => sample.wait_minutes(30 * 60),
            9 => drop(sample.run(&mut one, &[(KIND, patches(false))], &[(OTHER, "denied")])),
            10 => {
                two.seq += 2;
                sample.run(&mut two, &[(KIND, patches(true))], &[]);
            }
            11 => drop(sample.heartbeat(&mut one, &[KIND])),
            13 => {
                let newest = views.record_history("waiver", "W-1").unwrap()[0].index;
                decide(&sample, Some(newest), Act::Put, "bob", "2027-02-28");
            }
            14 => heir = Some(sample.enrol_for("web-2", two.target.clone())),
            15 => drop(sample.run(heir.as_mut().unwrap(), &[(KIND, patches(true))], &[])),
            16 => drop(sample.run(&mut two, &[(KIND, patches(true))], &[])),
            17 => drop(sample.revoke(&one, "stolen")),
            18 => {
                let newest = views.record_history("waiver", "W-1").unwrap()[0].index;
                decide(&sample, Some(newest), Act::Withdraw, "bob", "");
            }
            19 => drop(sample.run_losing(&mut two, &[(KIND, patches(false))])),
            20 => sample.wait_minutes(3 * 24 * 60),
            _ => drop(sample.heartbeat(&mut two, &[KIND])),
        }
        remember(&[&one, &two]);
    }
    for (entries, now, then) in past {
        let standing = views.as_of(entries, now).unwrap();
        for ((name, as_of), (_, was)) in said(&standing, &[&one, &two], now).iter().zip(&then) {
            // Whose target and grant it is, a later enrolment says anew.
            let late = name == "targets" || name == "agents";
            let plain = |text: &str| {
                let text = without_runs(text);
                let heir = heir.as_ref().map_or("", |heir: &SampleAgent| &heir.id);
                if late { text.replace(heir, &two.id) } else { text }
            };
            assert_eq!(plain(as_of), plain(was), "{name} as of {entries} entries at {now}");
        }
        // Of hours that were over the tables learn with the next entry.
        let history = standing.status_history("A.8.8".parse().unwrap()).unwrap();
        let whole = views.status_history("A.8.8".parse().unwrap()).unwrap();
        let until = whole.into_iter().filter(|row| row.from <= now).map(|mut row| {
            row.to = row.to.filter(|to| *to <= now);
            row
        });
        assert_eq!(history, until.collect::<Vec<_>>());
        let pinned = standing.pinned().unwrap();
        assert_eq!(pinned.findings().unwrap(), standing.findings().unwrap());
        assert_eq!(pinned.applied().unwrap(), entries);
    }
}

#[test]
fn every_table_that_is_asked_has_one_of_then_in_front() {
    let (schema, then) = (include_str!("../schema.sql"), include_str!("../as_of/tables.sql"));
    let name = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    let named = |text: &str, what: &str| -> Vec<String> {
        text.lines().filter_map(|line| Some(name(line.strip_prefix(what)?))).collect()
    };
    let then = named(then, "CREATE TEMP VIEW ");
    let tables = named(schema, "CREATE TABLE ").into_iter().chain(named(schema, "CREATE VIEW "));
    // What goes on being said stands in `documents` and `outcomes`.
    let inside = ["lines", "marks", "told", "outcome_rows"];
    for table in tables.filter(|table| !inside.contains(&table.as_str())) {
        assert!(then.contains(&table), "{table} of now would be shown under an old date");
    }
}

#[test]
fn what_was_deleted_since_was_there_then_and_its_words_stay_deleted() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    let first = sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    let (entries, then) = (first + 1, sample.now());
    let message = |views: &Views| {
        let findings = views.as_of(entries, then).unwrap().findings().unwrap();
        findings.into_iter().find(|found| found.verdict.as_str() == "fail").unwrap().message
    };
    assert!(!message(&views).contains("deleted"));
    let gone = document(KIND, &agent.target, patches(true));
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    sample.delete(&agent, KIND, &[Digest::of(gone.as_bytes())]);
    views.catch_up().unwrap();
    assert!(message(&views).contains("details were deleted"), "not out of a memory");
    let held = |views: &Views| -> Vec<bool> {
        let rows: Vec<DocumentRow> = views.documents(None).unwrap();
        rows.iter().map(|row| row.held).collect()
    };
    assert_eq!(held(&views.as_of(entries, then).unwrap()), [true]);
}

#[test]
fn moments_are_days_times_and_entries_that_have_been() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    let run = sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    let now = sample.now();
    let entries = |text: &str| views.moment(text, now).map(|moment| moment.entries);
    assert_eq!(entries(&run.to_string()).unwrap(), run + 1);
    assert_eq!(entries("2026-11-19").unwrap(), 0);
    assert_eq!(entries("2026-11-20").unwrap(), run + 1);
    assert_eq!(entries("2026-11-20T08:01:30Z").unwrap(), 1);
    assert!(matches!(entries("99"), Err(MomentError::NoEntry { asked: 99, .. })));
    assert!(matches!(entries("2026-11-21"), Err(MomentError::Future { .. })));
    let later = now.checked_add(1.second()).unwrap().to_string();
    assert!(matches!(entries(&later), Err(MomentError::Future { .. })));
    assert!(matches!(entries("soon"), Err(MomentError::Unclear(_))));
    let before = views.standing_at(&views.moment("2026-11-19", now).unwrap()).unwrap();
    assert!(before.targets().unwrap().is_empty() && before.changes(9).unwrap().is_empty());
    assert_eq!(before.assess(now).unwrap().statuses.len(), 93);
}
