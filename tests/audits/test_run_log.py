import json

import pytest

from audits.errors import AuditError
from audits.run_log import RunLog, RunRecord

ONE = RunRecord("r1", "done", "2024-01-01T03:00:00+00:00", "2024-01-01T03:01:00+00:00", "schedule", 12)
TWO = RunRecord(None, "unchanged", "2024-01-02T03:00:00+00:00", "2024-01-02T03:00:01+00:00", "command", 0)


@pytest.fixture
def log(tmp_path):
    return RunLog(tmp_path / "tables" / "pets" / "runs.jsonl")


def test_the_last_run_is_the_one_added_last(log):
    assert log.last() is None
    for record in (ONE, TWO, ONE):
        log.add(record)
        assert log.last() == record
        assert RunLog(log.path).last() == record
    assert len(log.path.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "rest", ['{"run_id": "r9", "sta', "", "\n\n", "[]\n", "3", '{"run_id": "r9"}', "\xff"]
)
def test_a_line_that_was_not_written_to_its_end_does_not_count(log, rest):
    log.add(ONE)
    with log.path.open("a", encoding="latin-1") as f:
        f.write(rest)
    assert log.last() == ONE
    log.add(TWO)
    assert log.last() == TWO


def test_a_log_of_years_is_read_from_its_end(log):
    log.path.parent.mkdir(parents=True)
    log.path.write_text('{"run_id": "old"}\n' * 20_000)
    log.add(ONE)
    assert log.last() == ONE
    log.path.write_text("x" * 200_000)
    assert log.last() is None


def test_a_log_that_cannot_be_read_or_written(log):
    log.path.mkdir(parents=True)
    assert log.last() is None
    with pytest.raises(AuditError, match=r"runs\.jsonl cannot be written"):
        log.add(ONE)


def test_a_line_is_plain_json(log):
    log.add(ONE)
    assert json.loads(log.path.read_text())["launched_by"] == "schedule"
