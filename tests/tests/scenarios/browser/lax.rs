//! Keys and signatures that lax implementations take, and that must be refused everywhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::digest::Digest;
use exhibit_proto::keys::{KeyError, PublicKey, SecretKey};
use serde_json::Value;

use super::cases::{Case, case};
use super::log::{Given, Maker, ORIGIN};

/// Order of the base point, little-endian (RFC 8032 §5.1).
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/// Keys that let one signature fit every message, in every spelling, as log key and as agent's key.
pub(super) fn weak_keys() -> Vec<Case> {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let mut cases = Vec::new();
    for point in points {
        for sign in [0, 0x80] {
            let mut key = bytes(point);
            key[31] |= sign;
            let refused = PublicKey::from_bytes(&key).unwrap_err();
            assert!(matches!(refused, KeyError::Weak | KeyError::NotAPoint), "{point}");
            let (good, name) = (Maker::good(), format!("small order {point} {sign:x}"));
            let pinned = Given { trust: vkey(&key), ..good.make() };
            cases.push(case(&format!("{name}, log"), pinned, "Log key", "failed"));
            // R is the identity and S is 0, which common libraries accept.
            let envelope = |bytes: Vec<u8>| forge(&bytes);
            let forged = Maker { enrolled: pem(&key), envelope, ..good }.make();
            cases.push(case(&format!("{name}, agent"), forged, "Enrolment", "failed"));
        }
    }
    // 2 is no ordinate of the curve; 2^255 - 1 and p + 2 are above the prime.
    for (first, last) in [(2, 0), (0xff, 0x7f), (0xef, 0x7f)] {
        let mut key = if last == 0 { [0; 32] } else { [0xff; 32] };
        (key[0], key[31]) = (first, last);
        assert!(PublicKey::from_bytes(&key).is_err());
        let given = Given { trust: vkey(&key), ..Maker::good().make() };
        cases.push(case(&format!("no point {first}"), given, "Log key", "failed"));
    }
    cases
}

fn vkey(key: &[u8; 32]) -> String {
    let name = ORIGIN;
    let id = Digest::of_parts(&[name.as_bytes(), b"\n\x01", key]).to_string();
    format!("{name}+{}+{}", hex(&id, 0..8), STANDARD.encode([&[1], &key[..]].concat()))
}

fn pem(key: &[u8; 32]) -> String {
    let prefix = &SecretKey::from_seed(&[1; 32]).public().to_spki()[..12];
    let body = STANDARD.encode([prefix, key].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
}

fn forge(envelope: &[u8]) -> Vec<u8> {
    let mut signature = [0; 64];
    signature[0] = 1;
    resigned(envelope, &signature)
}

fn resigned(envelope: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut envelope: Value = serde_json::from_slice(envelope).unwrap();
    envelope["signatures"][0]["sig"] = STANDARD.encode(signature).into();
    envelope.to_string().into()
}

pub(super) fn malleable_envelope(envelope: &[u8]) -> Vec<u8> {
    let read: Value = serde_json::from_slice(envelope).unwrap();
    let signature = STANDARD.decode(read["signatures"][0]["sig"].as_str().unwrap()).unwrap();
    resigned(envelope, &respell(&signature))
}

pub(super) fn malleable_checkpoint(checkpoint: &str) -> String {
    let (head, line) = checkpoint.trim_end().rsplit_once(' ').unwrap();
    let line = STANDARD.decode(line).unwrap();
    format!("{head} {}\n", STANDARD.encode([&line[..4], &respell(&line[4..])].concat()))
}

/// The same signature with S + L for S: lax verifiers take it.
fn respell(signature: &[u8]) -> Vec<u8> {
    let mut carry = 0_u16;
    let s = signature[32..].iter().zip(bytes(ORDER)).map(|(a, b)| {
        let sum = u16::from(*a) + u16::from(b) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    });
    [signature[..32].to_vec(), s.collect()].concat()
}

fn bytes(text: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(hex(text, 2 * at..2 * at + 2), 16).unwrap())
}

fn hex(text: &str, range: std::ops::Range<usize>) -> &str {
    text.get(range).unwrap()
}
