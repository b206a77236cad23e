-- Named versions: rows of a document's log under names that people gave them (docs/http.md).
--
-- A version is a place, not a copy. `at` tells whether the log's row at `lsn` is still the one that
-- was named: after a backup was restored there may be another one, or none. So the epoch, which
-- changes even if the row is the same, is not kept here.

CREATE TABLE version (
  document text COLLATE "C" NOT NULL,
  -- Compared by its bytes: two spellings of one word are two names.
  name text COLLATE "C" NOT NULL
    CHECK (char_length(name) BETWEEN 1 AND 100 AND name !~ '[[:cntrl:]]'),
  lsn bigint NOT NULL CHECK (lsn BETWEEN 1 AND 9007199254740991),
  -- Of the row at `lsn`. That it was the log's is checked by the statement that inserts.
  at bigint NOT NULL CHECK (at BETWEEN 0 AND 9007199254740991),
  -- Milliseconds since 1970 by this database's clock.
  created_at bigint NOT NULL DEFAULT floor(extract(epoch FROM clock_timestamp()) * 1000),
  -- Who was authenticated.
  created_by text COLLATE "C" NOT NULL CHECK (char_length(created_by) <= 1024),
  PRIMARY KEY (document, name)
);
