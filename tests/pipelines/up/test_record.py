import json
from dataclasses import asdict

import pytest

from audits.errors import AuditError
from audits.locks import held
from pipelines.up.record import UpRecord, lock_path, read_record, record_path, running, write_record

RECORD = UpRecord("http://127.0.0.1:3000", "127.0.0.1", 3000, 7, "2024-01-01T00:00:00+00:00", {"daemon": 8})


def test_a_record_is_read_as_it_was_written(made_up):
    write_record(made_up.workspace, RECORD)
    assert read_record(made_up.workspace) == RECORD


def test_it_is_running_while_the_lock_is_held(made_up):
    write_record(made_up.workspace, RECORD)
    assert running(made_up.workspace) is None
    with held(lock_path(made_up.workspace), "up", "taken"):
        assert running(made_up.workspace) == RECORD
    assert running(made_up.workspace) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"address": 1}'])
def test_a_record_of_no_use_is_none(made_up, text):
    record_path(made_up.workspace).write_text(text)
    assert read_record(made_up.workspace) is None


def test_a_disk_that_refuses_is_said(made_up):
    record_path(made_up.workspace).mkdir()
    with pytest.raises(AuditError, match=r"up\.json cannot be written"):
        write_record(made_up.workspace, RECORD)


def test_a_record_of_an_older_one_knows_of_no_webhooks(made_up):
    old = {k: v for k, v in asdict(RECORD).items() if k != "webhooks"}
    record_path(made_up.workspace).write_text(json.dumps(old))
    assert read_record(made_up.workspace) == RECORD
