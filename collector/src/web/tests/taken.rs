//! Every list can be taken away as CSV, with the rows that its page shows.

use super::*;

/// The lists of a page: what each is called, how many rows it has, where it is taken away.
fn lists(page: &str) -> Vec<(String, usize, Option<String>)> {
    let between = |text: &str, begin: &str, end: &str| -> Option<String> {
        let (_, rest) = text.split_once(begin)?;
        Some(rest.split(end).next()?.to_owned())
    };
    let sections = page.split("<section class=\"list\"").skip(1);
    let tables = sections.filter_map(|section| {
        let section = section.split("</section>").next()?;
        // An empty list has nothing to take away.
        let caption = between(section, "<caption>", "<")?;
        let number = between(section, "data-number>", "<")?;
        let shown = number.split(' ').next()?.parse().ok()?;
        let href = between(section, "<a class=\"csv\" href=\"", "\"");
        Some((caption, shown, href.map(|href| href.replace("&#38;", "&"))))
    });
    tables.collect()
}

async fn rows(site: &Site, address: &str, cookie: &str) -> usize {
    let csv = site.get(address, cookie).await;
    assert_eq!(csv.status, StatusCode::OK, "{address}: {}", csv.body);
    let mut reader = csv::Reader::from_reader(csv.bytes.as_slice());
    let heads = reader.headers().unwrap().clone();
    assert!(heads.len() > 1 && heads.iter().all(|head| !head.is_empty()), "{address}: {heads:?}");
    reader.records().map(|record| assert_eq!(record.unwrap().len(), heads.len())).count()
}

#[tokio::test]
async fn every_list_of_every_page_can_be_taken_away_with_the_rows_that_it_shows() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let audit = site.audited(&cookie).await;
    site.form("/settings/tokens", &cookie, "act=make&name=nightly&read=yes").await;
    let mut looked_at = pages();
    let more = [
        "/history",
        "/history/A.8.8",
        "/history/compare",
        "/history/lapses",
        "/retention",
        "/settings/people",
        "/settings/tokens",
        "/settings/sessions",
        "/settings/sessions/all",
        "/search?q=patch&hits-sort=-id",
        "/findings?q=reboot",
        "/audits",
        "/agents/0193-agent-1?unseen-sort=kind",
    ];
    looked_at.extend(more.map(str::to_owned));
    looked_at.extend(["", "/evidence", "/populations/P-2026-001"].map(|part| audit.clone() + part));
    let mut taken = std::collections::BTreeSet::new();
    for page in looked_at {
        let answer = site.get(&page, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        for (caption, shown, href) in lists(&answer.body) {
            let href = href.unwrap_or_else(|| panic!("{page}: {caption:?} cannot be taken away"));
            let list = href.split('?').next().unwrap().to_owned();
            // What is looked at is logged, so the log's own lists grow while they are read.
            if ["/activity.csv", "/log.csv"].contains(&list.as_str()) {
                continue;
            }
            assert_eq!(rows(&site, &href, &cookie).await, shown, "{page}: {caption:?} at {href}");
            taken.insert(list);
        }
    }
    for by in ["rule", "target", "control"] {
        let page = site.get(&format!("/findings/groups?by={by}"), &cookie).await.body;
        let href = format!("/findings/groups.csv?by={by}");
        assert!(page.contains(&format!("href=\"{href}\"")), "{page}");
        let groups = page.matches("<details class=\"card\"").count();
        assert!(groups > 0 && rows(&site, &href, &cookie).await == groups, "{by}");
    }
    assert!(taken.len() > 24, "{taken:?}");
}

#[tokio::test]
async fn tokens_and_sessions_are_lists_of_one_s_own_or_of_everybody_s() {
    let site = Site::new(|_| {});
    let (admin, vera) = (site.enter().await, site.entered("vera", Role::Viewer, None));
    for name in ["one", "two"] {
        let form = format!("act=make&name={name}&read=yes");
        assert_eq!(site.form("/settings/tokens", &vera, &form).await.status, StatusCode::OK);
    }
    let own = site.get("/settings/tokens.csv?sort=-name", &vera).await.body;
    let names: Vec<&str> =
        own.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert_eq!(names, ["two", "one"], "{own}");
    assert!(!own.contains("vera"), "whose they are goes without saying: {own}");
    assert!(site.get("/settings/tokens.csv", &admin).await.body.contains("vera"));
    let filtered = site.get("/settings/tokens?q=two", &vera).await.body;
    assert!(filtered.contains("1 of 2") && filtered.contains("Revoke"), "{filtered}");
    let sessions = site.get("/settings/sessions.csv", &vera).await.body;
    assert_eq!(sessions.lines().count(), 2, "{sessions}");
    let all = site.get("/settings/sessions/all.csv?person=vera", &admin).await.body;
    assert!(all.lines().count() == 2 && all.contains("vera"), "{all}");
    assert_eq!(site.get("/settings/sessions/all.csv", &vera).await.status, StatusCode::FORBIDDEN);
}
