//! Asks for one version of TLS and reads the answer (RFC 5246, RFC 8446) up to the certificate; no key is ever agreed.
//!
//! A library for TLS would refuse the old versions, which are what must be found.

/// A version on the wire and its name.
pub(super) const VERSIONS: [(u16, &str); 4] =
    [(0x0304, "TLSv1.3"), (0x0303, "TLSv1.2"), (0x0302, "TLSv1.1"), (0x0301, "TLSv1.0")];
/// Most bytes of one answer; a chain of certificates has some kilobytes.
pub(super) const MAX_ANSWER: usize = 64 * 1024;

/// Suites by number, with OpenSSL's names, in the order they are offered.
const SUITES: [(u16, &str); 32] = [
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (0xc030, "ECDHE-RSA-AES256-GCM-SHA384"),
    (0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"),
    (0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"),
    (0x009f, "DHE-RSA-AES256-GCM-SHA384"),
    (0x009e, "DHE-RSA-AES128-GCM-SHA256"),
    (0xc024, "ECDHE-ECDSA-AES256-SHA384"),
    (0xc028, "ECDHE-RSA-AES256-SHA384"),
    (0xc023, "ECDHE-ECDSA-AES128-SHA256"),
    (0xc027, "ECDHE-RSA-AES128-SHA256"),
    (0xc00a, "ECDHE-ECDSA-AES256-SHA"),
    (0xc014, "ECDHE-RSA-AES256-SHA"),
    (0xc009, "ECDHE-ECDSA-AES128-SHA"),
    (0xc013, "ECDHE-RSA-AES128-SHA"),
    (0x0039, "DHE-RSA-AES256-SHA"),
    (0x0033, "DHE-RSA-AES128-SHA"),
    (0x009d, "AES256-GCM-SHA384"),
    (0x009c, "AES128-GCM-SHA256"),
    (0x003d, "AES256-SHA256"),
    (0x003c, "AES128-SHA256"),
    (0x0035, "AES256-SHA"),
    (0x002f, "AES128-SHA"),
    (0xc012, "ECDHE-RSA-DES-CBC3-SHA"),
    (0x000a, "DES-CBC3-SHA"),
    (0x0005, "RC4-SHA"),
    (0x0004, "RC4-MD5"),
    (0x0001, "NULL-MD5"),
];

/// What a listener answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It takes the version, with this suite; up to TLS 1.2 its certificate is in clear.
    Taken { suite: String, certificate: Option<Vec<u8>> },
    /// It speaks TLS and refuses the version.
    Refused,
    /// It does not speak TLS.
    Other,
    /// The answer is not whole yet.
    More,
}

/// The bytes that ask for exactly one version. `random` makes them differ from run to run.
pub(super) fn ask(version: u16, random: &[u8; 32]) -> Vec<u8> {
    let modern = version == 0x0304;
    let mut body = version.min(0x0303).to_be_bytes().to_vec();
    body.extend(random);
    // Middleboxes want a session id of TLS 1.3 (RFC 8446 D.4).
    body.extend(prefixed1(if modern { random } else { &[] }));
    let suites = SUITES.iter().filter(|(number, _)| (number >> 8 == 0x13) == modern);
    let suites: Vec<u8> = suites.flat_map(|(number, _)| number.to_be_bytes()).collect();
    body.extend(prefixed2(&suites));
    body.extend([1, 0]);
    body.extend(prefixed2(&extensions(version, random)));
    let mut handshake = vec![1, 0];
    handshake.extend(prefixed2(&body));
    let mut record = vec![0x16, 3, 1];
    record.extend(prefixed2(&handshake));
    record
}

fn extensions(version: u16, random: &[u8; 32]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut add = |number: u16, content: &[u8]| {
        all.extend(number.to_be_bytes());
        all.extend(prefixed2(content));
    };
    // supported_groups: x25519, P-256, P-384, P-521
    add(10, &prefixed2(&[0, 29, 0, 23, 0, 24, 0, 25]));
    if version >= 0x0303 {
        // signature_algorithms: ECDSA, EdDSA, RSA-PSS, RSA, and SHA-1 of both
        add(
            13,
            &prefixed2(&[
                4, 3, 5, 3, 6, 3, 8, 7, 8, 8, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1, 2, 3, 2, 1,
            ]),
        );
    }
    if version == 0x0304 {
        add(43, &[2, 3, 4]);
        // key_share: any 32 bytes are a key of x25519.
        let mut share = vec![0, 29];
        share.extend(prefixed2(random));
        add(51, &prefixed2(&share));
    } else {
        // ec_point_formats, extended_master_secret, renegotiation_info
        add(11, &[1, 0]);
        add(23, &[]);
        add(0xff01, &[0]);
    }
    all
}

fn prefixed1(content: &[u8]) -> Vec<u8> {
    let mut all = vec![u8::try_from(content.len()).unwrap_or(u8::MAX)];
    all.extend(content);
    all
}

fn prefixed2(content: &[u8]) -> Vec<u8> {
    let mut all = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    all.extend(content);
    all
}

/// Reads an answer as far as it is there. `last`: nothing more will come.
pub(super) fn read(version: u16, bytes: &[u8], last: bool) -> Answer {
    let waiting = if last { Answer::Refused } else { Answer::More };
    match bytes.first() {
        None => return if last { Answer::Other } else { Answer::More },
        Some(0x15 | 0x16) => {}
        Some(_) => return Answer::Other,
    }
    if bytes.get(1).is_some_and(|major| *major != 3) {
        return Answer::Other;
    }
    let (messages, alert) = handshake(bytes);
    let Some(hello) = message(&messages, 2) else {
        return if alert { Answer::Refused } else { waiting };
    };
    let Some((chosen, suite)) = server_hello(hello) else { return waiting };
    if chosen != version {
        return Answer::Refused;
    }
    let known = SUITES.iter().find(|(number, _)| *number == suite);
    let suite = known.map_or_else(|| format!("0x{suite:04x}"), |(_, name)| (*name).to_owned());
    if version == 0x0304 {
        return Answer::Taken { suite, certificate: None };
    }
    let certificate = message(&messages, 11).and_then(first_certificate);
    if certificate.is_none() && !last && !alert && message(&messages, 14).is_none() {
        return Answer::More;
    }
    Answer::Taken { suite, certificate }
}

/// Content of the handshake records joined, and whether an alert came.
fn handshake(bytes: &[u8]) -> (Vec<u8>, bool) {
    let (mut rest, mut joined, mut alert) = (bytes, Vec::new(), false);
    while let Some((head, after)) = rest.split_first_chunk::<5>() {
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        let Some((content, next)) = after.split_at_checked(length) else { break };
        match head[0] {
            0x16 => joined.extend(content),
            0x15 => alert = true,
            // change_cipher_spec and what is encrypted after it
            _ => break,
        }
        rest = next;
    }
    (joined, alert)
}

/// The first whole message of a type.
fn message(mut joined: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        let (head, after) = joined.split_first_chunk::<4>()?;
        let (content, next) = after.split_at_checked(length3(head.get(1..)?)?)?;
        if head[0] == wanted {
            return Some(content);
        }
        joined = next;
    }
}

fn length3(bytes: &[u8]) -> Option<usize> {
    let [high, middle, low] = bytes.first_chunk::<3>()?;
    usize::try_from(u32::from_be_bytes([0, *high, *middle, *low])).ok()
}

/// Version and suite that were chosen.
fn server_hello(body: &[u8]) -> Option<(u16, u16)> {
    let word = |at: usize| Some(u16::from_be_bytes(body.get(at..at + 2)?.try_into().ok()?));
    let legacy = word(0)?;
    let session = usize::from(*body.get(34)?);
    let suite = word(35 + session)?;
    let mut rest = body.get(35 + session + 3 + 2..).unwrap_or_default();
    // supported_versions says what was really chosen.
    while let Some((head, after)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (content, next) = after.split_at_checked(length)?;
        if head[..2] == [0, 43] {
            return Some((u16::from_be_bytes(content.try_into().ok()?), suite));
        }
        rest = next;
    }
    Some((legacy, suite))
}

fn first_certificate(body: &[u8]) -> Option<Vec<u8>> {
    let list = body.get(3..)?;
    let der = list.get(3..)?.get(..length3(list)?)?;
    Some(der.to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(version: u16, suite: u16, extensions: &[u8], certificate: &[u8]) -> Vec<u8> {
        let mut hello = version.min(0x0303).to_be_bytes().to_vec();
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend(suite.to_be_bytes());
        hello.push(0);
        hello.extend(prefixed2(extensions));
        let mut messages = vec![2, 0];
        messages.extend(prefixed2(&hello));
        let mut list = vec![0];
        list.extend(prefixed2(certificate));
        let mut body = vec![0];
        body.extend(prefixed2(&list));
        messages.extend([11, 0]);
        messages.extend(prefixed2(&body));
        let mut record = vec![0x16, 3, 3];
        record.extend(prefixed2(&messages));
        record
    }

    #[test]
    fn a_version_is_taken_only_when_it_is_the_one_that_was_asked_for() {
        let bytes = answer(0x0303, 0xc02f, &[], b"DER");
        let taken = Answer::Taken {
            suite: "ECDHE-RSA-AES128-GCM-SHA256".into(),
            certificate: Some(b"DER".to_vec()),
        };
        assert_eq!(read(0x0303, &bytes, false), taken);
        assert_eq!(read(0x0304, &bytes, false), Answer::Refused);
        let modern = answer(0x0304, 0x1301, &[0, 43, 0, 2, 3, 4], b"");
        assert_eq!(
            read(0x0304, &modern, false),
            Answer::Taken { suite: "TLS_AES_128_GCM_SHA256".into(), certificate: None }
        );
        assert_eq!(read(0x0303, &bytes[..40], false), Answer::More);
        assert_eq!(read(0x0301, &[0x15, 3, 1, 0, 2, 2, 70], false), Answer::Refused);
        assert_eq!(read(0x0303, b"SSH-2.0-x", false), Answer::Other);
        assert_eq!(read(0x0303, b"", true), Answer::Other);
    }

    #[test]
    fn questions_have_the_lengths_they_say() {
        for (version, _) in VERSIONS {
            let bytes = ask(version, &[9; 32]);
            assert_eq!(usize::from(u16::from_be_bytes([bytes[3], bytes[4]])), bytes.len() - 5);
            assert_eq!(usize::from(u16::from_be_bytes([bytes[7], bytes[8]])), bytes.len() - 9);
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_read(head in prop::sample::select(vec![0x15_u8, 0x16, 0x17]), bytes in prop::collection::vec(any::<u8>(), 0..200), last: bool) {
            let mut all = vec![head, 3, 3];
            all.extend(bytes);
            prop_assert!(!last || read(0x0303, &all, last) != Answer::More);
            let mut whole = vec![0x16, 3, 3];
            whole.extend(prefixed2(&all));
            prop_assert!(!last || read(0x0303, &whole, last) != Answer::More);
        }
    }
}
