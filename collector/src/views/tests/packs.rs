//! Another rule pack comes into force: findings change at its entry, and stay as they were before it.

use exhibit_assessment::RulePack;
use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{self, RULE_PACK_PROPOSED, RulePackInForce};
use serde_json::json;

use super::labels::label;
use super::replayed::{replay, replay_since};
use super::*;

pub(super) const OTHER: &str = "time.sync";

/// A rule about restarts in these words, and one of the name about clocks.
pub(super) fn pack(word: &str, name: &str, reads: &str) -> RulePack {
    let head = |id: &str, kind: &str, reads: &str| {
        format!(
            "# METADATA\n# title: t\n# description: d\n# custom:\n#   id: {kind}.{id}\n#   kind: {kind}\n#   controls:\n\
             #   - id: A.8.8\n#     relation: direct\n#   severity: low\n#   freshness: 24\n#   why: w\n#   fix: f\n{reads}\
             package exhibit.{kind}.{id}\n\ndefault verdict := \"error\"\n\n"
        )
    };
    let reboot = head("reboot", KIND, "")
        + &format!(
            "verdict := \"pass\" if input.body.reboot_required == false\n\nverdict := \"fail\" if count(items) > 0\n\n\
             message := \"{word}\"\n\nitems contains {{\"id\": \"kernel\", \"why\": \"{word}\"}} if input.body.reboot_required\n"
        );
    let clock = head(name, OTHER, reads)
        + "verdict := \"pass\" if {\n\tinput.body.off == 0\n\tnot input.labels.grade == \"calm\"\n}\n\nverdict := \"not_applicable\" if input.capture.rows == 3\n\n\
           verdict := \"not_applicable\" if input.labels.grade == \"calm\"\n\nmessage := \"m\"\n";
    let files = [(format!("{KIND}/reboot.rego"), reboot), (format!("{OTHER}/{name}.rego"), clock)];
    RulePack::from_sources(files.into()).unwrap()
}

fn said(pack: &RulePack) -> RulePackInForce {
    let (digest, rules) = (pack.digest().parse().unwrap(), pack.rules().len() as u64);
    RulePackInForce::shipped(pack.version(), digest, rules, "ada")
}

pub(super) fn force(sample: &Sample, pack: &RulePack) -> u64 {
    sample.rule_pack_of(pack, said(pack))
}

/// Rule, verdict, message, first and last entry of each finding.
fn findings(sample: &Sample, views: &Views) -> Vec<(String, String, String, i64, Option<i64>)> {
    views.catch_up().unwrap();
    let tables = rusqlite::Connection::open(sample.dir.path().join("views.db")).unwrap();
    let mut ask = tables
        .prepare("SELECT rule, verdict, message, from_index, to_index FROM findings ORDER BY from_index, rule")
        .unwrap();
    let rows = ask
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn findings_before_a_pack_stay_those_of_its_entry_are_its_own_and_a_rebuild_says_the_same() {
    let sample = Sample::new();
    let (first, second) = (pack("restart", "offset", ""), pack("please restart", "drift", ""));
    force(&sample, &first);
    let mut agents = [sample.enrol("web-1"), sample.enrol("web-2")];
    let seen: Vec<i64> = [true, false]
        .into_iter()
        .zip(&mut agents)
        .map(|(reboot, agent)| {
            let documents = [(KIND, patches(reboot)), (OTHER, json!({"off": 0}))];
            sample.run(agent, &documents, &[]) as i64
        })
        .collect();
    let views = sample.views();
    assert_eq!(views.assessor().pack().digest(), first.digest());
    let turned = force(&sample, &second) as i64;
    let row = |rule: &str, verdict: &str, message: &str, from: i64, to: Option<i64>| {
        (rule.to_owned(), verdict.to_owned(), message.to_owned(), from, to)
    };
    let (reboot, offset, drift) = ("patch.status.reboot", "time.sync.offset", "time.sync.drift");
    let mut wanted = vec![
        row(reboot, "fail", "restart", seen[0], Some(turned)),
        row(offset, "pass", "m", seen[0], Some(turned)),
        row(reboot, "pass", "restart", seen[1], Some(turned)),
        row(offset, "pass", "m", seen[1], Some(turned)),
        row(reboot, "fail", "please restart", turned, None),
        row(reboot, "pass", "please restart", turned, None),
        row(drift, "pass", "m", turned, None),
        row(drift, "pass", "m", turned, None),
    ];
    let mut found = findings(&sample, &views);
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(views.assessor().pack().digest(), second.digest());
    assert_eq!(views.assess(sample.now()).unwrap().pack, second.digest());
    assert_eq!((views.turning(), views.check().unwrap()), (None, vec![]));

    // The verdict did not change, so it holds since it was first given.
    let held = views.findings_of_rule(reboot).unwrap();
    assert!(held.iter().all(|finding| finding.from_index == turned as u64));
    let [first_seen, _] =
        [0, 1].map(|n| views.entry_row(seen[n] as u64).unwrap().unwrap().received);
    assert!(held.iter().any(|finding| finding.verdict_since <= first_seen));

    // The same pack once more changes nothing, and neither does one that is only proposed.
    force(&sample, &second);
    sample.own(EntryType::RulePack, RULE_PACK_PROPOSED, said(&first));
    let mut again = findings(&sample, &views);
    again.sort();
    assert_eq!(again, wanted);
    assert_eq!(views.packs().unwrap().iter().filter(|pack| pack.proposed).count(), 1);
    assert_eq!(views.assessor().pack().digest(), second.digest());
}

#[test]
fn a_pack_that_nothing_can_judge_by_counts_for_nothing_and_says_why() {
    let sample = Sample::new();
    let good = pack("restart", "offset", "");
    force(&sample, &good);
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    let before = findings(&sample, &views);
    let other = pack("another", "offset", "");
    let cases = [
        (sample.own(EntryType::RulePack, statement::RULE_PACK, said(&other)), "is not held"),
        (sample.rule_pack_of(&good, said(&other)), "holds another one"),
        (sample.own(EntryType::RulePack, statement::RULE_PACK, json!({"pack": 1})), "does not say"),
        (sample.own(EntryType::RulePack, statement::HOLD, said(&good)), "it states"),
    ];
    let broken = RulePackInForce { pack: Digest::of(b"x"), ..said(&good) };
    let unreadable = sample.pack_archive(broken, b"{}".to_vec());
    assert_eq!(findings(&sample, &views), before);
    for (index, problem) in
        cases.into_iter().chain([(unreadable, "cannot be used by this version")])
    {
        let row = views.entry_row(index).unwrap().unwrap();
        assert!(row.problem.as_ref().unwrap().contains(problem), "{row:?}");
    }
    assert_eq!(views.packs().unwrap().len(), 1);
    assert_eq!((views.assessor().pack().digest(), views.check().unwrap()), (good.digest(), vec![]));
}

#[test]
fn a_rule_that_reads_how_a_document_was_obtained_sees_it_at_each_run_and_when_its_pack_comes() {
    let sample = Sample::new();
    force(&sample, &pack("restart", "offset", ""));
    let mut agent = sample.enrol("web-1");
    let off = || json!({"off": 1});
    sample.run(&mut agent, &[(OTHER, off())], &[]);
    let views = sample.views();
    let verdicts = || -> Vec<String> {
        findings(&sample, &views).into_iter().map(|finding| finding.1).collect()
    };
    assert_eq!(verdicts(), ["error"]);
    let reading = pack("restart", "offset", "#   capture: true\n");
    force(&sample, &reading);
    assert_eq!(verdicts(), ["error", "not_applicable"]);
    sample.run(&mut agent, &[(OTHER, off())], &[]);
    assert_eq!(verdicts().len(), 2, "three rows, as before");
    assert_eq!(views.check().unwrap(), [""; 0]);
}

#[test]
fn views_made_anew_are_equal_after_any_sequence_of_packs_runs_and_deletions() {
    let packs = [
        pack("restart", "offset", ""),
        pack("please restart", "offset", "#   clock: true\n"),
        pack("restart", "drift", "#   capture: true\n"),
        pack("restart", "drift", "#   labels: true\n"),
    ];
    for seed in 0_u64..8 {
        let sample = Sample::new();
        let followed = sample.views_at("views.db");
        force(&sample, &packs[0]);
        let mut agents = [sample.enrol("a"), sample.enrol("b")];
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for _ in 0..30 {
            // xorshift64: enough disorder, and the same one in each run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let agent = &mut agents[(state % 2) as usize];
            match (state >> 8) % 8 {
                0 => force(&sample, &packs[(state >> 16) as usize % 4]),
                1 => {
                    followed.catch_up().unwrap();
                    let held = followed.documents(Some(agent.target.as_str())).unwrap();
                    let Some(row) = held.iter().find(|row| row.kind == KIND && row.held) else {
                        continue;
                    };
                    sample.delete(agent, KIND, &[row.digest.parse().unwrap()])
                }
                2 => {
                    let grade = ["calm", "grave"][(state >> 16) as usize % 2];
                    sample.beat(agent, &[KIND], &[("grade", grade)])
                }
                3 => {
                    followed.catch_up().unwrap();
                    let grade = ["calm", "grave"][(state >> 16) as usize % 2];
                    let value = json!({"grade": grade});
                    let value = (state & 64 == 0).then_some(value);
                    label(&sample, &followed, agent.target.as_str(), value)
                }
                _ => {
                    let off = json!({"off": (state >> 24) % 2});
                    sample.run(agent, &[(KIND, patches(state & 64 == 0)), (OTHER, off)], &[])
                }
            };
            if state & 32 == 0 {
                followed.catch_up().unwrap();
            }
        }
        followed.catch_up().unwrap();
        assert_eq!(followed.check().unwrap(), [""; 0], "seed {seed}");
        assert!(!findings(&sample, &followed).is_empty());
        let replayed = replay(&sample, &followed);
        assert_eq!(replayed.differences, vec![], "seed {seed}");
        assert!(replayed.findings > 0);
        // From any entry on, by what was in force there and nothing else of before.
        let starts = (1 + seed..followed.applied().unwrap()).step_by(9);
        for start in starts.filter(|_| seed < 3) {
            let since = replay_since(&sample, &followed, start);
            assert_eq!(since.differences, vec![], "seed {seed} from entry {start}");
        }
    }
}

#[test]
fn many_documents_are_judged_in_slices_while_others_read() {
    let sample = Sample::new();
    force(&sample, &pack("restart", "offset", ""));
    for number in 0..40 {
        let mut agent = sample.enrol(&format!("web-{number}"));
        sample.run(&mut agent, &[(KIND, patches(number % 2 == 0))], &[]);
    }
    let views = sample.views();
    let turned = force(&sample, &pack("please restart", "offset", ""));
    let reading = views.clone();
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            loop {
                // Never some of one pack and some of the other.
                let found = reading.findings().unwrap();
                let new = found.iter().filter(|row| row.message == "please restart").count();
                assert!(new == 0 || new == 40, "{new} of 40");
                if new == 40 {
                    return found.iter().all(|row| row.from_index == turned);
                }
            }
        });
        views.catch_up().unwrap();
        assert!(reader.join().unwrap());
    });
}

#[test]
fn a_pack_is_tried_on_a_period_and_changes_nothing() {
    let sample = Sample::new();
    force(&sample, &pack("restart", "offset", ""));
    let mut agent = sample.enrol("web-1");
    let from = sample.now();
    for reboot in [true, false] {
        sample.run(&mut agent, &[(KIND, patches(reboot)), (OTHER, json!({"off": 1}))], &[]);
    }
    let middle = sample.now();
    sample.wait_minutes(10);
    sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    let views = sample.views();
    let before = views.dump().unwrap();
    let candidate = pack("please restart", "offset", "#   capture: true\n");
    let tried = views.try_pack(&candidate, (from, middle), |_| {}).unwrap();
    // Two intervals about restarts and one about clocks; the third run is later.
    assert_eq!((tried.test.samples, tried.not_held, tried.test.finding_count), (3, 0, 3));
    let verdicts: Vec<_> = tried.test.verdicts.into_iter().collect();
    let wanted = [("error to not_applicable", 1), ("fail to fail", 1), ("pass to pass", 1)];
    assert_eq!(verdicts, wanted.map(|(pair, count)| (pair.to_owned(), count)));
    let whole = views.try_pack(&candidate, (from, sample.now()), |_| {}).unwrap();
    assert_eq!(whole.test.samples, 4);
    let same = views.try_pack(views.assessor().pack(), (from, sample.now()), |_| {}).unwrap();
    assert_eq!((same.test.finding_count, same.test.statuses), (0, vec![]));
    assert_eq!(views.dump().unwrap(), before);
}
