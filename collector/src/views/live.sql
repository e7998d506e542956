-- What a writing connection notes for the board in memory: places whose rows changed, lines that a repeated run marked, agents
-- whose schedule changed. Never stored. New rows of findings, documents and outcomes are noted by whoever writes them, once a place:
-- a trigger would make SQLite keep each page that such a row goes to, in case the row must be taken back.

CREATE TEMP TABLE touched (target TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (target, kind)) WITHOUT ROWID;
CREATE TEMP TABLE touched_lines (line INTEGER PRIMARY KEY);
CREATE TEMP TABLE touched_agents (agent TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TEMP TRIGGER note_finding_change AFTER UPDATE ON main.findings BEGIN
  INSERT OR IGNORE INTO touched VALUES (new.target, new.kind); END;
CREATE TEMP TRIGGER note_finding_end AFTER DELETE ON main.findings BEGIN
  INSERT OR IGNORE INTO touched VALUES (old.target, old.kind); END;
CREATE TEMP TRIGGER note_document_change AFTER UPDATE ON main.document_rows BEGIN
  INSERT OR IGNORE INTO touched VALUES (new.target, new.kind); END;
CREATE TEMP TRIGGER note_outcome_change AFTER UPDATE ON main.outcome_rows BEGIN
  INSERT OR IGNORE INTO touched VALUES (new.target, new.kind); END;
CREATE TEMP TRIGGER note_line AFTER UPDATE ON main.marks BEGIN
  INSERT OR IGNORE INTO touched_lines VALUES (new.line); END;
CREATE TEMP TRIGGER note_schedule AFTER INSERT ON main.schedules BEGIN
  INSERT OR IGNORE INTO touched_agents VALUES (new.agent); END;
CREATE TEMP TRIGGER note_schedule_change AFTER UPDATE ON main.schedules BEGIN
  INSERT OR IGNORE INTO touched_agents VALUES (new.agent); END;
