//! The API through its own door: every operation against its description.

use serde_json::Value;

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{HOLD, Hold};

use super::*;

/// A log in which every list has rows: hours go by, a document is deleted, a hold stands.
pub(super) fn full(sample: &Sample) {
    fill(sample);
    let mut agent = sample.enrol("long.example.com");
    sample.heartbeat(&mut agent, &["patch.status"]);
    let run = sample.run(&mut agent, &[("patch.status", patches(true))], &[]);
    sample.wait_minutes(3 * 60);
    sample.run(&mut agent, &[("patch.status", patches(false))], &[]);
    sample.wait_minutes(2 * 24 * 60);
    let views = sample.views_at("look.db");
    let rows = views.document_history(agent.target.as_str(), "patch.status").unwrap();
    let gone = rows.iter().find(|row| row.from_index == run).unwrap();
    let gone: Digest = gone.digest.parse().unwrap();
    sample.delete(&agent, "patch.status", &[gone]);
    let (by, reason) = ("counsel".into(), XSS.into());
    let hold = Hold { target: None, kind: None, from: None, to: None, by, reason };
    sample.own(EntryType::Hold, HOLD, hold);
    sample.heartbeat(&mut agent, &["patch.status"]);
    super::noticed::gap(sample, &agent, 90, 91);
    // The second host stands outside.
    super::lacking::narrow(sample, "name != \"db-1.example.com\"");
}

/// Addresses for the parameters of paths, on the log that [`fill`] makes.
fn filled(path: &str) -> String {
    let target = format!("host:{:032x}", 1);
    // The first entry of every log puts a pack in force.
    let path = path.replace("/packs/{index}", "/packs/0");
    // Something was noticed of the third agent.
    let path = path.replace("{agent}/noticed", "0193-agent-3/noticed");
    [
        ("{control}", "A.8.8"),
        ("{rule}", "patch.status.reboot_not_pending"),
        ("{target}", target.as_str()),
        ("{kind}", "patch.status"),
        ("{agent}", "0193-agent-1"),
        ("{index}", "4"),
        ("{part}", "envelope"),
        ("{framework}", "soc2_tsc"),
        ("{register}", "waiver"),
        ("{id}", "W-2026-001"),
        ("{audit}", "A-2026-001"),
        ("{population}", "P-2026-001"),
        ("{person}", "admin"),
        ("{digest}", "none"),
    ]
    .into_iter()
    .fold(path, |path, (name, value)| path.replace(name, value))
}

fn description() -> Value {
    serde_json::from_str(&crate::web::api::description()).unwrap()
}

/// A schema of the description with the components that it refers to.
fn validator(description: &Value, schema: &Value) -> jsonschema::Validator {
    let mut root = schema.clone();
    root["components"] = description["components"].clone();
    jsonschema::draft202012::new(&root).unwrap()
}

/// Every operation that reads, with its description.
fn reads(description: &Value) -> Vec<(String, Value)> {
    let paths = description["paths"].as_object().unwrap();
    let gets = paths.iter().filter_map(|(path, said)| Some((path.clone(), said.get("get")?)));
    gets.map(|(path, said)| (path, said.clone())).collect()
}

pub(super) async fn json(site: &Site, path: &str, cookie: &str) -> Value {
    let answer = site.get(path, cookie).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn every_answer_has_the_shape_that_the_description_gives_it() {
    let (site, description) = (Site::new(full), description());
    let cookie = site.enter().await;
    site.decided(&cookie, &waiver(None)).await;
    site.audited(&cookie).await;
    let token = json(&site, "/api/v1/me", &cookie).await["csrf"].as_str().unwrap().to_owned();
    let wanted = json!({"name": "backup report", "scopes": ["read"]});
    let made = site.change("/settings/tokens", &cookie, &token, &wanted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert!(reads(&description).len() > 30);
    let mut wrong: Vec<String> = Vec::new();
    for (path, said) in reads(&description) {
        let asked = if path == "/search" { "?q=patch" } else { "" };
        let address = format!("/api/v1{}{asked}", filled(&path));
        let answer = site.get(&address, &cookie).await;
        // A version is frozen by a form, files are brought: their shapes are tried where that is done.
        if [
            "/soa/versions/{index}",
            "/decisions/{register}/{id}/file/{index}",
            "/audits/{audit}/files/{digest}",
        ]
        .contains(&path.as_str())
        {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}: {}", answer.body);
            continue;
        }
        if answer.status != StatusCode::OK {
            wrong.push(format!("{address}: {}", answer.body));
            continue;
        }
        let content = &said["responses"]["200"]["content"]["application/json"];
        let Ok(value) = serde_json::from_str::<Value>(&answer.body) else { continue };
        let validator = validator(&description, &content["schema"]);
        wrong.extend(
            validator.iter_errors(&value).map(|e| format!("{address}: {}: {e}", e.instance_path())),
        );
        let Some(items) = value.get("items").and_then(Value::as_array) else { continue };
        if items.is_empty()
            && !["/soa/versions", "/soa/compare", "/history/differing"].contains(&path.as_str())
        {
            wrong.push(format!("{address} is empty: nothing was tried"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

impl Site {
    /// Sends a change as a browser's script does.
    pub(super) async fn change(
        &self,
        path: &str,
        cookie: &str,
        token: &str,
        body: &Value,
    ) -> Answer {
        let request = Request::post(format!("/api/v1{path}"))
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-csrf-token", token);
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// An audit with something in each of its lists; answers its address.
    pub(super) async fn audited(&self, cookie: &str) -> String {
        let audit = self.audit(cookie).await;
        let put = |register: &str, value: Value| json!({"register": register, "record": null, "act": "put", "after": null, "value": value, "why": "stage 2"});
        let of = |rest: Value| {
            let mut value = json!({"audit": "A-2026-001", "text": XSS});
            value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            value
        };
        let request = of(json!({"controls": ["A.8.8"], "status": "open", "owner": "eve"}));
        self.decided(cookie, &put("request", request)).await;
        let found = of(json!({"grade": "minor", "control": "A.8.8", "status": "open"}));
        self.decided(cookie, &put("audit_finding", found)).await;
        let said = of(json!({"on": "R-2026-001"}));
        self.decided(cookie, &put("audit_comment", said)).await;
        let forms = format!("{audit}/populations");
        let freeze = [("title", "Hosts"), ("size", "1"), ("unit", "items"), ("reason", "stage 2")];
        let frozen = self.act(cookie, &forms, &forms, &freeze).await;
        let draw = [("number", "6 3 5"), ("reason", "dice")];
        let drawn = self.act(cookie, &frozen.location, &frozen.location, &draw).await;
        assert_eq!(drawn.status, StatusCode::SEE_OTHER, "{}", drawn.body);
        self.entered("eve", Role::Auditor, Some("A-2026-001"));
        self.sample.activity("eve", "evidence_read", json!({"what": audit}));
        self.views.catch_up().unwrap();
        audit
    }

    /// Has something decided; answers its entry.
    async fn decided(&self, cookie: &str, body: &Value) -> u64 {
        let me = json(self, "/api/v1/me", cookie).await;
        let answer = self.change("/decisions", cookie, me["csrf"].as_str().unwrap(), body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let value: Value = serde_json::from_str(&answer.body).unwrap();
        value["entry"].as_u64().unwrap()
    }
}

fn waiver(after: Option<u64>) -> Value {
    let value = json!({"about": {"rule": "patch.status.reboot_not_pending"}, "targets": "all", "until": "2027-01-31T00:00:00Z"});
    let record = after.map(|_| "W-2026-001");
    json!({"register": "waiver", "record": record, "act": "put", "after": after, "value": value, "why": "window in January"})
}

#[tokio::test]
async fn a_decision_stands_in_the_log_and_who_was_overtaken_is_told_the_newest_revision() {
    let (site, described) = (Site::new(fill), description());
    let cookie = site.enter().await;
    let entry = site.decided(&cookie, &waiver(None)).await;
    let record = json(&site, "/api/v1/decisions/waiver/W-2026-001", &cookie).await;
    assert_eq!(record["newest"], entry);
    assert_eq!(record["revisions"][0]["standing"], "in_force");
    assert_eq!(record["revisions"][0]["by"], "admin");
    let second = site.decided(&cookie, &waiver(Some(entry))).await;
    let token = json(&site, "/api/v1/me", &cookie).await["csrf"].as_str().unwrap().to_owned();
    // Somebody who still looks at the first revision.
    let late = site.change("/decisions", &cookie, &token, &waiver(Some(entry))).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    let problem: Value = serde_json::from_str(&late.body).unwrap();
    assert_eq!(
        (&problem["type"], &problem["newest"]["entry"]),
        (&json!("urn:exhibit:problem:stale"), &json!(second))
    );
    let shape = &described["components"]["responses"]["Problem"]["content"]["application/problem+json"]
        ["schema"];
    assert!(validator(&described, shape).is_valid(&problem), "{problem}");
    for (token, body, status, word) in [
        ("", waiver(Some(second)), 403, "X-CSRF-Token"),
        ("0123", waiver(Some(second)), 403, "X-CSRF-Token"),
        (&token, json!({"register": "waiver"}), 422, "act"),
        (&token, json!({"register": "nothing", "act": "put", "why": "x"}), 422, "nothing"),
        (
            &token,
            json!({"register": "owner", "act": "put", "value": {"owner": "x"}, "why": "x"}),
            422,
            "record",
        ),
        (
            &token,
            json!({"register": "waiver", "record": "W-2026-001", "after": second, "act": "put", "value": {}, "why": "x"}),
            422,
            "about",
        ),
    ] {
        let answer = site.change("/decisions", &cookie, token, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
        assert!(answer.body.contains(word), "{body}: {}", answer.body);
    }
    let form = site.post("/api/v1/decisions", &cookie, "same-origin", "register=waiver").await;
    assert_eq!(form.status, StatusCode::FORBIDDEN, "a form of a browser decides nothing here");
    let revisions = json(&site, "/api/v1/decisions/waiver/W-2026-001", &cookie).await;
    assert_eq!(revisions["revisions"].as_array().unwrap().len(), 2, "nothing was overwritten");
}

#[tokio::test]
async fn a_file_comes_with_the_evidence_that_it_is_and_a_program_does_not() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let token = json(&site, "/api/v1/me", &cookie).await["csrf"].as_str().unwrap().to_owned();
    let evidence = |name: &str, bytes: &[u8]| {
        let value = json!({"control": "A.5.4", "title": "Policy", "until": "2027-12-31T00:00:00Z"});
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        json!({"register": "manual_evidence", "act": "put", "value": value, "why": "board", "file": {"name": name, "base64": base64}})
    };
    let refused = site.change("/decisions", &cookie, &token, &evidence("a.pdf", b"\x7fELF")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    let brought =
        site.change("/decisions", &cookie, &token, &evidence("policy.pdf", b"%PDF-1.7")).await;
    assert_eq!(brought.status, StatusCode::CREATED, "{}", brought.body);
    let record = json(&site, "/api/v1/decisions/manual_evidence/E-2026-001", &cookie).await;
    let digest = Digest::of(b"%PDF-1.7").to_string();
    assert_eq!(record["revisions"][0]["value"]["digest"], digest);
    let entry = record["newest"].as_u64().unwrap();
    let file = format!("/api/v1/decisions/manual_evidence/E-2026-001/file/{entry}");
    let file = site.get(&file, &cookie).await;
    assert_eq!((file.status, file.bytes.as_slice()), (StatusCode::OK, b"%PDF-1.7".as_slice()));
}

#[tokio::test]
async fn a_report_is_made_and_logged_before_it_leaves() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let token = json(&site, "/api/v1/me", &cookie).await["csrf"].as_str().unwrap().to_owned();
    let wanted = json!({"report": "controls", "form": "csv", "controls": ["A.8.8"]});
    let made = site.change("/reports", &cookie, &token, &wanted).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(made.sha256, Digest::of(&made.bytes).to_string());
    let recorded = site.recorded.lock().unwrap().last().unwrap().clone();
    assert_eq!(recorded.detail["sha256"], made.sha256);
    let wrong = json!({"report": "gap", "form": "pdf", "targets": ["nonsense"]});
    let refused = site.change("/reports", &cookie, &token, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    let no_such_form = json!({"report": "gap", "form": "pdf"});
    let refused = site.change("/reports", &cookie, &token, &no_such_form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    assert!(refused.body.contains("csv, xlsx, json"), "{}", refused.body);
}

#[tokio::test]
async fn entries_are_read_from_the_newest_backwards_and_each_once() {
    let site = Site::new(full);
    let cookie = site.enter().await;
    let mut next = Some("/api/v1/entries?limit=3".to_owned());
    let mut seen: Vec<u64> = Vec::new();
    let mut total = 0;
    while let Some(address) = next {
        let page = json(&site, &address, &cookie).await;
        total = page["total"].as_u64().unwrap();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["index"].as_u64().unwrap()),
        );
        next = page["next"].as_str().map(str::to_owned);
    }
    let expected: Vec<u64> = (0..total).rev().collect();
    assert_eq!(seen, expected);
    let beats = json(&site, "/api/v1/entries?type=heartbeat", &cookie).await;
    assert!(
        beats["total"] == 3
            && beats["items"].as_array().unwrap().iter().all(|row| row["type"] == "heartbeat")
    );
}

#[tokio::test]
async fn as_of_tells_what_stood_then_and_what_is_kept_of_now_alone_refuses_it() {
    let site = Site::new(full);
    let cookie = site.enter().await;
    let target = json(&site, "/api/v1/targets?sort=-first_seen&limit=1", &cookie).await;
    let target = target["items"][0]["target"].as_str().unwrap().to_owned();
    let run = json(&site, &format!("/api/v1/targets/{target}/kinds/patch.status"), &cookie).await;
    let first = run["items"].as_array().unwrap().last().unwrap()["first_index"].as_u64().unwrap();
    let verdict = async |as_of: &str| {
        let address = format!(
            "/api/v1/targets/{target}/findings?rule=patch.status.reboot_not_pending{as_of}"
        );
        json(&site, &address, &cookie).await["items"][0]["verdict"].clone()
    };
    assert_eq!(verdict("").await, "pass");
    assert_eq!(verdict(&format!("&as_of={first}")).await, "fail");
    let then = json(&site, &format!("/api/v1/entries?as_of={first}&limit=1"), &cookie).await;
    assert_eq!((&then["total"], &then["items"][0]["index"]), (&json!(first + 1), &json!(first)));
    let then = json(&site, &format!("/api/v1/entries?as_of={first}&type=heartbeat"), &cookie).await;
    assert_eq!(then["total"], then["items"].as_array().unwrap().len());
    for (path, word) in [
        ("/api/v1/controls?as_of=yesterday", "yesterday"),
        ("/api/v1/controls?as_of=2999-01-01", "2999"),
        ("/api/v1/log?as_of=3", "not known here"),
        ("/api/v1/history/compare?from=yesterday", "\"name\":\"from\""),
        ("/api/v1/history/compare?to=2999-01-01", "\"name\":\"to\""),
        ("/api/v1/history/lapses?from=x&target=", "\"name\":\"from\""),
        ("/api/v1/history/lapses?to=9999999999", "\"name\":\"to\""),
    ] {
        let answer = site.get(path, &cookie).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.body);
        assert!(answer.body.contains(word), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn lists_take_the_names_that_their_pages_have() {
    let (site, described) = (Site::new(fill), description());
    let cookie = site.enter().await;
    // What a page shows in one column and the API in several fields, or under the name of what it is.
    let other = ["passing", "rules", "next", "kept", "size", "value", "implementation", "controls"];
    for list in
        ["controls", "clauses", "findings", "targets", "agents", "rules", "soa", "decisions"]
    {
        let csv = site.get(&format!("/{list}.csv"), &cookie).await;
        let parameters =
            described["paths"][format!("/{list}")]["get"]["parameters"].as_array().unwrap();
        let sort = parameters.iter().find(|one| one["name"] == "sort").unwrap();
        let names = sort["schema"]["enum"].as_array().unwrap();
        for key in csv.body.lines().next().unwrap().split(',') {
            assert!(names.contains(&json!(key)) || other.contains(&key), "{list}: {key}");
        }
    }
}

#[tokio::test]
async fn lists_page_sort_and_filter_by_the_names_of_their_fields() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let mut next = Some("/api/v1/controls?limit=40&sort=-control".to_owned());
    let mut seen = Vec::new();
    while let Some(address) = next {
        let page = json(&site, &address, &cookie).await;
        assert_eq!(page["total"], 93);
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["control"].to_string()));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!((seen.len(), seen[0].as_str(), seen[92].as_str()), (93, "\"A.8.34\"", "\"A.5.1\""));
    let people = json(&site, "/api/v1/controls?theme=people&sort=control", &cookie).await;
    assert_eq!((&people["total"], &people["items"][7]["control"]), (&json!(8), &json!("A.6.8")));
    let preventive = json(&site, "/api/v1/controls?control_types=Preventive", &cookie).await;
    let all_are =
        |row: &Value| row["control_types"].as_array().unwrap().contains(&json!("Preventive"));
    assert!(preventive["items"].as_array().unwrap().iter().all(all_are));
    let found = json(&site, "/api/v1/controls?q=BACKUP", &cookie).await;
    assert!(found["items"].as_array().unwrap().iter().any(|row| row["control"] == "A.8.13"));
    let worst = json(&site, "/api/v1/controls?sort=status&limit=1", &cookie).await;
    assert_eq!(worst["items"][0]["status"], "not_met");
}

#[tokio::test]
async fn what_goes_wrong_is_a_problem_that_says_what_and_why() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let (described, cookie) = (description(), cookie.as_str());
    let problem = validator(
        &described,
        &described["components"]["responses"]["Problem"]["content"]["application/problem+json"]["schema"],
    );
    for (path, cookie, status, word) in [
        ("/api/v1/controls", "", 401, "sign in"),
        ("/api/v1/nothing", "", 401, "sign in"),
        ("/api/v1/nothing", cookie, 404, "openapi.json"),
        ("/api/v1/controls/A.9.1", cookie, 404, "A.9.1"),
        ("/api/v1/targets/host:x", cookie, 404, "host:x"),
        ("/api/v1/controls?limit=0", cookie, 422, "limit"),
        ("/api/v1/controls?limit=1001", cookie, 422, "1000"),
        ("/api/v1/controls?sort=nothing", cookie, 422, "oldest"),
        ("/api/v1/controls?status=perfect", cookie, 422, "not_met"),
        ("/api/v1/controls?sttaus=met", cookie, 422, "sttaus"),
        ("/api/v1/controls/%ff", cookie, 400, ""),
        ("/api/v1/soa/versions/9223372036854775808", cookie, 404, "9223372036854775808"),
        ("/api/v1/entries/18446744073709551616", cookie, 404, "entry"),
    ] {
        let answer = site.get(path, cookie).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
        let value: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(problem.is_valid(&value), "{value}");
        assert_eq!(value["status"], status, "{path}");
        assert!(answer.body.contains(word), "{path}: {}", answer.body);
    }
    let posted = site.post("/api/v1/controls", cookie, "same-origin", "").await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(problem.is_valid(&serde_json::from_str(&posted.body).unwrap()), "{}", posted.body);
}

#[tokio::test]
async fn who_has_the_answer_already_is_told_so() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let ask = |method: &str, tag: &str, packed: bool| {
        let mut request = Request::builder()
            .method(method)
            .uri("/api/v1/rules")
            .header(header::COOKIE, &cookie)
            .header(header::IF_NONE_MATCH, tag);
        if packed {
            request = request.header(header::ACCEPT_ENCODING, "gzip");
        }
        site.router.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    let first = ask("GET", "\"other\"", false).await.unwrap();
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    assert_eq!(first.headers()[header::CACHE_CONTROL], "private, no-cache");
    assert_eq!(ask("GET", &tag, false).await.unwrap().status(), StatusCode::NOT_MODIFIED);
    let head = ask("HEAD", "\"other\"", false).await.unwrap();
    assert_eq!(
        (head.status(), head.headers()[header::ETAG].to_str().unwrap()),
        (StatusCode::OK, &*tag)
    );
    assert!(axum::body::to_bytes(head.into_body(), 1).await.unwrap().is_empty());
    // Packed bytes are others, and have another tag.
    let packed = ask("GET", &tag, true).await.unwrap();
    assert_eq!(
        (packed.status(), &packed.headers()[header::CONTENT_ENCODING]),
        (StatusCode::OK, &header::HeaderValue::from_static("gzip"))
    );
    assert_ne!(packed.headers()[header::ETAG].to_str().unwrap(), tag);
}

#[tokio::test]
async fn who_has_a_list_already_is_told_so_until_the_log_goes_on_and_never_who_may_not_ask() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let ask = async |address: &str, tag: &str, cookie: &str| {
        let request = Request::builder()
            .uri(address)
            .header(header::COOKIE, cookie)
            .header(header::IF_NONE_MATCH, tag);
        site.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    for address in ["/api/v1/findings?limit=3", "/api/v1/evidence", "/api/v1/targets?sort=-failing"]
    {
        let first = ask(address, "\"other\"", &cookie).await;
        assert_eq!(first.status(), StatusCode::OK, "{address}");
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let same = ask(address, &tag, &cookie).await;
        assert_eq!(same.status(), StatusCode::NOT_MODIFIED, "{address}");
        assert_eq!(same.headers()[header::ETAG].to_str().unwrap(), tag);
        assert_eq!(same.headers()[header::CACHE_CONTROL], "private, no-cache");
        // Another tag, another address: the answer itself.
        assert_eq!(ask(address, "\"other\"", &cookie).await.status(), StatusCode::OK);
        let other = format!("{}?limit=1", address.split('?').next().unwrap());
        assert_eq!(ask(&other, &tag, &cookie).await.status(), StatusCode::OK);
        // Without a session nobody learns whether it is the same.
        assert_eq!(ask(address, &tag, "").await.status(), StatusCode::UNAUTHORIZED);
        // An answer tells how many entries it rests on.
        site.sample.activity("admin", "looked", serde_json::json!({}));
        site.views.catch_up().unwrap();
        let newer = ask(address, &tag, &cookie).await;
        assert_eq!(newer.status(), StatusCode::OK, "{address}");
        assert_ne!(newer.headers()[header::ETAG].to_str().unwrap(), tag);
    }
}

#[tokio::test]
async fn the_page_of_the_api_has_a_form_for_every_question_and_leads_to_the_answer_without_script()
{
    let (site, described) = (Site::new(fill), description());
    let cookie = site.enter().await;
    let page = site.get("/api", &cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for (_, said) in reads(&described) {
        let id = said["operationId"].as_str().unwrap();
        assert!(page.body.contains(&format!("value=\"{id}\"")), "{id}");
    }
    let asked = "/api/try?operation=get_controls_control&control=A.8.8";
    assert_eq!(site.get(asked, &cookie).await.location, "/api/v1/controls/A.8.8");
    let asked = "/api/try?operation=get_controls&limit=2&sort=&q=a%20b";
    assert_eq!(site.get(asked, &cookie).await.location, "/api/v1/controls?limit=2&q=a%20b");
    assert_eq!(site.get("/api/try?operation=//evil", &cookie).await.status, StatusCode::NOT_FOUND);
}
