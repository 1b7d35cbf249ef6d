-- The outbox: what is owed to whom. Written before an offset is committed or a request leaves.

-- Every revision once: the guard against repeats of the topic.
CREATE TABLE IF NOT EXISTS revision (
  escalation_id TEXT NOT NULL, revision INTEGER NOT NULL, case_id TEXT NOT NULL,
  state TEXT NOT NULL, decision TEXT NOT NULL, taken_ms INTEGER NOT NULL, raw BLOB NOT NULL,
  PRIMARY KEY (escalation_id, revision)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS revision_case ON revision (case_id);

-- What one recipient is owed of one revision; delivery_no is the order in which it was taken in.
-- state: waiting, packed (in a message), delivered, failed, dropped.
-- purpose: notice, correction, daily, reminder.
CREATE TABLE IF NOT EXISTS delivery (
  delivery_no INTEGER PRIMARY KEY AUTOINCREMENT,
  escalation_id TEXT NOT NULL, revision INTEGER NOT NULL, case_id TEXT NOT NULL,
  level TEXT NOT NULL, recipient TEXT NOT NULL, purpose TEXT NOT NULL, repeat INTEGER NOT NULL,
  owner TEXT NOT NULL, endpoint TEXT NOT NULL, language TEXT NOT NULL, side TEXT NOT NULL,
  fallback TEXT, of_group TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL, instead_of TEXT NOT NULL, bundle TEXT NOT NULL,
  never_silenced INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, state TEXT NOT NULL,
  message_id TEXT, done_ms INTEGER,
  UNIQUE (escalation_id, revision, recipient, purpose, repeat)
);
CREATE INDEX IF NOT EXISTS delivery_waiting ON delivery (not_before_ms) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS delivery_case ON delivery (recipient, case_id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS delivery_message ON delivery (message_id);
CREATE INDEX IF NOT EXISTS delivery_of_case ON delivery (case_id);
CREATE INDEX IF NOT EXISTS delivery_level ON delivery (level, done_ms);

-- A query uses a partial index only if it repeats the index's condition word for word.
-- state: ready, sending (a request may have left), delivered, failed. since_ms: from when on it is
-- late; a restart begins anew, since while nobody sent nothing failed.
CREATE TABLE IF NOT EXISTS message (
  message_no INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL, recipient TEXT NOT NULL, owner TEXT NOT NULL, endpoint TEXT NOT NULL,
  language TEXT NOT NULL, side TEXT NOT NULL, instead_of TEXT NOT NULL, reminder INTEGER NOT NULL,
  limited INTEGER NOT NULL, made_ms INTEGER NOT NULL,
  since_ms INTEGER NOT NULL, next_attempt_ms INTEGER NOT NULL,
  state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, doubts INTEGER NOT NULL DEFAULT 0,
  repeated INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS message_open ON message (endpoint, recipient, message_no)
  WHERE state IN ('ready', 'sending');
CREATE INDEX IF NOT EXISTS message_made ON message (recipient, made_ms);

-- What a message says that is about no escalation.
CREATE TABLE IF NOT EXISTS announcement (
  message_id TEXT PRIMARY KEY, text TEXT NOT NULL
) WITHOUT ROWID;

-- Until when more of a bundle is gathered; the bundle '' marks a recipient over its limit.
CREATE TABLE IF NOT EXISTS gathering (
  recipient TEXT NOT NULL, bundle TEXT NOT NULL, until_ms INTEGER NOT NULL,
  PRIMARY KEY (recipient, bundle)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS action (
  action_id TEXT PRIMARY KEY, escalation_id TEXT NOT NULL, raw BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS acknowledgement (
  escalation_id TEXT PRIMARY KEY, by TEXT NOT NULL, expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finished (escalation_id TEXT PRIMARY KEY) WITHOUT ROWID;

-- Records that wait for Kafka.
CREATE TABLE IF NOT EXISTS record (
  record_no INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, raw BLOB NOT NULL
);
