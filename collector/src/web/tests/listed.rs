use super::*;

/// Many hosts, so that lists have pages.
fn many(sample: &Sample) {
    sample.rule_pack();
    for number in 0..130 {
        let mut agent = sample.enrol(&format!("host-{number:03}"));
        sample.heartbeat(&mut agent, &["patch.status"]);
        sample.run(&mut agent, &[("patch.status", patches(number % 10 == 0))], &[]);
        sample.activity("admin", "token_created", json!({"host": format!("=cmd|{number}")}));
    }
}

fn rows(body: &str) -> usize {
    let table = body.split_once("<table id=\"main\">").map_or("", |(_, table)| table);
    let rows = table.split_once("<tbody>").map_or("", |(_, rows)| rows);
    rows.split("</tbody>").next().unwrap_or_default().matches("<tr>").count()
}

#[tokio::test]
async fn a_long_list_shows_a_page_and_says_how_many_there_are() {
    let site = Site::new(many);
    let cookie = site.enter().await;
    for path in ["/targets", "/agents", "/activity", "/kinds/patch.status"] {
        let first = site.get(path, &cookie).await.body;
        assert_eq!(rows(&first), 100, "{path}");
        let pages = if path == "/activity" { 3 } else { 2 };
        assert!(first.contains(&format!("page 1 of {pages}")), "{path}");
        assert!(first.contains("rel=\"next\""), "{path}");
        let second = site.get(&format!("{path}?page={pages}"), &cookie).await.body;
        assert!((30..100).contains(&rows(&second)), "{path}");
        assert!(second.contains(&format!("page {pages} of {pages}")), "{path}");
        let beyond = site.get(&format!("{path}?page=99999999999999999999"), &cookie).await.body;
        assert!(rows(&beyond) > 0, "{path}: a page that there is not is one that there is");
        let beyond = site.get(&format!("{path}?page=77"), &cookie).await.body;
        assert_eq!(rows(&beyond), rows(&second), "{path}");
        let nothing = site.get(&format!("{path}?q=no+such+text"), &cookie).await.body;
        assert!(rows(&nothing) == 0 && nothing.contains("Nothing fits this filter"), "{path}");
    }
    let named = site.get("/targets?q=HOST-07", &cookie).await.body;
    assert_eq!(rows(&named), 10, "{named}");
    let worst = site.get("/targets?sort=-failing", &cookie).await.body;
    assert!(worst.contains("aria-sort=\"descending\""));
    let failing = site.get("/findings?verdict=fail", &cookie).await.body;
    assert!(failing.contains("13 of ") && rows(&failing) == 13, "{failing}");
    let target = format!("host:{:032x}", 11);
    for of in [&target, "host-010"] {
        let one = site.get(&format!("/findings?target={of}&verdict=fail"), &cookie).await.body;
        assert_eq!(rows(&one), 1, "{of}");
    }
    let rule = site.get("/findings?rule=patch.status.reboot_not_pending", &cookie).await.body;
    assert!(rule.contains("130 of "), "{rule}");
    let page = site.get("/rules/patch.status.reboot_not_pending", &cookie).await.body;
    assert!(page.contains("80 more: <a href=\"/findings?rule=patch.status.reboot_not_pending\""));
    let control = site.get("/controls/A.8.8", &cookie).await.body;
    assert!(control.contains("more: <a href=\"/findings?control=A.8.8\""), "{control}");
    let other = site.get("/findings?control=A.5.1", &cookie).await.body;
    assert!(rows(&other) == 0, "no rule speaks of it");
}

#[tokio::test]
async fn a_list_too_long_to_be_sorted_by_a_column_says_so_and_offers_it_no_more() {
    let site = Site::new(many);
    let cookie = site.enter().await;
    let offers = |page: &str, column: &str| page.contains(&format!("sort={column}\""));
    let page = site.get("/findings", &cookie).await.body;
    assert!(offers(&page, "items") && offers(&page, "since"));
    assert_eq!(site.get("/findings?sort=-items", &cookie).await.status, StatusCode::OK);
    // As if one rule had passed on twenty thousand more.
    let tables = rusqlite::Connection::open(site.sample.dir.path().join("views.db")).unwrap();
    let more = "UPDATE finding_counts SET findings = findings + 20000 WHERE rule = (SELECT max(rule) FROM finding_counts)";
    assert!(tables.execute(more, []).unwrap() > 0);
    let page = site.get("/findings", &cookie).await.body;
    assert!(!offers(&page, "items") && offers(&page, "since") && offers(&page, "severity"));
    assert_eq!(site.get("/findings?sort=-since", &cookie).await.status, StatusCode::OK);
    let refused = site.get("/findings?sort=-items", &cookie).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("at most 10000 are sorted by items"), "{}", refused.body);
    let refused = site.get("/api/v1/findings?sort=-items", &cookie).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("at most 10000"), "{}", refused.body);
    // A filter makes it short enough.
    let few = site.get("/findings?sort=-items&verdict=fail", &cookie).await;
    assert!(few.status == StatusCode::OK && offers(&few.body, "items"), "{}", few.body);
}

#[tokio::test]
async fn csv_has_every_row_that_fits_in_the_order_of_the_pages_and_no_formula() {
    let site = Site::new(many);
    let cookie = site.enter().await;
    let lines = async |path: &str| -> Vec<Vec<String>> {
        let answer = site.get(path, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        let mut reader = csv::Reader::from_reader(answer.bytes.as_slice());
        let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
        rows.collect()
    };
    assert_eq!(lines("/targets.csv").await.len(), 130);
    assert_eq!(lines("/agents.csv?page=2").await.len(), 130);
    assert_eq!(lines("/targets.csv?q=host-07").await.len(), 10);
    assert_eq!(lines("/kinds/patch.status/targets.csv").await.len(), 130);
    let findings = lines("/findings.csv").await;
    let total: u64 =
        site.views.finding_segments().unwrap().iter().map(|segment| segment.findings).sum();
    assert_eq!(findings.len() as u64, total);
    assert!(findings[..13].iter().all(|row| row[0] == "fail") && findings[13][0] != "fail");
    let sorted = lines("/findings.csv?sort=-since&verdict=fail").await;
    assert!(sorted.len() == 13 && sorted.is_sorted_by(|one, other| one[7] >= other[7]));
    let hostile = lines("/activity.csv").await;
    assert!(hostile.len() > 130);
    let harmless = |cell: &String| !cell.starts_with(['=', '+', '-', '@']);
    assert!(hostile.iter().flatten().all(harmless));
    let past = lines("/targets.csv?as_of=2").await;
    assert!(past.len() < 130, "as of an entry: {}", past.len());
}

#[tokio::test]
async fn the_api_s_parts_of_a_long_list_are_the_whole_list() {
    let site = Site::new(many);
    let cookie = site.enter().await;
    for list in ["targets", "agents", "findings", "evidence"] {
        for order in ["", "&sort=-agent", "&sort=name&q=host-1", "&sort=-severity", "&sort=digest"]
        {
            let address = format!("/api/v1/{list}?limit=37{order}");
            let first = site.get(&address, &cookie).await;
            if first.status == StatusCode::UNPROCESSABLE_ENTITY {
                continue; // This list has no such field.
            }
            let (mut next, mut seen) = (Some(address.clone()), Vec::new());
            let mut total = 0;
            while let Some(address) = next {
                let answer = site.get(&address, &cookie).await;
                let page: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
                seen.extend(page["items"].as_array().unwrap().iter().map(ToString::to_string));
                next = page["next"].as_str().map(str::to_owned);
                total = page["total"].as_u64().unwrap();
            }
            assert_eq!(seen.len() as u64, total, "{address}");
            let different: std::collections::BTreeSet<&String> = seen.iter().collect();
            assert_eq!(different.len(), seen.len(), "{address}: no row twice");
        }
    }
}
