//! Whom the agent believes, and what it keeps when it does not.

use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use exhibit_agent::identity::{Client, Store};
use exhibit_agent::spool::{Bounds, Spool};
use exhibit_agent::upload::{Session, UploadError, Uploader};
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::digest::Digest;
use exhibit_proto::note::Verifier;
use exhibit_proto::rpc::RefusalKind;
use jiff::Timestamp;

use crate::collector::{Collector, Lie, ORIGIN};
use crate::world::World;

#[tokio::test]
async fn keys_are_made_closed_and_a_second_enrolment_is_refused() {
    let world = World::simple().await;
    world.enrol().await;
    let mode = |path: &str| std::fs::metadata(world.state().join(path)).unwrap().mode() & 0o7777;
    assert_eq!(mode(""), 0o700);
    for file in ["evidence.pem", "client.pem", "identity.json", "local.key"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    let again = world.enrol_with(&world.collector.ca, "one-time-token").await;
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("already enrolled as agent agent-1"), "{again:?}");
}

#[tokio::test]
async fn a_wrong_fingerprint_or_token_enrols_nobody() {
    let world = World::simple().await;
    let wrong = format!("sha256:{}", "0".repeat(64));
    let ended = world.enrol_with(&wrong, "one-time-token").await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains(&wrong) && ended.err.contains(&world.collector.ca), "{ended:?}");
    let ended = world.enrol_with(&world.collector.ca, "other-token").await;
    assert!(ended.code == Some(2) && ended.err.contains("used or unknown"), "{ended:?}");
    let ended = world.enrol_with(&world.collector.ca, "").await;
    assert!(ended.code == Some(2) && ended.err.contains("no token"), "{ended:?}");
    let ended = world.agent(&["run", "--once"]).await;
    assert!(ended.code == Some(2) && ended.err.contains("not enrolled"), "{ended:?}");
    world.enrol().await;
}

#[tokio::test]
async fn an_enrolment_receipt_of_another_key_is_not_believed() {
    let world = World::simple().await;
    for lie in [Lie::WrongKey, Lie::WrongRoot] {
        world.collector.lie(lie);
        let ended = world.enrol_with(&world.collector.ca, "one-time-token").await;
        assert!(ended.code == Some(2), "{lie:?}: {ended:?}");
        assert!(!world.state().join("identity.json").exists());
    }
}

#[tokio::test]
async fn no_lie_costs_evidence_and_each_is_named() {
    let world = World::simple().await;
    world.enrol().await;
    assert_eq!(world.once().await.code, Some(0));
    let table = [
        (Lie::WrongRoot, "does not hold under the pinned log key"),
        (Lie::WrongKey, "does not hold under the pinned log key"),
        (Lie::WrongLeaf, "for another statement"),
        (Lie::Refuse(RefusalKind::Forbidden), "forbids it"),
        (Lie::Refuse(RefusalKind::Later), "busy"),
        (Lie::Refuse(RefusalKind::Unspecified), "busy"),
        (Lie::Mute, "killed between commit and answer"),
        (Lie::Greedy, "does not name"),
        (Lie::Silent, "no receipts within"),
    ];
    let mut waiting = 0;
    for (lie, text) in table {
        world.collector.lie(lie);
        let ended = world.agent(&["run", "--once", "--timeout", "1s"]).await;
        assert_eq!(ended.code, Some(1), "{lie:?}: {ended:?}");
        assert!(ended.json()["error"].as_str().unwrap().contains(text), "{lie:?}: {ended:?}");
        let status = world.status().await;
        waiting += 2;
        assert_eq!(status["spool"]["items"].as_u64(), Some(waiting), "{lie:?}");
    }
    world.collector.lie(Lie::None);
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.json()["receipts"].as_u64(), Some(waiting + 2));
    assert_eq!(world.status().await["spool"]["quarantined"].as_array().unwrap().len(), 0);
    assert_eq!(world.collector.with(|state| state.conflicts), 0);
}

#[tokio::test]
async fn a_fork_of_the_log_is_kept_as_evidence_and_the_item_stays() {
    let world = World::simple().await;
    world.enrol().await;
    assert_eq!(world.once().await.code, Some(0));
    world.collector.lie(Lie::Fork);
    let ended = world.once().await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.json()["error"].as_str().unwrap().contains("does not continue"), "{ended:?}");
    let status = world.status().await;
    assert_eq!(status["fork"], true);
    assert_eq!(status["spool"]["items"].as_u64(), Some(2));
    let shown = world.agent(&["status"]).await;
    assert!(shown.code == Some(1) && shown.out.contains("FORK"), "{shown:?}");
    // The next session shows both heads to the collector: the one that was verified, and the one that does not follow.
    world.collector.lie(Lie::None);
    world.once().await;
    world.collector.with(|state| {
        let shown = state.heads.last().unwrap();
        let log = Verifier::new(ORIGIN, state.log.public()).unwrap();
        let opened = shown.iter().map(|head| Checkpoint::open(head, &log).unwrap());
        let sizes: std::collections::BTreeSet<_> =
            opened.map(|head| (head.size, head.root)).collect();
        assert_eq!((shown.len(), sizes.len()), (2, 2));
    });
}

#[tokio::test]
async fn what_is_refused_for_good_is_set_aside_and_shown() {
    let world = World::simple().await;
    world.enrol().await;
    world.collector.lie(Lie::Refuse(RefusalKind::Invalid));
    let ended = world.once().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let status = world.status().await;
    assert_eq!(status["spool"]["items"].as_u64(), Some(0));
    let aside = status["spool"]["quarantined"].as_array().unwrap();
    assert_eq!(aside.len(), 2);
    assert!(aside[0]["reason"].as_str().unwrap().contains("Invalid"));
    world.collector.lie(Lie::None);
    let ended = world.once().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn a_certificate_near_its_end_is_renewed_and_the_new_one_works() {
    let world = World::simple().await;
    world.collector.with(|state| state.days = 1);
    world.enrol().await;
    world.collector.with(|state| state.days = 30);
    let until =
        |status: serde_json::Value| status["certificate_until"].as_str().unwrap().to_owned();
    let before = until(world.status().await);
    assert_eq!(world.once().await.code, Some(0));
    assert_eq!(world.once().await.code, Some(0));
    assert_eq!(world.collector.with(|state| state.renewals), 1);
    assert!(until(world.status().await) > before);
}

#[tokio::test]
async fn another_collector_at_the_address_is_refused_in_words() {
    let world = World::simple().await;
    world.enrol().await;
    let other = Collector::start().await;
    let address = other.with(|state| state.evidence().to_owned());
    let config = std::fs::read_to_string(world.dir.path().join("agent.toml")).unwrap();
    let config = format!("collector = \"{address}\"\n{config}");
    std::fs::write(world.dir.path().join("agent.toml"), config).unwrap();
    let ended = world.agent(&["run", "--once", "--timeout", "1s"]).await;
    assert_eq!(ended.code, Some(1));
    let error = ended.json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("was not issued by the CA that was pinned"), "{error}");
    world.collector.with(|state| assert_eq!(state.envelopes.len(), 0));
}

#[tokio::test]
async fn an_expired_certificate_is_told_before_anybody_is_asked() {
    let world = World::simple().await;
    world.enrol().await;
    let store = Store::open(&world.state()).unwrap();
    let identity = store.identity().unwrap().unwrap();
    let spool = Spool::open(&store.path("spool.db"), &identity.agent, Bounds::of(1 << 20)).unwrap();
    let uploader = Uploader {
        store: &store,
        spool: &spool,
        identity: &identity,
        address: &identity.evidence_address,
        log: &std::cell::RefCell::new(identity.log().unwrap()),
        tls: &exhibit_agent::identity::tls::Remembered::default(),
        configuration: Digest::ZERO,
        patience: Duration::from_secs(5),
        clock: || Timestamp::from_second(4_102_444_800).unwrap(),
    };
    let error = uploader.run(&mut Session::default()).await.unwrap_err();
    assert!(matches!(error, UploadError::Expired(_)) && error.needs_a_person(), "{error}");
    assert!(error.to_string().contains("enrol again"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_the_collector_refuses_is_told_in_words() {
    let world = World::simple().await;
    world.enrol().await;
    let key = rcgen::KeyPair::generate().unwrap();
    let request = rcgen::CertificateParams::default().serialize_request(&key).unwrap();
    let other = Collector::start().await;
    let certificate = other.with(|state| state.certificate(request.der()));
    let store = Store::open(&world.state()).unwrap();
    store.save_client(&Client { certificate, key: key.serialize_der().into() }).unwrap();
    let ended = world.agent(&["run", "--once", "--timeout", "1s"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let error = ended.json()["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("the collector ") && error.contains("enrol again"), "{error}");
    assert_eq!(world.status().await["spool"]["items"].as_u64(), Some(2));
}

#[tokio::test]
async fn an_unreachable_collector_leaves_everything_in_the_spool_and_later_gets_it_all() {
    let world = World::simple().await;
    world.enrol().await;
    let path = world.dir.path().join("agent.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    // Nobody listens on a port that was bound and given back.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    std::fs::write(&path, format!("collector = \"{closed}\"\n{config}")).unwrap();
    for waiting in [2, 4] {
        let ended = world.agent(&["run", "--once", "--timeout", "1s"]).await;
        assert_eq!(ended.code, Some(1));
        let error = ended.json()["error"].as_str().unwrap().to_owned();
        assert!(
            error.contains(&closed.to_string()) && error.contains("cannot be reached"),
            "{error}"
        );
        assert_eq!(world.status().await["spool"]["items"].as_u64(), Some(waiting));
    }
    std::fs::write(&path, config).unwrap();
    let ended = world.once().await;
    assert_eq!((ended.code, ended.json()["receipts"].as_u64()), (Some(0), Some(6)), "{ended:?}");
}
