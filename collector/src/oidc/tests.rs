use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Value, json};

use super::OidcError;
use super::keys::Keys;
use super::token::{Expected, Parts, said};

const NOW: i64 = 1_800_000_000;

struct Signer(Ed25519KeyPair);

impl Signer {
    fn new() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap())
    }

    fn jwk(&self, kid: &str) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "alg": "EdDSA", "use": "sig", "x": x})
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signed = self.0.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed))
    }
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn header() -> Value {
    json!({"alg": "EdDSA", "kid": "one"})
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "aud": "exhibit", "sub": "4711", "nonce": "n-1",
        "iat": NOW - 5, "exp": NOW + 300, "preferred_username": "ada", "groups": ["staff", 7],
        "realm_access": {"roles": ["isms"]},
    })
}

fn keys(keys: &[Value]) -> Keys {
    Keys::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}

fn verified(token: &str, keys: &Keys) -> Result<String, OidcError> {
    let expected =
        Expected { issuer: "https://id.example", client: "exhibit", nonce: "n-1", skew: 60 };
    let now = Timestamp::from_second(NOW).unwrap();
    let claims = Parts::read(token)?.verified(keys, &expected, now)?;
    Ok(said(&claims, "groups").subject)
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut claims = claims();
    for (name, value) in changes {
        claims[*name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(*name);
        }
    }
    claims
}

#[test]
fn a_token_of_the_provider_says_who_came() {
    let signer = Signer::new();
    let keys = keys(&[json!({"kty": "odd"}), json!(7), signer.jwk("one")]);
    assert_eq!(verified(&signer.token(&header(), &claims()), &keys).unwrap(), "4711");
    let many = with(&[("aud", json!(["other", "exhibit"])), ("azp", json!("exhibit"))]);
    assert!(verified(&signer.token(&header(), &many), &keys).is_ok());
    // Clocks may differ by the skew, both ways.
    for (name, at) in [("exp", NOW - 59), ("iat", NOW + 59), ("nbf", NOW + 59)] {
        let late = with(&[(name, json!(at))]);
        assert!(verified(&signer.token(&header(), &late), &keys).is_ok(), "{name}");
    }
    let claims = claims();
    let claims = claims.as_object().unwrap();
    assert_eq!(said(claims, "groups").groups, ["staff"]);
    assert_eq!(said(claims, "realm_access.roles").groups, ["isms"]);
    assert_eq!(said(claims, "realm_access.nothing").groups, [""; 0]);
}

#[test]
fn answers_that_are_forged_in_any_way_are_refused() {
    let signer = Signer::new();
    let known = keys(&[signer.jwk("one")]);
    for (changes, why) in [
        (vec![("nonce", json!("n-2"))], "another sign-in"),
        (vec![("nonce", Value::Null)], "another sign-in"),
        (vec![("aud", json!("other"))], "another client"),
        (vec![("aud", json!(["other"]))], "another client"),
        (vec![("aud", Value::Null)], "another client"),
        (vec![("aud", json!(["exhibit", "other"]))], "given to another"),
        (vec![("azp", json!("other"))], "given to another"),
        (vec![("iss", json!("https://id.example/"))], "another issuer"),
        (vec![("iss", Value::Null)], "another issuer"),
        (vec![("exp", json!(NOW - 60))], "expired"),
        (vec![("exp", Value::Null)], "when it ends"),
        (vec![("exp", json!("soon"))], "no number"),
        (vec![("iat", json!(NOW + 61))], "future"),
        (vec![("nbf", json!(NOW + 61))], "future"),
        (vec![("sub", json!(""))], "nobody"),
        (vec![("sub", json!("x".repeat(256)))], "nobody"),
    ] {
        let error = verified(&signer.token(&header(), &with(&changes)), &known).unwrap_err();
        assert!(error.to_string().contains(why), "{changes:?}: {error}");
    }
}

#[test]
fn what_no_key_of_the_provider_signed_is_refused() {
    let (signer, other) = (Signer::new(), Signer::new());
    let known = keys(&[signer.jwk("one")]);
    let right = signer.token(&header(), &claims());
    let (unsigned, signature) = right.rsplit_once('.').unwrap();
    let admin = message(&header(), &with(&[("groups", json!(["exhibit-admins"]))]));
    let none = message(&json!({"alg": "none"}), &claims());
    // The classic: the public key taken for a shared secret.
    let shared = message(&json!({"alg": "HS256", "kid": "one"}), &claims());
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, signer.0.public_key().as_ref());
    let tag = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&secret, shared.as_bytes()));
    let crit = json!({"alg": "EdDSA", "kid": "one", "crit": ["b64"]});
    let named = json!({"alg": "EdDSA", "kid": "two"});
    let mislabelled = json!({"alg": "ES256", "kid": "one"});
    for (what, token) in [
        ("another key", other.token(&header(), &claims())),
        ("other claims under the signature", format!("{admin}.{signature}")),
        ("none", format!("{none}.")),
        ("none, with the signature of another", format!("{none}.{signature}")),
        ("no signature", format!("{unsigned}.")),
        ("HS256", format!("{shared}.{tag}")),
        ("a header that must be understood", signer.token(&crit, &claims())),
        ("a name of no key", signer.token(&named, &claims())),
        ("another algorithm", signer.token(&mislabelled, &claims())),
        ("garbage", "a.b.c".to_owned()),
        ("too few parts", unsigned.to_owned()),
        ("padding", format!("{right}=")),
        ("too long", "a".repeat(70_000)),
    ] {
        assert!(verified(&token, &known).is_err(), "{what}");
    }
    assert!(verified(&right, &keys(&[])).is_err());
    let mut encrypting = signer.jwk("one");
    encrypting["use"] = json!("enc");
    assert!(verified(&right, &keys(&[encrypting])).is_err(), "a key for something else");
}

#[test]
fn keys_on_elliptic_curves_verify_too() {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap();
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
    let message = message(&json!({"alg": "ES256"}), &claims());
    let signed = key.sign(&random, message.as_bytes()).unwrap();
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed));
    assert!(verified(&token, &keys(&[jwk])).is_ok());
}
