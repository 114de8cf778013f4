"""When kept results are taken: hidden and racy changes, damage, removed tables, broken input, other places."""

from __future__ import annotations

import json
import os
import re
import shutil

import pytest

from audits.errors import InputError, StoreError
from audits.review.store import ReviewStore
from audits.stages import ingest
from audits.stages.graph import STAGES, Standing, stages_of
from tests.audits.stages.conftest import FullWorkspace, computed

MODELS = ("linear", "tree", "prompted", "other")
ANNOTATIONS = {"annotations", "annotations_valid", "annotations_usable"}
FROM_ITEMS = {"items", "items_valid", "items_usable", "outputs_usable", "review_queue", "label_versions"}


def test_other_code_computes_everything_and_the_former_finds_its_results_again(full, store, monkeypatch):
    everything = set(computed(full.run(store, force=True)))
    with monkeypatch.context() as patched:
        patched.setattr("audits.results.code_version", lambda: "another")
        assert set(computed(full.run(store))) == everything
    assert computed(full.run(store)) == []


def test_files_changed_back_and_models_added_back_find_their_results(full, store):
    before, kept = full.versions(), (full.sure_of_other, full.items[4]["label"], list(full.models))
    full.sure_of_other, full.items[4]["label"] = 0.3, "h"
    full.models.pop()
    full.write()
    assert computed(full.run(store))
    assert full.versions() != before
    full.sure_of_other, full.items[4]["label"], full.models = kept
    full.write()
    assert isinstance(full.plan(store), str), "other tables are in force, so there is something to do"
    # tasks stay in the store, so what depends on them does not come back
    assert set(computed(full.run(store))) <= {"label_versions"}
    assert {t: v for t, v in full.versions().items() if t in before and t != "consensus"} == {
        t: v for t, v in before.items() if t != "consensus"
    }


def test_a_touched_file_is_hashed_and_computes_nothing(full, store):
    os.utime(full.path("other.parquet"))
    with full.work(store) as work:
        for stage in stages_of(work.dataset):
            STAGES[stage](work)
        assert {p.name for p in work.sources.hashed} == {"other.parquet"}
        assert work.outcome({}).computed == ()


def test_a_touched_content_file_is_looked_into_and_leads_to_nothing_more(full, store):
    os.utime(full.path("pictures/3.txt"), (1_700_000_000, 1_700_000_000))
    assert computed(full.run(store)) == ["items"]
    assert computed(full.run(store)) == []


def hidden_change(path):
    """Change a file's content so that its size, time of change and inode are what they were."""
    before = path.stat()
    content = path.read_bytes()
    with path.open("r+b") as f:
        f.write(content.replace(b"ann,c", b"ann,h") if path.suffix == ".csv" else content.swapcase())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_ino,
    )
    assert path.read_bytes() != content


@pytest.mark.parametrize("name", ["annotations.csv", "pictures/3.txt"])
def test_a_change_with_the_time_of_the_content_put_back_is_noticed(full, store, name):
    hidden_change(full.path(name))
    assert isinstance(full.plan(store), str)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("annotations.csv", ANNOTATIONS), ("pictures/3.txt", FROM_ITEMS)],
)
@pytest.mark.usefixtures("no_change_times")
def test_a_change_that_hides_is_found_by_verifying_alone(full, store, name, expected):
    hidden_change(full.path(name))
    assert isinstance(full.plan(store), Standing)
    assert computed(full.run(store)) == []
    assert isinstance(full.plan(store, verify=True), str)
    # content files are read again by whoever verifies: their hashes are not kept one by one
    assert set(computed(full.run(store, verify=True))) == expected | {"items"}
    assert computed(full.run(store)) == []


@pytest.mark.parametrize("name", ["annotations.csv", "pictures/3.txt"])
def test_a_file_written_again_within_one_tick_of_the_clock_is_noticed(full, store, name):
    path = full.path(name)
    path.write_bytes(path.read_bytes().replace(b"i0", b"i3"))  # now: it may change again in this very tick
    assert computed(full.run(store))
    hidden_change(path)
    assert isinstance(full.plan(store), str)
    assert computed(full.run(store))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"inputs": {}}', '{"inputs": 3}', "[" * 100_000, "\xff"]
)
def test_damaged_results_are_computed_again_to_the_same(full, store, content):
    everything, before = set(computed(full.run(store, force=True))), full.versions()
    results = list(full.tables.root.glob("results/*/*/*.json"))
    for path in results:
        path.write_text(content, encoding="latin-1")
    assert isinstance(full.plan(store), str)
    assert set(computed(full.run(store))) == everything
    assert full.versions() == before


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("items", {"items"}),
        ("outputs.other", {"outputs: other"}),
        ("signals.model_agreement", {"signals", "signals: model_agreement"}),
        ("label_versions", {"label_versions"}),
        ("ranks", {"comparison"}),
    ],
)
def test_a_table_that_somebody_removed_is_made_again_and_nothing_else(full, store, table, expected):
    before = full.versions()
    shutil.rmtree(full.tables.root / table)
    assert "is not there as it was" in full.plan(store)
    assert set(computed(full.run(store))) == expected
    assert full.versions() == before


def test_a_file_that_changes_while_it_is_read_is_an_error_and_the_last_tables_stay(full, store, monkeypatch):
    before = full.versions()
    full.sure_of_other = 0.3
    full.write()
    real = ingest.ingest_outputs

    def slow(dataset, model, *of_items):
        read = real(dataset, model, *of_items)
        if model.name == "other":
            with full.path("other.parquet").open("ab") as f:
                f.write(b"more")
        return read

    monkeypatch.setattr(ingest, "ingest_outputs", slow)
    with pytest.raises(InputError, match=r"^other\.parquet: changed while it was read; run again"):
        full.run(store)
    assert full.versions() == before
    monkeypatch.undo()
    full.write()
    assert "outputs: other" in computed(full.run(store))


def test_broken_input_stays_broken_and_is_not_judged_again(full, store, monkeypatch):
    before = full.versions()
    full.items[4]["label"] = "wolf"
    full.write()
    with pytest.raises(InputError, match="'given_label': 1 of 12 rows: the label is missing or not") as first:
        full.run(store)
    monkeypatch.setattr("audits.stages.judgements.judge_items", lambda _: pytest.fail("judged again"))
    assert full.plan(store) == "the data did not pass its checks"
    with pytest.raises(InputError, match=re.escape(str(first.value))):
        full.run(store)
    assert full.versions() == before
    full.items[4]["label"] = "d"
    full.write()
    assert computed(full.run(store)) == []


def test_problems_of_all_models_are_told_at_once_and_the_good_ones_kept(full, store):
    for name in ("other", "linear"):
        full.path(f"{name}.parquet").write_bytes(b"no table")
    full.models[1]["family"] = "trees"
    config = json.loads(full.path("pets.yaml").read_text())
    full.path("pets.yaml").write_text(json.dumps(config | {"models": full.models}))
    with pytest.raises(InputError) as caught:
        full.run(store)
    assert "other.parquet" in str(caught.value)
    assert "linear.parquet" in str(caught.value)
    full.write()
    found = computed(full.run(store))
    assert "outputs_valid: tree" in found
    assert not {f"outputs: {m}" for m in MODELS} & set(found), (
        "what was read of tree is kept, the others are as before"
    )


def test_a_review_store_that_lost_what_was_decided_is_refused_unless_all_is_to_be_made_anew(full):
    with ReviewStore(full.workspace.store_url) as store:
        tasks = [(t.question, t.stratum) for t in store.tasks("pets")]
        full.say(store, "i1", "ann", "keep")
        full.run(store)
    before = full.versions()
    for path in full.workspace.state.glob("review.sqlite*"):
        path.unlink()
    with ReviewStore(full.workspace.store_url) as store:
        with pytest.raises(StoreError, match=r"only 0 of 3 review tasks and 0 of \d verdicts"):
            full.plan(store)
        with pytest.raises(StoreError, match="from a backup"):
            full.run(store)
        assert full.versions() == before
        outcomes = full.run(store, force=True)
        assert outcomes["review_queue"].facts["newly queued"] == len(tasks)
        assert [(t.question, t.stratum) for t in store.tasks("pets")] == tasks
        assert computed(full.run(store)) == []


def test_a_workspace_that_moves_takes_its_results_along(full, store):
    store.close()
    moved = FullWorkspace(full.workspace.root.rename(full.workspace.root.parent / "moved"))
    moved.nights = full.nights
    with ReviewStore(moved.workspace.store_url) as store:
        assert isinstance(moved.plan(store), Standing)
        assert computed(moved.run(store)) == []


def test_results_and_tables_know_neither_place_nor_time(full, store, tmp_path):
    for path in full.tables.root.rglob("*"):
        if path.is_file() and path.name != "sources.json":
            assert str(tmp_path.parent).encode() not in path.read_bytes(), path
    other = FullWorkspace(tmp_path / "a quite different place")
    other.write()
    with ReviewStore(other.workspace.store_url) as its_own:
        other.run(its_own)
    assert other.versions() == full.versions()

    def results(workspace):
        return {
            p.relative_to(workspace.tables.root) for p in workspace.tables.root.glob("results/*/*/*.json")
        }

    assert results(other) <= results(full)
