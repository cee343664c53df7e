/** Versions of the history file's schema, in order. What was published is never changed: a change is a further entry. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE record (
    kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, version INTEGER NOT NULL, connid TEXT, body TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  );
  CREATE INDEX record_time ON record (kind, at, key);
  CREATE INDEX record_connid ON record (kind, connid, at, key) WHERE connid IS NOT NULL;
  CREATE INDEX record_age ON record (at);
  CREATE TABLE term (
    kind TEXT NOT NULL, term TEXT NOT NULL, at INTEGER NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (kind, term, at, key)
  ) WITHOUT ROWID;
  CREATE INDEX term_age ON term (at)`,
];
