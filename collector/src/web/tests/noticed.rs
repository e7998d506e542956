//! What is noticed about agents stands on the pages, with what to do, until it is closed or old.

use exhibit_proto::digest::Digest;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::statement::{CONFLICT, Conflict, FORK, Fork, GAP, Gap, Over};

use super::{Site, XSS};
use crate::identity::PeerCertificate;
use crate::ingest::Larger;
use crate::views::NoticeWhat;
use crate::views::sample::{Sample, SampleAgent, patches};

const KIND: &str = "patch.status";

pub(super) fn gap(sample: &Sample, agent: &SampleAgent, from: u64, to: u64) -> u64 {
    let gap = Gap {
        agent: agent.id.clone(),
        key: agent.key.public().id(),
        epoch: 1,
        from,
        to,
        after: agent.prev,
        came: Digest::of(b"came"),
        prev: Digest::of(b"lost"),
        suppressed: 0,
    };
    sample.own(EntryType::Gap, GAP, gap)
}

fn fill(sample: &Sample) {
    let mut agent = sample.enrol(XSS);
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    gap(sample, &agent, 2, 3);
    agent.seq = 3;
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    let (id, key) = (agent.id.clone(), agent.key.public().id());
    let (held, refused) = (agent.prev, Digest::of(b"refused"));
    let (over, suppressed) = (Over::Number, 7);
    let conflict =
        Conflict { agent: id.clone(), key, epoch: 1, seq: 4, over, held, refused, suppressed };
    sample.own(EntryType::Conflict, CONFLICT, conflict);
    let (root, ours, signed) = (Digest::of(b"theirs"), Digest::of(b"ours"), Some(XSS.to_owned()));
    let fork = Fork { agent: id, size: 2, root, ours, signed, suppressed: 0 };
    sample.own(EntryType::Fork, FORK, fork);
}

#[tokio::test]
async fn gaps_conflicts_forks_and_a_larger_log_are_alarms_with_what_to_do() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let agent = site.sample.views().agents().unwrap().remove(0).id;
    let at = site.sample.now();
    let larger = Larger { known: 4711, ours: 7, at, signed: None };
    site.ahead.note(&agent, larger);
    for page in ["/", "/log", &format!("/agents/{agent}")] {
        let body = site.get(page, &cookie).await.body;
        for shown in [
            "statements 2 to 3 never came",
            "two statements number 4",
            "that this log&#39;s key signed",
            "4711 entries",
            "exhibit-collector revoke",
            "exhibit-agent status",
            "role=\"alert\"",
        ] {
            let plain = shown.replace("&#39;", "'").replace("&#39;", "&#x27;");
            assert!(body.contains(shown) || body.contains(&plain), "{page} lacks {shown}: {body}");
        }
        assert!(!body.contains(XSS), "{page}");
    }
    let log = site.get("/log", &cookie).await.body;
    assert!(!log.contains('`'), "a mark-up sign is shown: {log}");
    assert!(log.contains("7 more things were noticed of this agent"), "{log}");
    let activity = site.get("/activity", &cookie).await.body;
    for shown in ["never came", "have number 4", "another history"] {
        assert!(activity.contains(shown), "{shown}");
    }
    assert_eq!(site.sample.views().check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_late_statement_closes_its_gap_and_does_not_overrule_what_is_newer() {
    let sample = Sample::new();
    let mut agent = sample.enrol("web-1");
    sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    let (lost, lost_prev) = (agent.seq, agent.prev);
    gap(&sample, &agent, 2, 3);
    agent.seq = 3;
    let newest = sample.run(&mut agent, &[(KIND, patches(false))], &[]);
    let views = sample.views();
    let open = |views: &crate::views::Views| match views.notices(None, 9).unwrap().remove(0).what {
        NoticeWhat::Gap { open, .. } => open,
        NoticeWhat::Conflict(_) | NoticeWhat::Fork(_) => 0,
    };
    assert_eq!((open(&views), views.agents().unwrap()[0].missing), (2, 2));
    (agent.seq, agent.prev) = (lost, lost_prev);
    for left in [1, 0] {
        sample.run(&mut agent, &[(KIND, patches(true))], &[]);
        views.catch_up().unwrap();
        assert_eq!((open(&views), views.agents().unwrap()[0].missing), (left, left));
    }
    let held = views.document_history(agent.target.as_str(), KIND).unwrap();
    assert_eq!((held.len(), held[0].last_index), (1, newest));
    assert!(!views.notices(None, 9).unwrap()[0].stands());
    assert_eq!(views.check().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn the_certificate_that_an_agent_showed_last_stands_on_its_page_and_in_the_api() {
    let site = Site::new(fill);
    let cookie = site.enter().await;
    let agent = site.sample.views().agents().unwrap().remove(0).id;
    let page = format!("/agents/{agent}");
    let before = site.get(&page, &cookie).await.body;
    assert!(before.contains("none was shown to this collector yet"), "{before}");
    let now = site.sample.now();
    let expires = now.checked_add(jiff::SignedDuration::from_hours(24 * 9)).unwrap();
    let digest = Digest::of(b"its certificate");
    site.certificates.note(&PeerCertificate { agent: agent.clone(), expires, digest }, now);
    let after = site.get(&page, &cookie).await.body;
    assert!(after.contains("in 9 days") && after.contains(&digest.to_string()), "{after}");
    let told = site.get(&format!("/api/v1/agents/{agent}"), &cookie).await.body;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["certificate"]["digest"], digest.to_string());
    // Of the past it is not known.
    let then = site.get(&format!("{page}?as_of=3"), &cookie).await.body;
    assert!(!then.contains(&digest.to_string()) && !then.contains("none was shown"), "{then}");
}
