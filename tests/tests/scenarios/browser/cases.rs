//! What is given to the page, and which step must say what. The first case holds; each other one is wrong in one thing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exhibit_proto::cosignature::{Witness, cosign};
use exhibit_proto::digest::Digest;
use exhibit_proto::dsse::{Envelope, IN_TOTO};
use exhibit_proto::keys::SecretKey;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::note::Note;
use exhibit_proto::tlog_proof::TlogProof;
use serde_json::{Value, json};

use super::lax;
use super::log::{Given, Maker, document};

/// `state` is that of `step`; what stands before it is verified.
pub(super) struct Case {
    name: String,
    given: Given,
    step: &'static str,
    state: &'static str,
    without: Option<&'static str>,
}

impl Case {
    pub(super) fn to_json(&self) -> Value {
        let given = &self.given;
        let bytes = |bytes: &[u8]| STANDARD.encode(bytes);
        json!({
            "name": self.name, "step": self.step, "state": self.state, "without": self.without,
            "trust": given.trust, "index": given.index.to_string(),
            "proof": bytes(&given.proof), "envelope": bytes(&given.envelope),
            "enrolmentProof": bytes(&given.enrolment_proof),
            "enrolmentEnvelope": bytes(&given.enrolment_envelope),
            "document": bytes(&given.document),
        })
    }
}

pub(super) fn all() -> Vec<Case> {
    let mut cases = vec![case("good", Maker::good().make(), "Document header", "verified")];
    cases.extend(trust());
    cases.extend(heads());
    cases.extend(lax::weak_keys());
    cases.extend(leaves());
    cases.extend(statements());
    cases.extend(enrolments());
    cases.extend(documents());
    for (without, what) in
        [("ed25519", "Ed25519"), ("subtle", "WebCrypto"), ("enrolment", "enrolment")]
    {
        let step = match without {
            "ed25519" => "Checkpoint",
            "subtle" => "Log key",
            _ => "Enrolment",
        };
        let mut case = case(&format!("no {what}"), Maker::good().make(), step, "not_checked");
        case.without = Some(without);
        cases.push(case);
    }
    cases
}

fn trust() -> Vec<Case> {
    let good = Maker::good();
    let with = |trust: String| Given { trust, ..good.make() };
    let (vkey, other) = (good.vkey(), Maker { origin: "log.example/2".into(), ..Maker::good() });
    let stranger = Maker { log: SecretKey::from_seed(&[9; 32]), ..Maker::good() };
    let mistyped = vkey.replacen("+", "+0", 1);
    vec![
        case("policy", with(format!("# ours\nlog {vkey}\nquorum none\n")), HEADER, "verified"),
        case("nothing pasted", with(" ".into()), "Log key", "failed"),
        case("policy without quorum", with(format!("log {vkey}\n")), "Log key", "failed"),
        case(
            "log twice",
            with(format!("log {vkey}\nlog {vkey}\nquorum none\n")),
            "Log key",
            "failed",
        ),
        case(
            "unknown line",
            with(format!("log {vkey}\nquorum none\ntrust me\n")),
            "Log key",
            "failed",
        ),
        case("mistyped id", with(mistyped), "Log key", "failed"),
        case("another key of that name", with(stranger.vkey()), "Checkpoint", "failed"),
        case("another log", with(other.vkey()), "Checkpoint", "failed"),
        case("item of another log", Given { trust: vkey, ..other.make() }, "Checkpoint", "failed"),
    ]
}

fn heads() -> Vec<Case> {
    let good = Maker::good().make();
    let text = String::from_utf8(good.proof.clone()).unwrap();
    let proof = |text: String| Given { proof: text.into_bytes(), ..good.clone() };
    let parsed = TlogProof::parse(&good.proof).unwrap();
    let (witness, seconds) = (SecretKey::from_seed(&[5; 32]), 1_795_000_000);
    let body = Note::parse(parsed.checkpoint.as_bytes()).unwrap().text().to_owned();
    let line = |time| cosign(&body, "witness.example", &witness, time).unwrap();
    let name = Witness::new("witness.example", witness.public()).unwrap().vkey();
    let policy = format!("log {}\nwitness w {name}\ngroup g any w\nquorum g\n", good.trust);
    let asked = |text: String| Given { trust: policy.clone(), ..proof(text) };
    let respelled = lax::malleable_checkpoint(&parsed.checkpoint);
    let earlier = Maker { size: 5, ..Maker::good() }.make();
    let fork = Maker { root: |_| Digest::of(b"fork"), ..Maker::good() }.make();
    vec![
        case(
            "index in two digits",
            proof(text.replace("index 3", "index 03")),
            "Checkpoint",
            "failed",
        ),
        case("another index", proof(text.replace("index 3", "index 2")), "Inclusion", "failed"),
        case("line ends of Windows", proof(text.replace('\n', "\r\n")), "Checkpoint", "failed"),
        case("size in two digits", proof(text.replace("\n6\n", "\n06\n")), "Checkpoint", "failed"),
        case(
            "signature of a stranger besides",
            proof(format!("{text}\u{2014} stranger AAAAAAAAAAAA\n")),
            HEADER,
            "verified",
        ),
        case(
            "S spelled another way",
            proof(text.replace(&parsed.checkpoint, &respelled)),
            "Checkpoint",
            "failed",
        ),
        case(
            "path too long",
            proof(text.replace("index 3\n", &format!("index 3\n{}\n", STANDARD.encode([0; 32])))),
            "Inclusion",
            "failed",
        ),
        case(
            "no leaf",
            proof(
                text.lines()
                    .filter(|line| !line.starts_with("extra "))
                    .fold(String::new(), |text, line| text + line + "\n"),
            ),
            "Inclusion",
            "not_checked",
        ),
        case("witnessed", asked(format!("{text}{}", line(seconds))), HEADER, "verified"),
        case("not witnessed", asked(text.clone()), "Witnesses", "failed"),
        case(
            "witnessed in the future",
            asked(format!("{text}{}", line(9_999_999_999))),
            "Witnesses",
            "failed",
        ),
        case(
            "two heads",
            Given { enrolment_proof: earlier.enrolment_proof, ..good.clone() },
            "Enrolment",
            "not_checked",
        ),
        case(
            "fork",
            Given { enrolment_proof: fork.enrolment_proof.clone(), ..good.clone() },
            "Enrolment",
            "failed",
        ),
        case("wrong root", fork, "Inclusion", "failed"),
    ]
}

type Change = fn(&mut Maker);

/// Makes one thing wrong in each; the step must fail.
fn changed<const N: usize>(list: [(&str, Change, &'static str); N]) -> Vec<Case> {
    let made = |change: Change| {
        let mut maker = Maker::good();
        change(&mut maker);
        maker.make()
    };
    list.into_iter().map(|(name, change, step)| case(name, made(change), step, "failed")).collect()
}

fn leaves() -> Vec<Case> {
    changed([
        (
            "leaf with another number",
            |m| m.leaf = |l| l.link.as_mut().unwrap().seq = 8,
            "Statement",
        ),
        (
            "leaf with another epoch",
            |m| m.leaf = |l| l.link.as_mut().unwrap().epoch = 2,
            "Statement",
        ),
        (
            "leaf with another predecessor",
            |m| m.leaf = |l| l.link.as_mut().unwrap().prev = Digest::ZERO,
            "Statement",
        ),
        ("leaf of another key", |m| m.leaf = |l| l.key = Digest::ZERO, "Enrolment"),
        ("leaf without place", |m| m.leaf = |l| l.link = None, "Statement"),
        ("leaf of another envelope", |m| m.leaf = |l| l.env = Digest::ZERO, "Leaf and envelope"),
        ("leaf of another type", |m| m.leaf = |l| l.t = EntryType::Heartbeat, "Statement"),
        (
            "leaf that claims to be the log's",
            |m| m.leaf = |l| l.t = EntryType::Activity,
            "Enrolment",
        ),
        ("leaf with a space", |m| m.leaf_text = |t| t.replace(":1,", ": 1,"), "Inclusion"),
        (
            "leaf with a key twice",
            |m| m.leaf_text = |t| t.replace("\"v\":1", "\"v\":1,\"v\":1"),
            "Inclusion",
        ),
        (
            "leaf with a number in two spellings",
            |m| m.leaf_text = |t| t.replace("\"7\"", "\"07\""),
            "Inclusion",
        ),
        (
            "leaf with more",
            |m| m.leaf_text = |t| t.replace("\"v\":1", "\"v\":1,\"x\":1"),
            "Inclusion",
        ),
    ])
}

fn statements() -> Vec<Case> {
    let mut cases = changed([
        (
            "statement with a key twice",
            |m| m.payload = |t| t.replacen("\"seq\"", "\"seq\":\"8\",\"seq\"", 1),
            "Signature",
        ),
        (
            "statement with half a character",
            |m| m.payload = |t| t.replacen("uid=0", "\\ud800", 1),
            "Signature",
        ),
        ("statement with more", |m| m.payload = |t| t.replacen('{', "{\"x\":1,", 1), "Signature"),
        ("statement with more behind", |m| m.payload = |t| t + " {}", "Signature"),
        ("statement with a mark of order", |m| m.payload = |t| format!("\u{feff}{t}"), "Signature"),
        (
            "statement of another type",
            |m| m.payload = |t| t.replacen("Statement/v1", "Statement/v0", 1),
            "Signature",
        ),
        (
            "envelope with a key twice",
            |m| m.envelope = |b| text(&b).replacen('{', "{\"payload\":\"\",", 1).into(),
            "Signature",
        ),
        (
            "envelope with S spelled another way",
            |m| m.envelope = |b| lax::malleable_envelope(&b),
            "Signature",
        ),
    ]);
    let stranger: fn(Vec<u8>) -> Vec<u8> = |bytes| {
        let payload = Envelope::parse(&bytes).unwrap().unverified_payload().unwrap();
        let key = SecretKey::from_seed(&[8; 32]);
        Envelope::sign(IN_TOTO, &payload, &key).to_bytes()
    };
    let url: fn(Vec<u8>) -> Vec<u8> = |b| {
        let mut envelope: Value = serde_json::from_slice(&b).unwrap();
        let safe = |text: &str| text.replace('+', "-").replace('/', "_").replace('=', "").into();
        envelope["payload"] = safe(envelope["payload"].as_str().unwrap());
        envelope["signatures"][0]["sig"] = safe(envelope["signatures"][0]["sig"].as_str().unwrap());
        envelope["signatures"][0].as_object_mut().unwrap().remove("keyid");
        envelope.to_string().into()
    };
    cases.push(case(
        "envelope in the other alphabet",
        Maker { envelope: url, ..Maker::good() }.make(),
        HEADER,
        "verified",
    ));
    cases.push(case(
        "envelope by a stranger",
        Maker { envelope: stranger, ..Maker::good() }.make(),
        "Signature",
        "failed",
    ));
    let other = Given { index: 1, ..Maker::good().make() };
    cases.push(case("another entry than asked for", other, "Inclusion", "failed"));
    cases
}

fn enrolments() -> Vec<Case> {
    let good = Maker::good();
    let by_agent = Maker { enroller: SecretKey::from_seed(&[2; 32]), ..good.clone() };
    let later = Maker { enrolled_at: 4, ..good.clone() };
    let no_grant = Maker { grants: json!(["host:b"]), ..good.clone() };
    let impostor: fn(&mut Value) = |p| p["capsule"]["agent"] = json!("agent-2");
    let from_elsewhere: fn(&mut Value) =
        |p| p["capsule"]["checkpoint"]["origin"] = json!("log.example/2");
    let ahead: fn(&mut Value) = |p| p["capsule"]["checkpoint"]["size"] = json!("4");
    let other = SecretKey::from_seed(&[7; 32]).public().to_pem();
    let other = Maker { enrolled: other, ..good.clone() }.make();
    let swapped = Given {
        enrolment_proof: other.enrolment_proof,
        enrolment_envelope: other.enrolment_envelope,
        ..good.make()
    };
    let itself = Given {
        enrolment_proof: good.make().proof,
        enrolment_envelope: good.make().envelope,
        ..good.make()
    };
    vec![
        case("enrolled after the statement", later.make(), "Enrolment", "failed"),
        case("enrolled by an agent", by_agent.make(), "Enrolment", "failed"),
        case("enrolment of another key", swapped, "Enrolment", "failed"),
        case("statement as its own enrolment", itself, "Enrolment", "failed"),
        case("target not granted", no_grant.make(), "Statement", "failed"),
        case(
            "another agent",
            Maker { predicate: impostor, ..good.clone() }.make(),
            "Statement",
            "failed",
        ),
        case(
            "head of another log",
            Maker { predicate: from_elsewhere, ..good.clone() }.make(),
            "Statement",
            "failed",
        ),
        case(
            "head from the future",
            Maker { predicate: ahead, ..good }.make(),
            "Statement",
            "failed",
        ),
    ]
}

fn documents() -> Vec<Case> {
    let good = Maker::good();
    let stated = |document: String| Maker { document: document.into(), ..good.clone() }.make();
    let text = document().write();
    let other = Given { document: b"{}".to_vec(), ..good.make() };
    let unnamed: fn(&mut Value) = |p| p["documents"] = json!([]);
    let renamed: fn(&mut Value) = |p| p["documents"][0]["kind"] = json!("time.sync");
    let longer: fn(&mut Value) = |p| p["documents"][0]["size"] = json!("1");
    let made = |predicate| Maker { predicate, ..good.clone() }.make();
    vec![
        case("another document", other, "Document", "failed"),
        case("document not named", made(unnamed), "Statement", "failed"),
        case("document of another kind named", made(renamed), "Document", "failed"),
        case("document of another length", made(longer), HEADER, "failed"),
        case(
            "document with a key twice",
            stated(text.replace("\"v\":1", "\"v\":1,\"v\":1")),
            HEADER,
            "failed",
        ),
        case(
            "document of another version",
            stated(text.replace("\"v\":1", "\"v\":1.0")),
            HEADER,
            "failed",
        ),
        case(
            "document of another kind",
            stated(text.replace("\"kind\":\"patch.status\"", "\"kind\":\"time.sync\"")),
            HEADER,
            "failed",
        ),
        case(
            "document of another target",
            stated(text.replace("host:a", "host:b")),
            HEADER,
            "failed",
        ),
        case(
            "document of another schema",
            stated(text.replace("urn:exhibit:kind:patch.status", "urn:x")),
            HEADER,
            "failed",
        ),
        case(
            "document with deep nesting",
            stated(text.replace("0.5", &format!("{}1{}", "[".repeat(200), "]".repeat(200)))),
            HEADER,
            "failed",
        ),
    ]
}

const HEADER: &str = "Document header";

pub(super) fn case(name: &str, given: Given, step: &'static str, state: &'static str) -> Case {
    Case { name: name.to_owned(), given, step, state, without: None }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
