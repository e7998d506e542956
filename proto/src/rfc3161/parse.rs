//! From bytes to a token: strict DER, nothing after the end, and exactly one signer. Sets are read in whatever order they come:
//! authorities write chains unsorted, and no order carries meaning.

use asn1_rs::{Any, Class, FromDer as _, GeneralizedTime, Oid, Tag};

use super::{Info, MAX_BYTES, TimestampError, Token};

/// Certificates in a token.
const MAX_CERTIFICATES: usize = 32;
const MAX_ATTRIBUTES: usize = 64;

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
pub(super) const SHA256: &str = "2.16.840.1.101.3.4.2.1";

/// The one SignerInfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signer {
    pub(super) id: SignerId,
    pub(super) digest: String,
    pub(super) algorithm: String,
    /// The signed attributes as they are signed: a SET.
    pub(super) signed: Vec<u8>,
    pub(super) message_digest: Vec<u8>,
    /// ESSCertIDv2: digest algorithm and digest of the signer's certificate.
    pub(super) certificate: (String, Vec<u8>),
    pub(super) signature: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignerId {
    /// DER of the issuer's name, and content of the serial number.
    Issuer(Vec<u8>, Vec<u8>),
    Key(Vec<u8>),
}

type Read<T> = Result<T, TimestampError>;

fn malformed<T>(what: &'static str) -> Read<T> {
    Err(TimestampError::Malformed(what))
}

/// Elements of one constructed value, one after another.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element and its bytes with header.
    fn any(&mut self, what: &'static str) -> Read<(Any<'a>, &'a [u8])> {
        let before = self.0;
        match Any::from_der(before) {
            Ok((rest, any)) => {
                let raw = before.get(..before.len().saturating_sub(rest.len()));
                self.0 = rest;
                Ok((any, raw.unwrap_or_default()))
            }
            Err(_broken) => malformed(what),
        }
    }

    fn take(&mut self, tag: Tag, what: &'static str) -> Read<&'a [u8]> {
        let (any, _) = self.any(what)?;
        let constructed = matches!(tag, Tag::Sequence | Tag::Set);
        let header = &any.header;
        if header.class() == Class::Universal
            && any.header.tag() == tag
            && header.constructed() == constructed
        {
            Ok(any.data)
        } else {
            malformed(what)
        }
    }

    fn sequence(&mut self, what: &'static str) -> Read<Self> {
        self.take(Tag::Sequence, what).map(Self)
    }

    fn next_is(&self, class: Class, tag: u32) -> bool {
        let found = Any::from_der(self.0);
        found.is_ok_and(|(_, any)| any.header.class() == class && any.header.tag().0 == tag)
    }

    /// The context-specific element of this number, if it comes next; with its raw bytes.
    fn context(&mut self, tag: u32, what: &'static str) -> Read<Option<(&'a [u8], &'a [u8])>> {
        if !self.next_is(Class::ContextSpecific, tag) {
            return Ok(None);
        }
        self.any(what).map(|(any, raw)| Some((any.data, raw)))
    }

    fn oid(&mut self, what: &'static str) -> Read<String> {
        let content = self.take(Tag::Oid, what)?;
        if content.len() > 64 {
            return malformed(what);
        }
        Ok(Oid::new(content.into()).to_id_string())
    }

    /// AlgorithmIdentifier; its parameters are read over.
    fn algorithm(&mut self, what: &'static str) -> Read<String> {
        self.sequence(what)?.oid(what)
    }

    /// A small INTEGER that is not negative.
    fn number(&mut self, what: &'static str) -> Read<u32> {
        small(self.take(Tag::Integer, what)?, what)
    }

    fn done(&self, what: &'static str) -> Read<()> {
        if self.0.is_empty() { Ok(()) } else { malformed(what) }
    }
}

fn small(content: &[u8], what: &'static str) -> Read<u32> {
    match content {
        [first, ..] if *first < 0x80 && content.len() <= 5 => {
            let value = content.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
            u32::try_from(value).or_else(|_over| malformed(what))
        }
        _ => malformed(what),
    }
}

impl Token {
    /// Reads a TimeStampResp that grants a token.
    pub fn from_response(bytes: &[u8]) -> Result<Self, TimestampError> {
        if bytes.len() > MAX_BYTES {
            return Err(TimestampError::TooLong(bytes.len()));
        }
        let mut whole = Der(bytes);
        let mut response = whole.sequence("response")?;
        whole.done("bytes after the response")?;
        let mut status = response.sequence("status")?;
        let code = status.number("status")?;
        // granted, grantedWithMods
        if code > 1 {
            return Err(TimestampError::Rejected(said(code, status)));
        }
        let mut token = response.sequence("no token")?;
        response.done("bytes after the token")?;
        if token.oid("content type")? != SIGNED_DATA {
            return malformed("the token is not signed data (CMS)");
        }
        let (content, _) = expect(token.context(0, "signed data")?, "no signed data")?;
        token.done("bytes after the signed data")?;
        let mut outer = Der(content);
        let data = outer.sequence("signed data")?;
        outer.done("bytes after the signed data")?;
        signed_data(data)
    }
}

fn expect<T>(found: Option<T>, what: &'static str) -> Read<T> {
    found.ok_or(TimestampError::Malformed(what))
}

/// What an authority that refuses says, without anything that a terminal would obey.
fn said(code: u32, mut rest: Der<'_>) -> String {
    let mut words = String::new();
    if let Ok(mut texts) = rest.sequence("status text")
        && let Ok(text) = texts.take(Tag::Utf8String, "status text")
    {
        let text = String::from_utf8_lossy(text);
        words = text.chars().filter(|c| !c.is_control()).take(200).collect();
    }
    format!("status {code} {words:?}")
}

fn signed_data(mut data: Der<'_>) -> Read<Token> {
    data.number("version of signed data")?;
    data.take(Tag::Set, "digest algorithms")?;
    let mut wrapped = data.sequence("content")?;
    if wrapped.oid("content type")? != TST_INFO {
        return malformed("what is signed is not a time-stamp");
    }
    let (explicit, _) = expect(wrapped.context(0, "content")?, "no content")?;
    wrapped.done("bytes after the content")?;
    let mut inner = Der(explicit);
    let content = inner.take(Tag::OctetString, "content")?;
    inner.done("bytes after the content")?;
    let mut certificates = Vec::new();
    if let Some((set, _)) = data.context(0, "certificates")? {
        let mut set = Der(set);
        while !set.0.is_empty() {
            let (any, raw) = set.any("certificates")?;
            // Attribute certificates and the like are of no use here.
            if any.header.class() == Class::Universal && any.header.tag() == Tag::Sequence {
                certificates.push(raw.to_vec());
            }
            if certificates.len() > MAX_CERTIFICATES {
                return malformed("too many certificates");
            }
        }
    }
    data.context(1, "revocation lists")?;
    let mut signers = Der(data.take(Tag::Set, "signers")?);
    data.done("bytes after the signers")?;
    let signer = signer(signers.sequence("no signer")?)?;
    signers.done("more than one signer")?;
    Ok(Token { info: info(content)?, content: content.to_vec(), certificates, signer })
}

fn signer(mut signer: Der<'_>) -> Read<Signer> {
    signer.number("version of the signer")?;
    let id = match signer.context(0, "signer")? {
        Some((key, _)) => SignerId::Key(key.to_vec()),
        None => {
            let mut named = signer.sequence("signer")?;
            let (_, issuer) = named.any("issuer of the signer")?;
            let serial = named.take(Tag::Integer, "serial number of the signer")?;
            named.done("bytes after the signer")?;
            SignerId::Issuer(issuer.to_vec(), serial.to_vec())
        }
    };
    let digest = signer.algorithm("digest algorithm")?;
    let (attributes, raw) =
        expect(signer.context(0, "signed attributes")?, "no signed attributes")?;
    // RFC 5652, 5.4: signed with the tag of a SET.
    let signed = [&[0x31], raw.get(1..).unwrap_or_default()].concat();
    let algorithm = signer.algorithm("signature algorithm")?;
    let signature = signer.take(Tag::OctetString, "signature")?.to_vec();
    signer.context(1, "unsigned attributes")?;
    signer.done("bytes after the signature")?;
    let (message_digest, certificate) = attributes_of(Der(attributes))?;
    Ok(Signer { id, digest, algorithm, signed, message_digest, certificate, signature })
}

type Attributes = (Vec<u8>, (String, Vec<u8>));

fn attributes_of(mut attributes: Der<'_>) -> Read<Attributes> {
    let (mut content_type, mut message_digest, mut certificate) = (None, None, None);
    for count in 0.. {
        if attributes.0.is_empty() {
            break;
        }
        if count >= MAX_ATTRIBUTES {
            return malformed("too many signed attributes");
        }
        let mut attribute = attributes.sequence("signed attribute")?;
        let name = attribute.oid("signed attribute")?;
        let mut values = Der(attribute.take(Tag::Set, "signed attribute")?);
        attribute.done("bytes after a signed attribute")?;
        let twice = match name.as_str() {
            CONTENT_TYPE => content_type.replace(values.oid("content type")?).is_some(),
            MESSAGE_DIGEST => {
                let digest = values.take(Tag::OctetString, "message digest")?;
                message_digest.replace(digest.to_vec()).is_some()
            }
            SIGNING_CERTIFICATE_V2 => {
                let mut list = values.sequence("signing certificate")?;
                let mut ids = list.sequence("signing certificate")?;
                certificate.replace(ess_cert_id(ids.sequence("signing certificate")?)?).is_some()
            }
            _ => continue,
        };
        values.done("more than one value of a signed attribute")?;
        if twice {
            return malformed("a signed attribute stands twice");
        }
    }
    if expect(content_type, "no signed content type")? != TST_INFO {
        return malformed("the signer signed another type of content");
    }
    let what = "no signing certificate of the second version (RFC 5816): ask the authority for ESSCertIDv2";
    Ok((expect(message_digest, "no signed message digest")?, expect(certificate, what)?))
}

fn ess_cert_id(mut id: Der<'_>) -> Read<(String, Vec<u8>)> {
    let what = "signing certificate";
    let given = id.next_is(Class::Universal, Tag::Sequence.0);
    let algorithm = if given { id.algorithm(what)? } else { SHA256.to_owned() };
    Ok((algorithm, id.take(Tag::OctetString, what)?.to_vec()))
}

fn info(content: &[u8]) -> Read<Info> {
    let mut outer = Der(content);
    let mut info = outer.sequence("time-stamp")?;
    outer.done("bytes after the time-stamp")?;
    if info.number("version of the time-stamp")? != 1 {
        return malformed("version of the time-stamp is not 1");
    }
    let policy = info.oid("policy")?;
    let mut imprint = info.sequence("imprint")?;
    let imprint =
        (imprint.algorithm("imprint")?, imprint.take(Tag::OctetString, "imprint")?.to_vec());
    let serial = hex::encode(info.take(Tag::Integer, "serial number")?);
    let time_ms = time(info.take(Tag::GeneralizedTime, "time")?)?;
    let mut accuracy_ms = 0;
    if info.next_is(Class::Universal, Tag::Sequence.0) {
        accuracy_ms = accuracy(info.sequence("accuracy")?)?;
    }
    if info.next_is(Class::Universal, Tag::Boolean.0) {
        info.take(Tag::Boolean, "ordering")?;
    }
    let mut nonce = None;
    if info.next_is(Class::Universal, Tag::Integer.0) {
        nonce = Some(info.take(Tag::Integer, "nonce")?.to_vec());
    }
    info.context(0, "name of the authority")?;
    // An extension that must be understood is one that we do not.
    if let Some((extensions, _)) = info.context(1, "extensions")? {
        let mut extensions = Der(extensions);
        while !extensions.0.is_empty() {
            let mut extension = extensions.sequence("extension")?;
            extension.oid("extension")?;
            if extension.next_is(Class::Universal, Tag::Boolean.0) {
                return malformed("a critical extension that is not known here");
            }
        }
    }
    info.done("bytes after the time-stamp")?;
    Ok(Info { policy, imprint, serial, time_ms, accuracy_ms, nonce })
}

/// Rounded up to milliseconds.
fn accuracy(mut accuracy: Der<'_>) -> Read<i64> {
    let what = "accuracy";
    let mut ms = 0;
    if accuracy.next_is(Class::Universal, Tag::Integer.0) {
        ms += i64::from(accuracy.number(what)?) * 1000;
    }
    if let Some((millis, _)) = accuracy.context(0, what)? {
        ms += i64::from(small(millis, what)?);
    }
    if let Some((micros, _)) = accuracy.context(1, what)? {
        ms += i64::from(small(micros, what)?).div_euclid(1000) + 1;
    }
    accuracy.done(what)?;
    Ok(ms)
}

/// GeneralizedTime in UTC with seconds (RFC 3161, 2.4.2); what is finer than a millisecond is cut off.
fn time(content: &[u8]) -> Read<i64> {
    let what = "time is not of the form YYYYMMDDhhmmss[.s…]Z";
    let text = expect(str::from_utf8(content).ok(), what)?;
    let text = expect(text.strip_suffix('Z'), what)?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) || fraction.len() > 20 {
        return malformed(what);
    }
    let whole = GeneralizedTime::from_bytes(format!("{whole}Z").as_bytes());
    let whole = whole.and_then(|time| time.utc_datetime()).or_else(|_no_date| malformed(what))?;
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    let thousandths: i64 = thousandths.parse().or_else(|_no_number| malformed(what))?;
    Ok(whole.unix_timestamp().saturating_mul(1000).saturating_add(thousandths))
}
