//! Tokens of a real authority (`openssl ts`): what holds, and what does not.

use std::fs;

use super::*;
use crate::digest::Digest;

#[expect(unreachable_pub, dead_code, reason = "tests of several crates include it")]
#[path = "../../../tests/src/tsa.rs"]
mod tsa;

use tsa::{Authority, Keys, STAMPS};

const DATA: &[u8] = b"exhibit";
/// A token whose signer's certificate was valid for a quarter of an hour only.
const EXPIRED: &[u8] = include_bytes!("../../../tests/fuzz/seeds/rfc3161/good-expired-since");
const EXPIRED_ROOT: &[u8] = include_bytes!("../../../tests/fuzz/tsa-root.pem");

fn request() -> Request {
    Request::new(Digest::of(DATA), [7; 8], None).unwrap()
}

fn roots(authority: &Authority) -> Roots {
    Roots::from_pem(&authority.root()).unwrap()
}

fn verify(response: &[u8], data: &[u8], roots: &Roots) -> Result<Verified, TimestampError> {
    Token::from_response(response)?.verify(&Digest::of(data), roots)
}

#[test]
fn tokens_of_rsa_and_of_elliptic_curves_hold_with_every_digest() {
    let dir = tempfile::tempdir().unwrap();
    for keys in [Keys::Rsa, Keys::P256] {
        let authority = Authority::new(&dir.path().join(format!("{keys:?}")), keys, STAMPS);
        let roots = roots(&authority);
        let digests: &[&str] = match keys {
            Keys::Rsa => &["sha256", "sha384", "sha512"],
            Keys::P256 => &["sha256", "sha384"],
        };
        for digest in digests {
            let configuration = fs::read_to_string(authority.file("ts.cnf")).unwrap();
            let changed = configuration
                .replace("signer_digest = sha256", &format!("signer_digest = {digest}"))
                .replace("ess_cert_id_alg = sha256", &format!("ess_cert_id_alg = {digest}"));
            fs::write(authority.file("ts.cnf"), changed).unwrap();
            let response = authority.answer(&request().to_der());
            let token = Token::from_response(&response).unwrap();
            request().answered_by(&token).unwrap();
            // The chain came as an unsorted set, or a sorted one: both are read.
            assert_eq!(token.certificates().len(), 2);
            let verified = token.verify(&Digest::of(DATA), &roots).unwrap();
            assert_eq!(verified.info.accuracy_ms, 1500);
            assert_eq!(verified.info.policy, "1.2.3.4.1");
            assert_eq!(verified.root, roots.certificates()[0]);
            fs::write(authority.file("ts.cnf"), configuration).unwrap();
        }
    }
}

#[test]
fn another_content_another_root_and_another_nonce_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let ours = Authority::new(&dir.path().join("ours"), Keys::P256, STAMPS);
    let theirs = Authority::new(&dir.path().join("theirs"), Keys::P256, STAMPS);
    let response = ours.answer(&request().to_der());
    let other = verify(&response, b"other", &roots(&ours));
    assert!(matches!(other, Err(TimestampError::Imprint { .. })), "{other:?}");
    let foreign = verify(&response, DATA, &roots(&theirs));
    assert!(matches!(foreign, Err(TimestampError::Certificate(_))), "{foreign:?}");
    let token = Token::from_response(&response).unwrap();
    let fresh = Request::new(Digest::of(DATA), [8; 8], None).unwrap();
    assert_eq!(fresh.answered_by(&token), Err(TimestampError::Nonce));
    let strict = Request::new(Digest::of(DATA), [7; 8], Some("1.2.3.4.2")).unwrap();
    assert!(matches!(strict.answered_by(&token), Err(TimestampError::Policy { .. })));
    let granted = Token::from_response(&ours.answer(&strict.to_der())).unwrap();
    strict.answered_by(&granted).unwrap();
    // Without the intermediate there is no chain.
    let short = ours.answer_with(&request().to_der(), &[]);
    let found = verify(&short, DATA, &roots(&ours));
    assert!(matches!(found, Err(TimestampError::Certificate(_))), "{found:?}");
    let both = [theirs.root(), ours.root()].concat();
    assert!(verify(&response, DATA, &Roots::from_pem(&both).unwrap()).is_ok());
}

#[test]
fn a_certificate_that_may_do_anything_else_may_not_stamp() {
    let dir = tempfile::tempdir().unwrap();
    let honest = Authority::new(&dir.path().join("honest"), Keys::P256, STAMPS);
    for usage in ["timeStamping", "critical,timeStamping,serverAuth", "critical,serverAuth"] {
        let folder = dir.path().join(usage.replace(',', "-"));
        let authority = Authority::new(&folder, Keys::P256, usage);
        // `openssl ts -reply` refuses such a signer; a dishonest authority would not. Its certificate is put under an honest
        // token's name: the digest that the token names is what finds it, so the check itself is asked directly.
        let der = Roots::from_pem(&fs::read(authority.file("signer.pem")).unwrap()).unwrap();
        let refused = verify::may_stamp_der(&der.certificates()[0]);
        assert!(matches!(refused, Err(TimestampError::Certificate(_))), "{usage}: {refused:?}");
    }
    let der = Roots::from_pem(&fs::read(honest.file("signer.pem")).unwrap()).unwrap();
    verify::may_stamp_der(&der.certificates()[0]).unwrap();
}

#[test]
fn no_flipped_byte_of_a_token_passes() {
    let roots = Roots::from_pem(EXPIRED_ROOT).unwrap();
    let honest = verify(EXPIRED, DATA, &roots).unwrap();
    let mut harmless = 0;
    for at in 0..EXPIRED.len() {
        for change in [0x01, 0x20, 0x80] {
            let mut changed = EXPIRED.to_vec();
            changed[at] ^= change;
            if let Ok(found) = verify(&changed, DATA, &roots) {
                // What nothing signs and nothing rests on: the response's status, CMS versions, listed algorithms.
                assert_eq!(found, honest, "byte {at}");
                harmless += 1;
            }
        }
    }
    assert!(harmless < 120, "{harmless} changes were taken");
    for end in 0..EXPIRED.len() {
        assert!(verify(&EXPIRED[..end], DATA, &roots).is_err(), "{end}");
    }
}

#[test]
fn a_token_outlives_its_certificate_and_none_is_made_after_it() {
    // Judged at its own time: the certificate has expired since, which says nothing about then.
    let roots = Roots::from_pem(EXPIRED_ROOT).unwrap();
    let verified = verify(EXPIRED, DATA, &roots).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (data, token, root) =
        (dir.path().join("data"), dir.path().join("token"), dir.path().join("root.pem"));
    fs::write(&data, DATA).unwrap();
    fs::write(&token, EXPIRED).unwrap();
    fs::write(&root, EXPIRED_ROOT).unwrap();
    let authority = Authority::new(dir.path(), Keys::P256, STAMPS); // its openssl, not its keys
    fs::write(&root, EXPIRED_ROOT).unwrap();
    assert!(!authority.accepts(&data, &token, None), "it has expired");
    assert!(authority.accepts(&data, &token, Some(verified.info.time_ms / 1000)));
    // A root that was not valid then leads nowhere: these were made long after it.
    let later = Authority::new(&dir.path().join("later"), Keys::P256, STAMPS);
    let refused = verify(EXPIRED, DATA, &self::roots(&later));
    assert!(refused.unwrap_err().to_string().contains("valid at the time"));
}

#[test]
fn what_an_authority_refuses_is_told_without_control_characters() {
    let refused = include_bytes!("../../../tests/fuzz/seeds/rfc3161/bad-refused");
    let error = Token::from_response(refused).unwrap_err();
    assert!(matches!(&error, TimestampError::Rejected(why) if why.contains("status 2")), "{error}");
    assert!(matches!(
        Token::from_response(&vec![0x30; MAX_BYTES + 1]),
        Err(TimestampError::TooLong(_))
    ));
}

#[test]
fn roots_are_certificates_and_nothing_else() {
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for wrong in ["", "no certificate", key] {
        assert!(Roots::from_pem(wrong.as_bytes()).is_err(), "{wrong}");
    }
    for wrong in ["", "1", "x.y.z", "3.1.1", "1.40.1", "1.2.-3"] {
        let asked = Request::new(Digest::of(DATA), [7; 8], Some(wrong));
        assert!(matches!(asked, Err(TimestampError::NotAPolicy(_))), "{wrong}");
    }
}
