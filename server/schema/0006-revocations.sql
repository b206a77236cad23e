-- Tokens that were taken back before their time (docs/auth.md#revocation).
--
-- Rows are added under a lock of the table, so that their numbers follow in order of commit: a node
-- that knows all up to one needs only those after it. A row goes when no token that it is about can
-- be good any more.

CREATE TABLE revocation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- One of the two: the id of a token (jti), or whose tokens.
  token_id text COLLATE "C" CHECK (char_length(token_id) BETWEEN 1 AND 256),
  principal text COLLATE "C" CHECK (char_length(principal) BETWEEN 1 AND 1024),
  -- Of a principal: tokens that were issued up to this time (iat), milliseconds since 1970.
  issued_through bigint NOT NULL CHECK (issued_through BETWEEN 0 AND 9007199254740991),
  -- Milliseconds since 1970 by this database's clock, as are the nodes' questions.
  expires_at bigint NOT NULL CHECK (expires_at BETWEEN 0 AND 9007199254740991),
  revoked_by text COLLATE "C" NOT NULL CHECK (char_length(revoked_by) <= 1024),
  CHECK ((token_id IS NULL) <> (principal IS NULL))
);
