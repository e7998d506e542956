//! Public keys of a provider (RFC 7517) and what they verify. Only algorithms with two keys: whoever can check cannot sign.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;

/// Keys of one provider that are looked at.
const MOST: usize = 50;

/// A key as the provider publishes it.
#[derive(Clone, Debug, Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

/// The keys that can sign ID tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(Vec<Jwk>);

impl Keys {
    /// Keys that cannot be read are left out: others may still serve.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let set: Jwks = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let keys = set.keys.into_iter().take(MOST);
        let keys = keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Ok(Self(keys.filter(|key| key.usage.as_deref().is_none_or(|it| it == "sig")).collect()))
    }

    /// Whether there is a key of that name.
    pub(super) fn knows(&self, kid: Option<&str>) -> bool {
        kid.is_none_or(|kid| self.0.iter().any(|key| key.kid.as_deref() == Some(kid)))
    }

    /// Whether a key of that name, or any where none is named, signed the message by that algorithm.
    pub(super) fn verify(
        &self,
        kid: Option<&str>,
        alg: &str,
        message: &[u8],
        signed: &[u8],
    ) -> bool {
        let named = |key: &&Jwk| kid.is_none() || key.kid.as_deref() == kid;
        let fits = |key: &&Jwk| key.alg.as_deref().is_none_or(|it| it == alg);
        let mut keys = self.0.iter().filter(named).filter(fits);
        keys.any(|key| key.verify(alg, message, signed).unwrap_or(false))
    }
}

impl Jwk {
    fn verify(&self, alg: &str, message: &[u8], signed: &[u8]) -> Option<bool> {
        let part = |part: &Option<String>| URL_SAFE_NO_PAD.decode(part.as_ref()?).ok();
        let rsa = |algorithm: &signature::RsaParameters| {
            let (n, e) = (part(&self.n)?, part(&self.e)?);
            let key = RsaPublicKeyComponents { n, e };
            Some(self.kty == "RSA" && key.verify(algorithm, message, signed).is_ok())
        };
        let ec = |curve: &str, length: usize, algorithm: &'static dyn VerificationAlgorithm| {
            let (x, y) = (part(&self.x)?, part(&self.y)?);
            let fits = self.kty == "EC" && self.crv.as_deref() == Some(curve);
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            let key = UnparsedPublicKey::new(algorithm, point);
            let whole = x.len() == length && y.len() == length;
            Some(fits && whole && key.verify(message, signed).is_ok())
        };
        match alg {
            "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
            "PS384" => rsa(&signature::RSA_PSS_2048_8192_SHA384),
            "PS512" => rsa(&signature::RSA_PSS_2048_8192_SHA512),
            "ES256" => ec("P-256", 32, &signature::ECDSA_P256_SHA256_FIXED),
            "ES384" => ec("P-384", 48, &signature::ECDSA_P384_SHA384_FIXED),
            "EdDSA" | "Ed25519" => {
                let fits = self.kty == "OKP" && self.crv.as_deref() == Some("Ed25519");
                let key = UnparsedPublicKey::new(&signature::ED25519, part(&self.x)?);
                Some(fits && key.verify(message, signed).is_ok())
            }
            // `none`, and the ones with a shared secret.
            _ => None,
        }
    }
}
