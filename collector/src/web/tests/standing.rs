//! How the log stands, as pages say it: witnessed, whole.

use super::*;

#[tokio::test]
async fn pages_say_whether_the_log_is_witnessed_and_by_whom() {
    let alone = Site::new(|_| {});
    let cookie = alone.enter().await;
    for path in ["/", "/log"] {
        assert!(alone.get(path, &cookie).await.body.contains("Not witnessed"), "{path}");
    }

    let key = exhibit_proto::keys::SecretKey::from_seed(&[7; 32]);
    let name = "<w>.example";
    let vkey = exhibit_proto::cosignature::Witness::new(name, key.public()).unwrap().vkey();
    let url = "http://127.0.0.1:1".to_owned();
    let site = Site::with_witnesses(
        |_| {},
        &[crate::config::Witness { name: None, vkey, url, tls_roots: None }],
    );
    let cookie = site.enter().await;
    for path in ["/", "/log"] {
        assert!(site.get(path, &cookie).await.body.contains("Not yet witnessed"), "{path}");
    }
    let head = site.sample.views().log().head().unwrap();
    let line = |time| {
        let text = head.checkpoint.text();
        exhibit_proto::cosignature::cosign(&text, name, &key, time).unwrap()
    };
    let time = u64::try_from(site.sample.now().as_second()).unwrap() - 120;
    site.witnesses.record_for_test(&head, (&line(time), time));
    let size = head.checkpoint.size;
    let first = site.get("/", &cookie).await.body;
    let sentence = format!("Witnessed up to {size} entries by &#60;w&#62;.example, 2 min ago");
    assert!(first.contains(&sentence), "{first}");
    let log = site.get("/log", &cookie).await.body;
    assert!(log.contains("/log/checkpoint/cosigned") && !log.contains("<w>"), "{log}");
}

#[tokio::test]
async fn damage_of_the_stored_log_is_an_alarm_on_the_first_and_the_log_page() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let pages = ["/", "/log"];
    for page in pages {
        assert!(!site.get(page, &cookie).await.body.contains("log is damaged"), "{page}");
    }
    let store = ScrubStore::open(&site.sample.dir.path().join("scrub.db")).unwrap();
    store.begin(&Plan { size: 8, documents: 2 }, "2026-11-20T08:00:00.000Z").unwrap();
    let (part, name) = (Part::Envelope, XSS.to_owned());
    let damage = Damage { part, name, detail: "is missing".into() };
    store.advance(&[damage], "2026-11-20T08:00:01.000Z").unwrap();
    for page in pages {
        let body = site.get(page, &cookie).await.body;
        assert!(body.contains("log is damaged") && !body.contains(XSS), "{page}");
    }
}
