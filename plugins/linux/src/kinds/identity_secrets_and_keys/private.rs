//! Recognises private keys by their first bytes, and tells whether a passphrase protects them. It reads no further than
//! the header: never the key itself.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::host::{Host, ReadError};

/// So much tells every form; of the shortest form (SEC 1) it reaches 6 bytes into the key's envelope, of which none is
/// secret.
const FIRST: u64 = 40;
/// Where the form's own header goes on before any secret: OpenSSH names the cipher first, PuTTY the encryption.
const LONGER: u64 = 100;

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// `openssh`, `pkcs8`, `rsa`, `ec`, `dsa`, `putty`.
    pub(crate) form: &'static str,
    /// None: not determinable.
    pub(crate) encrypted: Option<bool>,
}

/// The header of a file; none when it is no private key.
pub(crate) fn header(host: &Host, path: &str) -> Result<Option<Header>, ReadError> {
    let Some(first) = host.head(path, FIRST)? else { return Ok(None) };
    let Some(header) = recognise(&first) else { return Ok(None) };
    if header.encrypted.is_some() {
        return Ok(Some(header));
    }
    let more = host.head(path, LONGER)?.unwrap_or_default();
    Ok(Some(Header { encrypted: protected(header.form, &more), ..header }))
}

fn recognise(first: &[u8]) -> Option<Header> {
    let text = String::from_utf8_lossy(first);
    let (form, encrypted) = if let Some(rest) = text.strip_prefix("-----BEGIN ") {
        let (name, rest) = rest.split_once("-----")?;
        let old = || Some(rest.trim_start().starts_with("Proc-Ty"));
        match name {
            "OPENSSH PRIVATE KEY" => ("openssh", None),
            "PRIVATE KEY" => ("pkcs8", Some(false)),
            "ENCRYPTED PRIVATE KEY" => ("pkcs8", Some(true)),
            "RSA PRIVATE KEY" => ("rsa", old()),
            "EC PRIVATE KEY" => ("ec", old()),
            "DSA PRIVATE KEY" => ("dsa", old()),
            _ => return None,
        }
    } else if text.starts_with("PuTTY-User-Key-File-") {
        ("putty", None)
    } else {
        return None;
    };
    Some(Header { form, encrypted })
}

fn protected(form: &str, more: &[u8]) -> Option<bool> {
    let text = String::from_utf8_lossy(more);
    if form == "putty" {
        let line = text.lines().find_map(|line| line.strip_prefix("Encryption: "))?;
        return Some(line.trim() != "none");
    }
    // PROTOCOL.key of OpenSSH: "openssh-key-v1\0", then the cipher's name.
    let line = text.lines().nth(1)?;
    let blob = STANDARD.decode(line.get(..line.len() / 4 * 4)?).ok()?;
    let rest = blob.strip_prefix(b"openssh-key-v1\0")?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let name = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some(name != b"none")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kinds::testing::planted;

    #[test]
    fn forms_and_passphrases_are_told_apart() {
        let blob = |cipher: &[u8]| {
            let mut blob = b"openssh-key-v1\0".to_vec();
            blob.extend(u32::try_from(cipher.len()).unwrap().to_be_bytes());
            blob.extend(cipher);
            blob.extend([0; 60]);
            let text = STANDARD.encode(blob);
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n", text.get(..70).unwrap())
        };
        let cases = [
            (blob(b"none"), Some(("openssh", Some(false)))),
            (blob(b"aes256-ctr"), Some(("openssh", Some(true)))),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\n!!\n".into(), Some(("openssh", None))),
            ("-----BEGIN PRIVATE KEY-----\nMC4C".into(), Some(("pkcs8", Some(false)))),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n".into(), Some(("pkcs8", Some(true)))),
            (
                "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n".into(),
                Some(("ec", Some(true))),
            ),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE".into(), Some(("rsa", Some(false)))),
            (
                "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nC".into(),
                Some(("putty", Some(false))),
            ),
            ("-----BEGIN CERTIFICATE-----\n".into(), None),
            ("ssh-ed25519 AAAA".into(), None),
        ];
        for (text, expected) in cases {
            let root = planted(&[("/k", &text)]);
            let found = header(&Host::new(root.path()), "/k").unwrap();
            assert_eq!(found.map(|one| (one.form, one.encrypted)), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(more in prop::collection::vec(any::<u8>(), 0..120)) {
            prop_assert!(recognise(&more).is_none_or(|header| header.form.len() < 8));
            prop_assert!(protected("openssh", &more).is_none() || more.len() > 20);
        }
    }
}
