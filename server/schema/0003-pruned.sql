-- Rows that an operator removed (docs/durability.md): the rows of a document are those after
-- `pruned_lsn`, up to `lsn`. Rows up to it may still be there until they are cleared away; nobody
-- reads them.

ALTER TABLE document_head ADD COLUMN pruned_lsn bigint NOT NULL DEFAULT 0;

-- What was removed does not come back within an epoch either.
DROP TRIGGER document_head_never_steps_back ON document_head;
CREATE TRIGGER document_head_never_steps_back AFTER UPDATE ON document_head
  FOR EACH ROW WHEN (
    NEW.epoch = OLD.epoch
    AND (NEW.lsn < OLD.lsn OR NEW.at < OLD.at OR NEW.pruned_lsn < OLD.pruned_lsn)
  )
  EXECUTE FUNCTION refuse_step_back();

ALTER TABLE document_head ADD CONSTRAINT document_head_pruned_lsn_check
  CHECK (pruned_lsn BETWEEN 0 AND lsn);
