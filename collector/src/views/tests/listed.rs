use std::cmp::Ordering;

use exhibit_assessment::{Verdict, is_silent};

use crate::views::sample::{Sample, patches};
use crate::views::{Asked, FindingRow, Narrow, SORTED, Segment, Views};

const KIND: &str = "patch.status";

/// Hosts whose findings differ, some of them changed since.
fn fleet() -> Sample {
    let sample = Sample::new();
    for number in 0..7 {
        let mut agent = sample.enrol(&format!("web-{number}"));
        sample.heartbeat(&mut agent, &[KIND, "time.sync"]);
        sample.run(&mut agent, &[(KIND, patches(number % 2 == 0))], &[("time.sync", "denied")]);
        if number % 3 == 0 {
            sample.run(&mut agent, &[(KIND, patches(number % 2 == 1))], &[]);
        }
    }
    sample
}

fn collected(
    views: &Views,
    segments: &[Segment],
    narrow: &Narrow,
    range: (u64, Option<u64>),
) -> Vec<FindingRow> {
    let mut found = Vec::new();
    let each = |row| {
        found.push(row);
        Ok::<_, crate::views::ViewsError>(())
    };
    views.each_finding_of(segments, narrow, range, each).unwrap();
    found
}

#[test]
fn counts_of_findings_are_those_of_the_rows_whatever_turned_and_whatever_was_put_in_their_place() {
    let sample = fleet();
    let views = sample.views();
    let counted = |views: &Views| {
        let rows = views.findings().unwrap();
        for segment in views.finding_segments().unwrap() {
            let of = |row: &&FindingRow| row.rule == segment.rule && row.verdict == segment.verdict;
            assert_eq!(rows.iter().filter(of).count() as u64, segment.findings, "{segment:?}");
            assert!(segment.findings > 0, "{segment:?} is no segment any more");
        }
        let sum: u64 = views.finding_segments().unwrap().iter().map(|one| one.findings).sum();
        assert_eq!(sum, rows.len() as u64);
        sum
    };
    assert!(counted(&views) > 7);
    // The same as of each entry, where the counts are made of the rows.
    for entries in 1..=views.applied().unwrap() {
        counted(&views.as_of(entries, sample.now()).unwrap());
    }
}

#[test]
fn words_of_what_is_bad_are_counted_as_the_findings_say_them() {
    let sample = fleet();
    let views = sample.views();
    let raw = rusqlite::Connection::open(sample.dir.path().join("views.db")).unwrap();
    let rows = |sql: &str| -> Vec<(String, String, String, i64)> {
        let mut ask = raw.prepare(sql).unwrap();
        let rows =
            ask.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    let same = || {
        let kept = rows("SELECT * FROM bad_words ORDER BY rule, verdict, message");
        let made = rows(
            "SELECT rule, verdict, message, count(*) FROM findings WHERE to_index IS NULL AND verdict IN ('fail', 'error')
             GROUP BY rule, verdict, message ORDER BY rule, verdict, message",
        );
        assert_eq!(kept, made);
        kept
    };
    let before = same();
    assert!(!before.is_empty() && views.applied().unwrap() > 0);
    // A tombstone takes words of some that say them; the others go on saying them.
    raw.execute(
        "UPDATE findings SET message = 'taken' WHERE (rule, target) IN (SELECT rule, target FROM findings WHERE verdict = 'fail' LIMIT 2)",
        [],
    )
    .unwrap();
    assert_ne!(same(), before);
}

#[test]
fn any_part_of_the_segments_is_that_part_of_them_all() {
    let sample = fleet();
    let views = sample.views();
    let segments = views.finding_segments().unwrap();
    let nothing = Narrow::default();
    let all = collected(&views, &segments, &nothing, (0, None));
    assert_eq!(all.len(), views.findings().unwrap().len());
    for offset in 0..=all.len() {
        let part = collected(&views, &segments, &nothing, (offset as u64, Some(5)));
        assert_eq!(part, all[offset..(offset + 5).min(all.len())], "from {offset} on");
    }
    // By another field, all together; the other way round.
    let mut by = Vec::new();
    views
        .each_finding_by(("since", true), &segments, &nothing, (3, Some(9)), |row| {
            by.push(row);
            Ok::<_, crate::views::ViewsError>(())
        })
        .unwrap();
    let mut sorted = all.clone();
    sorted.sort_by(|one, other| match other.verdict_since.cmp(&one.verdict_since) {
        Ordering::Equal => (&other.rule, &other.target).cmp(&(&one.rule, &one.target)),
        unequal @ (Ordering::Less | Ordering::Greater) => unequal,
    });
    assert_eq!(by, sorted[3..12]);
}

#[test]
fn whether_keys_are_sorted_or_an_index_is_walked_the_order_is_the_same() {
    let sample = fleet();
    let views = sample.views();
    let everything = views.finding_segments().unwrap();
    let text = |text: &str| Narrow { text: Some(text.to_owned()), ..Narrow::default() };
    let mut told = everything.clone();
    told.iter_mut().for_each(|segment| segment.told = segment.rule.contains("reboot"));
    let bad: Vec<Segment> =
        everything.iter().filter(|one| one.verdict == Verdict::Fail).cloned().collect();
    let some: Vec<Segment> = everything.iter().step_by(2).cloned().collect();
    for (segments, narrow) in [
        (&everything, Narrow::default()),
        (&bad, Narrow::default()),
        (&some, Narrow::default()),
        (&told, text("web-3")),
        (&some, text("update")),
        (&everything, Narrow { name: Some("web-2".into()), ..Narrow::default() }),
    ] {
        let segments = views.narrowed(segments.clone(), &narrow).unwrap();
        assert!(!segments.is_empty(), "{narrow:?}");
        for turned in [false, true] {
            // Without a limit the whole is sorted by SQLite alone.
            let mut whole = Vec::new();
            views
                .each_finding_by(("since", turned), &segments, &narrow, (0, None), |row| {
                    whole.push(row);
                    Ok::<_, crate::views::ViewsError>(())
                })
                .unwrap();
            let fitting: u64 = segments.iter().map(|one| one.findings).sum();
            assert_eq!(whole.len() as u64, fitting, "{narrow:?}");
            let walked = views.walked(turned, &segments, &narrow, (0, 1_000)).unwrap();
            assert_eq!(walked, whole, "{narrow:?}");
            let (part, begin) = (whole.len().min(7), whole.len().min(2));
            let range = (begin as u64, (part - begin) as u64);
            assert_eq!(
                views.walked(turned, &segments, &narrow, range).unwrap(),
                whole[begin..part]
            );
            let sorted = views.sorted(("since", turned), &segments, &narrow, range).unwrap();
            assert_eq!(sorted, whole[begin..part], "{narrow:?}");
        }
        for field in ["target", "digest", "name", "message", "items", "observed", "index"] {
            let mut whole = Vec::new();
            views
                .each_finding_by((field, true), &segments, &narrow, (0, None), |row| {
                    whole.push(row);
                    Ok::<_, crate::views::ViewsError>(())
                })
                .unwrap();
            let sorted = views.sorted((field, true), &segments, &narrow, (0, 1_000)).unwrap();
            assert_eq!(sorted, whole, "{field}, {narrow:?}");
        }
    }
}

#[test]
fn what_is_narrowed_is_what_fits_and_its_counts_say_so() {
    let sample = fleet();
    let views = sample.views();
    let all = views.findings().unwrap();
    let one = all.iter().find(|row| row.verdict == Verdict::Fail).unwrap().clone();
    let narrow = |change: fn(&mut Narrow, &FindingRow)| {
        let mut narrow = Narrow::default();
        change(&mut narrow, &one);
        let segments = views.narrowed(views.finding_segments().unwrap(), &narrow).unwrap();
        let sum: u64 = segments.iter().map(|one| one.findings).sum();
        let found = collected(&views, &segments, &narrow, (0, None));
        assert_eq!(found.len() as u64, sum, "{narrow:?}");
        found
    };
    let of_target = narrow(|narrow, one| narrow.target = Some(one.target.clone()));
    assert!(!of_target.is_empty() && of_target.iter().all(|row| row.target == one.target));
    assert_eq!(of_target.len(), all.iter().filter(|row| row.target == one.target).count());
    assert_eq!(narrow(|narrow, _| narrow.name = Some("web-3".into())).len(), of_target.len());
    let messages = narrow(|narrow, one| narrow.message = Some(one.message.clone()));
    assert_eq!(messages.len(), all.iter().filter(|row| row.message == one.message).count());
    let digests = narrow(|narrow, one| narrow.digest = Some(one.digest.clone()));
    assert!(!digests.is_empty() && digests.iter().all(|row| row.digest == one.digest));
    let text = narrow(|narrow, _| narrow.text = Some("WEB-3".into()));
    assert_eq!(text.len(), of_target.len(), "the name of a target is found, whatever its case");
    assert_eq!(narrow(|narrow, _| narrow.text = Some("%".into())).len(), 0, "no pattern, a text");
}

#[test]
fn lists_sort_filter_and_page_by_every_field_as_the_whole_of_them_would() {
    let sample = fleet();
    let views = sample.views();
    let everything = views.targets().unwrap();
    let ids = |asked: Asked| -> (Vec<String>, u64, u64) {
        let part = views.targets_asked(&asked).unwrap();
        (part.rows.into_iter().map(|row| row.id).collect(), part.fitting, part.all)
    };
    let by =
        |field: &str, turned| Asked { order: Some((field.into(), turned)), ..Asked::default() };
    let (first, fitting, all) = ids(Asked { offset: 2, limit: Some(3), ..Asked::default() });
    assert_eq!((first.len(), fitting, all), (3, 7, 7));
    assert_eq!(first, everything[2..5].iter().map(|row| row.id.clone()).collect::<Vec<_>>());
    let mut most = everything.clone();
    most.sort_by_key(|row| (std::cmp::Reverse(row.failing), row.name.clone()));
    let most: Vec<String> = most.into_iter().map(|row| row.id).collect();
    assert_eq!(ids(by("failing", true)).0, most);
    assert_eq!(ids(Asked { limit: Some(4), ..by("failing", true) }).0, most[..4]);
    assert_eq!(ids(Asked { text: "WEB-5".into(), ..Asked::default() }).1, 1);
    assert_eq!(ids(Asked::default().also("name", "web-1")).1, 1);
    assert_eq!(ids(Asked::default().also("no such field", "x")).1, 0);
    // What a row is never becomes SQL.
    assert_eq!(ids(Asked::default().also("name", "' OR 1=1 --")).1, 0);
    assert_eq!(ids(Asked { text: "\"; DROP TABLE targets".into(), ..Asked::default() }).1, 0);
    for (field, expected) in [("target", 7), ("nothing of the kind", 7)] {
        assert_eq!(ids(by(field, false)).1, expected);
    }
    let documents = views.documents_asked(&Asked::default().also("held", "true")).unwrap();
    assert_eq!(documents.rows.len(), views.documents(None).unwrap().len());
    assert!(documents.rows.iter().all(|(row, name)| row.held && name.starts_with("web-")));
    let kind = views.kind_asked(KIND, &Asked::default()).unwrap();
    assert!(kind.rows.len() == 7 && kind.rows.iter().all(|row| row.newest.is_some()));
    let denied = views.kind_asked("time.sync", &Asked::default().also("state", "denied")).unwrap();
    assert!(denied.fitting > 0 && denied.rows.iter().all(|row| row.gaps[0].outcome == "denied"));
}

#[test]
fn health_in_sql_is_the_judgement_s_own_word_for_silence() {
    let sample = fleet();
    let views = sample.views();
    let enrolled = sample.enrol("never-spoke");
    views.catch_up().unwrap();
    assert!(!enrolled.target.as_str().is_empty());
    let patience = [0, 60, 3_600, 2 * 3_600, 26 * 3_600, 27 * 3_600, 90 * 3_600];
    let mut seen = std::collections::BTreeSet::new();
    for seconds in patience.iter().flat_map(|at| [*at, at + 1]) {
        let now = sample.now() + jiff::SignedDuration::from_secs(seconds);
        for health in ["silent", "speaking"] {
            let part = views.agents_asked(&Asked::default().also("health", health), now).unwrap();
            for (agent, _) in part.rows {
                let silent = is_silent(now, agent.last_seen, agent.interval_seconds);
                assert_eq!(silent, health == "silent", "{} after {seconds} s", agent.host_name);
                seen.insert(health);
            }
        }
    }
    assert_eq!(seen.len(), 2, "both were tried");
}

#[test]
fn a_page_of_failures_is_found_by_an_index_and_so_are_the_newest_acts() {
    let sample = fleet();
    let views = sample.views();
    let raw = rusqlite::Connection::open(sample.dir.path().join("views.db")).unwrap();
    let plan = |sql: &str| -> String {
        let mut ask = raw.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = ask.query_map([], |row| row.get::<_, String>(3)).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap().join("\n")
    };
    let failures = plan(
        "SELECT f.message FROM findings f INDEXED BY findings_bad WHERE f.to_index IS NULL AND f.rule = 'x' AND f.verdict = 'fail' ORDER BY f.target",
    );
    assert!(failures.contains("findings_bad") && !failures.contains("TEMP B-TREE"), "{failures}");
    let by_target = plan(
        "SELECT target, count(*) FROM findings WHERE to_index IS NULL AND verdict = 'fail' GROUP BY target",
    );
    assert!(by_target.contains("findings_bad"), "{by_target}");
    let counted = plan("SELECT count(*) FROM documents d WHERE d.to_index IS NULL");
    assert!(counted.contains("COVERING INDEX documents_"), "{counted}");
    assert!(views.done_asked(&Asked::default()).unwrap().all > 0);
}

#[test]
fn documents_are_found_by_target_kind_agent_and_by_how_their_digest_begins() {
    let sample = fleet();
    let views = sample.views();
    let all = views.documents_asked(&Asked::default()).unwrap().rows;
    let digest = all[4].0.digest.clone();
    let part = |from: usize, many: usize| digest.chars().skip(from).take(many).collect::<String>();
    let (begin, middle) = (part(0, 5), part(9, 21));
    let agent = all[2].0.agent.to_uppercase();
    for text in ["web-3", "PATCH", "e", "s", "77", &agent, &digest, &begin, &middle, "%"] {
        let low = text.to_ascii_lowercase();
        let fits = |(row, name): &&(crate::views::DocumentRow, String)| {
            let holds = [&row.target, name, &row.kind, &row.agent];
            holds.iter().any(|field| field.to_lowercase().contains(&low))
                || row.digest.starts_with(&low)
        };
        let wanted: Vec<_> = all.iter().filter(fits).cloned().collect();
        let asked = Asked { text: text.to_owned(), limit: Some(100), ..Asked::default() };
        let found = views.documents_asked(&asked).unwrap();
        assert_eq!(found.rows, wanted, "{text}");
        assert_eq!(found.fitting, wanted.len() as u64, "{text}");
        // The same as of an earlier moment, where views stand for the tables.
        let then = views.as_of(views.applied().unwrap(), sample.now()).unwrap();
        assert_eq!(then.documents_asked(&asked).unwrap().fitting, found.fitting, "{text}");
    }
}

#[test]
fn of_very_many_rows_only_what_is_quick_is_sorted() {
    let sample = fleet();
    let (views, nothing) = (sample.views(), Narrow::default());
    let digest = Narrow { digest: Some("ab".into()), ..Narrow::default() };
    for (field, narrow, most) in [
        ("since", &nothing, true),
        ("since", &digest, false),
        ("items", &nothing, false),
        ("observed", &nothing, false),
    ] {
        assert!(views.sorts_findings(field, narrow, SORTED), "{field}");
        assert_eq!(views.sorts_findings(field, narrow, SORTED + 1), most, "{field}");
    }
    let then = views.as_of(3, sample.now()).unwrap();
    assert!(!then.sorts_findings("since", &nothing, SORTED + 1));
    assert!(views.sorts_documents("last", SORTED) && !views.sorts_documents("last", SORTED + 1));
    assert!(views.sorts_documents("target", SORTED + 1));
}
