-- The rows of the log in partitions, by the hash of their document (docs/durability.md).
--
-- One table of all rows has one index, which every append to any document goes through to its top,
-- and which is vacuumed as a whole. Each partition has its own; a document lies in one of them.
--
-- Nodes of the version before may run and append meanwhile. Their statements name `log_row`, and
-- PostgreSQL plans them again when the table behind the name is another one. One table alone is
-- locked here, so that there is nobody to wait for in a circle: reads go on while rows are copied,
-- appends wait. An append that waits for too long is unknown, and is made again.

LOCK TABLE log_row IN SHARE ROW EXCLUSIVE MODE;

-- `lsn`, `epoch` and `at` are those of the head, whose checks they have passed in the same
-- statement. Checks of their own would be prepared again for each partition of each statement: that
-- was more than half of what the partitions cost an append (docs/decisions.md).
CREATE TABLE log_row_partitioned (
  document text COLLATE "C" NOT NULL,
  -- The primary key makes an LSN unique; that none is left out follows from the head's `lsn + 1`.
  lsn bigint NOT NULL,
  -- The head's epoch when the row was written.
  epoch bigint NOT NULL,
  -- Milliseconds since 1970, never below the row before.
  at bigint NOT NULL,
  -- An encoded Update. The limit is the database's own; the engine's limit on an edit lies below
  -- it.
  body bytea NOT NULL
    CONSTRAINT log_row_body_check CHECK (octet_length(body) BETWEEN 1 AND 8388608)
) PARTITION BY HASH (document);

DO $$
BEGIN
  FOR part IN 0..7 LOOP
    EXECUTE format(
      'CREATE TABLE %I PARTITION OF log_row_partitioned FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
      'log_row_' || part, part);
    -- A trigger per statement binds the table that the statement names, and no other.
    EXECUTE format(
      'CREATE TRIGGER log_row_is_never_updated BEFORE UPDATE ON %I
         FOR EACH STATEMENT EXECUTE FUNCTION refuse_update()',
      'log_row_' || part);
  END LOOP;
END
$$;

CREATE TRIGGER log_row_is_never_updated BEFORE UPDATE ON log_row_partitioned
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_update();

INSERT INTO log_row_partitioned (document, lsn, epoch, at, body)
  SELECT document, lsn, epoch, at, body FROM log_row;

-- After the copy: built from sorted rows, not row by row.
ALTER TABLE log_row_partitioned ADD PRIMARY KEY (document, lsn);

DROP TABLE log_row;
ALTER TABLE log_row_partitioned RENAME TO log_row;
ALTER INDEX log_row_partitioned_pkey RENAME TO log_row_pkey;
