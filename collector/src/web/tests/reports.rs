//! Reports from the pages: one click, logged before the first byte, and equal to what the log says.

use exhibit_proto::digest::Digest;

use super::*;

#[tokio::test]
async fn a_report_is_logged_with_the_digest_of_the_bytes_that_leave() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let page = site.get("/reports", &cookie).await;
    let form = format!("csrf={}", csrf(&page.body));
    for kind in crate::report::Kind::ALL {
        for format in kind.formats() {
            let address = format!("/reports/{kind}/{format}");
            assert!(page.body.contains(&format!("action=\"{address}\"")), "{address}");
            // Lapses are those of a period; here from the first entry on.
            let period = if kind == crate::report::Kind::Lapses { "&from=0" } else { "" };
            let form = format!("{form}{period}");
            let report = site.post(&address, &cookie, "same-origin", &form).await;
            assert_eq!(report.status, StatusCode::OK, "{address}: {}", report.body);
            assert_eq!(report.sha256, Digest::of(&report.bytes).to_string(), "{address}");
            let last = site.recorded.lock().unwrap().last().cloned().unwrap();
            assert_eq!((last.action.as_str(), last.by.as_str()), ("report_exported", "admin"));
            assert_eq!(last.detail["sha256"], report.sha256, "{address}");
            assert_eq!(last.detail["bytes"], report.bytes.len(), "{address}");
            assert_eq!(last.detail["report"], kind.as_str(), "{address}");
        }
    }
    let left = std::fs::read_dir(site.sample.dir.path()).unwrap();
    let left = left
        .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("partial"));
    assert_eq!(left.count(), 0, "nothing lies about");
}

#[tokio::test]
async fn a_report_can_be_narrowed_to_a_control_and_odd_requests_are_refused() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let csrf = csrf(&site.get("/reports", &cookie).await.body);
    let ask = async |path: &str, form: &str| site.post(path, &cookie, "same-origin", form).await;
    let one = ask("/reports/controls/csv", &format!("csrf={csrf}&control=A.8.8")).await;
    assert_eq!(one.body.lines().count(), 2, "{}", one.body);
    let before = site.recorded.lock().unwrap().len();
    let odd = ask("/reports/controls/csv", &format!("csrf={csrf}&control=A.9.9")).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    assert_eq!(ask("/reports/no/csv", &format!("csrf={csrf}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask("/reports/soa/csv", "csrf=").await.status, StatusCode::FORBIDDEN);
    for (path, from) in [("lapses/csv", ""), ("lapses/csv", "soon"), ("soa/csv", "0")] {
        let odd = ask(&format!("/reports/{path}"), &format!("csrf={csrf}&from={from}")).await;
        assert_eq!(odd.status, StatusCode::BAD_REQUEST, "{path} {from}: {}", odd.body);
    }
    let elsewhere = format!("csrf={csrf}");
    let elsewhere = site.post("/reports/soa/csv", &cookie, "cross-site", &elsewhere).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    assert_eq!(site.recorded.lock().unwrap().len(), before, "what is refused is not logged");
}

#[tokio::test]
async fn attributes_narrow_the_controls_and_roll_up_without_an_average() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let list = async |query: &str| {
        let csv = site.get(&format!("/controls.csv?{query}"), &cookie).await.body;
        csv.lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (all, corrective) = (list("").await, list("control_types=Corrective").await);
    assert_eq!(all.len(), 93);
    assert!(!corrective.is_empty() && corrective.len() < 93);
    let both = list("control_types=Corrective&cybersecurity_concepts=Respond").await;
    assert!(!both.is_empty() && both.iter().all(|id| corrective.contains(id)));
    let rollup = site.get("/rollup", &cookie).await.body;
    assert!(rollup.contains("/controls?control_types=Corrective"));
    // One control is not met, so the whole is.
    let worst = rollup.split_once("All controls</a>").unwrap().1;
    let worst = worst.split_once("<span>").unwrap().1;
    assert!(worst.starts_with("not met"), "{worst:.80}");
    let definition = exhibit_assessment::SCORE_DEFINITION;
    assert!(rollup.contains(definition), "the score stands beside its definition");
}

#[tokio::test]
async fn a_control_says_what_it_means_elsewhere_with_label_and_source() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let control = site.get("/controls/A.8.8", &cookie).await.body;
    for text in ["What it says elsewhere", "indicative", "published", "/frameworks/nist_csf_2_0"] {
        assert!(control.contains(text), "{text}");
    }
    // A finding says in each framework what the controls of its rule say there.
    let finding = site.get("/rules/patch.status.reboot_not_pending", &cookie).await.body;
    for framework in [
        "nist_800_53_r5",
        "nist_csf_2_0",
        "soc2_tsc",
        "pci_dss_4_0",
        "iso27017_2015",
        "iso27018_2019",
        "iso27701_2019",
    ] {
        assert!(finding.contains(&format!("href=\"/frameworks/{framework}")), "{framework}");
    }
    let soc2 = site.get("/frameworks/soc2_tsc", &cookie).await.body;
    assert!(soc2.contains("indicative") && soc2.contains("no authority publishes"), "{soc2:.400}");
    let cloud = site.get("/frameworks/iso27017_2015", &cookie).await.body;
    assert!(cloud.contains("unconfirmed"));
    let old = site.get("/frameworks/2013", &cookie).await.body;
    assert!(old.contains("A.12.6.1") && old.contains("new in 2022"));
    assert_eq!(site.get("/frameworks/none", &cookie).await.status, StatusCode::NOT_FOUND);
    let gap = site.get("/gap", &cookie).await.body;
    assert!(gap.contains("<h3>There</h3>") && gap.contains(">93</output>"));
    assert!(gap.contains("fails:") && gap.contains("nothing collects"));
}

#[tokio::test]
async fn the_gap_analysis_is_narrowed_and_taken_away_as_it_is_narrowed() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let of = |page: &str| -> Vec<String> {
        let cards = page.split("<details class=\"card gap\" id=\"").skip(1);
        cards.map(|card| card.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(of(&site.get("/gap", &cookie).await.body).len(), 93);
    let narrow = "?status=not%20met&theme=Technological&q=patch.status.";
    let page = site.get(&format!("/gap{narrow}"), &cookie).await.body;
    assert_eq!(of(&page), ["A.8.8"], "{page}");
    assert!(page.contains("<details class=\"card gap\" id=\"A.8.8\" open>"), "{page}");
    let csv = site.get(&format!("/gap.csv{narrow}"), &cookie).await.body;
    let lines: Vec<&str> = csv.lines().skip(1).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.starts_with("A.8.8,")), "{csv}");
    let nothing = site.get("/gap?q=nothing-of-the-sort", &cookie).await.body;
    assert!(of(&nothing).is_empty() && nothing.contains("Nothing fits"), "{nothing}");
}
