//! Agents: who observes, how they are, and what they cannot see.

use exhibit_proto::statement::Vetoes;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, long, one};
use super::targets::{GapLine, gap_line};
use super::words::DigestText;
use super::{Ask, WebError};
use crate::ingest::ShownCertificate;
use crate::views::{self, Asked, Part};
use crate::web::listed::Each;

/// A program that observes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Agent")]
pub(in crate::web) struct AgentRow {
    pub(in crate::web) agent: String,
    /// Name of its host.
    pub(in crate::web) host: String,
    pub(in crate::web) health: Health,
    pub(in crate::web) version: Option<String>,
    /// When it was last heard, and by which entry.
    pub(in crate::web) seen: Timestamp,
    pub(in crate::web) last_index: u64,
    /// Kinds that it could not, or not wholly, see.
    pub(in crate::web) unseen: u64,
    /// Items that wait in its spool.
    pub(in crate::web) spool: Option<u64>,
    /// Its clock minus the collector's, in milliseconds.
    pub(in crate::web) offset: Option<i64>,
    /// Statements of its chain that are not in the log.
    pub(in crate::web) missing: u64,
    /// Documents that it gave up because its spool was full.
    pub(in crate::web) dropped: u64,
}

/// How an agent is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::web) enum Health {
    /// It has not spoken for twice the time that it named itself.
    Silent,
    Speaking,
    /// Nothing that it sends is admitted any more.
    Revoked,
}

impl Health {
    pub(in crate::web) fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Speaking => "speaking",
            Self::Revoked => "revoked",
        }
    }
}

/// One agent with everything that is known of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AgentInFull")]
struct AgentInFull {
    agent: AgentRow,
    /// Key id of its evidence key in force: SHA-256 of its DER SPKI.
    #[schemars(with = "DigestText")]
    key: String,
    epoch: u64,
    /// What it may speak for.
    targets: Vec<String>,
    enrolled: Timestamp,
    enrolled_index: u64,
    approved_by: String,
    revoked: Option<Revoked>,
    /// The certificate that it showed last; null: it never connected to this collector, or an earlier moment is asked for.
    certificate: Option<CertificateLine>,
    /// Digest of its program, and of its configuration.
    binary: Option<String>,
    configuration: Option<String>,
    /// Seconds until it speaks again at the latest, by its own word.
    interval_seconds: Option<u64>,
    /// What the operator of its host forbids: kinds, paths, and fields of kinds as `kind: field`.
    forbidden_kinds: Vec<String>,
    forbidden_paths: Vec<String>,
    forbidden_fields: Vec<String>,
    /// What it will observe, by its newest heartbeat.
    schedule: Vec<Scheduled>,
    /// What it could not, or not wholly, see.
    unseen: Vec<Unseen>,
}

/// A certificate of a connection.
#[derive(Serialize, JsonSchema)]
struct CertificateLine {
    /// SHA-256 of its DER.
    #[schemars(with = "DigestText")]
    digest: String,
    expires: Timestamp,
    /// When it was shown last; of before the collector started, up to a day earlier than that.
    shown: Timestamp,
}

/// The end of an agent's right to speak.
#[derive(Serialize, JsonSchema)]
struct Revoked {
    at: Timestamp,
    index: u64,
    by: String,
    reason: String,
}

/// A kind on schedule.
#[derive(Serialize, JsonSchema)]
struct Scheduled {
    target: String,
    kind: String,
    /// UTC.
    cron: String,
    /// The entry since which it is so.
    from_index: u64,
}

/// A kind that could not, or not wholly, be seen.
#[derive(Serialize, JsonSchema)]
struct Unseen {
    target: String,
    kind: String,
    gaps: Vec<GapLine>,
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        long("/agents", "Agents", "The programs that observe", part),
        one(
            "/agents/{agent}",
            "Agents",
            "One agent with its schedule and what it cannot see",
            show,
        ),
    ]
}

/// The certificate that an agent showed last; of the past nothing is known of that.
pub(in crate::web) fn shown_certificate(ask: &Ask, agent: &str) -> Option<ShownCertificate> {
    ask.site.certificates.of(agent).filter(|_| !ask.is_past())
}

/// The agents that are asked for, by host where nothing else is asked.
pub(in crate::web) fn part(ask: &Ask, asked: &Asked) -> Result<Part<AgentRow>, WebError> {
    let Part { rows, fitting, all } = ask.views.agents_asked(asked, ask.now)?;
    let rows = rows.iter().map(|(agent, unseen)| row(ask, agent, *unseen)).collect();
    Ok(Part { rows, fitting, all })
}

/// The same, one after the other.
pub(in crate::web) fn each(
    ask: &Ask,
    asked: &Asked,
    to: Each<'_, AgentRow>,
) -> Result<(), WebError> {
    ask.views.each_agent_asked(asked, ask.now, |(agent, unseen)| to(row(ask, &agent, unseen)))
}

fn row(ask: &Ask, agent: &views::AgentRow, unseen: u64) -> AgentRow {
    AgentRow {
        agent: agent.id.clone(),
        host: agent.host_name.clone(),
        health: health(ask, agent),
        version: agent.version.clone(),
        seen: agent.last_seen,
        last_index: agent.last_index,
        unseen,
        spool: agent.spool_items,
        offset: agent.clock_offset_ms,
        missing: agent.missing,
        dropped: agent.dropped.unwrap_or(0),
    }
}

pub(in crate::web) fn health(ask: &Ask, agent: &views::AgentRow) -> Health {
    match (&agent.revoked, agent.silent_since(ask.now)) {
        (Some(_), _) => Health::Revoked,
        (None, Some(_)) => Health::Silent,
        (None, None) => Health::Speaking,
    }
}

fn show(ask: &Ask) -> Result<AgentInFull, WebError> {
    let views = &ask.views;
    let missing = || WebError::NotFound(format!("agent {:?}", ask.param(0)));
    let agent = views.agent(ask.param(0))?.ok_or_else(missing)?;
    let outcomes = views.gaps_of_agent(&agent.id)?;
    let schedule = views.schedules_of_agent(&agent.id)?.into_iter();
    let schedule = schedule.map(|item| {
        let views::ScheduleRow { target, kind, cron, from_index, .. } = item;
        Scheduled { target, kind, cron, from_index }
    });
    let unseen = outcomes.iter().map(|row| {
        let gaps = row.gaps.iter().map(|gap| gap_line(gap, row.collected, row.first_seen));
        Unseen { target: row.target.clone(), kind: row.kind.clone(), gaps: gaps.collect() }
    });
    let row = row(ask, &agent, outcomes.len() as u64);
    let Vetoes { kinds, paths, fields } = agent.vetoes;
    let of_kind = |(kind, fields): (_, Vec<String>)| {
        let of_kind: Vec<String> = fields.iter().map(|field| format!("{kind}: {field}")).collect();
        of_kind
    };
    Ok(AgentInFull {
        unseen: unseen.collect(),
        schedule: schedule.collect(),
        agent: row,
        key: agent.key,
        epoch: agent.epoch,
        targets: agent.targets,
        enrolled: agent.enrolled,
        enrolled_index: agent.enrolled_index,
        approved_by: agent.approved_by,
        certificate: shown_certificate(ask, &agent.id).map(|shown| CertificateLine {
            digest: shown.digest.to_string(),
            expires: shown.expires,
            shown: shown.at,
        }),
        revoked: agent.revoked.map(|revoked| Revoked {
            at: revoked.at,
            index: revoked.index,
            by: revoked.by,
            reason: revoked.reason,
        }),
        binary: agent.binary,
        configuration: agent.configuration,
        interval_seconds: agent.interval_seconds,
        forbidden_kinds: kinds.iter().map(ToString::to_string).collect(),
        forbidden_paths: paths,
        forbidden_fields: fields.into_iter().flat_map(of_kind).collect(),
    })
}
