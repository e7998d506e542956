//! Statuses as they were, on the pages.

use std::collections::BTreeSet;

use super::Site;
use crate::views::sample::{Sample, patches};

const KIND: &str = "patch.status";

/// A host that needs a reboot, and three hours later does not; two days after that somebody looks.
fn fill(sample: &Sample) {
    let mut agent = sample.enrol("web-1");
    sample.heartbeat(&mut agent, &[KIND]);
    sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    sample.wait_minutes(3 * 60);
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    sample.wait_minutes(2 * 24 * 60);
    sample.heartbeat(&mut agent, &[KIND]);
}

#[tokio::test]
async fn a_control_is_shown_as_of_an_entry_and_a_time_with_the_reasons_of_then() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let now = site.get("/history/A.8.8", &cookie).await.body;
    assert!(now.contains("not met") && now.contains("Intervals"), "{now}");
    // The control's own page says since when: from the first hour of those that said the same.
    let csv = site.get("/history/A.8.8/intervals.csv", &cookie).await.body;
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let same = rows.iter().take_while(|row| row[0] == rows[0][0]).last().unwrap();
    let page = site.get("/controls/A.8.8", &cookie).await.body;
    let between = |text: &str, begin: &str, end: &str| -> String {
        text.split(begin).nth(1).unwrap().split(end).next().unwrap().to_owned()
    };
    let since = between(&page, "<dt>so since", "</dd>");
    // What turned after the last full hour stands in no interval yet.
    let is_same = between(&page, "<div class=\"big\">", "</strong>").ends_with(rows[0][0]);
    let told = if is_same { format!("title=\"{}\"", same[1]) } else { "less than an hour".into() };
    assert!(rows.len() > 1 && since.contains(&told), "{told}: {since} {csv}");
    // Entry 2 is the run that found a reboot pending, entry 3 the one that found none.
    let broken = site.get("/history/A.8.8?as_of=2", &cookie).await.body;
    let mended = site.get("/history/A.8.8?as_of=3", &cookie).await.body;
    assert!(broken.contains("the first 3 entries of the log"), "{broken}");
    let then = |page: &str| {
        let from = page.split("id=\"then\"").nth(1).unwrap();
        from.split("id=\"intervals\"").next().unwrap().to_owned()
    };
    assert!(then(&broken).contains("w-not_met"), "{broken}");
    assert!(!then(&mended).contains("w-not_met"), "{mended}");
    let by_time = site.get("/history/A.8.8?as_of=2026-11-20T08:30:00Z", &cookie).await.body;
    assert!(by_time.contains("the first 3 entries of the log"), "{by_time}");
}

#[tokio::test]
async fn what_changed_between_two_moments_is_told_under_its_controls_and_as_csv() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let page = site.get("/history/compare?from=2&to=3", &cookie).await.body;
    let control = page.split("<section class=\"gap\" aria-labelledby=\"A.8.8\"").nth(1).unwrap();
    let control = control.split("</section>").next().unwrap();
    assert!(control.contains("w-not_met") && control.contains("/entries/3"), "{control}");
    assert!(control.contains("/rules/patch.status.reboot_not_pending"), "{control}");
    assert!(page.contains("/controls?as_of=2\"") && page.contains("Every finding that turned"));
    let csv = site.get("/history/compare.csv?from=2&to=3", &cookie).await.body;
    let turned = "patch.status.reboot_not_pending,host:00000000000000000000000000000001,fail,pass";
    let line = csv.lines().find(|line| line.contains("finding turned") && line.contains(turned));
    assert!(line.is_some_and(|line| line.starts_with("A.8.8,")), "{csv}");
    let nothing = site.get("/history/compare?from=3&to=3", &cookie).await.body;
    assert!(nothing.contains("no control has another status"), "{nothing}");
    // Without a question it goes back no further than the log.
    let began = site.views.received(0).unwrap().unwrap().to_string();
    let page = site.get("/history/compare", &cookie).await.body;
    assert!(page.contains(&format!("name=\"from\" value=\"{began}\"")), "{page}");
    for odd in ["soon", "2036-01-01", "99", "%3Cscript%3Ealert(1)%3C/script%3E"] {
        for path in ["/history/compare", "/history/compare.csv", "/history/lapses"] {
            let page = site.get(&format!("{path}?from={odd}&to=3"), &cookie).await;
            assert!(page.status == 400 && !page.body.contains("<script>alert"), "{path} {odd}");
        }
    }
}

#[tokio::test]
async fn intervals_without_evidence_are_listed_by_target_and_control_and_as_csv() {
    let site = Site::new(|sample| {
        fill(sample);
        sample.enrol("db-2");
        sample.wait_minutes(5 * 24 * 60);
        sample.activity("ada", "sign_in", serde_json::json!({}));
    });
    let cookie = site.enter().await;
    let page = site.get("/history/lapses?from=2026-11-19&to=2026-11-27", &cookie).await.body;
    assert!(page.contains("never scheduled") && page.contains("nothing arrived"), "{page}");
    assert!(page.contains("2 targets looked at"), "{page}");
    assert!(page.contains("Controls that lacked evidence"), "{page}");
    let csv = site.get("/history/lapses.csv?from=2026-11-19&to=2026-11-27", &cookie).await.body;
    let head = csv.lines().next().unwrap();
    assert_eq!(head, "target,kind,from,to,length,cause,last_seen,window,controls");
    let target = "host:00000000000000000000000000000001";
    let first = csv.lines().find(|line| line.starts_with(target)).unwrap();
    assert!(first.contains("nothing_arrived") && first.contains("A.8.8"), "{csv}");
    let one = site.get(&format!("/history/lapses?target={target}"), &cookie).await;
    assert!(one.status == 200 && one.body.contains("web-1"));
    let none = site.get("/history/lapses?target=host:%3Cscript%3E", &cookie).await;
    assert!(none.status == 404 && !none.body.contains("host:<script>"));
}

#[tokio::test]
async fn of_many_targets_a_page_looks_at_a_part_and_the_csv_at_all() {
    let site = Site::new(|sample| {
        fill(sample);
        for number in 0..204 {
            sample.enrol(&format!("host-{number}"));
        }
        sample.wait_minutes(5 * 24 * 60);
        sample.activity("ada", "sign_in", serde_json::json!({}));
    });
    let cookie = site.enter().await;
    let period = "from=2026-11-19&to=2026-11-27";
    let page = site.get(&format!("/history/lapses?{period}"), &cookie).await.body;
    assert!(
        page.contains("Targets 1 to 25 of 205") && page.contains("25 targets looked at"),
        "{page}"
    );
    assert!(
        page.contains("/history/lapses?from=2026-11-19&#38;part=2&#38;to=2026-11-27\""),
        "{page}"
    );
    let shown = "/history/lapses.csv?from=2026-11-19&#38;part=1&#38;to=2026-11-27\"";
    assert!(page.contains(shown), "the CSV of what is shown: {page}");
    let last = site.get(&format!("/history/lapses?{period}&part=9"), &cookie).await.body;
    assert!(
        last.contains("Targets 201 to 205 of 205") && !last.contains("Targets after"),
        "{last}"
    );
    for odd in ["0", "10", "x", "-1"] {
        let page = site.get(&format!("/history/lapses?part={odd}"), &cookie).await;
        assert!(
            page.status == 400 && page.body.contains("there are 1 to 9"),
            "{odd}: {}",
            page.body
        );
    }
    let targets = |csv: &str| -> BTreeSet<String> {
        csv.lines().skip(1).filter_map(|line| line.split(',').next()).map(str::to_owned).collect()
    };
    let whole = site.get(&format!("/history/lapses.csv?{period}"), &cookie).await.body;
    assert_eq!(targets(&whole).len(), 205, "{whole}");
    let part = site.get(&format!("/history/lapses.csv?{period}&part=2"), &cookie).await.body;
    assert!(targets(&part).len() == 25 && targets(&part).is_subset(&targets(&whole)));
    // A program is not given a part that it did not ask for.
    let api = format!("/api/v1/history/lapses?{period}");
    let refused = site.get(&api, &cookie).await;
    assert!(
        refused.status == 422 && refused.body.contains("ask for part 1 to 9"),
        "{}",
        refused.body
    );
    let part = site.get(&format!("{api}&part=9"), &cookie).await;
    assert_eq!(part.status, 200, "{}", part.body);
}

#[tokio::test]
async fn two_days_are_compared_and_what_is_no_day_is_told() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let page = site.get("/history?from=2026-11-19&to=2026-11-22", &cookie).await.body;
    assert!(page.contains("<svg class=\"stack\"") && page.contains("f-no_evidence"), "{page}");
    for odd in
        ["yesterday", "2026-13-40", "%3Cscript%3Ealert(1)%3C/script%3E", "99999999999999999999"]
    {
        let page = site.get(&format!("/history?from={odd}"), &cookie).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("is no day") && !page.body.contains("<script>alert"), "{odd}");
        let page = site.get(&format!("/history/A.8.8?as_of={odd}"), &cookie).await;
        assert_eq!(page.status, 400);
        assert!(page.body.contains("is neither a day"), "{odd}");
    }
    assert_eq!(site.get("/history/A.9.9", &cookie).await.status, 404);
}
