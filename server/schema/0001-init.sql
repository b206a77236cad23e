-- The log: one head per document, one row per document per commit (docs/durability.md).
--
-- A head is the only thing that changes; it is what appends to one document queue behind, so that
-- commit order is LSN order. A log row is inserted once, by the statement that raised its head, and
-- never updated.

CREATE TABLE document_head (
  -- Collation "C" compares bytes: the order of locking is the same on every node.
  document text COLLATE "C" PRIMARY KEY,
  -- Random number of the present history; 53 bits, so that it is exact as a JavaScript number.
  epoch bigint NOT NULL CHECK (epoch BETWEEN 1 AND 9007199254740991),
  state text COLLATE "C" NOT NULL CHECK (state IN ('live', 'deleted')),
  -- Of the newest row; 0 = no row yet.
  lsn bigint NOT NULL CHECK (lsn BETWEEN 0 AND 9007199254740991),
  -- Milliseconds since 1970: commit time of the newest row, or the last closed moment if later.
  at bigint NOT NULL CHECK (at BETWEEN 0 AND 9007199254740991)
) WITH (
  -- Every append updates a head: room for the new version on the same page keeps the index
  -- untouched (HOT), and vacuum must keep up with updates, not with growth.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.05
);

CREATE TABLE log_row (
  document text COLLATE "C" NOT NULL,
  -- The primary key makes an LSN unique; that none is left out follows from the head's `lsn + 1`.
  lsn bigint NOT NULL CHECK (lsn BETWEEN 1 AND 9007199254740991),
  -- The head's epoch when the row was written.
  epoch bigint NOT NULL CHECK (epoch BETWEEN 1 AND 9007199254740991),
  -- Milliseconds since 1970, never below the row before.
  at bigint NOT NULL CHECK (at BETWEEN 0 AND 9007199254740991),
  -- An encoded Update. The limit is the database's own; the engine's limit on an edit lies below
  -- it.
  body bytea NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 8388608),
  PRIMARY KEY (document, lsn)
);

CREATE FUNCTION refuse_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'not the name of a document: %', NEW.document USING ERRCODE = 'check_violation';
END
$$;

-- As in engine/ids.ts. A trigger and not a check, because a check is evaluated again at every
-- update of the head: that made an append of 256 documents take more than twice as long.
CREATE TRIGGER document_head_has_a_name AFTER INSERT ON document_head
  FOR EACH ROW WHEN (NEW.document !~ '^[A-Za-z0-9._~-]{1,200}$') EXECUTE FUNCTION refuse_name();

CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never updated', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

-- Per statement and for UPDATE only: an insert never meets it, so it costs the append nothing. It
-- also binds the table's owner, whom a revoked privilege would not.
CREATE TRIGGER log_row_is_never_updated BEFORE UPDATE ON log_row
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_update();

CREATE FUNCTION refuse_step_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the head of % went back from lsn % at % to lsn % at %',
    OLD.document, OLD.lsn, OLD.at, NEW.lsn, NEW.at USING ERRCODE = 'restrict_violation';
END
$$;

-- Within an epoch a head only goes forward. The condition is evaluated without calling the
-- function.
CREATE TRIGGER document_head_never_steps_back AFTER UPDATE ON document_head
  FOR EACH ROW WHEN (NEW.epoch = OLD.epoch AND (NEW.lsn < OLD.lsn OR NEW.at < OLD.at))
  EXECUTE FUNCTION refuse_step_back();
