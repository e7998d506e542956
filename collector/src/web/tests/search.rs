//! Search by id, name and digest, on its page and through the API.

use serde_json::Value;

use super::*;
use crate::web::table::encode;

impl Site {
    async fn search(&self, cookie: &str, q: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/search?q={}", encode(q)), cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{q}: {}", answer.body);
        let found: Value = serde_json::from_str(&answer.body).unwrap();
        found["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn an_id_or_a_whole_digest_leads_to_its_page_at_once() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let entry = site.sample.reader.entry(4).unwrap().unwrap();
    let leaf = exhibit_proto::merkle::leaf_hash(&entry.leaf_bytes).to_string();
    let target = format!("host:{:032x}", 1);
    let document = site.sample.views().document_history(&target, "patch.status").unwrap();
    let newest = &document[0];
    let item = format!("/evidence/{}/patch.status/{}", newest.last_index, encode(&target));
    for (q, page) in [
        ("4", "/entries/4"),
        ("A.8.8", "/controls/A.8.8"),
        ("8.8", "/controls/A.8.8"),
        ("a.8.8", "/controls/A.8.8"),
        ("patch.status.reboot_not_pending", "/rules/patch.status.reboot_not_pending"),
        (&target, &format!("/targets/{target}")),
        ("0193-agent-1", "/agents/0193-agent-1"),
        (&entry.leaf.env.to_string(), "/entries/4"),
        (&leaf, "/entries/4"),
        (&leaf.to_uppercase(), "/entries/4"),
        (&newest.digest, &item),
    ] {
        let answer = site.get(&format!("/search?q={}", encode(q)), &cookie).await;
        assert_eq!((answer.status, answer.location.as_str()), (StatusCode::SEE_OTHER, page), "{q}");
    }
}

#[tokio::test]
async fn a_part_of_a_name_or_of_a_digest_finds_and_a_changed_digest_does_not() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let token: Value = serde_json::from_str(&site.get("/api/v1/me", &cookie).await.body).unwrap();
    let waiver = json!({"register": "waiver", "act": "put", "why": "Fenster im Januar",
        "value": {"about": {"rule": "patch.status.reboot_not_pending"}, "targets": "all", "until": "2027-01-31T00:00:00Z"}});
    let request = Request::post("/api/v1/decisions")
        .header(header::COOKIE, &cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-csrf-token", token["csrf"].as_str().unwrap());
    let sent = site.send(request.body(Body::from(waiver.to_string())).unwrap()).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
    for (q, what, id) in [
        ("BACKUP", "control", "A.8.13"),
        ("reboot", "rule", "patch.status.reboot_not_pending"),
        ("alert(1)", "target", &*format!("host:{:032x}", 1)),
        ("db-1", "agent", "0193-agent-2"),
        ("patch.sta", "kind", "patch.status"),
        ("fenster", "decision", "W-2026-001"),
        ("adm", "person", "admin"),
        ("soc", "framework", "soc2_tsc"),
    ] {
        let found = site.search(&cookie, q).await;
        assert!(found.iter().any(|hit| hit["what"] == what && hit["id"] == id), "{q}: {found:?}");
    }
    let digest = site.sample.reader.entry(4).unwrap().unwrap().leaf.env.to_string();
    let first = |digits: usize| digest.chars().take(digits).collect::<String>();
    for digits in [8, 15, 16, 17, 40, 64] {
        let found = site.search(&cookie, &first(digits)).await;
        assert!(found.iter().any(|hit| hit["page"] == "/entries/4"), "{digits}: {found:?}");
    }
    // The index knows the first digits only: the others are compared with what is stored.
    let last = if digest.ends_with('0') { '1' } else { '0' };
    let changed: String = first(63).chars().chain([last]).collect();
    for nothing in [&first(7), &changed, "no such thing", "", "%%%%", "____"] {
        assert!(site.search(&cookie, nothing).await.is_empty(), "{nothing}");
    }
    let page = site.get(&format!("/search?q={}", encode(XSS)), &cookie).await;
    assert!(!page.body.contains(XSS), "{}", page.body);
    let long = site.get(&format!("/search?q={}", "x".repeat(5_000)), &cookie).await;
    assert_eq!(long.status, StatusCode::OK);
    let long = site.get(&format!("/api/v1/search?q={}", "x".repeat(301)), &cookie).await;
    assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", long.body);
}
