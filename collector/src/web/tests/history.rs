//! Statuses as they were, on the pages.

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
