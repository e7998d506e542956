//! What people decide through the pages.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use exhibit_assessment::Status;
use futures_util::StreamExt as _;

use super::*;

const BOUNDARY: &str = "x-boundary-x";

impl Site {
    /// A host whose pending reboot a rule finds; `approve`: registers that ask for a second person.
    pub(super) fn deciding(approve: &'static [&'static str]) -> Self {
        SECOND_PERSON.with(|second| second.set(approve));
        let site = Self::new(fill);
        SECOND_PERSON.with(|second| second.set(&[]));
        site
    }

    pub(super) async fn decide(
        &self,
        cookie: &str,
        register: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let page = self.get(&format!("/decide/{register}"), cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let mut form = format!("csrf={}", csrf(&page.body));
        for (name, value) in fields {
            form += &format!("&{name}={}", crate::web::table::encode(value));
        }
        self.post(&format!("/decide/{register}"), cookie, "same-origin", &form).await
    }

    async fn upload(
        &self,
        cookie: &str,
        name: &str,
        body: impl Into<Body>,
        length: Option<u64>,
    ) -> Answer {
        let page = self.get("/decide/manual_evidence", cookie).await;
        let fields = [
            ("csrf", csrf(&page.body)),
            ("control", "A.5.4".into()),
            ("title", "Policy <b>2026</b>".into()),
            ("until", "2027-12-31".into()),
            ("reason", "board".into()),
        ];
        let mut start = String::new();
        for (field, value) in fields {
            start += &format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            );
        }
        start += &format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        let start =
            futures_util::stream::once(async move { Ok::<_, axum::Error>(Bytes::from(start)) });
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        let end = futures_util::stream::once(async move { Ok(Bytes::from(end)) });
        let body: Body = body.into();
        let all = Body::from_stream(start.chain(body.into_data_stream()).chain(end));
        let mut request = Request::post("/decide/manual_evidence")
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        if let Some(length) = length {
            request = request.header(header::CONTENT_LENGTH, length);
        }
        self.send(request.body(all).unwrap()).await
    }
}

const WAIVER: [(&str, &str); 3] = [
    ("about", "patch.status.reboot_not_pending"),
    ("until", "2027-01-31"),
    ("reason", "window <in> January"),
];

#[tokio::test]
async fn a_waiver_decided_on_its_page_stands_in_the_log_and_on_its_control_and_ends_when_withdrawn()
{
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    let done = site.decide(&cookie, "waiver", &WAIVER).await;
    assert_eq!(
        (done.status, done.location.as_str()),
        (StatusCode::SEE_OTHER, "/decisions/waiver/W-2026-001"),
        "{}",
        done.body
    );
    let control = site.get("/controls/A.8.8", &cookie).await.body;
    assert!(
        control.contains("in effect") && control.contains("window &#60;in&#62; January"),
        "{control}"
    );
    assert!(control.contains("1 failure covered") && !control.contains("window <in>"));
    let record = site.get(&done.location, &cookie).await.body;
    assert!(record.contains("<strong>admin</strong>") && record.contains("in force"), "{record}");
    // The form of a change knows what stands, and the last day that was meant.
    let form = site.get("/decide/waiver?id=W-2026-001", &cookie).await.body;
    assert!(
        form.contains("value=\"2027-01-31\"")
            && form.contains("value=\"patch.status.reboot_not_pending\""),
        "{form}"
    );
    let after = value_of(&record, "after");
    let ended = format!("csrf={}&act=withdraw&after={after}&reason=done", csrf(&record));
    let ended = site.post(&done.location, &cookie, "same-origin", &ended).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.body);
    assert!(!site.get("/controls/A.8.8", &cookie).await.body.contains("in effect"));
    let list = site.get("/decisions.csv", &cookie).await.body;
    assert_eq!(list.lines().count(), 3, "{list}");
    assert!(list.contains("withdrawal") && list.contains("ended"));
}

#[tokio::test]
async fn the_second_of_two_editors_is_told_and_keeps_what_they_typed() {
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    let first = [("id", "A.8.8"), ("owner", "ada"), ("reason", "new")];
    assert_eq!(site.decide(&cookie, "owner", &first).await.status, StatusCode::SEE_OTHER);
    let second = [("id", "A.8.8"), ("owner", "bob & co"), ("reason", "mine")];
    let told = site.decide(&cookie, "owner", &second).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert!(
        told.body.contains("Somebody else decided meanwhile") && told.body.contains("bob &#38; co"),
        "{}",
        told.body
    );
    let page = site.get("/controls/A.8.8", &cookie).await.body;
    assert!(page.contains("<dd>ada"), "{page}");
    // Sent again from that page it is a decision after the newest.
    let after = value_of(&told.body, "after");
    let mut again = second.to_vec();
    again.push(("after", &after));
    assert_eq!(site.decide(&cookie, "owner", &again).await.status, StatusCode::SEE_OTHER);
    assert!(site.get("/controls/A.8.8", &cookie).await.body.contains("bob &#38; co"));
}

#[tokio::test]
async fn who_proposed_cannot_approve_and_nothing_counts_until_somebody_else_does() {
    let site = Site::deciding(&["waiver"]);
    let cookie = site.enter().await;
    let done = site.decide(&cookie, "waiver", &WAIVER).await;
    let record = site.get(&done.location, &cookie).await.body;
    assert!(
        record.contains("somebody else must approve it") && !record.contains("value=\"approve\""),
        "{record}"
    );
    let forged = format!(
        "csrf={}&act=approve&after={}&reason=ok",
        csrf(&record),
        value_of(&record, "after")
    );
    let refused = site.post(&done.location, &cookie, "same-origin", &forged).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("somebody else must approve"), "{}", refused.body);
    let control = site.get("/controls/A.8.8", &cookie).await.body;
    assert!(
        control.contains("Waits for another person") && !control.contains("in effect"),
        "{control}"
    );
}

#[tokio::test]
async fn a_file_is_brought_counted_and_saved_as_it_came() {
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    let bytes = b"%PDF-1.7\r\n--not-the-boundary\0\xff".to_vec();
    let done = site.upload(&cookie, "policy (final).pdf", bytes.clone(), None).await;
    assert_eq!(
        (done.status, done.location.as_str()),
        (StatusCode::SEE_OTHER, "/decisions/manual_evidence/E-2026-001"),
        "{}",
        done.body
    );
    let control = site.get("/controls/A.5.4", &cookie).await.body;
    let digest = exhibit_proto::digest::Digest::of(&bytes).to_string();
    assert!(control.contains(&digest) && control.contains("Policy &#60;b&#62;2026"), "{control}");
    let (_, link) =
        control.split_once("href=\"/decisions/manual_evidence/E-2026-001/file/").unwrap();
    let link =
        format!("/decisions/manual_evidence/E-2026-001/file/{}", link.split('"').next().unwrap());
    let request = Request::get(link).header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
    let answer = site.router.clone().oneshot(request).await.unwrap();
    let disposition = answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
    assert_eq!(disposition, "attachment; filename=\"policy__final_.pdf\"");
    let saved = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    assert_eq!(saved, bytes);
}

#[tokio::test]
async fn what_is_written_into_the_form_is_evidence_like_a_file() {
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    let written = "Doors: closed & alarmed\r\nVisitors: 3, all <signed> in";
    let checked = [
        ("control", "A.7.1"),
        ("title", "Round of the site"),
        ("until", "2027-12-31"),
        ("reason", "weekly round"),
    ];
    let nothing = site.decide(&cookie, "manual_evidence", &checked).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    assert!(nothing.body.contains("choose a file, or write down"), "{}", nothing.body);
    let with = [&checked[..], &[("written", written)]].concat();
    let done = site.decide(&cookie, "manual_evidence", &with).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let bytes = written.replace('\r', "") + "\n";
    let digest = exhibit_proto::digest::Digest::of(bytes.as_bytes());
    assert_eq!(site.sample.reader.document(&digest).unwrap().unwrap(), bytes.as_bytes());
    let control = site.get("/controls/A.7.1", &cookie).await.body;
    assert!(control.contains(&digest.to_string()) && control.contains("form.txt"), "{control}");
    let views = site.sample.views();
    let status = views.assess(site.sample.now()).unwrap();
    assert_eq!(status.of("A.7.1".parse().unwrap()).unwrap().status, Status::Manual);
    // What was written is still there where something else is wrong.
    let wrong: Vec<_> = with.iter().filter(|(name, _)| *name != "control").copied().collect();
    let again = site.decide(&cookie, "manual_evidence", &wrong).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.body.contains("all &#60;signed&#62; in"), "{}", again.body);
}

#[tokio::test]
async fn programs_hostile_names_and_floods_are_refused_and_only_what_may_be_is_read() {
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    for (name, bytes, text) in [
        ("tool.pdf", &b"\x7fELF\x02\x01"[..], "is a program (ELF)"),
        ("run.exe", b"hello", "is a program (by its name)"),
        ("../../etc/passwd", b"hello", "signs of a path"),
        ("invoice\u{202e}fdp.txt", b"hello", "turn text around"),
        ("empty.pdf", b"", "the file is empty"),
    ] {
        let refused = site.upload(&cookie, name, bytes, None).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(refused.body.contains(text), "{name}: {}", refused.body);
        // What was typed is still there.
        assert!(refused.body.contains("Policy &#60;b&#62;2026") && refused.body.contains("board"));
    }
    let said = site.upload(&cookie, "big.pdf", "x", Some(5 << 30)).await;
    assert_eq!(said.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(said.body.contains("8 MiB"), "{}", said.body);
    // Five gigabytes that nobody announced: no more is taken than may be kept.
    let taken = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&taken);
    let chunk = Bytes::from(vec![b'x'; 1 << 20]);
    let flood = futures_util::stream::iter(0..5 << 10).map(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok::<_, axum::Error>(chunk.clone())
    });
    let refused = site.upload(&cookie, "flood.pdf", Body::from_stream(flood), None).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.body.contains("8 MiB"), "{}", refused.body);
    assert!(taken.load(Ordering::SeqCst) < 16, "{} MiB were read", taken.load(Ordering::SeqCst));
    assert!(site.sample.views().records(None).unwrap().is_empty());
}

#[tokio::test]
async fn forms_from_elsewhere_decide_nothing() {
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    let form = "id=A.8.8&owner=eve&reason=x";
    let own = csrf(&site.get("/decide/owner", &cookie).await.body);
    for (from, form) in [
        ("cross-site", format!("csrf={own}&{form}")),
        ("same-origin", format!("csrf=00&{form}")),
        ("same-origin", form.to_owned()),
    ] {
        for path in ["/decide/owner", "/decisions/owner/A.8.8"] {
            assert_eq!(
                site.post(path, &cookie, from, &form).await.status,
                StatusCode::FORBIDDEN,
                "{path}"
            );
        }
    }
    assert_eq!(
        site.post("/decide/owner", "", "same-origin", form).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(site.sample.views().records(None).unwrap().is_empty());
    for (register, text) in [("second_person", "no form"), ("nothing", "no form")] {
        let page = site.get(&format!("/decide/{register}"), &cookie).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{text}");
    }
}

#[tokio::test]
async fn an_exclusion_without_a_justification_is_refused_and_with_one_it_is_told_on_the_control() {
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    let mut row = vec![("id", "A.8.8"), ("applicable", "no"), ("reason", "review")];
    let refused = site.decide(&cookie, "applicability", &row).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("justification of an exclusion is empty"), "{}", refused.body);
    row.push(("justification", "no software\nof our own"));
    assert_eq!(site.decide(&cookie, "applicability", &row).await.status, StatusCode::SEE_OTHER);
    let page = site.get("/controls/A.8.8", &cookie).await.body;
    assert!(page.contains("w-excluded") && page.contains("no software\nof our own"), "{page}");
    let views = site.sample.views();
    let assessed = views.assess(site.sample.now()).unwrap();
    assert_eq!(assessed.of("A.8.8".parse().unwrap()).unwrap().status, Status::Excluded);
}

#[tokio::test]
async fn labels_scope_duties_and_retirement_are_decided_and_shown() {
    let site = Site::deciding(&[]);
    let cookie = site.enter().await;
    let target = format!("host:{:032x}", 1);
    let decided = [
        ("label", vec![("id", target.as_str()), ("labels", "environment=test\nowner=<b>")]),
        ("scope", vec![("id", "isms"), ("isms", "environment != test")]),
        (
            "attestation",
            vec![
                ("id", "A.7.1"),
                ("control", "A.7.1"),
                ("owner", "facility"),
                ("every_days", "30"),
                ("first_due", "2027-01-31"),
            ],
        ),
        ("attested", vec![("id", "A.7.1"), ("says", "doors checked")]),
        ("note", vec![("id", "A.7.1"), ("text", "site plan in the safe")]),
    ];
    for (register, mut fields) in decided {
        fields.push(("reason", "because"));
        let done = site.decide(&cookie, register, &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{register}: {}", done.body);
        assert_eq!(
            site.get(&done.location, &cookie).await.status,
            StatusCode::OK,
            "{}",
            done.location
        );
    }
    let page = site.get(&format!("/targets/{target}"), &cookie).await.body;
    assert!(
        page.contains("environment = test")
            && page.contains("owner = &#60;b&#62;")
            && page.contains("stands outside of the"),
        "{page}"
    );
    let page = site.get("/controls/A.7.1", &cookie).await.body;
    assert!(
        page.contains("last by admin")
            && page.contains("site plan in the safe")
            && page.contains("Outside of the"),
        "{page}"
    );
    let gone = site.decide(&cookie, "retired", &[("id", &target), ("reason", "sold")]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.body);
    assert!(
        site.get(&format!("/targets/{target}"), &cookie).await.body.contains("it counts no longer")
    );
    let unknown = site
        .decide(&cookie, "label", &[("id", "host:none"), ("labels", "a=b"), ("reason", "x")])
        .await;
    assert!(unknown.body.contains("no target host:none is known"), "{}", unknown.body);
}

/// The value of a hidden field.
pub(super) fn value_of(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}
