//! Who the witnesses are, and when a head counts as witnessed: a C2SP tlog-policy made from the configuration, the same
//! that auditors get. Reads the certificates that it names, and does no other I/O.

use std::collections::BTreeMap;
use std::path::Path;

use exhibit_proto::cosignature;
use exhibit_proto::log_key::LogKeys;
use exhibit_proto::note::{Note, NoteError};
use exhibit_proto::policy::{Policy, Quorum};

use super::{WitnessError, Witnessed};
use crate::config;
use crate::log::Head;

/// The group that stands for all witnesses where `quorum` is a number, `any` or `all`.
const ALL: &str = "witnesses";

/// The witnesses of one log with its policy.
#[derive(Clone, Debug)]
pub struct Circle {
    log: LogKeys,
    members: Vec<Member>,
    policy: Policy,
    text: String,
}

/// One witness.
#[derive(Clone, Debug)]
pub struct Member {
    /// As the policy calls it.
    pub name: String,
    /// Prefix of its requests, without a slash at the end.
    pub url: String,
    pub witness: cosignature::Witness,
    /// PEM of the certificates that its web server's must lead to.
    pub tls_roots: Option<Vec<u8>>,
}

impl Circle {
    pub fn new(
        log: impl Into<LogKeys>,
        witnesses: &[config::Witness],
        quorum: &config::Witnesses,
    ) -> Result<Self, WitnessError> {
        let log = log.into();
        let members = witnesses.iter().map(member).collect::<Result<Vec<_>, _>>()?;
        if let Some(member) = members.iter().find(|member| member.witness.name() == log.name()) {
            return Err(WitnessError::Name { name: member.name.clone() });
        }
        let text = text(&log, &members, quorum);
        let policy = Policy::parse(&text)?;
        Ok(Self { log, members, policy, text })
    }

    /// Whether there are no witnesses.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The policy file for auditors.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A head with its cosignatures, if they satisfy the quorum under the present policy.
    pub(super) fn witnessed(&self, note: &str) -> Option<Witnessed> {
        let checkpoint = self.log.open_head(note.as_bytes()).ok()?;
        let parsed = Note::parse(note.as_bytes()).ok()?;
        match self.policy.quorum(&parsed).ok()? {
            Quorum::Met(by) => {
                Some(Witnessed { head: Head { checkpoint, signed: note.to_owned() }, by })
            }
            Quorum::NotAsked | Quorum::Short(_) => None,
        }
    }

    /// `head` with those of `lines` that are our witnesses' and hold.
    pub(super) fn dress(&self, head: &Head, lines: &[String]) -> (Head, BTreeMap<String, u64>) {
        let (mut signed, mut by) = (head.signed.clone(), BTreeMap::new());
        for line in lines {
            let alone = format!("{}{line}", head.signed);
            let Ok(note) = Note::parse(alone.as_bytes()) else { continue };
            let mut members = self.members.iter();
            if let Some((member, time)) =
                members.find_map(|member| Some((member, member.witness.cosigned(&note).ok()?)))
            {
                signed.push_str(line);
                by.insert(member.name.clone(), time);
            }
        }
        (Head { checkpoint: head.checkpoint.clone(), signed }, by)
    }
}

fn member(witness: &config::Witness) -> Result<Member, WitnessError> {
    let vkey = &witness.vkey;
    let refused = |source: NoteError| WitnessError::Vkey { vkey: vkey.clone(), source };
    let key = cosignature::Witness::from_vkey(vkey).map_err(refused)?;
    let name = witness.name.clone().unwrap_or_else(|| key.name().to_owned());
    let url = witness.url.trim_end_matches('/');
    let fine = reqwest::Url::parse(url)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    if !fine || url.contains(char::is_whitespace) {
        return Err(WitnessError::Url { name, url: witness.url.clone() });
    }
    let unreadable = |path: &Path, source| WitnessError::Roots {
        name: name.clone(),
        path: path.to_owned(),
        source,
    };
    let roots = witness.tls_roots.as_deref();
    let roots = roots.map(|path| std::fs::read(path).map_err(|source| unreadable(path, source)));
    let tls_roots = roots.transpose()?;
    Ok(Member { name, url: url.to_owned(), witness: key, tls_roots })
}

fn text(log: &LogKeys, members: &[Member], quorum: &config::Witnesses) -> String {
    // While the log's key changes there are two: a bundle of before holds under the old one only, one of after under the
    // new one only.
    let mut lines: Vec<String> =
        log.in_force().iter().map(|key| format!("log {}", key.vkey())).collect();
    for Member { name, url, witness, .. } in members {
        lines.push(format!("witness {name} {} {url}", witness.vkey()));
    }
    lines.extend(quorum.groups.iter().map(|group| format!("group {group}")));
    let asked = quorum.quorum.as_str();
    let counted = matches!(asked, "any" | "all") || asked.parse::<usize>().is_ok();
    if members.is_empty() {
        lines.push("quorum none".to_owned());
    } else if counted {
        let names: Vec<_> = members.iter().map(|member| member.name.as_str()).collect();
        lines.push(format!("group {ALL} {asked} {}", names.join(" ")));
        lines.push(format!("quorum {ALL}"));
    } else {
        lines.push(format!("quorum {asked}"));
    }
    lines.join("\n") + "\n"
}
