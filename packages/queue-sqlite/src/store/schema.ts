/** `FTQ1` in the file's header: the file is a queue of Falco Talon. */
export const APPLICATION_ID = 0x46545131;
export const SCHEMA_VERSION = 1;

/**
 * `crc` covers what never changes in a row. `state`: `waiting` (also while it is worked on), `dead` or `corrupt`.
 * `ended`: when it was set aside, milliseconds since the epoch. `reason`: why; of one that waits, whether it came with entries.
 */
export const SCHEMA = `
  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL DEFAULT 'waiting',
    attempt INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER,
    ended INTEGER,
    reason TEXT,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX messages_set_aside ON messages (ended) WHERE state <> 'waiting';
  CREATE TABLE journal (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (seq, n)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dedup (
    n INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    expires INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE probe (one INTEGER PRIMARY KEY, at INTEGER NOT NULL, filler BLOB NOT NULL) STRICT;
  INSERT INTO probe VALUES (1, 0, zeroblob(16384));
`;
