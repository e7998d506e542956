use super::*;
use crate::digest::Digest;

const ORIGIN: &str = "log.example/1";

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn verifier(seed: u8) -> Verifier {
    Verifier::new(ORIGIN, key(seed).public()).unwrap()
}

fn sealed(phase: Phase, old: u8, new: u8) -> Vec<u8> {
    seal(ORIGIN, phase, (&key(old), &key(new)), ("ada", "yearly")).unwrap()
}

/// 1 until entry 4, 1 and 2 on heads of 5 to 9, then 2 alone.
fn changed() -> Vec<(u64, Vec<u8>)> {
    vec![(4, sealed(Phase::Begin, 1, 2)), (8, sealed(Phase::End, 1, 2))]
}

fn ids(keys: &[&Verifier]) -> Vec<[u8; 4]> {
    keys.iter().map(|key| key.id()).collect()
}

#[test]
fn keys_are_in_force_by_index_whichever_of_them_is_known() {
    for known in [1, 2] {
        let keys = LogKeys::follow(&verifier(known), changed()).unwrap();
        let (old, new) = (verifier(1), verifier(2));
        assert_eq!((keys.of_entry(4), keys.of_entry(5), keys.of_entry(9)), (&old, &new, &new));
        assert_eq!(ids(&keys.of_head(4)), [old.id()]);
        assert_eq!(ids(&keys.of_head(5)), [old.id(), new.id()]);
        assert_eq!(ids(&keys.of_head(9)), [old.id(), new.id()]);
        assert_eq!(ids(&keys.of_head(10)), [new.id()]);
        assert_eq!(keys.last_head(&old.key().id()), Some(9));
        assert_eq!((keys.overlap(), ids(&keys.in_force())), (None, vec![new.id()]));
    }
    let open = LogKeys::follow(&verifier(1), changed().into_iter().take(1)).unwrap();
    assert_eq!(ids(&open.in_force()), [verifier(2).id(), verifier(1).id()]);
    assert!(matches!(LogKeys::follow(&verifier(3), changed()), Err(LogKeyError::Foreign(_))));
}

#[test]
fn heads_carry_the_line_of_every_key_in_force_at_their_size() {
    let keys = LogKeys::follow(&verifier(1), changed()).unwrap();
    let head = |size, with: &[u8]| {
        let secrets: Vec<SecretKey> = with.iter().map(|seed| key(*seed)).collect();
        let secrets: Vec<&SecretKey> = secrets.iter().collect();
        let head = Checkpoint { origin: ORIGIN.into(), size, root: Digest::of(b"r") };
        head.sign_with(&secrets).unwrap()
    };
    for (size, with, fits) in [
        (4, &[1][..], true),
        (4, &[2], false),
        (5, &[1], false),
        (5, &[2], false),
        (5, &[1, 2], true),
        (9, &[2, 1], true),
        (10, &[1], false),
        (10, &[2], true),
    ] {
        let opened = keys.open_head(head(size, with).as_bytes());
        assert_eq!(opened.is_ok(), fits, "{size} {with:?}");
    }
    assert!(keys.open_any(head(10, &[1]).as_bytes()).is_ok());
    assert!(keys.open_any(head(10, &[3]).as_bytes()).is_err());
    // Whoever knows one key accepts both lines, and refuses a line of it that fails.
    let both = head(5, &[1, 2]);
    assert!(Checkpoint::open(both.as_bytes(), &verifier(1)).is_ok());
    assert!(Checkpoint::open(both.as_bytes(), &verifier(2)).is_ok());
    let (kept, _) = both.rsplit_once("\u{2014}").unwrap();
    let (_, other) =
        head(6, &[2]).rsplit_once("\u{2014}").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let spoiled = format!("{kept}\u{2014}{other}");
    assert!(Checkpoint::open(spoiled.as_bytes(), &verifier(1)).is_ok());
    assert!(Checkpoint::open(spoiled.as_bytes(), &[verifier(1), verifier(2)][..]).is_err());
}

#[test]
fn changes_that_one_key_alone_signed_or_that_do_not_follow_are_refused() {
    let begin = open(&sealed(Phase::Begin, 1, 2), ORIGIN).unwrap();
    assert_eq!((begin.old, begin.new), (key(1).public(), key(2).public()));
    let statement = |with: (&SecretKey, Option<&SecretKey>)| {
        let bytes = sealed(Phase::Begin, 1, 2);
        let payload = Envelope::parse(&bytes).unwrap().unverified_payload().unwrap();
        Statement::<LogKey>::from_payload(&payload).unwrap().seal_with(with.0, with.1).unwrap()
    };
    for with in [
        (&key(1), None),
        (&key(2), None),
        (&key(1), Some(&key(3))),
        (&key(3), Some(&key(2))),
        (&key(2), Some(&key(1))),
        (&key(1), Some(&key(1))),
    ] {
        let refused = open(&statement(with), ORIGIN).unwrap_err();
        assert!(matches!(refused, LogKeyError::Signatures(_)), "{refused}");
    }
    let elsewhere = open(&sealed(Phase::Begin, 1, 2), "log.example/2");
    assert!(matches!(elsewhere, Err(LogKeyError::Origin { .. })));
    assert!(matches!(open(&sealed(Phase::Begin, 1, 1), ORIGIN), Err(LogKeyError::Same)));
    for wrong in [
        vec![(1, sealed(Phase::End, 1, 2))],
        vec![(1, sealed(Phase::Begin, 1, 2)), (2, sealed(Phase::Begin, 2, 3))],
        vec![(1, sealed(Phase::Begin, 1, 2)), (2, sealed(Phase::End, 1, 3))],
        [changed(), vec![(9, sealed(Phase::Begin, 1, 3))]].concat(),
        [changed(), vec![(9, sealed(Phase::Begin, 2, 1))]].concat(),
    ] {
        let refused = LogKeys::follow(&verifier(1), wrong).unwrap_err();
        assert!(matches!(refused, LogKeyError::Order { .. }), "{refused}");
    }
}

#[test]
fn changes_to_or_from_keys_of_small_order_are_refused() {
    let statement = |old_key: String, new_key: String| {
        let payload = Envelope::parse(&sealed(Phase::Begin, 1, 2)).unwrap();
        let payload = payload.unverified_payload().unwrap();
        let mut statement = Statement::<LogKey>::from_payload(&payload).unwrap();
        (statement.predicate.old_key, statement.predicate.new_key) = (old_key, new_key);
        statement.seal_with(&key(1), Some(&key(2))).unwrap()
    };
    let good = |seed| key(seed).public().to_pem();
    assert!(open(&statement(good(1), good(2)), ORIGIN).is_ok());
    // The identity, and a point of order 8 (y of RFC 8032 §5.1.3's curve).
    for point in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ] {
        let pairs = point.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let point: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        let mut der = key(1).public().to_spki().to_vec();
        der.truncate(12);
        der.extend(point);
        use base64::Engine as _;
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        let weak = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
        for (old, new) in [(weak.clone(), good(2)), (good(1), weak.clone())] {
            let refused = open(&statement(old, new), ORIGIN);
            assert!(matches!(refused, Err(LogKeyError::Key(KeyError::Weak))), "{refused:?}");
        }
    }
}
