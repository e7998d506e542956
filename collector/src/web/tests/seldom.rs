//! States that are seldom seen, because most logs never come into them: what each page says then.

use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::continues::Continues;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::note::Verifier;
use exhibit_proto::statement::{
    Attested, CONTINUES, FORK, Fork, GAP, Gap, HOLD, Hold, Stamped, TIME,
};

use super::{Damage, Part, Plan, ScrubStore, Site};
use crate::export::tests::tsa;
use crate::ingest::Larger;
use crate::timestamp::Stamps;
use crate::views::sample::{Sample, SampleAgent, patches};
use crate::web::pages::help::anchor;
use crate::web::table::encode;

const KIND: &str = "patch.status";
const HOST: &str = "db-1.example.com";

fn gap(sample: &Sample, agent: &SampleAgent) -> u64 {
    let (from, to) = (agent.seq + 1, agent.seq + 2);
    let key = agent.key.public().id();
    let (after, came, prev) = (agent.prev, Digest::of(b"came"), Digest::of(b"lost"));
    let agent = agent.id.clone();
    let gap = Gap { agent, key, epoch: 1, from, to, after, came, prev, suppressed: 0 };
    sample.own(EntryType::Gap, GAP, gap)
}

fn fork(sample: &Sample, agent: &SampleAgent, proven: bool) -> u64 {
    let (root, ours) = (Digest::of(b"theirs"), Digest::of(b"ours"));
    let other = Checkpoint { origin: crate::views::sample::ORIGIN.into(), size: 1, root };
    let signed = proven.then(|| other.sign(&sample.log_key).unwrap());
    let agent = agent.id.clone();
    sample.own(EntryType::Fork, FORK, Fork { agent, size: 1, root, ours, signed, suppressed: 0 })
}

/// Where `first` stands on the page, before `second`.
fn in_order(page: &str, first: &str, second: &str) -> bool {
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text:?}: {page}"));
    place(first) < place(second)
}

#[tokio::test]
async fn an_alarm_says_what_happened_then_what_to_do_and_the_proven_comes_first() {
    let site = Site::new(|sample| {
        let agent = sample.enrol(HOST);
        fork(sample, &agent, true);
        fork(sample, &agent, false);
        gap(sample, &agent);
    });
    let agent = site.sample.views().agents().unwrap().remove(0).id;
    let signed = Some("head".to_owned());
    let larger = Larger { known: 4711, ours: 4, at: site.sample.now(), signed };
    site.ahead.note(&agent, larger);
    let cookie = site.enter().await;
    let page = site.get("/", &cookie).await.body;
    assert!(page.contains("this log had 4. An old backup was restored"), "{page}");
    assert!(page.contains("Nothing is admitted from any agent.</p>"), "{page}");
    assert!(!page.contains(".."), "{page}");
    assert_eq!(page.matches("What to do:").count(), 4, "{page}");
    assert!(in_order(&page, "<strong>A larger log", "<strong>Fork<"), "{page}");
    assert!(in_order(&page, "<strong>Fork<", "<strong>Fork, by an agent"), "{page}");
    assert!(in_order(&page, "<strong>Fork, by an agent", "<strong>Gap<"), "{page}");
    let help = site.get("/help", &cookie).await.body;
    for about in ["larger", "fork", "gap"] {
        assert!(page.contains(&format!("/help#{about}\"")), "{about}: {page}");
        assert!(help.contains(&format!("id=\"{about}\"")), "{about}: {help}");
    }
}

#[tokio::test]
async fn what_is_said_about_an_agent_is_not_said_by_it_and_names_it_everywhere() {
    let site = Site::new(|sample| {
        let mut agent = sample.enrol(HOST);
        sample.run(&mut agent, &[(KIND, patches(false))], &[]);
        gap(sample, &agent);
        fork(sample, &agent, true);
    });
    let cookie = site.enter().await;
    let entry = async |index: u64| site.get(&format!("/entries/{index}"), &cookie).await.body;
    let enrolment = entry(0).await;
    assert!(enrolment.contains(", by admin. It is about the agent on <a"), "{enrolment}");
    assert!(entry(1).await.contains(", by the agent on <a"));
    for (index, shown) in [(2, "exhibit-agent status"), (3, "Tell your auditor")] {
        let page = entry(index).await;
        assert!(page.contains(". The collector noticed it about the agent on <a"), "{page}");
        assert!(!page.contains("by the agent on"), "{page}");
        assert!(page.contains("What to do:") && page.contains(shown), "{page}");
    }
    // A signed head is shown line by line.
    assert!(entry(3).await.contains("<span class=\"lines\">evidence.example.com/test/2026\n1\n"));
    let overview = site.get("/", &cookie).await.body;
    assert!(overview.contains("db-1.example.com: statements 2 to 3 of this agent"), "{overview}");
    let activity = site.get("/activity", &cookie).await.body;
    assert_eq!(activity.matches("agent on db-1.example.com<").count(), 3, "{activity}");
}

#[tokio::test]
async fn the_entry_of_a_gap_that_was_closed_is_no_alarm_any_more() {
    let site = Site::new(|sample| {
        let mut agent = sample.enrol(HOST);
        sample.run(&mut agent, &[(KIND, patches(false))], &[]);
        let before = (agent.seq, agent.prev);
        gap(sample, &agent);
        agent.seq += 2;
        sample.run(&mut agent, &[(KIND, patches(false))], &[]);
        (agent.seq, agent.prev) = before;
        for _ in 0..2 {
            sample.run(&mut agent, &[(KIND, patches(true))], &[]);
        }
    });
    let cookie = site.enter().await;
    let page = site.get("/entries/2", &cookie).await.body;
    assert!(page.contains("Statements 2 to 3 came after later ones"), "{page}");
    assert!(page.contains("Nothing: all of them came."), "{page}");
    assert!(!page.contains("class=\"problem\"") && !page.contains("left out on purpose"), "{page}");
}

#[tokio::test]
async fn a_tombstone_lists_what_went_with_the_page_that_shows_what_is_proven() {
    let site = Site::new(|sample| {
        let mut agent = sample.enrol(HOST);
        let run = sample.run(&mut agent, &[(KIND, patches(true))], &[]);
        let rows = sample.views_at("look.db").document_history(agent.target.as_str(), KIND);
        let row = rows.unwrap().into_iter().find(|row| row.from_index == run).unwrap();
        sample.delete(&agent, KIND, &[row.digest.parse().unwrap()]);
        let (target, by) = (Some(agent.target.clone()), "counsel".to_owned());
        let reason = "a dispute".to_owned();
        let hold = Hold { target, kind: None, from: None, to: None, by, reason };
        sample.own(EntryType::Hold, HOLD, hold);
    });
    let cookie = site.enter().await;
    let page = site.get("/entries/2", &cookie).await.body;
    let digest = site.sample.views().document_history(&format!("host:{:032x}", 1), KIND).unwrap();
    for shown in [
        "Documents that were deleted",
        "<code>patch.status</code> of db-1.example.com",
        &digest[0].digest,
        "/retention",
        "/help#retention",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!site.get("/entries/3", &cookie).await.body.contains("were deleted"));
}

#[tokio::test]
async fn while_the_logs_key_changes_the_log_page_shows_both_and_what_to_do() {
    let site = Site::of(Sample::changing_its_key(), |_| {}, &[], &[]);
    let cookie = site.enter().await;
    let page = site.get("/log", &cookie).await.body;
    let (old, new) = {
        let keys = site.sample.keys();
        let (old, new) = keys.overlap().unwrap();
        (old.vkey(), new.vkey())
    };
    for shown in ["New key, the one to pin", "log-key retire", "/log?type=log_key", "/help#log-key"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let escaped = |vkey: &str| vkey.replace('+', "&#43;");
    for key in [&old, &new] {
        assert!(page.contains(key.as_str()) || page.contains(&escaped(key)), "{key}: {page}");
    }
    let entry = site.get("/entries/0", &cookie).await.body;
    assert!(entry.contains("good Ed25519 signature of this log"), "{entry}");
    let calm = Site::new(|_| {});
    let cookie = calm.enter().await;
    assert!(!calm.get("/log", &cookie).await.body.contains("Old key"));
}

#[tokio::test]
async fn damage_is_told_in_words_with_people_s_times() {
    let site = Site::new(|_| {});
    let store = ScrubStore::open(&site.sample.dir.path().join("scrub.db")).unwrap();
    store.begin(&Plan { size: 8, documents: 2 }, "2026-11-20T08:00:00.000Z").unwrap();
    let name = Digest::of(b"lost").to_string();
    let damage = Damage { part: Part::LostDocument, name, detail: "is missing".into() };
    store.advance(&[damage], "2026-11-20T08:00:01.000Z").unwrap();
    let cookie = site.enter().await;
    let page = site.get("/log", &cookie).await.body;
    for shown in [
        "<strong>lost document</strong>",
        "first seen 20 Nov 2026 08:00",
        "one thing is damaged, see above; no pass over the whole log has ended yet",
        "/help#damage",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("DAMAGED") && !page.contains("08:00:01.000Z"), "{page}");
    assert!(site.get("/", &cookie).await.body.contains("one thing</a> no longer leads"));
}

#[tokio::test]
async fn a_token_and_the_log_before_this_one_are_shown_with_their_entries() {
    let dir = tempfile::tempdir().unwrap();
    let authority = tsa::Authority::new(&dir.path().join("tsa"), tsa::Keys::P256, tsa::STAMPS);
    let configured = crate::config::Timestamp {
        name: Some("tsa.example".into()),
        url: "http://127.0.0.1:9/tsr".into(),
        roots: authority.file("root.pem"),
        tls_roots: None,
        policy: None,
    };
    let fill = |sample: &Sample| {
        let (key, origin) = (SecretKey::from_seed(&[77; 32]), "evidence.example.com/test/2025");
        let last = Checkpoint { origin: origin.into(), size: 918, root: Digest::of(b"last") };
        let log = Verifier::new(origin, key.public()).unwrap();
        let before = Continues::of(&log, &last.sign(&key).unwrap(), "ada".into()).unwrap();
        sample.own(EntryType::Continues, CONTINUES, before);
        let head = sample.reader.head().unwrap();
        std::fs::write(authority.file("data"), &head.signed).unwrap();
        let asked = ["-query", "-data", "data", "-sha256", "-cert", "-out", "asked.tsq"];
        authority.openssl("ts", &asked);
        let token = authority.answer(&std::fs::read(authority.file("asked.tsq")).unwrap());
        let stamps = Stamps::at(sample.dir.path().join("timestamps"));
        stamps.keep((1, head.signed.as_bytes()), "tsa.example", &token, &[]).unwrap();
        let stamped = Some(Stamped { authority: "tsa.example".into(), token: Digest::of(&token) });
        let (size, root) = (head.checkpoint.size, head.checkpoint.root);
        sample.own(EntryType::Time, TIME, Attested { size, root, cosigned: None, stamped });
    };
    let site = Site::of(Sample::new(), fill, &[], &[configured]);
    let cookie = site.enter().await;
    let page = site.get("/log", &cookie).await.body;
    for shown in ["Time-stamped by tsa.example", "up to 1 ", "/log?type=time\""] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let entry = site.get("/entries/0", &cookie).await.body;
    assert!(entry.contains("This log continues evidence.example.com/test/2025"), "{entry}");
    assert!(entry.contains("/help#continues"), "{entry}");
    let entry = site.get("/entries/1", &cookie).await.body;
    // A name stays as it is written.
    assert!(entry.contains("tsa.example stamped the head over 1 entries."), "{entry}");
    assert!(entry.contains("/help#time"), "{entry}");
}

#[tokio::test]
async fn every_type_of_entry_is_explained_on_the_help_page() {
    let site = Site::new(|_| {});
    let cookie = site.enter().await;
    let help = site.get("/help", &cookie).await.body;
    for known in EntryType::KNOWN {
        assert!(help.contains(&format!("id=\"{}\"", anchor(&known))), "{known:?}");
    }
}

#[tokio::test]
async fn what_the_operator_of_a_host_keeps_back_stands_on_its_target_until_it_is_lifted() {
    let site = |lifted: bool| {
        Site::new(move |sample| {
            let mut agent = sample.enrol(HOST);
            agent.vetoes.kinds = vec!["hardware.health".parse().unwrap()];
            agent.vetoes.paths = vec!["/etc/ssl/<private>/**".to_owned()];
            agent.vetoes.fields =
                [("identity.accounts".parse().unwrap(), vec!["/accounts/*/name".into()])].into();
            sample.run(&mut agent, &[(KIND, patches(false))], &[]);
            if lifted {
                agent.vetoes = exhibit_proto::statement::Vetoes::default();
                sample.run(&mut agent, &[(KIND, patches(false))], &[]);
            }
        })
    };
    for lifted in [false, true] {
        let site = site(lifted);
        let target = site.sample.views().agents().unwrap().remove(0).targets.remove(0);
        let cookie = site.enter().await;
        let page = site.get(&format!("/targets/{}", encode(&target)), &cookie).await.body;
        assert_eq!(page.contains("Vetoed by the operator"), !lifted, "{page}");
        for told in [
            "kind <code>hardware.health</code>",
            "path <code>/etc/ssl/&#60;private&#62;/**</code>",
            "field <code>/accounts/*/name of identity.accounts</code>",
        ] {
            assert_eq!(page.contains(told), !lifted, "{told}: {page}");
        }
    }
}
