mod alike;
mod as_of;
mod compare;
mod followed;
mod labels;
mod lapses;
mod listed;
mod packs;
mod replayed;
mod shown;
mod waived;

use std::path::Path;
use std::sync::Arc;

use exhibit_assessment::{Status, Verdict};
use exhibit_proto::statement::{Run, Statement};
use jiff::ToSpan as _;

use super::sample::{Sample, patches};
use super::{Assessor, EntryFilter, Views};
use crate::opened::Opened;

const KIND: &str = "patch.status";
const RULE: &str = "patch.status.reboot_not_pending";

#[test]
fn unchanged_documents_stretch_their_interval_and_changed_ones_open_the_next() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    let first = sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    let third = sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    let changed = sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    let history = views.document_history(agent.target.as_str(), KIND).unwrap();
    let places: Vec<_> = history
        .iter()
        .map(|row| (row.from_index, row.last_index, row.to_index, row.seen))
        .collect();
    assert_eq!(places, [(changed, changed, None, Some(1)), (first, third, Some(changed), Some(3))]);
    let finding = views.findings_of_target(agent.target.as_str()).unwrap();
    let finding = finding.iter().find(|finding| finding.rule == RULE).unwrap();
    assert_eq!((finding.verdict, finding.from_index), (Verdict::Fail, changed));
}

#[test]
fn a_run_that_repeats_another_writes_none_of_its_documents_rows() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    let (one, other) = ("patch.status", "time.sync");
    let both = [(one, patches(false)), (other, serde_json::json!({}))];
    let first = sample.run(&mut agent, &both, &[]);
    let alone = sample.run(&mut agent, &both[..1], &[]);
    let denied = sample.run(&mut agent, &both[..1], &[(other, "denied")]);
    let last = sample.run(&mut agent, &both, &[]);
    let views = sample.views();
    let raw = rusqlite::Connection::open(sample.dir.path().join("views.db")).unwrap();
    let rows = |sql: &str| {
        let mut ask = raw.prepare(sql).unwrap();
        let rows = ask
            .query_map([], |row| {
                Ok((row.get(0)?, super::unsigned(row.get(1)?), super::unsigned(row.get(2)?)))
            })
            .unwrap();
        rows.collect::<Result<Vec<(String, u64, u64)>, _>>().unwrap()
    };
    let written = rows("SELECT kind, last_index, seen FROM document_rows ORDER BY kind");
    assert_eq!(written, [(one.to_owned(), first, 1), (other.to_owned(), first, 1)]);
    let read = rows("SELECT kind, last_index, seen FROM documents ORDER BY kind");
    assert_eq!(read, [(one.to_owned(), last, 4), (other.to_owned(), last, 2)]);
    let ends = rows("SELECT kind, from_index, last_index FROM outcomes ORDER BY kind, from_index");
    let ends: Vec<_> =
        ends.iter().map(|(kind, from, last)| (kind.as_str(), *from, *last)).collect();
    let wanted =
        [(one, first, last), (other, first, first), (other, denied, denied), (other, last, last)];
    assert_eq!(ends, wanted);
    assert!(alone > first && views.check().unwrap().is_empty());
    let seen = views.documents(None).unwrap();
    assert!(seen.iter().all(|row| row.last_seen > row.first_seen));
}

#[test]
fn a_target_that_goes_over_to_another_agent_keeps_its_interval_and_its_counts() {
    let sample = Sample::new();
    let mut old = sample.enrol("web-1");
    let first = sample.run(&mut old, &[(KIND, patches(false))], &[]);
    sample.run(&mut old, &[(KIND, patches(false))], &[]);
    let mut new = sample.enrol_for("web-1", old.target.clone());
    for _ in 0..2 {
        sample.run(&mut new, &[(KIND, patches(false))], &[]);
    }
    let back = sample.run(&mut old, &[(KIND, patches(false))], &[]);
    let views = sample.views();
    let history = views.document_history(old.target.as_str(), KIND).unwrap();
    let places: Vec<_> =
        history.iter().map(|row| (row.from_index, row.last_index, row.seen)).collect();
    assert_eq!(places, [(first, back, Some(5))]);
    assert!(views.check().unwrap().is_empty());
}

#[test]
fn a_run_that_was_opened_before_gives_the_rows_that_its_envelope_gives() {
    let sample = Sample::new();
    let opened = Opened::default();
    let mut agent = sample.enrol("web-1");
    let mut envelopes = Vec::new();
    for reboot in [false, false, true] {
        let index = sample.run(&mut agent, &[(KIND, patches(reboot))], &[(KIND, "denied")]);
        let entry = sample.reader.entry(index).unwrap().unwrap();
        let bytes = entry.envelope.unwrap();
        let run = Statement::<Run>::open(&bytes, &agent.key.public()).unwrap().predicate;
        opened.keep(entry.leaf.env, bytes.len(), entry.leaf.key, Arc::new(run));
        envelopes.push((entry.leaf.env, entry.leaf.key));
    }
    let path = sample.dir.path().join("views.db");
    let views = Views::open(&path, sample.reader.clone(), Assessor::builtin().unwrap()).unwrap();
    let views = views.given(opened.clone());
    views.catch_up().unwrap();
    assert!(envelopes.iter().all(|(envelope, key)| opened.take(envelope, key).is_none()));
    assert_eq!(views.check().unwrap(), [""; 0]);
    assert_eq!(views.documents(None).unwrap()[0].seen, Some(1));
}

#[test]
fn equal_outcomes_stretch_and_recovery_closes_them() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[], &[(KIND, "denied")]);
    let second = sample.run(&mut agent, &[], &[(KIND, "denied")]);
    let views = sample.views();
    let rows = views.outcomes(None).unwrap();
    assert_eq!((rows.len(), rows[0].last_index, rows[0].collected), (1, second, false));
    assert_eq!(rows[0].gaps[0].remedy, "run the plugin as root");
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    views.catch_up().unwrap();
    let rows = views.outcomes(None).unwrap();
    assert_eq!((rows.len(), rows[0].collected, rows[0].gaps.len()), (1, true, 0));
}

#[test]
fn rebuilt_views_equal_followed_ones_after_any_sequence() {
    for seed in 0_u64..6 {
        let sample = Sample::new();
        let followed = sample.views_at("followed.db");
        let mut agents = [sample.enrol("a"), sample.enrol("b")];
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for _ in 0..40 {
            // xorshift64: enough disorder, and the same one in each run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let which = (state % 2) as usize;
            match (state >> 8) % 9 {
                0..=2 => sample.run(&mut agents[which], &[(KIND, patches(state & 64 == 0))], &[]),
                3 => sample.run(&mut agents[which], &[(KIND, patches(true))], &[(KIND, "denied")]),
                4 => sample.run(&mut agents[which], &[], &[(KIND, "tool_missing")]),
                5 => sample.heartbeat(&mut agents[which], &[KIND]),
                6 => sample.heartbeat(&mut agents[which], &[KIND, "time.sync"]),
                7 => {
                    agents[which].seq += 2;
                    sample.activity("admin", "sign_in", serde_json::json!({"from": "::1"}))
                }
                _ if state & 1024 == 0 => sample.revoke(&agents[which], "test"),
                _ => sample.rule_pack(),
            };
            if state & 32 == 0 {
                followed.catch_up().unwrap();
            }
        }
        followed.catch_up().unwrap();
        assert_eq!(followed.check().unwrap(), Vec::<String>::new());
        let before = followed.dump().unwrap();
        assert!(before.iter().any(|table| table.table == "findings" && table.rows > 0));
        drop(followed);
        let path = sample.dir.path().join("followed.db");
        let assessor = Assessor::builtin().unwrap();
        let rebuilt = Views::rebuild(&path, sample.reader.clone(), assessor).unwrap();
        assert_eq!(rebuilt.dump().unwrap(), before);
    }
}

#[test]
fn a_document_that_came_late_is_missing_where_it_was_missed_also_after_a_rebuild() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    let followed = sample.views_at("followed.db");
    let first = sample.run_losing(&mut agent, &[(KIND, patches(false))]);
    followed.catch_up().unwrap();
    let second = sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    followed.catch_up().unwrap();
    let history = followed.document_history(agent.target.as_str(), KIND).unwrap();
    let places: Vec<_> = history.iter().map(|row| (row.from_index, row.held)).collect();
    assert_eq!(places, [(second, true), (first, false)]);
    assert_eq!(followed.check().unwrap(), [""; 0]);
}

#[test]
fn a_changed_row_is_named_by_check() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    let tampered = rusqlite::Connection::open(sample.dir.path().join("views.db")).unwrap();
    tampered.execute("UPDATE findings SET verdict = 'pass'", []).unwrap();
    assert_eq!(views.check().unwrap(), ["findings"]);
}

#[test]
fn views_of_another_log_are_made_anew() {
    let (one, other) = (Sample::new(), Sample::new());
    one.enrol("one");
    other.enrol("other");
    let path = one.dir.path().join("views.db");
    drop(one.views());
    let views = Views::open(&path, other.reader.clone(), Assessor::builtin().unwrap()).unwrap();
    views.catch_up().unwrap();
    assert_eq!(views.agents().unwrap()[0].host_name, "other");
}

#[test]
fn a_gap_in_the_chain_is_counted_and_a_wrong_predecessor_counts_for_nothing() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    agent.seq += 3;
    let after_gap = sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    agent.prev = exhibit_proto::digest::Digest::of(b"another");
    let wrong = sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    assert_eq!(views.entry_row(after_gap).unwrap().unwrap().missing, 3);
    let refused = views.entry_row(wrong).unwrap().unwrap();
    assert!(refused.problem.unwrap().contains("follows another envelope"));
    assert_eq!(views.documents(None).unwrap()[0].last_index, after_gap);
    let irregular = EntryFilter { irregular: true, ..EntryFilter::default() };
    assert_eq!(views.entries(&irregular, 10).unwrap().len(), 2);
    assert_eq!(views.agents().unwrap()[0].missing, 3);
}

#[test]
fn a_revoked_key_counts_for_nothing_and_its_schedule_ends() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    sample.heartbeat(&mut agent, &[KIND]);
    sample.revoke(&agent, "stolen");
    let late = sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    let views = sample.views();
    assert!(views.entry_row(late).unwrap().unwrap().problem.unwrap().contains("revoked"));
    assert!(views.schedules().unwrap().is_empty() && views.documents(None).unwrap().is_empty());
}

#[test]
fn statuses_follow_evidence_time_and_silence() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    sample.heartbeat(&mut agent, &[KIND]);
    sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    let control = "A.8.8".parse().unwrap();
    let now = sample.now();
    assert_eq!(views.assess(now).unwrap().of(control).unwrap().status, Status::NotMet);
    assert!(views.assess(now).unwrap().silent.is_empty());
    let later = views.assess(now.checked_add(3.hours()).unwrap()).unwrap();
    assert_eq!(later.silent.len(), 1);
    assert_eq!(later.statuses.len(), 93);
}

#[test]
fn evidence_is_never_fresher_than_its_arrival() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    let views = sample.views();
    let received = views.entries(&EntryFilter::default(), 1).unwrap()[0].received;
    assert!(views.documents(None).unwrap()[0].last_seen <= received);
}

#[test]
fn views_file_may_be_absent_or_empty() {
    let sample = Sample::new();
    let views = sample.views();
    assert_eq!(views.applied().unwrap(), 0);
    assert!(views.changes(10).unwrap().is_empty() && views.targets().unwrap().is_empty());
    assert!(Path::new(&sample.dir.path().join("views.db")).exists());
}

#[tokio::test]
async fn follow_catches_up_and_ends_with_the_writer() {
    let sample = Sample::new();
    let views = sample.views();
    let mut agent = sample.enrol("web-1");
    let last = sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    let Sample { dir, writer, .. } = sample;
    let sizes = writer.sizes();
    drop(writer);
    views.clone().follow(sizes).await;
    assert_eq!(views.applied().unwrap(), last + 1);
    drop(dir);
}
