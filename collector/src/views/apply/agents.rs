//! Rows about agents: enrolment, revocation, chain, heartbeat. Never about what they observed.

use exhibit_proto::keys::PublicKey;
use exhibit_proto::leaf::Link;
use exhibit_proto::rotation;
use exhibit_proto::statement::{Capsule, Enrol, Heartbeat, Revoke};
use rusqlite::{OptionalExtension as _, params};

use super::{Agent, At, Refused, Row, because, labels, millis, notices, sorts};
use crate::views::{counts, signed};

pub(super) fn enrol(at: &At<'_>, row: &mut Row, enrol: &Enrol) -> Result<(), Refused> {
    let Ok(key) = PublicKey::from_pem(&enrol.evidence_key) else {
        return because("the key that it enrols cannot be used");
    };
    let key = key.id().to_string();
    let known: Option<String> = at
        .tx
        .query_row("SELECT agent FROM keys WHERE key = ?1", [&key], |row| row.get(0))
        .optional()?;
    if let Some(agent) = known {
        return because(format!("its key was enrolled before, for agent {agent}"));
    }
    let epoch = signed(enrol.epoch);
    at.tx.execute(
        "INSERT INTO keys VALUES (?1, ?2, ?3, ?4, ?5, NULL, NULL)",
        (&key, &enrol.agent, epoch, &enrol.evidence_key, at.index()),
    )?;
    let targets: Vec<&str> = enrol.targets.iter().map(|target| target.as_str()).collect();
    let targets_json = serde_json::to_string(&targets).unwrap_or_default();
    at.tx.execute(
        "INSERT INTO agents (id, host_name, key, epoch, targets, certificate, approved_by, enrolled_index, enrolled,
             last_index, last_seen, last_seq, last_env, missing)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?8, ?9, 0, ?10, 0)
         ON CONFLICT (id) DO UPDATE SET host_name = excluded.host_name, key = excluded.key, epoch = excluded.epoch,
             targets = excluded.targets, certificate = excluded.certificate, last_seq = 0,
             last_env = excluded.last_env, revoked_index = NULL, revoked = NULL, revoked_by = NULL,
             revoked_reason = NULL",
        params![
            enrol.agent,
            enrol.host_name,
            key,
            epoch,
            targets_json,
            enrol.certificate.to_string(),
            enrol.approved_by,
            at.index(),
            at.rx,
            exhibit_proto::digest::Digest::ZERO.to_string(),
        ],
    )?;
    for target in targets {
        at.tx.execute(
            "INSERT INTO targets VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, agent = excluded.agent",
            (target, &enrol.host_name, &enrol.agent, at.index(), at.rx),
        )?;
        counts::begin(at.tx, target)?;
    }
    row.agent = Some(enrol.agent.clone());
    row.by = Some(enrol.approved_by.clone());
    row.summary = format!("agent on {} may speak from here on", enrol.host_name);
    Ok(())
}

/// From this entry on another key speaks for the agent; its chain runs on from the rotation itself.
pub(super) fn rotate(at: &At<'_>, row: &mut Row, agent: &Agent) -> Result<(), Refused> {
    if agent.late {
        return because("it ends an epoch in which later statements stand before it");
    }
    let old = at.entry.leaf.key.to_string();
    let pem: String =
        at.tx.query_row("SELECT pem FROM keys WHERE key = ?1", [&old], |row| row.get(0))?;
    let (Ok(key), Some(envelope)) = (PublicKey::from_pem(&pem), &at.entry.envelope) else {
        return because("the key that it replaces cannot be used");
    };
    let rotation = match rotation::open(envelope, &key) {
        Ok(rotation) => rotation,
        Err(error) => return because(format!("it rotates no key: {error}")),
    };
    let new = rotation.key.id().to_string();
    let used: bool =
        at.tx.query_row("SELECT EXISTS (SELECT 1 FROM keys WHERE key = ?1)", [&new], |row| {
            row.get(0)
        })?;
    if used {
        return because(format!("key {new} was used before"));
    }
    let epoch = signed(rotation.statement.predicate.new_epoch);
    at.tx.execute("UPDATE keys SET to_index = ?2 WHERE key = ?1", (&old, at.index()))?;
    at.tx.execute(
        "INSERT INTO keys VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6)",
        params![new, agent.id, epoch, rotation.key.to_pem(), at.index(), old],
    )?;
    at.tx.execute(
        "UPDATE agents SET key = ?2, epoch = ?3, last_seq = 0 WHERE id = ?1",
        (&agent.id, &new, epoch),
    )?;
    row.by = Some("agent".to_owned());
    row.summary = format!("the evidence key was rotated; epoch {epoch} begins");
    Ok(())
}

pub(super) fn revoke(at: &At<'_>, row: &mut Row, revoke: &Revoke) -> Result<(), Refused> {
    row.agent = Some(revoke.agent.clone());
    row.by = Some(revoke.by.clone());
    at.tx.execute(
        "UPDATE keys SET to_index = ?2 WHERE key = ?1 AND to_index IS NULL",
        (revoke.key.to_string(), at.index()),
    )?;
    at.tx.execute(
        "UPDATE agents SET revoked_index = ?2, revoked = ?3, revoked_by = ?4, revoked_reason = ?5
         WHERE id = ?1 AND key = ?6",
        params![revoke.agent, at.index(), at.rx, revoke.by, revoke.reason, revoke.key.to_string()],
    )?;
    // What nobody is to observe any more is not expected any more.
    at.tx.execute(
        "UPDATE schedules SET to_index = ?2 WHERE agent = ?1 AND to_index IS NULL",
        (&revoke.agent, at.index()),
    )?;
    row.summary = format!("agent may not speak any more: {}", revoke.reason);
    Ok(())
}

/// What is forbidden on the host, as JSON; none when nothing is.
fn vetoes(capsule: &Capsule) -> Option<String> {
    let some = Some(&capsule.vetoes).filter(|vetoes| !vetoes.is_empty())?;
    serde_json::to_string(some).ok()
}

/// Where a statement stands in its agent's chain.
pub(super) struct Standing {
    pub(super) agent: Agent,
    link: Link,
    /// How many statements are missing before it.
    missing: i64,
}

/// Whether the statement follows what its agent said before. Writes nothing.
pub(super) fn stands(
    at: &At<'_>,
    row: &mut Row,
    id: String,
    link: Link,
    capsule: &Capsule,
) -> Result<Standing, Refused> {
    let (targets, last_seq, last_env): (String, i64, String) = at
        .tx
        .prepare_cached("SELECT targets, last_seq, last_env FROM agents WHERE id = ?1")?
        .query_row([&id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let seq = signed(link.seq);
    row.sealed = millis(&capsule.sealed_at);
    if seq <= last_seq {
        let agent = Agent { id, targets: Vec::new(), late: true };
        return Ok(Standing { agent, link, missing: 0 });
    }
    let missing = seq - last_seq - 1;
    row.missing = missing;
    if missing == 0 && link.prev.to_string() != last_env {
        return because("it follows another envelope than the one before it");
    }
    let targets = serde_json::from_str(&targets).unwrap_or_default();
    Ok(Standing { agent: Agent { id, targets, late: false }, link, missing })
}

/// The agent stands there now; what came late closes a gap, unless its number is taken, which is asked before anything is written.
pub(super) fn moves(
    at: &At<'_>,
    row: &mut Row,
    standing: &Standing,
    capsule: &Capsule,
) -> Result<(), Refused> {
    let Standing { agent, link, missing } = standing;
    if agent.late {
        return notices::late(at, row, &agent.id, *link);
    }
    at.tx
        .prepare_cached(
            "UPDATE agents SET last_index = ?2, last_seen = ?3, last_seq = ?4, last_env = ?5,
                 missing = missing + ?6, version = ?7, binary_digest = ?8, configuration = ?9, boot = ?10,
                 clock_offset_ms = ?11, vetoes = ?12 WHERE id = ?1",
        )?
        .execute(params![
            agent.id,
            at.index(),
            at.rx,
            signed(link.seq),
            at.entry.leaf.env.to_string(),
            missing,
            capsule.agent_version,
            capsule.agent_binary.to_string(),
            capsule.configuration.to_string(),
            capsule.boot_id,
            capsule.clock_offset_ms,
            vetoes(capsule),
        ])?;
    Ok(())
}

pub(super) fn heartbeat(
    at: &At<'_>,
    row: &mut Row,
    agent: &Agent,
    beat: &Heartbeat,
) -> Result<(), Refused> {
    at.tx.execute(
        "UPDATE agents SET host_name = ?2, interval_s = ?3, spool_items = ?4, dropped = ?5, heartbeat_index = ?6
         WHERE id = ?1",
        params![
            agent.id,
            beat.host_name,
            signed(beat.interval_seconds),
            signed(beat.spool_items),
            signed(beat.dropped),
            at.index(),
        ],
    )?;
    labels::said(at, &agent.id, beat)?;
    let mut wanted: Vec<(&str, &str, &str)> = beat
        .schedule
        .iter()
        .filter(|item| agent.targets.iter().any(|target| target == item.target.as_str()))
        .map(|item| (item.target.as_str(), item.kind.as_str(), item.cron.as_str()))
        .collect();
    wanted.sort_unstable();
    wanted.dedup_by(|a, b| (a.0, a.1) == (b.0, b.1));
    schedule(at, &agent.id, &wanted)?;
    row.summary = format!("alive; {} kinds on schedule", wanted.len());
    Ok(())
}

/// Closes schedules that are not stated any more and opens those that are new.
fn schedule(at: &At<'_>, agent: &str, wanted: &[(&str, &str, &str)]) -> Result<(), Refused> {
    let held: Vec<(String, String, String)> = at
        .tx
        .prepare_cached(
            "SELECT target, kind, cron FROM schedules WHERE agent = ?1 AND to_index IS NULL",
        )?
        .query_map([agent], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let is_held = |item: &(&str, &str, &str)| {
        held.iter()
            .any(|(target, kind, cron)| (target.as_str(), kind.as_str(), cron.as_str()) == *item)
    };
    for (target, kind, cron) in &held {
        if !wanted.contains(&(target.as_str(), kind.as_str(), cron.as_str())) {
            at.tx.execute(
                "UPDATE schedules SET to_index = ?4
                 WHERE agent = ?1 AND target = ?2 AND kind = ?3 AND to_index IS NULL",
                (agent, target, kind, at.index()),
            )?;
        }
    }
    for item in wanted.iter().filter(|item| !is_held(item)) {
        at.tx.execute(
            "INSERT INTO schedules VALUES (?1, ?2, ?3, ?4, ?5, NULL)",
            (agent, item.0, item.1, item.2, at.index()),
        )?;
        sorts::note(at, item.0, item.1)?;
    }
    Ok(())
}
