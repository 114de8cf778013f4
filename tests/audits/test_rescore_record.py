"""What was asked for last: kept, read back, refused when it is not ours, and awaited only by the sensor."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from audits.errors import DamagedError
from audits.new_workspace import init_workspace
from audits.rescore_record import RescoreRecord, awaited, folder, read_record, write_record
from audits.workspace import Workspace

BY_SENSOR = RescoreRecord("ann <b>", "2026-03-04T05:06:07+00:00", "sensor", 3, 1)
ENDED = RescoreRecord("bob", "2026-03-04T05:06:07+00:00", "process", 3, 1, "2026-03-04T05:06:09+00:00", 3)


@pytest.fixture
def workspace(tmp_path):
    init_workspace(tmp_path)
    return Workspace(tmp_path)


@pytest.mark.parametrize("record", [BY_SENSOR, ENDED])
def test_it_is_read_back(workspace, record):
    assert read_record(workspace, "zoo") is None
    write_record(workspace, "zoo", record)
    assert read_record(workspace, "zoo") == record
    assert read_record(workspace, "other") is None


def test_the_last_one_is_kept(workspace):
    write_record(workspace, "zoo", BY_SENSOR)
    write_record(workspace, "zoo", ENDED)
    assert read_record(workspace, "zoo") == ENDED


def test_only_a_wish_to_the_sensor_is_awaited(workspace):
    assert awaited(workspace, "zoo") is None
    write_record(workspace, "zoo", ENDED)
    assert awaited(workspace, "zoo") is None
    write_record(workspace, "zoo", BY_SENSOR)
    assert awaited(workspace, "zoo") == BY_SENSOR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        json.dumps({"by": "ann"}),
        json.dumps({**asdict(ENDED), "how": "magic"}),
        json.dumps({**asdict(ENDED), "verdicts": "3"}),
        json.dumps({**asdict(ENDED), "exit_status": "0"}),
        json.dumps({**asdict(ENDED), "more": 1}),
    ],
)
def test_one_that_is_not_ours_is_refused(workspace, text):
    (folder(workspace) / "zoo.json").write_text(text)
    with pytest.raises(DamagedError, match=r"zoo\.json is damaged: it does not say what was asked"):
        read_record(workspace, "zoo")


def test_a_folder_in_its_place_is_refused(workspace):
    (folder(workspace) / "zoo.json").mkdir()
    with pytest.raises(DamagedError, match="zoo"):
        read_record(workspace, "zoo")
