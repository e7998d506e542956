-- Tables derived from the log. Every time is milliseconds since 1970 out of the log; no row knows when it was written.
-- Intervals are never deleted: `to_index` closes one, and NULL means that it still holds.

CREATE TABLE position (
  one     INTEGER PRIMARY KEY CHECK (one = 0),
  applied INTEGER NOT NULL,            -- entries 0..applied are in these tables
  root    TEXT NOT NULL,               -- digest of the last applied leaf: a log of another history is noticed
  judged  INTEGER NOT NULL             -- the last full hour at which `statuses` were judged; 0 before the first entry
) STRICT;

-- One row an entry of the log.
CREATE TABLE entries (
  idx       INTEGER PRIMARY KEY,
  type      TEXT NOT NULL,
  env       TEXT NOT NULL,
  key       TEXT NOT NULL,
  rx        INTEGER NOT NULL,          -- when the collector received it
  agent     TEXT,
  epoch     INTEGER,
  seq       INTEGER,
  sealed    INTEGER,                   -- the agent's clock when it sealed
  missing   INTEGER NOT NULL,          -- statements of the chain that are not in the log before this one
  documents INTEGER NOT NULL,
  gaps      INTEGER NOT NULL,          -- kinds that could not, or not wholly, be observed
  by_whom   TEXT,
  summary   TEXT NOT NULL,             -- one line for a person
  problem   TEXT                       -- why the entry counts for nothing
) STRICT;
CREATE INDEX entries_by_agent ON entries (agent, idx);
CREATE INDEX entries_by_type ON entries (type, idx);
CREATE INDEX entries_after_gaps ON entries (agent, idx) WHERE missing > 0;
-- Few entries name a person: agents' statements name none.
CREATE INDEX entries_by_whom ON entries (by_whom, idx) WHERE by_whom IS NOT NULL;

-- How many entries there are of each type: counting a million takes too long for a page.
CREATE TABLE entry_counts (
  type    TEXT PRIMARY KEY,
  entries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- By which digests an entry is found. The first 8 bytes of each, ordered as they are; what was found is compared whole.
CREATE TABLE digests (
  head INTEGER NOT NULL,
  what INTEGER NOT NULL,               -- 0 its envelope's, 1 its leaf's, 2 its statement names it
  idx  INTEGER NOT NULL,
  PRIMARY KEY (head, what, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  key        TEXT PRIMARY KEY,
  agent      TEXT NOT NULL,
  epoch      INTEGER NOT NULL,
  pem        TEXT NOT NULL,
  from_index INTEGER NOT NULL,         -- the entry that enrolled it or rotated to it
  to_index   INTEGER,                  -- the entry that revoked it or put another in its place
  predecessor TEXT                     -- the key that rotated to it; NULL when it was enrolled
) STRICT, WITHOUT ROWID;

CREATE TABLE agents (
  id              TEXT PRIMARY KEY,
  host_name       TEXT NOT NULL,
  key             TEXT NOT NULL,
  epoch           INTEGER NOT NULL,
  targets         TEXT NOT NULL,       -- JSON list of what it may speak for
  certificate     TEXT NOT NULL,
  approved_by     TEXT NOT NULL,
  enrolled_index  INTEGER NOT NULL,
  enrolled        INTEGER NOT NULL,
  revoked_index   INTEGER,
  revoked         INTEGER,
  revoked_by      TEXT,
  revoked_reason  TEXT,
  last_index      INTEGER NOT NULL,    -- newest statement; the enrolment itself before the first
  last_seen       INTEGER NOT NULL,
  last_seq        INTEGER NOT NULL,
  last_env        TEXT NOT NULL,
  missing         INTEGER NOT NULL,    -- statements that are not in the log, since enrolment
  version         TEXT,
  binary_digest   TEXT,
  configuration   TEXT,
  vetoes          TEXT,                -- JSON: what the operator of its host forbids; NULL when nothing is
  boot            TEXT,
  clock_offset_ms INTEGER,
  interval_s      INTEGER,             -- longest time until the next statement, by its own word
  spool_items     INTEGER,
  dropped         INTEGER,
  heartbeat_index INTEGER
) STRICT, WITHOUT ROWID;

-- What the collector noticed about agents: a row an entry of type gap, conflict or fork.
CREATE TABLE notices (
  idx        INTEGER PRIMARY KEY,
  type       TEXT NOT NULL,
  agent      TEXT NOT NULL,
  at         INTEGER NOT NULL,
  key        TEXT,
  epoch      INTEGER,
  from_seq   INTEGER,                  -- gap: first and last number; conflict: the number, twice
  to_seq     INTEGER,
  open       INTEGER,                  -- gap: numbers that have still not come
  detail     TEXT NOT NULL,            -- the predicate, JSON
  suppressed INTEGER NOT NULL
) STRICT;
CREATE INDEX notices_by_agent ON notices (agent, idx);

CREATE TABLE schedules (
  agent      TEXT NOT NULL,
  target     TEXT NOT NULL,
  kind       TEXT NOT NULL,
  cron       TEXT NOT NULL,
  from_index INTEGER NOT NULL,
  to_index   INTEGER,
  PRIMARY KEY (agent, target, kind, from_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_of_target ON schedules (target, kind, to_index);

-- Kinds that were ever scheduled or observed on a target of a sort (`host`, …), and which entry brought the first.
CREATE TABLE sort_kinds (
  sort       TEXT NOT NULL,
  kind       TEXT NOT NULL,
  from_index INTEGER NOT NULL,
  PRIMARY KEY (sort, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE targets (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL,           -- for people; the id is the identity
  agent       TEXT NOT NULL,
  first_index INTEGER NOT NULL,
  first_seen  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX targets_by_name ON targets (name, id);

-- What a list says of each target: counting findings of ten thousand takes too long for a page. `seen`: the newest observation of
-- any kind; NULL before the first document.
CREATE TABLE target_counts (
  target    TEXT PRIMARY KEY,
  seen      INTEGER,
  documents INTEGER NOT NULL,
  gaps      INTEGER NOT NULL,          -- kinds that were not, or not wholly, observed last time
  failing   INTEGER NOT NULL,
  passing   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Labels that agents give targets, by their configuration.
CREATE TABLE said_labels (
  target     TEXT NOT NULL,
  from_index INTEGER NOT NULL,
  to_index   INTEGER,
  labels     TEXT NOT NULL,            -- JSON, name and value
  PRIMARY KEY (target, from_index)
) STRICT, WITHOUT ROWID;

-- A document that was seen again and again is one interval. What runs add that only repeat it stands in its line: read
-- `documents`.
CREATE TABLE document_rows (
  target     TEXT NOT NULL,
  kind       TEXT NOT NULL,
  from_index INTEGER NOT NULL,
  to_index   INTEGER,
  digest     TEXT NOT NULL,
  size       INTEGER NOT NULL,
  held       INTEGER NOT NULL,         -- 0: the bytes are not here, only the digest is
  agent      TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_index INTEGER NOT NULL,
  last_seen  INTEGER NOT NULL,
  seen       INTEGER NOT NULL,         -- how many runs observed it
  deleted    INTEGER,                  -- the tombstone that took the bytes; `held` is 0 then
  line       INTEGER,                  -- where the agent that observed it last goes on; NULL once the interval has ended
  slot       INTEGER,
  PRIMARY KEY (target, kind, from_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX documents_now ON document_rows (target, kind, to_index) WHERE to_index IS NULL;
CREATE INDEX documents_of_kind ON document_rows (kind, target, to_index) WHERE to_index IS NULL;
CREATE INDEX documents_by_digest ON document_rows (digest);

-- How runs ended for one kind on one target; equal ends in a row are one interval: read `outcomes`.
CREATE TABLE outcome_rows (
  target     TEXT NOT NULL,
  kind       TEXT NOT NULL,
  from_index INTEGER NOT NULL,
  to_index   INTEGER,
  collected  INTEGER NOT NULL,
  gaps       TEXT NOT NULL,            -- JSON list of {outcome, detail, remedy}
  agent      TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_index INTEGER NOT NULL,
  last_seen  INTEGER NOT NULL,
  line       INTEGER,
  slot       INTEGER,
  PRIMARY KEY (target, kind, from_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX outcomes_now ON outcome_rows (target, kind, to_index) WHERE to_index IS NULL;
CREATE INDEX outcomes_with_gaps ON outcome_rows (target, to_index, gaps) WHERE to_index IS NULL AND gaps <> '[]';
CREATE INDEX agents_with_gaps ON outcome_rows (agent, to_index, gaps) WHERE to_index IS NULL AND gaps <> '[]';

-- The places (kinds on targets) that an agent speaks of, up to 64 in a line, so that a run that says again what the one before
-- it said writes one row.
CREATE TABLE lines (
  id     INTEGER PRIMARY KEY,
  agent  TEXT NOT NULL,
  number INTEGER NOT NULL,
  names  TEXT NOT NULL,                -- `target kind`, one below the other
  UNIQUE (agent, number)
) STRICT;

-- What repeated runs add to the rows of a line's places. Five numbers of 16 digits for each place: last index, last time and
-- number of the runs that repeated the document, last index and last time of those that repeated the outcome.
CREATE TABLE marks (
  line    INTEGER PRIMARY KEY,
  numbers BLOB NOT NULL
) STRICT;

-- A memory that saves work and says nothing: SHA-256 of what was said of each place last; zeros: look at it again. The one table
-- that may differ between views of one log.
CREATE TABLE told (
  line    INTEGER PRIMARY KEY,
  digests BLOB NOT NULL
) STRICT;

-- The numbers by subqueries, not by a join: SQLite can look into such a view from the right side of a LEFT JOIN.
CREATE VIEW documents AS SELECT target, kind, from_index, to_index, digest, size, held, agent, first_seen,
  max(last_index, coalesce((SELECT CAST(substr(numbers, 80 * slot + 1, 16) AS INTEGER) FROM marks WHERE marks.line = d.line), 0))
    AS last_index,
  max(last_seen, coalesce((SELECT nullif(CAST(substr(numbers, 80 * slot + 17, 16) AS INTEGER), 0) FROM marks
    WHERE marks.line = d.line), last_seen)) AS last_seen,
  seen + coalesce((SELECT CAST(substr(numbers, 80 * slot + 33, 16) AS INTEGER) FROM marks WHERE marks.line = d.line), 0) AS seen,
  deleted FROM document_rows d;

CREATE VIEW outcomes AS SELECT target, kind, from_index, to_index, collected, gaps, agent, first_seen,
  max(last_index, coalesce((SELECT CAST(substr(numbers, 80 * slot + 49, 16) AS INTEGER) FROM marks WHERE marks.line = o.line), 0))
    AS last_index,
  max(last_seen, coalesce((SELECT nullif(CAST(substr(numbers, 80 * slot + 65, 16) AS INTEGER), 0) FROM marks
    WHERE marks.line = o.line), last_seen)) AS last_seen
  FROM outcome_rows o;

CREATE TABLE findings (
  rule          TEXT NOT NULL,
  target        TEXT NOT NULL,
  from_index    INTEGER NOT NULL,
  to_index      INTEGER,
  kind          TEXT NOT NULL,
  verdict       TEXT NOT NULL,
  was           TEXT,                  -- verdict of the interval before; NULL at the first
  message       TEXT NOT NULL,
  items         TEXT NOT NULL,         -- JSON list of {id, why}
  item_count    INTEGER NOT NULL,
  digest        TEXT NOT NULL,         -- document that gave the finding first
  first_seen    INTEGER NOT NULL,
  verdict_since INTEGER NOT NULL,      -- may be older than the interval: the message changed, the verdict did not
  erased        INTEGER,               -- the tombstone that took message and items with the document
  until         INTEGER,               -- of an erased one: nothing else was found before this entry
  PRIMARY KEY (rule, target, from_index)
) STRICT, WITHOUT ROWID;
-- `to_index` stands in such indexes although it is NULL: without it SQLite looks into the row for it.
CREATE INDEX findings_now ON findings (target, kind, rule, verdict, to_index) WHERE to_index IS NULL;
-- Few findings are bad, and they are what people look for. SQLite sees from one of two equalities that the index serves, not from IN.
CREATE INDEX findings_bad ON findings (verdict, rule, target, to_index) WHERE to_index IS NULL AND (verdict = 'fail' OR verdict = 'error');
-- What is new is what people ask for most: a page of millions, by the time since which the verdict holds.
CREATE INDEX findings_since ON findings (verdict, verdict_since, rule, target, to_index) WHERE to_index IS NULL;
-- With what a comparison of two moments asks of each, so that it looks into none that did not turn.
CREATE INDEX findings_by_index ON findings (from_index, rule, target, was, verdict);
-- The newest that turned of a rule are looked up; a first verdict is news only when it is no pass.
CREATE INDEX findings_turned ON findings (rule, from_index, target, was, verdict)
  WHERE was IS NOT verdict AND (was IS NOT NULL OR verdict IN ('fail', 'error'));

-- How many findings of each rule hold now, by verdict: counting two million takes too long for a page. Whoever writes a finding counts
-- it: a trigger on new rows would make SQLite keep each page that they go to, in case one must be taken back.
CREATE TABLE finding_counts (
  rule     TEXT NOT NULL,
  verdict  TEXT NOT NULL,
  findings INTEGER NOT NULL,
  PRIMARY KEY (rule, verdict)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER finding_ended AFTER UPDATE OF to_index ON findings WHEN old.to_index IS NULL AND new.to_index IS NOT NULL BEGIN
  UPDATE finding_counts SET findings = findings - 1 WHERE rule = old.rule AND verdict = old.verdict;
  DELETE FROM finding_counts WHERE rule = old.rule AND verdict = old.verdict AND findings = 0;
  UPDATE bad_words SET findings = findings - 1 WHERE rule = old.rule AND verdict = old.verdict AND message = old.message;
  DELETE FROM bad_words WHERE rule = old.rule AND verdict = old.verdict AND message = old.message AND findings = 0; END;

-- What bad findings say now, each message of a rule once, with how many say it: most hosts say the same, and a text is looked for here
-- rather than in each of them. Whoever writes a finding counts its message, too.
CREATE TABLE bad_words (
  rule     TEXT NOT NULL,
  verdict  TEXT NOT NULL,              -- fail or error
  message  TEXT NOT NULL,
  findings INTEGER NOT NULL,
  PRIMARY KEY (rule, verdict, message)
) STRICT, WITHOUT ROWID;

-- What a tombstone takes is not to be found here either.
CREATE TRIGGER finding_silenced AFTER UPDATE OF message ON findings
WHEN old.to_index IS NULL AND old.verdict IN ('fail', 'error') AND new.message <> old.message BEGIN
  UPDATE bad_words SET findings = findings - 1 WHERE rule = old.rule AND verdict = old.verdict AND message = old.message;
  DELETE FROM bad_words WHERE rule = old.rule AND verdict = old.verdict AND message = old.message AND findings = 0;
  INSERT INTO bad_words VALUES (new.rule, new.verdict, new.message, 1) ON CONFLICT DO UPDATE SET findings = findings + 1; END;

-- What the rules said of each control at full hours; a row for as long as status and numbers stayed the same.
CREATE TABLE statuses (
  control   TEXT NOT NULL,
  from_time INTEGER NOT NULL,
  to_time   INTEGER,
  entries   INTEGER NOT NULL,          -- how many the first judgement of the interval rested on
  status    TEXT NOT NULL,
  targets   INTEGER NOT NULL,          -- that are judged; each of them is in one of the next five
  passing   INTEGER NOT NULL,
  failing   INTEGER NOT NULL,
  unseen    INTEGER NOT NULL,
  waived    INTEGER NOT NULL,
  stale     INTEGER NOT NULL,
  PRIMARY KEY (control, from_time)
) STRICT, WITHOUT ROWID;
CREATE INDEX statuses_now ON statuses (control) WHERE to_time IS NULL;

-- What was judged at a full hour, whole: each midnight, and each hour where there is much to judge. Packed (`hours/packed.rs`),
-- and against the row of `base` where that is another.
CREATE TABLE judgements (
  at      INTEGER PRIMARY KEY,
  base    INTEGER NOT NULL,
  entries INTEGER NOT NULL,            -- how many it rested on
  said    BLOB NOT NULL,               -- everything but reasons and counts
  counts  BLOB NOT NULL,               -- `finding_counts` and `target_counts` as they were
  turned  BLOB NOT NULL                -- how many findings of each rule had turned since the log began
) STRICT;

-- Its reasons, by control, without the words of findings: those stand in `findings`, where deletions take them. A control without a
-- row has those of the row's base.
CREATE TABLE judged_reasons (
  at      INTEGER NOT NULL,
  control TEXT NOT NULL,
  reasons BLOB NOT NULL,
  PRIMARY KEY (at, control)
) STRICT, WITHOUT ROWID;

-- A row an entry of type rule_pack, proposals among them.
CREATE TABLE rule_packs (
  idx         INTEGER PRIMARY KEY,
  proposed    INTEGER NOT NULL,        -- 1: nothing judges by it
  approves    INTEGER,                 -- the proposal that it puts in force
  name        TEXT,
  version     TEXT NOT NULL,
  digest      TEXT NOT NULL,
  archive     TEXT,                    -- document that holds its files
  rules       INTEGER NOT NULL,
  given       TEXT,                    -- digest of what people gave; NULL: shipped with the program
  base        TEXT,                    -- digest of the shipped pack that it extends
  signed_by   TEXT NOT NULL,           -- JSON list of names of keys
  by_whom     TEXT NOT NULL,
  reason      TEXT,
  approved_by TEXT,
  at          INTEGER NOT NULL
) STRICT;

-- What people decided: a row a revision, which is a put or a withdrawal. In force at an index: `from_index` at or before it,
-- `to_index` behind it or NULL.
CREATE TABLE records (
  register        TEXT NOT NULL,
  id              TEXT NOT NULL,
  idx             INTEGER NOT NULL,
  act             TEXT NOT NULL,
  after_index     INTEGER,             -- the revision that it names
  value           TEXT,                -- JSON; NULL of a withdrawal
  by_whom         TEXT NOT NULL,
  reason          TEXT NOT NULL,
  at              INTEGER NOT NULL,
  proposed        INTEGER NOT NULL,    -- 1: a second person had to approve it
  approved_index  INTEGER,
  approved        INTEGER,
  approved_by     TEXT,
  approved_reason TEXT,
  from_index      INTEGER,             -- in force from this entry on; NULL of a proposal, and of a withdrawal
  to_index        INTEGER,             -- what put another in its place, or ended it
  PRIMARY KEY (register, id, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX records_now ON records (register, id) WHERE to_index IS NULL;

CREATE TABLE tombstones (
  idx       INTEGER PRIMARY KEY,
  rule      TEXT NOT NULL,
  approver  TEXT NOT NULL,
  reason    TEXT NOT NULL,
  at        INTEGER NOT NULL,
  documents INTEGER NOT NULL
) STRICT;

CREATE TABLE deleted (
  digest     TEXT NOT NULL,
  idx        INTEGER NOT NULL,         -- the tombstone
  kind       TEXT NOT NULL,
  target     TEXT NOT NULL,
  last_index INTEGER NOT NULL,
  PRIMARY KEY (digest, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
  idx           INTEGER PRIMARY KEY,
  target        TEXT,
  kind          TEXT,
  from_time     INTEGER,
  to_time       INTEGER,
  by_whom       TEXT NOT NULL,
  reason        TEXT NOT NULL,
  made          INTEGER NOT NULL,
  lifted_index  INTEGER,
  lifted        INTEGER,
  lifted_by     TEXT,
  lifted_reason TEXT
) STRICT;
