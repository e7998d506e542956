//! Each list in SQL: its tables, the fields that it is sorted and filtered by, and in which order it stands by itself.

use rusqlite::Connection;

use super::{Field, Shape, other, text};

/// The columns are those of [`super::super::evidence::target`].
pub(super) const TARGETS: Shape = Shape {
    columns: "t.id, t.name, t.agent, t.first_seen, c.seen, c.documents, c.gaps, c.failing, c.passing",
    from: "targets t",
    beside: &[("c.", "LEFT JOIN target_counts c ON c.target = t.id")],
    holds: "?1 IS NOT NULL",
    keys: "t.id AS k",
    again: "targets t ON t.id = p.k",
    order: "t.name, t.id",
    all: Some("SELECT count(*) FROM targets"),
    finds: None,
    sorts: None,
    fields: &[
        text("target", "t.id"),
        text("name", "t.name"),
        text("agent", "t.agent"),
        other("first_seen", "t.first_seen"),
        other("seen", "c.seen"),
        other("kinds", "c.documents"),
        other("gaps", "c.gaps"),
        other("failing", "c.failing"),
        other("passing", "c.passing"),
    ],
};

/// The columns are those of [`super::super::evidence::document`], and the target's name.
pub(super) const DOCUMENTS: Shape = Shape {
    columns: "d.target, d.kind, d.from_index, d.to_index, d.digest, d.size, d.held, d.agent, d.first_seen, d.last_index, d.last_seen,
      d.seen, coalesce((SELECT name FROM targets t WHERE t.id = d.target), d.target)",
    from: "documents d",
    beside: &[],
    holds: "?1 IS NOT NULL AND d.to_index IS NULL",
    keys: "d.target AS k, d.kind AS l, d.from_index AS m",
    again: "documents d ON d.target = p.k AND d.kind = p.l AND d.from_index = p.m",
    order: "d.target, d.kind",
    all: Some("SELECT coalesce(sum(documents), 0) FROM target_counts"),
    finds: Some(documents_with),
    sorts: Some(&["target"]),
    fields: &[
        text("target", "d.target"),
        text("name", "coalesce((SELECT name FROM targets t WHERE t.id = d.target), d.target)"),
        text("kind", "d.kind"),
        text("digest", "d.digest"),
        text("agent", "d.agent"),
        other("size", "d.size"),
        Field {
            name: "held",
            sql: "CASE WHEN d.held THEN 'true' ELSE 'false' END",
            sort: Some("d.held"),
            searched: false,
        },
        other("first", "d.first_seen"),
        other("first_index", "d.from_index"),
        other("last", "d.last_seen"),
        other("last_index", "d.last_index"),
        other("seen", "d.seen"),
    ],
};

/// Documents by what leads to them: their targets, their kinds, who observed them, how their digests begin. What leads nowhere
/// stands in no condition: one alone that has no index would have each document read. An agent observes only what it was granted.
fn documents_with(connection: &Connection, text: &str) -> rusqlite::Result<String> {
    const KINDS: &str = "WITH RECURSIVE kinds (kind) AS (SELECT min(kind) FROM document_rows WHERE to_index IS NULL UNION ALL
       SELECT (SELECT min(kind) FROM document_rows h WHERE h.to_index IS NULL AND h.kind > kinds.kind) FROM kinds
       WHERE kinds.kind IS NOT NULL) SELECT kind FROM kinds WHERE instr(lower(kind), ?Q) > 0";
    const OBSERVED: &str =
        "SELECT j.value FROM agents a, json_each(a.targets) j WHERE instr(lower(a.id), ?Q) > 0";
    let any = |of: &str| -> rusqlite::Result<bool> {
        let mut ask = connection.prepare_cached(&of.replace("?Q", "?1"))?;
        ask.exists([text])
    };
    let mut leads = vec![
        "d.target IN (SELECT id FROM targets WHERE instr(lower(id), ?Q) > 0 OR instr(lower(name), ?Q) > 0)".to_owned(),
    ];
    if any(KINDS)? {
        leads.push(format!("d.kind IN ({KINDS})"));
    }
    if any(OBSERVED)? {
        leads.push(format!("(d.target IN ({OBSERVED}) AND instr(lower(d.agent), ?Q) > 0)"));
    }
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        leads.push("(d.digest >= ?Q AND d.digest < ?Q || 'g')".to_owned());
    }
    Ok(leads.join(" OR "))
}

/// Findings that turned between the two entries that `?1` names, a JSON list. The columns are those of a comparison's turns.
pub(super) const TURNED: Shape = Shape {
    columns: "f.from_index, f.first_seen, f.rule, f.target, t.name, f.kind, f.was, f.verdict, f.message",
    from: "findings f",
    beside: &[("t.", "LEFT JOIN targets t ON t.id = f.target")],
    holds: "f.from_index >= (?1 ->> 0) AND f.from_index < (?1 ->> 1)
      AND f.was IS NOT f.verdict AND (f.was IS NOT NULL OR f.verdict IN ('fail', 'error'))",
    keys: "f.from_index AS k, f.rule AS l, f.target AS m",
    again: "findings f ON f.rule = p.l AND f.target = p.m AND f.from_index = p.k",
    order: "f.from_index, f.rule, f.target",
    all: None,
    finds: None,
    sorts: Some(&["at", "index"]),
    fields: &[
        other("at", "f.from_index"),
        other("index", "f.from_index"),
        text("rule", "f.rule"),
        text("target", "f.target"),
        text("name", "coalesce(t.name, f.target)"),
        text("kind", "f.kind"),
        text("message", "f.message"),
        other("was", "coalesce(f.was, '')"),
        other("is", "f.verdict"),
        other("controls", "f.rule"),
    ],
};

const STATE: &str = "CASE WHEN o.target IS NULL THEN 'never' WHEN o.collected AND o.gaps = '[]' THEN 'collected'
      WHEN o.collected THEN 'partly' ELSE coalesce(json_extract(o.gaps, '$[0].outcome'), 'collected') END";

/// Every target with one kind, which is `?1`. The columns are those of [`super::kind_on_target`].
pub(super) const KIND: Shape = Shape {
    columns: "t.id, t.name, CASE WHEN o.target IS NULL THEN 'never' WHEN o.collected AND o.gaps = '[]' THEN 'collected'
      WHEN o.collected THEN 'partly' ELSE coalesce(json_extract(o.gaps, '$[0].outcome'), 'collected') END,
      coalesce(o.gaps, '[]'), d.target, d.kind, d.from_index, d.to_index, d.digest, d.size, d.held, d.agent, d.first_seen,
      d.last_index, d.last_seen, d.seen",
    from: "targets t",
    beside: &[
        ("d.", "LEFT JOIN documents d ON d.target = t.id AND d.kind = ?1 AND d.to_index IS NULL"),
        ("o.", "LEFT JOIN outcomes o ON o.target = t.id AND o.kind = ?1 AND o.to_index IS NULL"),
    ],
    holds: "?1 IS NOT NULL",
    keys: "t.id AS k",
    again: "targets t ON t.id = p.k",
    order: "t.id",
    all: Some("SELECT count(*) FROM targets"),
    finds: None,
    sorts: None,
    fields: &[
        text("target", "t.id"),
        text("name", "t.name"),
        other("state", STATE),
        text("why", "coalesce(o.gaps, '')"),
        other("seen", "d.last_seen"),
        other("unchanged", "d.first_seen"),
        text("digest", "coalesce(d.digest, '')"),
    ],
};

/// The columns are those of [`super::super::agents::agent`], and of how many kinds it could not see all.
pub(super) const AGENTS: Shape = Shape {
    columns: "a.id, a.host_name, a.key, a.epoch, a.targets, a.approved_by, a.enrolled_index, a.enrolled, a.revoked_index,
      a.revoked, a.revoked_by, a.revoked_reason, a.last_index, a.last_seen, a.last_seq, a.missing, a.version, a.binary_digest,
      a.configuration, a.clock_offset_ms, a.interval_s, a.spool_items, a.dropped, a.vetoes,
      (SELECT count(*) FROM outcomes o WHERE o.agent = a.id AND o.to_index IS NULL AND o.gaps <> '[]')",
    from: "agents a",
    beside: &[],
    holds: "?1 IS NOT NULL",
    keys: "a.id AS k",
    again: "agents a ON a.id = p.k",
    order: "a.host_name, a.id",
    all: None,
    finds: None,
    sorts: None,
    fields: &[
        text("agent", "a.id"),
        text("host", "a.host_name"),
        Field {
            name: "health",
            // As `exhibit_assessment::is_silent` has it; a test holds the two against each other.
            sql: "CASE WHEN a.revoked_index IS NOT NULL THEN 'revoked'
              WHEN ?1 - a.last_seen > coalesce(a.interval_s * 2000, 93600000) THEN 'silent' ELSE 'speaking' END",
            sort: Some(
                "CASE WHEN a.revoked_index IS NOT NULL THEN 2
              WHEN ?1 - a.last_seen > coalesce(a.interval_s * 2000, 93600000) THEN 0 ELSE 1 END",
            ),
            searched: true,
        },
        text("version", "a.version"),
        other("seen", "a.last_seen"),
        other("last_index", "a.last_index"),
        other(
            "unseen",
            "(SELECT count(*) FROM outcomes o WHERE o.agent = a.id AND o.to_index IS NULL AND o.gaps <> '[]')",
        ),
        other("spool", "a.spool_items"),
        other("offset", "a.clock_offset_ms"),
        other("missing", "a.missing"),
        other("dropped", "coalesce(a.dropped, 0)"),
    ],
};

/// Entries that people, or the collector for them, made. The columns are those of [`super::super::entries::entry`].
pub(super) const DONE: Shape = Shape {
    columns: "e.idx, e.type, e.env, e.key, e.rx, e.agent, e.epoch, e.seq, e.sealed, e.missing, e.documents, e.gaps, e.by_whom,
      e.summary, e.problem, (SELECT host_name FROM agents WHERE agents.id = e.agent)",
    from: "entries e",
    beside: &[],
    holds: "?1 IS NOT NULL AND e.type IN ('activity', 'continues', 'decision', 'enrol', 'revoke', 'rotate', 'rule_pack',
      'log_key', 'gap', 'conflict', 'fork', 'hold', 'tombstone')",
    keys: "e.idx AS k",
    again: "entries e ON e.idx = p.k",
    // Not by the order of the table: among a million of agents' statements these are few, and their types find them.
    order: "+e.idx DESC",
    all: None,
    finds: None,
    sorts: None,
    fields: &[
        other("at", "e.rx"),
        text("who", "coalesce(e.by_whom, 'collector')"),
        text(
            "act",
            "CASE WHEN e.type <> 'activity' THEN replace(e.type, '_', ' ')
              WHEN instr(e.summary, ' (') = 0 THEN e.summary ELSE substr(e.summary, 1, instr(e.summary, ' (') - 1) END",
        ),
        text("what", "e.summary"),
        other("entry", "e.idx"),
    ],
};
