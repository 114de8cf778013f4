from __future__ import annotations

import json
import os

import pytest

from audits.errors import AuditError
from audits.results import Result, ResultStore

INPUTS = {"items": "1", "settings": {"k": [1, 2]}}


@pytest.fixture
def results(tmp_path) -> ResultStore:
    return ResultStore(tmp_path / "results")


def result(inputs=INPUTS, **more) -> Result:
    return Result(
        **{"inputs": inputs, "tables": {"t": "9"}, "facts": {"n": 1, "f": 0.5, "none": None}, **more}
    )


def used_at(results, at):
    """Set when the newest-kept results were used, as the clock would."""
    for path in results.root.rglob("*.json"):
        if path.stat().st_mtime > 1_000_000:
            os.utime(path, (at, at))


def test_a_result_comes_back_as_it_was_kept(results):
    kept = result(watched={"a.png": [1, 2, 3]}, run_id="r", at="2024-01-01T00:00:00+00:00")
    results.keep("s", "", kept)
    assert results.find("s", "", INPUTS) == kept
    assert results.find("s", "", dict(reversed(INPUTS.items()))) == kept


@pytest.mark.parametrize(
    "asked",
    [("other", "", INPUTS), ("s", "p", INPUTS), ("s", "", {**INPUTS, "more": None}), ("s", "", {}),
     ("s", "", {"items": "2", "settings": {"k": [1, 2]}}), ("s", "", {"items": "1", "settings": {"k": [2, 1]}})],
)  # fmt: skip
def test_other_stages_parts_and_inputs_find_nothing(results, asked):
    results.keep("s", "", result())
    assert results.find(*asked) is None


def test_other_code_finds_nothing(results, monkeypatch):
    results.keep("s", "", result())
    monkeypatch.setattr("audits.results.code_version", lambda: "another")
    assert results.find("s", "", INPUTS) is None


@pytest.mark.parametrize("part", ["", "_", "m", "a/b", "..", ".", "x" * 300, "ü on é"])
def test_parts_of_any_name_have_results_of_their_own(results, part):
    for name in {"", "_", "m", "..", part}:
        results.keep("s", name, result(facts={"part": name}))
    assert results.find("s", part, INPUTS).facts == {"part": part}
    if part not in ("", "_"):  # which share a folder, and no stage has both
        assert results.latest("s", part).facts == {"part": part}
    folders = {p.parent for p in results.root.rglob("*.json")}
    assert {f.parent for f in folders} == {results.root / "s"}


def test_keeping_again_replaces(results):
    results.keep("s", "", result(facts={"n": 1}))
    results.keep("s", "", result(facts={"n": 2}))
    assert results.find("s", "", INPUTS).facts == {"n": 2}


def test_the_latest_is_the_one_used_last(results):
    assert results.latest("s", "") is None
    for n in range(3):
        used_at(results, n)
        results.keep("s", "", result({"n": n}))
    used_at(results, 9)
    assert results.latest("s", "").inputs == {"n": 2}
    results.touch("s", "", {"n": 0})
    assert results.latest("s", "").inputs == {"n": 0}
    results.touch("s", "", {"n": "never kept"})
    (files,) = results.parts()
    assert [ResultStore.tables_of(p) for p in files] == [{"t": "9"}] * 3
    assert files[0].stat().st_mtime == max(p.stat().st_mtime for p in files)


def test_parts_are_the_files_of_each_part(results):
    for stage, part in (("s", ""), ("s", "m"), ("t", "")):
        for n in range(2):
            results.keep(stage, part, result({"n": n}))
    assert [len(files) for files in results.parts()] == [2, 2, 2]
    assert sorted(p for files in results.parts() for p in files) == sorted(results.root.rglob("*.json"))
    assert list(ResultStore(results.root / "none").parts()) == []


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", "null", "{}", '{"inputs": 3}', '{"inputs": {}, "x": 1}', '{"inputs": {}, "tables": []}',
     '{"inputs": {}, "facts": null}', "[" * 100_000, "\xff"],
)  # fmt: skip
def test_what_is_damaged_counts_as_not_kept(results, content):
    results.keep("s", "", result())
    (path,) = results.root.rglob("*.json")
    path.write_text(content, encoding="latin-1")
    assert results.find("s", "", INPUTS) is None
    assert results.latest("s", "") is None
    assert ResultStore.tables_of(path) == {}


def test_a_result_that_was_changed_and_is_still_one_counts_as_not_kept(results):
    kept = Result(INPUTS, {"t": "9"}, {"rules": 9, "by number": {2: "b", 10: "a"}, "pair": (1, 2.5)})
    results.keep("s", "", kept)
    (path,) = results.root.rglob("*.json")
    assert results.find("s", "", INPUTS).facts["rules"] == 9
    good = path.read_text()
    path.write_text(good.replace('"rules": 9', '"rules": {}'))
    assert results.find("s", "", INPUTS) is None
    raw = json.loads(good)
    del raw["digest"]  # as an older version wrote it
    path.write_text(json.dumps(raw))
    assert results.find("s", "", INPUTS).facts["rules"] == 9


def test_a_result_in_the_place_of_another_counts_as_not_kept(results):
    results.keep("s", "", result({"n": 1}))
    (path,) = results.root.rglob("*.json")
    results.keep("s", "", result({"n": 2}))
    (other,) = {*results.root.rglob("*.json")} - {path}
    other.replace(path)
    assert results.find("s", "", {"n": 1}) is None


def test_a_disk_that_does_not_take_it_is_said(results):
    results.root.parent.mkdir(exist_ok=True)
    results.root.write_text("a file in the way")
    with pytest.raises(AuditError, match="cannot be written"):
        results.keep("s", "", result())


def test_a_file_that_is_taken_away_meanwhile_is_the_one_used_longest_ago(results, monkeypatch):
    results.keep("s", "", result({"n": 1}))
    (path,) = results.root.rglob("*.json")
    gone = path.with_name("gone.json")
    monkeypatch.setattr(ResultStore, "_files", lambda *_: [gone, path])
    assert results.latest("s", "").inputs == {"n": 1}
