//! One moment for every page: what it shows is as it stood then, and says so.

use super::Site;
use crate::views::sample::{Sample, patches};

const KIND: &str = "patch.status";
/// Pages that tell what stood then.
const PAGES: [&str; 22] = [
    "/",
    "/controls",
    "/controls/A.8.8",
    "/history",
    "/history/A.8.8",
    "/frameworks",
    "/frameworks/2013",
    "/soa",
    "/soa/compare",
    "/rollup",
    "/gap",
    "/clauses",
    "/rules",
    "/rules/patch.status.reboot_not_pending",
    "/findings",
    "/targets",
    "/agents",
    "/reports",
    "/decisions",
    "/activity",
    "/entries/2",
    "/targets/host:00000000000000000000000000000001",
];

fn fill(sample: &Sample) {
    let mut agent = sample.enrol("web-1");
    sample.heartbeat(&mut agent, &[KIND]);
    sample.run(&mut agent, &[(KIND, patches(true))], &[]);
    sample.wait_minutes(3 * 60);
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    sample.wait_minutes(2 * 24 * 60);
    let mut other = sample.enrol("db-2");
    sample.run(&mut other, &[(KIND, patches(true))], &[]);
}

#[tokio::test]
async fn every_page_tells_the_moment_carries_it_and_shows_nothing_that_came_later() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    for path in PAGES {
        let page = site.get(&format!("{path}?as_of=2026-11-20T09:00:00Z"), &cookie).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("As of <time datetime=\"2026-11-20T09:00:00Z\">"), "{path}");
        assert!(page.body.contains(">entry 2</a>") && page.body.contains("Back to now"), "{path}");
        assert!(!page.body.contains("db-2"), "{path} shows what came later");
        assert!(page.body.contains("/controls?as_of=2026-11-20T09:00:00Z"), "{path}");
        let now = site.get(path, &cookie).await.body;
        // A control's intervals lead to the moments at which they began.
        let carries = now.contains("as_of=2026") && path != "/history/A.8.8";
        assert!(!now.contains("Back to now") && !carries, "{path}");
    }
    let now = site.get("/findings", &cookie).await.body;
    assert!(now.contains("db-2"));
    let then = site.get("/controls/A.8.8?as_of=2", &cookie).await.body;
    let mended = site.get("/controls/A.8.8?as_of=3", &cookie).await.body;
    assert!(then.contains("w-not_met") && !mended.contains("badge w-not_met"), "{mended}");
    let csv = site.get("/targets.csv?as_of=2026-11-20", &cookie).await.body;
    assert!(csv.contains("web-1") && !csv.contains("db-2"), "{csv}");
}

#[tokio::test]
async fn a_page_of_now_alone_says_so_and_one_without_a_time_ignores_it() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    for (path, status) in
        [("/log", 200), ("/log.csv", 400), ("/retention", 200), ("/retention.csv", 400)]
    {
        let page = site.get(&format!("{path}?as_of=2"), &cookie).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.body.contains("Only as it is now"), "{path}: {}", page.body);
        assert!(page.body.contains(&format!("href=\"{path}\" data-now")), "{path}");
        assert!(!page.body.contains("<table"), "{path}");
    }
    for path in ["/help", "/password", "/decide/waiver"] {
        let page = site.get(&format!("{path}?as_of=2"), &cookie).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains("Back to now"), "{path}");
    }
}

#[tokio::test]
async fn a_search_stays_at_its_moment() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let page = site.get("/controls?as_of=3", &cookie).await.body;
    let (_, form) = page.split_once("<form class=\"search\"").unwrap();
    let (form, _) = form.split_once("</form>").unwrap();
    assert!(form.contains("<input type=\"hidden\" name=\"as_of\" value=\"3\">"), "{form}");
    // What one thing alone has leads there at once.
    let found = site.get("/search?q=A.8.8&as_of=3", &cookie).await;
    assert_eq!((found.status.as_u16(), found.location.as_str()), (303, "/controls/A.8.8?as_of=3"));
    assert_eq!(site.get("/search?q=A.8.8", &cookie).await.location, "/controls/A.8.8");
}

#[tokio::test]
async fn a_moment_that_has_not_been_is_refused_with_the_way_out() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    for (odd, told) in [
        ("2027-01-01", "lies in the future"),
        ("2026-12-01T00:00:00Z", "lies in the future"),
        ("4711", "has no entry 4711 yet"),
        ("yesterday", "is neither a day"),
        ("%3Cscript%3Ealert(1)%3C/script%3E", "is neither a day"),
    ] {
        for path in ["/", "/findings.csv", "/agents", "/log"] {
            let page = site.get(&format!("{path}?as_of={odd}"), &cookie).await;
            assert_eq!(page.status, 400, "{path} {odd}");
            assert!(page.body.contains(told) && !page.body.contains("<script>alert"), "{odd}");
        }
    }
    assert_eq!(site.get("/entries/5?as_of=3", &cookie).await.status, 404);
    assert_eq!(site.get("/entries/3?as_of=3", &cookie).await.status, 200);
    let empty = site.get("/?as_of=", &cookie).await;
    assert!(empty.status == 200 && !empty.body.contains("Back to now"));
}

#[tokio::test]
async fn a_report_is_made_as_of_a_moment_and_the_log_says_which() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let form = site.get("/reports?as_of=2026-11-20", &cookie).await.body;
    assert!(form.contains("name=\"as_of\" value=\"2026-11-20\""), "{form}");
    let token = format!("csrf={}", super::csrf(&form));
    let report = async |day: &str| {
        let form = format!("{token}&as_of={day}");
        site.post("/reports/findings/json", &cookie, "same-origin", &form).await
    };
    let made = report("2026-11-20").await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(made.body.contains("web-1") && !made.body.contains("db-2"), "{}", made.body);
    let detail = site.recorded.lock().unwrap().last().unwrap().detail.clone();
    assert_eq!(detail["size"], 4);
    assert_eq!(detail["at"], "2026-11-20T23:59:59Z");
    let odd = report("2036-11-20").await;
    assert!(odd.status == 400 && odd.body.contains("lies in the future"), "{}", odd.body);
}
