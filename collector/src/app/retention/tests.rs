mod look;

use exhibit_proto::digest::Digest;
use exhibit_proto::statement::{Hold, HoldLifted};
use serde_json::{Value, json};

use super::*;
use crate::requests::Done;
use crate::views::sample::{ORIGIN, Sample, SampleAgent};

const KIND: &str = "patch.status";
const DAY: i64 = 24 * 60;

fn undertaker(sample: &Sample, views: &Views, days: u32) -> Undertaker {
    let lent = views.clone();
    Undertaker {
        collector: Collector::new(ORIGIN, sample.log_key.clone()).unwrap(),
        writer: sample.writer.clone(),
        reader: sample.reader.clone(),
        views: Arc::new(move || Ok(lent.clone())),
        rules: Retention {
            default_days: Some(days),
            approved_by: Some("dpo".into()),
            ..Retention::default()
        },
        turn: Arc::default(),
        last: LastPass::default(),
    }
}

/// What the rule for reboots complains about, with a name in it; `n` makes the document another one.
fn body(name: &str, n: u32) -> Value {
    json!({"reboot_required": true, "reboot_packages": [name], "n": n})
}

fn run(act: impl Future<Output = anyhow::Result<Done>>) -> Done {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(act)
        .unwrap()
}

/// Files of the sample in which the text stands.
fn found(sample: &Sample, text: &str) -> Vec<String> {
    let files = std::fs::read_dir(sample.dir.path()).unwrap();
    let with = files.map(|file| file.unwrap().path()).filter(|path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    });
    with.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

fn newest(views: &Views, agent: &SampleAgent) -> (u64, bool, Digest) {
    let rows = views.document_history(agent.target.as_str(), KIND).unwrap();
    (rows[0].from_index, rows[0].held, rows[0].digest.parse().unwrap())
}

#[test]
fn what_is_due_leaves_no_byte_behind_and_verdicts_stay_also_after_a_rebuild() {
    let sample = Sample::new();
    let views = sample.views();
    let mut agent = sample.enrol("web-1");
    let big = "y".repeat(20_000);
    for n in 0..12 {
        let size = if n % 3 == 0 { big.as_str() } else { "" };
        sample.run(&mut agent, &[(KIND, body(&format!("secret-{n}-{size}"), n))], &[]);
        sample.wait_minutes(DAY);
    }
    views.catch_up().unwrap();
    let before = views.findings_of_target(agent.target.as_str()).unwrap();
    assert!(!found(&sample, "secret-3-").is_empty());
    let keeper = undertaker(&sample, &views, 4);

    let done = run(keeper.due(usize::MAX, sample.now()));
    let Done::Deleted { entry: Some(stone), documents, left: 0 } = done else { panic!("{done:?}") };
    // Received on days 0 to 11, looked at on day 12: the first 9 are older than 4 days.
    assert_eq!(documents, 9);
    for n in 0..9 {
        assert_eq!(found(&sample, &format!("secret-{n}-")), [""; 0], "{n}");
    }
    for n in 9..12 {
        assert!(!found(&sample, &format!("secret-{n}-")).is_empty(), "{n}");
    }
    assert_eq!(views.check().unwrap(), [""; 0]);
    // The newest document is judged again: its findings began with one that is gone, and lost their words with it.
    let mut after = views.findings_of_target(agent.target.as_str()).unwrap();
    after.iter_mut().zip(&before).for_each(|(after, before)| after.from_index = before.from_index);
    assert_eq!(after, before);
    let history = views.document_history(agent.target.as_str(), KIND).unwrap();
    assert_eq!(history.iter().filter(|row| row.held).count(), 3);
    let gone: Digest = history.last().unwrap().digest.parse().unwrap();
    let row = views.tombstone_of(&gone, 1).unwrap().unwrap();
    assert_eq!(
        (row.index, row.approver.as_str(), row.rule.as_str()),
        (stone, "dpo", "patch.status 4 days")
    );
    let done = run(keeper.due(usize::MAX, sample.now()));
    assert_eq!(done, Done::Deleted { entry: None, documents: 0, left: 0 });
}

#[test]
fn a_hold_keeps_what_is_due_until_it_is_lifted() {
    let sample = Sample::new();
    let views = sample.views();
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[(KIND, body("a", 1))], &[]);
    sample.wait_minutes(40 * DAY);
    let keeper = undertaker(&sample, &views, 30);
    let hold = Hold {
        target: Some(agent.target.clone()),
        kind: None,
        from: None,
        to: None,
        by: "ada".into(),
        reason: "lawsuit".into(),
    };
    let Done::Held { entry: id } = run(keeper.hold(hold)) else { panic!() };
    let none = Done::Deleted { entry: None, documents: 0, left: 0 };
    assert_eq!(run(keeper.due(usize::MAX, sample.now())), none);
    views.catch_up().unwrap();
    let digest = newest(&views, &agent).2;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let refused = runtime.block_on(keeper.one(digest, "bea".into(), "asked".into())).unwrap_err();
    assert!(refused.to_string().contains(&format!("legal hold {id}")), "{refused}");
    let lift = || HoldLifted { hold: id, by: "ada".into(), reason: "over".into() };
    run(keeper.lift(lift()));
    let again = runtime.block_on(keeper.lift(lift())).unwrap_err();
    assert!(again.to_string().contains("lifted already"), "{again}");
    let done = run(keeper.due(usize::MAX, sample.now()));
    assert!(matches!(done, Done::Deleted { documents: 1, .. }), "{done:?}");
    assert_eq!(views.check().unwrap(), [""; 0]);
}

#[test]
fn the_same_document_sent_again_is_new_evidence_and_its_findings_have_words_again() {
    let sample = Sample::new();
    let views = sample.views();
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[(KIND, body("a", 1))], &[]);
    let keeper = undertaker(&sample, &views, 30);
    views.catch_up().unwrap();
    let (_, held, digest) = newest(&views, &agent);
    assert!(held);
    run(keeper.one(digest, "bea".into(), "a person asked".into()));
    let words = |views: &Views| {
        let rows = views.findings_of_target(agent.target.as_str()).unwrap();
        let reboot = rows.into_iter().find(|row| row.item_count > 0).unwrap();
        (reboot.verdict, reboot.items.len(), reboot.message)
    };
    let (verdict, items, message) = words(&views);
    assert_eq!(items, 0);
    assert!(message.contains("deleted with the document"), "{message}");
    assert_eq!(sample.reader.document(&digest).unwrap(), None);
    let mut agent = agent_again(agent);
    let index = sample.run(&mut agent, &[(KIND, body("a", 1))], &[]);
    views.catch_up().unwrap();
    assert_eq!(newest(&views, &agent), (index, true, digest));
    assert!(sample.reader.document(&digest).unwrap().is_some());
    let rows = views.findings_of_target(agent.target.as_str()).unwrap();
    let reboot = rows.into_iter().find(|row| row.item_count > 0).unwrap();
    assert_eq!((reboot.verdict, reboot.items.len()), (verdict, 1));
    assert_eq!(views.check().unwrap(), [""; 0]);
}

fn agent_again(agent: SampleAgent) -> SampleAgent {
    agent
}

#[test]
fn random_deletions_leave_views_that_a_rebuild_equals() {
    for seed in 1..=6_u64 {
        let sample = Sample::new();
        let views = sample.views();
        let mut agents = [sample.enrol("one"), sample.enrol("two")];
        let keeper = undertaker(&sample, &views, 3);
        let mut state = seed;
        for _ in 0..40 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let pick = state >> 33;
            let agent = &mut agents[usize::try_from(pick % 2).unwrap()];
            let n = u32::try_from((pick >> 4) % 3).unwrap();
            match (pick >> 8) % 6 {
                0..=2 => drop(sample.run(agent, &[(KIND, body("same", n))], &[])),
                3 => drop(sample.run(
                    agent,
                    &[(KIND, body("other", n)), ("time.sync", json!({"n": n}))],
                    &[],
                )),
                4 => sample.wait_minutes(DAY),
                _ => {
                    views.catch_up().unwrap();
                    let rows = views.document_history(agent.target.as_str(), KIND).unwrap();
                    let held: Vec<_> = rows.iter().filter(|row| row.held).collect();
                    if let Some(row) =
                        held.get(usize::try_from(pick >> 12).unwrap() % held.len().max(1))
                    {
                        let digest = row.digest.parse().unwrap();
                        run(keeper.one(digest, "bea".into(), "asked".into()));
                    }
                }
            }
            if pick & 64 == 0 {
                run(keeper.due(2, sample.now()));
            }
        }
        views.catch_up().unwrap();
        assert!(!views.tombstones(9).unwrap().is_empty());
        assert_eq!(views.check().unwrap(), [""; 0], "seed {seed}");
    }
}
