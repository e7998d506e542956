-- The tables as they stood once the log had {entries} entries, at {at} (milliseconds since 1970): of a connection's own, each in
-- front of the table of its name. Whatever asks the tables asks these then, in the same words. What ended later still holds, what
-- began later is not there. When something unchanged was observed last before then no row knows: functions ask the agents'
-- statements (`told`).

CREATE TEMP VIEW position AS SELECT one, min(applied, {entries}) AS applied, root, min(judged, {at}) AS judged FROM main.position;

CREATE TEMP VIEW entries AS SELECT * FROM main.entries WHERE idx < {entries};

CREATE TEMP VIEW entry_counts AS SELECT type, count(*) AS entries FROM main.entries WHERE idx < {entries} GROUP BY type;

CREATE TEMP VIEW digests AS SELECT * FROM main.digests WHERE idx < {entries};

CREATE TEMP VIEW keys AS SELECT key, agent, epoch, pem, from_index, CASE WHEN to_index < {entries} THEN to_index END AS to_index,
  predecessor FROM main.keys WHERE from_index < {entries};

-- The key in force is the newest of the line that leads to today's.
CREATE TEMP VIEW agents AS SELECT id,
  CASE WHEN coalesce(heartbeat_index, 0) < {entries} THEN host_name ELSE coalesce(beat(id, 'host_name'), host_name) END AS host_name,
  coalesce((WITH RECURSIVE line(key, from_index, predecessor) AS (
      SELECT key, from_index, predecessor FROM main.keys WHERE key = a.key
      UNION ALL
      SELECT k.key, k.from_index, k.predecessor FROM line JOIN main.keys k ON k.key = line.predecessor WHERE line.from_index >= {entries})
    SELECT key FROM line WHERE from_index < {entries} LIMIT 1), key) AS key,
  coalesce((WITH RECURSIVE line(epoch, from_index, predecessor) AS (
      SELECT epoch, from_index, predecessor FROM main.keys WHERE key = a.key
      UNION ALL
      SELECT k.epoch, k.from_index, k.predecessor FROM line JOIN main.keys k ON k.key = line.predecessor WHERE line.from_index >= {entries})
    SELECT epoch FROM line WHERE from_index < {entries} LIMIT 1), epoch) AS epoch,
  targets, certificate, approved_by, enrolled_index, enrolled,
  CASE WHEN revoked_index < {entries} THEN revoked_index END AS revoked_index,
  CASE WHEN revoked_index < {entries} THEN revoked END AS revoked,
  CASE WHEN revoked_index < {entries} THEN revoked_by END AS revoked_by,
  CASE WHEN revoked_index < {entries} THEN revoked_reason END AS revoked_reason,
  CASE WHEN last_index < {entries} THEN last_index ELSE coalesce(spoke(id, 'index'), enrolled_index) END AS last_index,
  CASE WHEN last_index < {entries} THEN last_seen ELSE coalesce(spoke(id, 'rx'), enrolled) END AS last_seen,
  CASE WHEN last_index < {entries} THEN last_seq ELSE coalesce(spoke(id, 'seq'), 0) END AS last_seq,
  last_env,
  CASE WHEN last_index < {entries} THEN missing ELSE
    (SELECT coalesce(sum(missing), 0) FROM main.entries e WHERE e.agent = a.id AND e.missing > 0 AND e.idx < {entries})
    - CASE (SELECT coalesce(sum(missing), 0) FROM main.entries e WHERE e.agent = a.id AND e.missing > 0) WHEN a.missing THEN 0 ELSE
      (SELECT count(*) FROM main.entries e WHERE e.agent = a.id AND e.idx < {entries} AND e.summary LIKE 'came after later ones%') END
    END AS missing,
  CASE WHEN last_index < {entries} THEN version ELSE spoke(id, 'version') END AS version,
  CASE WHEN last_index < {entries} THEN binary_digest ELSE spoke(id, 'binary') END AS binary_digest,
  CASE WHEN last_index < {entries} THEN configuration ELSE spoke(id, 'configuration') END AS configuration,
  CASE WHEN last_index < {entries} THEN vetoes ELSE spoke(id, 'vetoes') END AS vetoes,
  CASE WHEN last_index < {entries} THEN boot ELSE spoke(id, 'boot') END AS boot,
  CASE WHEN last_index < {entries} THEN clock_offset_ms ELSE spoke(id, 'clock_offset') END AS clock_offset_ms,
  CASE WHEN heartbeat_index < {entries} THEN interval_s ELSE beat(id, 'interval') END AS interval_s,
  CASE WHEN heartbeat_index < {entries} THEN spool_items ELSE beat(id, 'spool_items') END AS spool_items,
  CASE WHEN heartbeat_index < {entries} THEN dropped ELSE beat(id, 'dropped') END AS dropped,
  CASE WHEN heartbeat_index < {entries} THEN heartbeat_index ELSE beat(id, 'index') END AS heartbeat_index
  FROM main.agents a WHERE enrolled_index < {entries};

-- Numbers that came since were open then.
CREATE TEMP VIEW notices AS SELECT idx, type, agent, at, key, epoch, from_seq, to_seq,
  open + (SELECT count(*) FROM main.entries e WHERE n.type = 'gap' AND e.agent = n.agent AND e.idx >= {entries} AND e.key = n.key
    AND e.epoch = n.epoch AND e.seq BETWEEN n.from_seq AND n.to_seq AND e.problem IS NULL) AS open,
  detail, suppressed FROM main.notices n WHERE idx < {entries};

CREATE TEMP VIEW schedules AS SELECT agent, target, kind, cron, from_index, CASE WHEN to_index < {entries} THEN to_index END AS to_index
  FROM main.schedules WHERE from_index < {entries};

CREATE TEMP VIEW sort_kinds AS SELECT * FROM main.sort_kinds WHERE from_index < {entries};

CREATE TEMP VIEW targets AS SELECT * FROM main.targets WHERE first_index < {entries};

CREATE TEMP VIEW target_counts AS SELECT t.id AS target,
  (SELECT max(last_seen) FROM documents d WHERE d.target = t.id AND d.to_index IS NULL) AS seen,
  (SELECT count(*) FROM document_rows d WHERE d.target = t.id AND d.to_index IS NULL) AS documents,
  (SELECT count(*) FROM outcomes o WHERE o.target = t.id AND o.to_index IS NULL AND o.gaps <> '[]') AS gaps,
  (SELECT count(*) FROM findings f WHERE f.target = t.id AND f.to_index IS NULL AND f.verdict = 'fail') AS failing,
  (SELECT count(*) FROM findings f WHERE f.target = t.id AND f.to_index IS NULL AND f.verdict = 'pass') AS passing
  FROM targets t;

CREATE TEMP VIEW said_labels AS SELECT target, from_index, CASE WHEN to_index < {entries} THEN to_index END AS to_index, labels
  FROM main.said_labels WHERE from_index < {entries};

CREATE TEMP VIEW document_rows AS SELECT target, kind, from_index, CASE WHEN to_index < {entries} THEN to_index END AS to_index,
  digest, size, held = 1 OR coalesce(deleted >= {entries}, 0) AS held, agent, first_seen, last_index, last_seen, seen,
  CASE WHEN deleted < {entries} THEN deleted END AS deleted, line, slot FROM main.document_rows WHERE from_index < {entries};

-- How many runs had observed what was observed again since is not known.
CREATE TEMP VIEW documents AS SELECT target, kind, from_index, CASE WHEN to_index < {entries} THEN to_index END AS to_index,
  digest, size, held = 1 OR coalesce(deleted >= {entries}, 0) AS held, agent, first_seen,
  CASE WHEN last_index < {entries} THEN last_index ELSE coalesce(observed(target, kind, agent, from_index, 'index'), from_index) END
    AS last_index,
  CASE WHEN last_index < {entries} THEN last_seen ELSE max(first_seen, coalesce(observed(target, kind, agent, from_index, 'at'), first_seen)) END
    AS last_seen,
  CASE WHEN last_index < {entries} THEN seen END AS seen,
  CASE WHEN deleted < {entries} THEN deleted END AS deleted FROM main.documents WHERE from_index < {entries};

CREATE TEMP VIEW outcomes AS SELECT target, kind, from_index, CASE WHEN to_index < {entries} THEN to_index END AS to_index,
  collected, gaps, agent, first_seen,
  CASE WHEN last_index < {entries} THEN last_index ELSE coalesce(ended(target, kind, agent, from_index, 'index'), from_index) END
    AS last_index,
  CASE WHEN last_index < {entries} THEN last_seen ELSE max(first_seen, coalesce(ended(target, kind, agent, from_index, 'at'), first_seen)) END
    AS last_seen FROM main.outcomes WHERE from_index < {entries};

-- The rules that ever found anything come first, so that one target's findings are looked up by rule and target.
CREATE TEMP TABLE found_rules AS WITH RECURSIVE r(rule) AS (
    SELECT min(rule) FROM main.findings
    UNION ALL
    SELECT (SELECT min(rule) FROM main.findings f WHERE f.rule > r.rule) FROM r WHERE r.rule IS NOT NULL)
  SELECT rule FROM r WHERE rule IS NOT NULL;

CREATE TEMP VIEW findings AS SELECT f.rule, f.target, f.from_index, CASE WHEN f.to_index < {entries} THEN f.to_index END AS to_index,
  f.kind, f.verdict, f.was, f.message, f.items, f.item_count, f.digest, f.first_seen, f.verdict_since,
  CASE WHEN f.erased < {entries} THEN f.erased END AS erased, f.until
  FROM found_rules r CROSS JOIN main.findings f ON f.rule = r.rule
  WHERE f.from_index < {entries};

CREATE TEMP VIEW finding_counts AS SELECT rule, verdict, count(*) AS findings FROM findings WHERE to_index IS NULL
  GROUP BY rule, verdict;
CREATE TEMP VIEW bad_words AS SELECT rule, verdict, message, count(*) AS findings FROM findings
  WHERE to_index IS NULL AND verdict IN ('fail', 'error') GROUP BY rule, verdict, message;

CREATE TEMP VIEW statuses AS SELECT control, from_time, CASE WHEN to_time <= {at} THEN to_time END AS to_time, entries, status,
  targets, passing, failing, unseen, waived, stale FROM main.statuses WHERE from_time <= {at};

-- The last millisecond of a day is its midnight.
CREATE TEMP VIEW judgements AS SELECT * FROM main.judgements WHERE at <= {at} + 1 AND entries <= {entries};

CREATE TEMP VIEW judged_reasons AS SELECT * FROM main.judged_reasons WHERE at <= {at} + 1;

CREATE TEMP VIEW rule_packs AS SELECT * FROM main.rule_packs WHERE idx < {entries};

CREATE TEMP VIEW records AS SELECT register, id, idx, act, after_index, value, by_whom, reason, at, proposed,
  CASE WHEN approved_index < {entries} THEN approved_index END AS approved_index,
  CASE WHEN approved_index < {entries} THEN approved END AS approved,
  CASE WHEN approved_index < {entries} THEN approved_by END AS approved_by,
  CASE WHEN approved_index < {entries} THEN approved_reason END AS approved_reason,
  CASE WHEN from_index < {entries} THEN from_index END AS from_index,
  CASE WHEN to_index < {entries} THEN to_index END AS to_index FROM main.records WHERE idx < {entries};

CREATE TEMP VIEW tombstones AS SELECT * FROM main.tombstones WHERE idx < {entries};

CREATE TEMP VIEW deleted AS SELECT * FROM main.deleted WHERE idx < {entries};

CREATE TEMP VIEW holds AS SELECT idx, target, kind, from_time, to_time, by_whom, reason, made,
  CASE WHEN lifted_index < {entries} THEN lifted_index END AS lifted_index,
  CASE WHEN lifted_index < {entries} THEN lifted END AS lifted,
  CASE WHEN lifted_index < {entries} THEN lifted_by END AS lifted_by,
  CASE WHEN lifted_index < {entries} THEN lifted_reason END AS lifted_reason FROM main.holds WHERE idx < {entries};
