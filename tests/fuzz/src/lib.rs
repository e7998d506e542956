//! Everything that reads bytes from strangers, one function each: it must end, must not panic, and what it accepts must
//! print back. The fuzzer and the ordinary test run these same functions. Knows no fuzzer; of files `host_file` alone opens some,
//! its own.

use std::fmt::Debug;
use std::fs;
use std::str;

use exhibit_plugin::kinds;
use exhibit_plugin::protocol::{Describe, Line, OutcomeKind, Request};
pub use exhibit_plugin_linux::foreign::{
    apk_installed, dpkg_status, os_release, package_list, package_version, pacman_desc, repodata,
    rpm_header,
};
use exhibit_proto::bundle::Manifest;
use exhibit_proto::checkpoint::Checkpoint;
use exhibit_proto::cosignature::Witness;
use exhibit_proto::digest::Digest;
use exhibit_proto::document::Document;
use exhibit_proto::dsse::{Envelope, IN_TOTO};
use exhibit_proto::json;
use exhibit_proto::keys::{PublicKey, SecretKey};
use exhibit_proto::leaf::Leaf;
use exhibit_proto::note::{Note, Verifier};
use exhibit_proto::policy::Policy;
use exhibit_proto::rfc3161::{self, Roots, Token};
use exhibit_proto::rpc;
use exhibit_proto::statement::{
    ACTIVITY, Activity, ENROL, EVIDENCE, Enrol, HEARTBEAT, Heartbeat, REVOKE, RULE_PACK, Revoke,
    RulePackInForce, Run, Statement,
};
use exhibit_proto::tiles::{self, Tile};
use exhibit_proto::tlog_proof::TlogProof;
use exhibit_proto::witness::{self, AddCheckpoint, Verdict};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Whether the bytes were accepted.
pub type Target = fn(&[u8]) -> bool;

/// Each target under the name of its folder in `seeds/` and of its file in `fuzz_targets/`.
pub const TARGETS: [(&str, Target); 28] = [
    ("note", note),
    ("checkpoint", checkpoint),
    ("tile_path", tile_path),
    ("tile", tile),
    ("entry_bundle", entry_bundle),
    ("tlog_proof", tlog_proof),
    ("policy", policy),
    ("cosignature", cosignature),
    ("dsse", dsse),
    ("statement", statement),
    ("leaf", leaf),
    ("document", document),
    ("strict_json", strict_json),
    ("witness_request", witness_request),
    ("plugin_line", plugin_line),
    ("key", key),
    ("rfc3161", rfc3161),
    ("grpc", grpc),
    ("rpm_header", rpm_header),
    ("dpkg_status", dpkg_status),
    ("apk_installed", apk_installed),
    ("pacman_desc", pacman_desc),
    ("os_release", os_release),
    ("repodata", repodata),
    ("package_list", package_list),
    ("package_version", package_version),
    ("backup_list", backup_list),
    ("host_file", host_file),
];

/// Files of a host that have no target of their own, and the kinds that read them.
const FILES: [(&str, &[&str]); 45] = [
    ("/etc/passwd", &["identity.accounts"]),
    ("/etc/group", &["identity.privileged_grants"]),
    ("/etc/shadow", &["identity.accounts"]),
    ("/etc/sudoers", &["identity.privileged_grants", "software.install_control"]),
    ("/etc/ssh/sshd_config", &["identity.sign_in_policy", "network.remote_access", "identity.mfa"]),
    ("/etc/pam.d/common-auth", &["identity.sign_in_policy", "identity.mfa"]),
    ("/etc/pam.d/common-password", &["identity.sign_in_policy"]),
    ("/root/.ssh/authorized_keys", &["identity.secrets_and_keys", "identity.accounts"]),
    ("/root/.ssh/id_x", &["identity.secrets_and_keys"]),
    ("/var/log/wtmp", &["logging.privileged_activity", "identity.accounts"]),
    ("/var/log/btmp", &["logging.privileged_activity"]),
    ("/var/log/lastlog", &["identity.accounts"]),
    ("/var/log/auth.log", &["logging.privileged_activity"]),
    ("/var/log/audit/audit.log", &["logging.privileged_activity"]),
    ("/var/lib/lastlog/lastlog2.db", &["logging.privileged_activity", "identity.accounts"]),
    ("/usr/lib/sysimage/rpm/Packages.db", &["software.inventory"]),
    ("/etc/apt/sources.list", &["software.install_control"]),
    ("/etc/apt/sources.list.d/a.sources", &["software.install_control"]),
    ("/etc/apt/apt.conf", &["software.install_control", "network.web_filtering"]),
    ("/etc/yum.repos.d/a.repo", &["software.install_control"]),
    ("/etc/pacman.conf", &["software.install_control"]),
    ("/etc/polkit-1/rules.d/a.rules", &["software.install_control"]),
    ("/etc/crontab", &["config.scheduled_jobs"]),
    ("/etc/systemd/system/a.timer", &["config.scheduled_jobs"]),
    ("/etc/rsyslog.conf", &["logging.sources", "logging.protection"]),
    ("/etc/audit/rules.d/a.rules", &["logging.sources", "logging.protection"]),
    ("/etc/logrotate.conf", &["data.retention", "logging.protection"]),
    ("/etc/tmpfiles.d/a.conf", &["data.retention"]),
    ("/etc/sysctl.conf", &["network.segmentation"]),
    ("/etc/modprobe.d/a.conf", &["media.removable"]),
    ("/etc/nginx/nginx.conf", &["crypto.certificates_and_keys"]),
    ("/etc/ssl/a.pem", &["crypto.certificates_and_keys"]),
    ("/etc/ssl/openssl.cnf", &["crypto.in_transit"]),
    ("/etc/chrony/chrony.conf", &["time.sync"]),
    ("/etc/localtime", &["time.sync", "sdlc.change_records"]),
    ("/var/log/apt/history.log", &["sdlc.change_records", "patch.status"]),
    ("/var/log/pacman.log", &["sdlc.change_records"]),
    ("/etc/prometheus/rules/a.yml", &["monitoring.alert_rules"]),
    ("/etc/alertmanager/alertmanager.yml", &["monitoring.alert_rules"]),
    ("/etc/monit/monitrc", &["monitoring.alert_rules"]),
    ("/etc/keepalived/keepalived.conf", &["resilience.redundancy"]),
    ("/etc/lvm/backup/a", &["resilience.redundancy"]),
    ("/etc/swanctl/swanctl.conf", &["network.remote_access"]),
    ("/var/lib/docker/containers/a/config.v2.json", &["software.containers"]),
    ("/etc/dnsmasq.conf", &["network.web_filtering"]),
];

/// The name and the seed under which the seeds are signed, so that the paths behind a good signature are walked too.
pub const ORIGIN: &str = "log.example/1";
pub const LOG_SEED: [u8; 32] = [1; 32];
pub const WITNESS: &str = "witness.example";
pub const WITNESS_SEED: [u8; 32] = [2; 32];

/// What the seeds' tokens stamp, and who made them.
const STAMPED: &[u8] = b"exhibit";
const TSA_ROOT: &[u8] = include_bytes!("../tsa-root.pem");

fn log() -> Option<Verifier> {
    Verifier::new(ORIGIN, SecretKey::from_seed(&LOG_SEED).public()).ok()
}

pub fn note(bytes: &[u8]) -> bool {
    let Ok(note) = Note::parse(bytes) else { return false };
    assert!(bytes.starts_with(note.text().as_bytes()), "the text is what stands in front");
    assert!(!note.signatures().is_empty(), "a note has a signature line");
    let lines = bytes.get(note.text().len()..).unwrap_or_default();
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!(lines, note.signatures().len(), "each line is one signature");
    if let Some(log) = log() {
        drop(note.verify(&log));
    }
    true
}

pub fn checkpoint(bytes: &[u8]) -> bool {
    let opened = log().is_some_and(|log| {
        Checkpoint::open(bytes, &log).is_ok_and(|checkpoint| checkpoint.origin == ORIGIN)
    });
    let text = str::from_utf8(bytes).unwrap_or_default();
    let Ok(checkpoint) = Checkpoint::from_text(text) else { return opened };
    assert!(text.starts_with(&checkpoint.text()), "what was read prints back");
    true
}

pub fn tile_path(bytes: &[u8]) -> bool {
    let Ok(path) = str::from_utf8(bytes) else { return false };
    let Ok(tile) = path.parse::<Tile>() else { return false };
    assert_eq!(tile.to_string(), path, "a tile has one spelling");
    assert!(tiles::width(tile.level, tile.index, u64::MAX) <= 256, "no tile is wider than full");
    true
}

pub fn tile(bytes: &[u8]) -> bool {
    let Ok(hashes) = tiles::parse_tile(bytes) else { return false };
    let again: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
    assert_eq!(again, bytes, "a tile is its hashes");
    tiles::fold(&hashes);
    true
}

pub fn entry_bundle(bytes: &[u8]) -> bool {
    let Ok(entries) = tiles::parse_bundle(bytes) else { return false };
    assert_eq!(tiles::bundle(entries).as_deref(), Ok(bytes), "a bundle is its entries");
    true
}

pub fn tlog_proof(bytes: &[u8]) -> bool {
    let Ok(proof) = TlogProof::parse(bytes) else { return false };
    assert_eq!(proof.to_text().as_bytes(), bytes, "what was read prints back");
    let leaf = proof.extra.as_deref().unwrap_or_default();
    if let Some(log) = log()
        && let Ok(checkpoint) = proof.verify(leaf, &log)
    {
        assert!(proof.index < checkpoint.size, "a proven entry lies within the tree");
    }
    true
}

pub fn policy(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let Ok(policy) = Policy::parse(text) else { return false };
    for log in &policy.logs {
        let again = Verifier::from_vkey(&log.vkey());
        assert_eq!(again.as_ref(), Ok(log), "a log's key prints back");
    }
    for witness in policy.witnesses.values() {
        let again = Witness::from_vkey(&witness.vkey());
        assert_eq!(again.as_ref(), Ok(witness), "a witness's key prints back");
    }
    if let Ok(note) = Note::parse(b"text\n\n\xe2\x80\x94 nobody AAAAAAAAAAAA\n") {
        drop(policy.quorum(&note));
    }
    true
}

pub fn cosignature(bytes: &[u8]) -> bool {
    let Ok(note) = Note::parse(bytes) else { return false };
    let Ok(witness) = Witness::new(WITNESS, SecretKey::from_seed(&WITNESS_SEED).public()) else {
        return false;
    };
    let cosigned = witness.cosigned(&note).is_ok();
    let theirs = note.signatures().iter().any(|signature| signature.name == WITNESS);
    assert!(theirs || !cosigned, "a cosignature stands on a line of its witness");
    cosigned
}

pub fn dsse(bytes: &[u8]) -> bool {
    let Ok(envelope) = Envelope::parse(bytes) else { return false };
    let written = envelope.to_bytes();
    assert_eq!(Envelope::parse(&written).as_ref(), Ok(&envelope), "what was written reads back");
    let payload = envelope.unverified_payload();
    if let Ok(opened) = envelope.open(IN_TOTO, &SecretKey::from_seed(&LOG_SEED).public()) {
        assert_eq!(Ok(opened), payload, "what was verified is what is handed on");
    }
    true
}

pub fn statement(bytes: &[u8]) -> bool {
    let Ok(statement) = Statement::<Value>::from_payload(bytes) else { return false };
    drop(statement.capsule());
    match statement.predicate_type.as_str() {
        EVIDENCE => predicate::<Run>(&statement),
        HEARTBEAT => predicate::<Heartbeat>(&statement),
        ENROL => predicate::<Enrol>(&statement),
        REVOKE => predicate::<Revoke>(&statement),
        RULE_PACK => predicate::<RulePackInForce>(&statement),
        ACTIVITY => predicate::<Activity>(&statement),
        _ => true,
    }
}

fn predicate<P: Serialize + DeserializeOwned>(statement: &Statement<Value>) -> bool {
    statement.predicate_as::<P>().is_ok_and(|predicate| {
        reads_back(&predicate);
        true
    })
}

pub fn leaf(bytes: &[u8]) -> bool {
    let Ok(leaf) = Leaf::parse(bytes) else { return false };
    assert_eq!(leaf.write().as_bytes(), bytes, "a leaf has one spelling");
    true
}

pub fn document(bytes: &[u8]) -> bool {
    let Ok(document) = Document::parse(bytes) else { return false };
    let written = document.write();
    let again = Document::parse(written.as_bytes()).map(|document| document.write());
    assert_eq!(again.ok(), Some(written), "what was written reads back");
    true
}

pub fn strict_json(bytes: &[u8]) -> bool {
    let Ok(value) = json::read(bytes) else { return false };
    let written = json::write_sorted(&value);
    let again = json::read(written.as_bytes());
    assert_eq!(again.ok(), Some(value), "what was written reads back");
    true
}

pub fn witness_request(bytes: &[u8]) -> bool {
    let Ok(request) = AddCheckpoint::parse(bytes) else { return false };
    assert_eq!(request.to_text().as_bytes(), bytes, "what was read prints back");
    let logs: Vec<Verifier> = log().into_iter().collect();
    if let Verdict::Cosign { checkpoint, .. } = witness::decide(None, &request, &logs) {
        assert_eq!(checkpoint.origin, witness::claimed_origin(&request), "one origin");
    }
    true
}

pub fn plugin_line(bytes: &[u8]) -> bool {
    // No `||`: each shape is tried.
    [read::<Line>, read::<Request>, read::<Describe>, read::<Manifest>]
        .map(|read| read(bytes))
        .contains(&true)
}

fn read<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> bool {
    serde_json::from_slice::<T>(bytes).is_ok_and(|value| {
        reads_back(&value);
        true
    })
}

pub fn key(bytes: &[u8]) -> bool {
    let spki = PublicKey::from_spki(bytes).is_ok_and(|key| {
        assert_eq!(key.to_spki(), bytes, "a key has one DER form");
        true
    });
    let Ok(text) = str::from_utf8(bytes) else { return spki };
    let pem = PublicKey::from_pem(text).is_ok_and(|key| {
        assert_eq!(PublicKey::from_pem(&key.to_pem()), Ok(key), "a key prints back");
        true
    });
    let vkey = Verifier::from_vkey(text).is_ok_and(|log| {
        assert_eq!(log.vkey(), text.trim(), "a verifier key prints back");
        true
    });
    spki || pem || vkey || SecretKey::from_pem(text).is_ok()
}

pub fn rfc3161(bytes: &[u8]) -> bool {
    // Certificates in a PEM file are an operator's own bytes, yet a hand may slip.
    drop(Roots::from_pem(bytes));
    let Ok(token) = Token::from_response(bytes) else { return false };
    let info = token.info();
    assert!(info.earliest_ms() <= info.latest_ms(), "accuracy is not negative");
    let request = rfc3161::Request::new(Digest::of(STAMPED), [7; 8], None);
    drop(request.map(|request| request.answered_by(&token)));
    let Ok(roots) = Roots::from_pem(TSA_ROOT) else { return false };
    token.verify(&Digest::of(STAMPED), &roots).is_ok_and(|verified| {
        assert_eq!(verified.info, *token.info(), "what was verified is what was read");
        true
    })
}

/// Every message that crosses the wire, in the codec that the services use.
pub fn grpc(bytes: &[u8]) -> bool {
    let agents = [
        message::<rpc::Submission>,
        message::<rpc::EnrolRequest>,
        message::<rpc::LackingRequest>,
        message::<rpc::ConfigurationRequest>,
        message::<rpc::HeartbeatRequest>,
        message::<rpc::RenewRequest>,
    ];
    let collectors = [
        message::<rpc::Answer>,
        message::<rpc::EnrolResponse>,
        message::<rpc::LackingResponse>,
        message::<rpc::ConfigurationResponse>,
        message::<rpc::HeartbeatResponse>,
        message::<rpc::RenewResponse>,
    ];
    agents.into_iter().chain(collectors).map(|read| read(bytes)).fold(false, |any, read| any | read)
}

/// What a backup tool prints, is configured by or leaves in a backup; the first line names it.
pub fn backup_list(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return false };
    let (tool, list) = bytes.split_at(end);
    let Ok(tool) = str::from_utf8(tool) else { return false };
    exhibit_plugin_backup::reads(tool, list.get(1..).unwrap_or_default())
}

fn message<M: prost::Message + Default + PartialEq + Debug>(bytes: &[u8]) -> bool {
    let Ok(read) = M::decode(bytes) else { return false };
    let written = read.encode_to_vec();
    assert!(written.len() <= bytes.len() * 2 + 16, "what was read is no larger than its bytes");
    assert_eq!(M::decode(written.as_slice()).ok(), Some(read), "what was written reads back");
    true
}

fn reads_back<T: Serialize + DeserializeOwned>(value: &T) {
    let written = serde_json::to_string(value).ok();
    let again = written.as_deref().and_then(|text| serde_json::from_str::<T>(text).ok());
    let again = again.and_then(|again| serde_json::to_string(&again).ok());
    assert!(written.is_some() && again == written, "what was written reads back");
}

/// A file of a host, whose path stands on the first line: each kind that reads it ends with a document of its schema or with an
/// outcome. Accepted is what gives documents and no fault.
pub fn host_file(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return false };
    let (path, content) = bytes.split_at(end);
    let Some((path, kinds)) = FILES.iter().find(|(known, _)| known.as_bytes() == path) else {
        return false;
    };
    let Ok(root) = tempfile::tempdir() else { return false };
    let content = content.get(1..).unwrap_or_default();
    let planted = [
        ("/etc/passwd", b"root:x:0:0::/root:/bin/sh\n".as_slice()),
        (
            "/var/lib/dpkg/status",
            b"Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n",
        ),
        ("/usr/sbin/rsyslogd", b""),
        (path, content),
    ];
    for (path, content) in planted {
        let file = root.path().join(path.trim_start_matches('/'));
        let made = file.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok());
        if !made || fs::write(file, content).is_err() {
            return false;
        }
    }
    let asked = json!({
        "v": 1, "kinds": kinds, "target": "host:fuzz", "deadline_ms": 20_000, "root": root.path()
    });
    let Ok(request) = serde_json::from_value(asked) else { return false };
    let mut said = Vec::new();
    let answered =
        exhibit_plugin::plugin::answer(&exhibit_plugin_linux::PLUGIN, &request, &mut said);
    assert!(answered.is_ok(), "a plugin answers");
    let lines = said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let lines: Vec<Line> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert!(matches!(lines.last(), Some(Line::Done {})), "it comes to its end");
    let (mut documents, mut faults) = (0, 0);
    for line in lines {
        match line {
            Line::Document { kind, body, .. } => {
                assert_eq!(kinds::validate(&kind, &body), Ok(()), "a document is of its kind");
                documents += 1;
            }
            Line::Outcome { outcome, detail, .. } => {
                assert!(!detail.contains("panicked"), "{detail}");
                assert!(outcome != OutcomeKind::TimedOut, "{detail}");
                faults += usize::from(outcome == OutcomeKind::Failed);
            }
            Line::Progress { .. } | Line::Log { .. } | Line::Done {} => {}
        }
    }
    documents > 0 && faults == 0
}
