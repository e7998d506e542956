//! Whether a pack may come into force, and the entry that says so. Whatever is refused leaves the pack in force as it is.

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use exhibit_assessment::{GivenRules, RulePack};
use exhibit_proto::digest::Digest;
use exhibit_proto::document;
use exhibit_proto::leaf::EntryType;
use exhibit_proto::note::{Note, NoteError, Verifier};
use exhibit_proto::statement::{
    ApprovedPack, GivenPack, RULE_PACK, RULE_PACK_PROPOSED, RulePackInForce, Statement, Subject,
};
use serde_json::Value;

use super::sign::statement;
use super::{Tried, tried, whole};
use crate::config;
use crate::identity::Collector;
use crate::log::{LogReader, LogWriter};
use crate::packs::{GIVEN_MEDIA_TYPE, LoggedPack, PACK_MEDIA_TYPE, in_force, open_proposal};
use crate::requests::{Done, PackApproved, PackGiven};

/// Failed tests that are named.
const TOLD: usize = 20;

/// Whoever puts packs in force: one at a time.
#[derive(Clone)]
pub(in crate::app) struct Steward {
    collector: Collector,
    writer: LogWriter,
    reader: LogReader,
    rules: config::Rules,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A pack with what it was made of.
struct Candidate {
    pack: RulePack,
    given: Option<GivenRules>,
    base: Option<String>,
    note: Option<String>,
    signed_by: Vec<String>,
    tests: usize,
}

impl Steward {
    pub(in crate::app) fn new(
        collector: Collector,
        (writer, reader): (LogWriter, LogReader),
        rules: config::Rules,
    ) -> Self {
        Self { collector, writer, reader, rules, turn: Arc::default() }
    }

    /// Puts a pack in force, or proposes it where a second person is asked for.
    pub(in crate::app) async fn activate(&self, asked: PackGiven) -> anyhow::Result<Done> {
        let _turn = self.turn.lock().await;
        let history = self.history()?;
        let before = in_force(&history);
        let stays = || match before {
            Some(pack) => {
                format!("the pack in force stays: {} (entry {})", pack.said.version, pack.index)
            }
            None => "no pack is in force".to_owned(),
        };
        let PackGiven { archive, note, by, reason } = asked;
        let signers = self.rules.signers.clone();
        let candidate =
            tokio::task::spawn_blocking(move || consider(archive.as_deref(), note, &signers))
                .await?;
        let candidate = candidate.with_context(stays)?;
        if let Some(before) =
            before.filter(|it| it.said.pack.to_string() == candidate.pack.digest())
        {
            let Some(proposal) = open_proposal(&history) else {
                bail!("this pack is in force already, by entry {}", before.index);
            };
            bail!(
                "this pack is in force already, by entry {}; entry {} proposes another",
                before.index,
                proposal.index
            );
        }
        let said = candidate.said(&by, Some(reason))?;
        let proposed = self.rules.second_person;
        let (unsigned, tests) = (candidate.signed_by.is_empty(), candidate.tests);
        let entry = self.append(said, &candidate, proposed).await?;
        let (version, pack) = (candidate.pack.version().to_owned(), candidate.pack.digest().into());
        Ok(Done::Pack { entry, proposed, version, pack, unsigned, tests })
    }

    /// Puts a proposed pack in force.
    pub(in crate::app) async fn approve(&self, asked: PackApproved) -> anyhow::Result<Done> {
        let _turn = self.turn.lock().await;
        let history = self.history()?;
        let PackApproved { proposed, by, reason } = asked;
        let open = open_proposal(&history).filter(|pack| pack.index == proposed);
        let open = open.with_context(|| {
            format!(
                "entry {proposed} proposes no pack that waits: see `exhibit-collector rules list`"
            )
        })?;
        ensure!(
            !same_person(&open.said.by, &by),
            "{by} proposed this pack: somebody else must approve it"
        );
        let given = open.said.given.clone();
        let archive = given.is_some().then(|| open.given_bytes(&self.reader)).transpose()?;
        let archive = archive.map(String::from_utf8).transpose()?;
        let note = given.and_then(|given| given.note);
        let signers = self.rules.signers.clone();
        let shipped_by_program = open.said.given.is_none() && note.is_none();
        let candidate = tokio::task::spawn_blocking(move || {
            // The program's own next pack came with it; what people gave is judged once more, by the keys of today.
            let signers = if shipped_by_program { Vec::new() } else { signers };
            consider(archive.as_deref(), note, &signers)
        })
        .await??;
        ensure!(
            candidate.pack.digest() == open.said.pack.to_string(),
            "the program was upgraded since entry {proposed}: propose the pack again"
        );
        let mut said = candidate.said(&open.said.by, open.said.reason.clone())?;
        said.approved = Some(ApprovedPack { proposed, by, reason });
        let (unsigned, tests) = (candidate.signed_by.is_empty(), candidate.tests);
        let entry = self.append(said, &candidate, false).await?;
        let (version, pack) = (candidate.pack.version().to_owned(), candidate.pack.digest().into());
        Ok(Done::Pack { entry, proposed: false, version, pack, unsigned, tests })
    }

    /// What the log says about packs, as our own key signed it.
    fn history(&self) -> anyhow::Result<Vec<LoggedPack>> {
        let mut history = Vec::new();
        for entry in self.reader.entries_of(&EntryType::RulePack, 0, u32::MAX)? {
            let envelope = entry.envelope.as_ref();
            let envelope = envelope.context("the rule pack in force is missing from the log")?;
            let key = self.collector.keys().of_entry(entry.index).key();
            let statement = Statement::<Value>::open(envelope, key)?;
            history.push(LoggedPack::stated(&entry, &statement)?);
        }
        Ok(history)
    }

    /// The archives stand beside the entry: verdicts of today can be judged again when this program is long gone.
    async fn append(
        &self,
        said: RulePackInForce,
        candidate: &Candidate,
        proposed: bool,
    ) -> anyhow::Result<u64> {
        let archive = candidate.pack.to_archive();
        let mut documents = vec![archive];
        let (name, media_type) = ("urn:exhibit:rule-pack:sources", Some(PACK_MEDIA_TYPE));
        let mut subject = vec![
            Subject::new("urn:exhibit:rule-pack", said.pack, None),
            Subject::new(name, Digest::of(&documents[0]), media_type),
        ];
        if let Some(given) = candidate.given.as_ref().filter(|given| given.extends()) {
            let archive = given.to_archive();
            let (name, media_type) = ("urn:exhibit:rule-pack:given", Some(GIVEN_MEDIA_TYPE));
            subject.push(Subject::new(name, Digest::of(&archive), media_type));
            documents.push(archive);
        }
        let predicate = if proposed { RULE_PACK_PROPOSED } else { RULE_PACK };
        let mut entry = self.collector.entry(EntryType::RulePack, predicate, subject, said)?;
        entry.documents = documents;
        let index = self.writer.append(entry).await.context("logging the rule pack")?.index;
        let version = candidate.pack.version();
        if proposed {
            tracing::info!(index, version, "rule pack is proposed");
        } else {
            tracing::info!(index, version, "rule pack is in force");
        }
        Ok(index)
    }
}

impl Candidate {
    fn said(&self, by: &str, reason: Option<String>) -> anyhow::Result<RulePackInForce> {
        let given = self.given.as_ref().map(|given| {
            Ok::<_, anyhow::Error>(GivenPack {
                pack: given.digest().parse()?,
                base: self.base.as_ref().map(|base| base.parse()).transpose()?,
                note: self.note.clone(),
                signed_by: self.signed_by.clone(),
            })
        });
        let (version, rules) = (self.pack.version(), self.pack.rules().len() as u64);
        let shipped = RulePackInForce::shipped(version, self.pack.digest().parse()?, rules, by);
        let name = Some(self.pack.name().to_owned());
        Ok(RulePackInForce { name, reason, given: given.transpose()?, ..shipped })
    }
}

/// Loads, compiles and tests a pack and checks its signature; `None` is the pack that ships. Pure but for the time it takes.
fn consider(
    archive: Option<&str>,
    note: Option<String>,
    signers: &[String],
) -> anyhow::Result<Candidate> {
    let shipped = RulePack::builtin()?;
    let given = archive.map(|archive| GivenRules::from_archive(archive.as_bytes())).transpose()?;
    let signed_by = signatures(&statement(given.as_ref())?, note.as_deref(), signers)?;
    let (pack, base) = match &given {
        Some(given) => {
            let pack = given.over(&shipped)?;
            let base = given.extends().then(|| shipped.digest().to_owned());
            (pack, base)
        }
        None => (shipped, None),
    };
    let bytes = pack.to_archive().len() as u64;
    ensure!(
        bytes <= document::MAX_BYTES,
        "the pack has {bytes} bytes as an archive, more than {}: leave files out that no rule needs",
        document::MAX_BYTES
    );
    whole(&pack)?;
    let Tried { tests, failures } = tried(&pack)?;
    if !failures.is_empty() {
        let told = failures.iter().take(TOLD).cloned().collect::<Vec<_>>().join("\n");
        let count = failures.len();
        bail!(
            "{count} of {tests} tests of the pack fail; mend them, `exhibit-collector rules test` runs them\n{told}"
        );
    }
    Ok(Candidate { pack, given, base, note, signed_by, tests })
}

/// The names of the keys that signed; at least one where any is configured.
fn signatures(
    statement: &str,
    note: Option<&str>,
    signers: &[String],
) -> anyhow::Result<Vec<String>> {
    let Some(text) = note else {
        ensure!(
            signers.is_empty(),
            "the pack is not signed and [rules] signers asks for it: `exhibit-collector rules sign`"
        );
        return Ok(Vec::new());
    };
    let note = Note::parse(text.as_bytes()).context("pack.sig")?;
    ensure!(
        note.text() == statement,
        "pack.sig is over another pack than this one: sign it again. It names:\n{}",
        note.text().trim_end()
    );
    let mut signed = Vec::new();
    for vkey in signers {
        let verifier = Verifier::from_vkey(vkey)?;
        match note.verify(&verifier) {
            Ok(()) => signed.push(verifier.name().to_owned()),
            Err(NoteError::Unsigned(_)) => {}
            Err(wrong) => return Err(wrong).context("pack.sig"),
        }
    }
    ensure!(
        signers.is_empty() || !signed.is_empty(),
        "no key of [rules] signers signed the pack; its signatures are of: {}",
        note.signatures().iter().map(|line| line.name.as_str()).collect::<Vec<_>>().join(", ")
    );
    Ok(signed)
}

fn same_person(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Puts the program's own pack in force where none is or an older shipped one is, and puts it below the rules of the
/// organisation where those extend it. What cannot be put together stays as it is, and is told.
pub(in crate::app) async fn at_start(steward: &Steward) -> anyhow::Result<()> {
    let _turn = steward.turn.lock().await;
    let history = steward.history()?;
    let by = format!("exhibit-collector {}", env!("CARGO_PKG_VERSION"));
    let shipped = RulePack::builtin()?;
    let (archive, note) = match in_force(&history) {
        None => (None, None),
        Some(now) => match &now.said.given {
            None if now.said.pack.to_string() == shipped.digest() => return Ok(()),
            None => (None, None),
            // A whole pack of the organisation's own: the shipped one has no say.
            Some(given) if given.base.is_none() => return Ok(()),
            Some(given) if given.base.is_some_and(|it| it.to_string() == shipped.digest()) => {
                return Ok(());
            }
            Some(given) => {
                let archive = String::from_utf8(now.given_bytes(&steward.reader)?)?;
                (Some(archive), given.note.clone())
            }
        },
    };
    let signed_by = in_force(&history).and_then(|now| now.said.given.clone());
    let signed_by = signed_by.map(|given| given.signed_by).unwrap_or_default();
    let considered = tokio::task::spawn_blocking(move || {
        // They were signed when they came; the program below them is trusted as it was before.
        let mut candidate = consider(archive.as_deref(), None, &[])?;
        (candidate.note, candidate.signed_by) = (note, signed_by);
        Ok::<_, anyhow::Error>(candidate)
    });
    let candidate = match considered.await? {
        Ok(candidate) => candidate,
        Err(error) => {
            tracing::error!(
                error = format!("{error:#}"),
                "the organisation's rules do not go with the rules of this program; the pack in force stays, mend them and `exhibit-collector rules activate` them"
            );
            return Ok(());
        }
    };
    let waiting = open_proposal(&history);
    if waiting.is_some_and(|waiting| waiting.said.pack.to_string() == candidate.pack.digest()) {
        return Ok(());
    }
    let proposed = steward.rules.second_person && in_force(&history).is_some();
    let said = candidate.said(&by, None)?;
    steward.append(said, &candidate, proposed).await.map(drop)
}
