-- Pointers to snapshots: which bodies are in the object store, and which state each of them is
-- (docs/durability.md). A pointer is inserted when its body is stored, and deleted before its body
-- is. Only the epoch changes, when an operator gives the document another one (`restored`).

CREATE TABLE snapshot (
  -- Of the body; never used for another one.
  key text COLLATE "C" PRIMARY KEY,
  document text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL CHECK (epoch BETWEEN 1 AND 9007199254740991),
  lsn bigint NOT NULL CHECK (lsn BETWEEN 1 AND 9007199254740991),
  -- Of the row at `lsn`. That it was the log's is checked by the statement that inserts.
  at bigint NOT NULL CHECK (at BETWEEN 0 AND 9007199254740991),
  -- Size of the body.
  bytes bigint NOT NULL CHECK (bytes BETWEEN 1 AND 9007199254740991),
  -- SHA-256 of the body.
  checksum text COLLATE "C" NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
  -- Milliseconds since 1970 by this database's clock.
  made_at bigint NOT NULL DEFAULT floor(extract(epoch FROM clock_timestamp()) * 1000)
);

-- The newest at or before an LSN, or a time: along a document's snapshots both rise together, and
-- those that are too late are passed over in the index.
CREATE INDEX snapshot_of_document ON snapshot (document, lsn, at);
