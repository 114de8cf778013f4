import pytest

from audits.locks import held
from pipelines.doctor import datasets
from pipelines.up.record import UpRecord, lock_path, write_record

HOOKS = "alerts: {webhooks: [{url_env: LABELAUDIT_TEST_HOOK}]}\n"


def test_no_dataset_is_a_warning(made_up):
    (found,) = datasets.configurations(made_up.workspace)
    assert found.state == "warn"


def test_a_yaml_that_is_not_sound_is_a_fault_and_the_others_are_counted(made_up):
    made_up.add("zoo")
    made_up.add("ape")
    made_up.yaml("ape").write_text("itemz: {}\n")
    counted, broken = datasets.configurations(made_up.workspace)
    assert "1 of 2" in counted.words
    assert (broken.name, broken.state) == ("dataset ape", "fault")
    assert "items" in broken.words


@pytest.mark.parametrize("break_it", ["remove", "empty", "folder"])
@pytest.mark.parametrize(("file", "key"), [("items", "items.path"), ("m1", "models.m1.outputs.path")])
def test_every_file_that_is_missing_or_empty_is_named(made_up, file, key, break_it):
    made_up.add()
    path = made_up.root / "datasets" / "zoo" / f"{file}.parquet"
    path.unlink()
    if break_it == "empty":
        path.write_bytes(b"")
    if break_it == "folder":
        path.mkdir()
    _, broken = datasets.configurations(made_up.workspace)
    assert broken.state == "fault"
    assert broken.words.startswith(f"{key}: ")
    assert str(path) in broken.words


def test_files_of_annotations_gold_and_pairs_count(made_up):
    made_up.add(
        yaml="annotations: {path: annotations.csv}\nreview: {gold: {path: gold.csv}}\n",
        models=0,
    )
    with made_up.yaml().open("a") as f:
        f.write(
            "models: [{name: p, out_of_sample: true, outputs: "
            "{kind: top_k, path: a.npy, probs: b.npy, rows: items_order}}]\n"
        )
    _, *broken = datasets.configurations(made_up.workspace)
    assert [f.words.split(":")[0] for f in broken] == [
        "models.p.outputs.path",
        "models.p.outputs.probs",
        "annotations.path",
        "review.gold.path",
    ]


def test_variables_of_webhooks(made_up, monkeypatch):
    (found,) = datasets.webhooks(made_up.workspace)
    assert found.words == "no dataset names one"
    made_up.add(yaml=HOOKS)
    monkeypatch.delenv("LABELAUDIT_TEST_HOOK", raising=False)
    (found,) = datasets.webhooks(made_up.workspace)
    assert (found.name, found.state) == ("webhook LABELAUDIT_TEST_HOOK", "fault")
    assert "zoo" in found.words
    monkeypatch.setenv("LABELAUDIT_TEST_HOOK", "https://secret.invalid/1")
    (found,) = datasets.webhooks(made_up.workspace)
    assert found.state == "ok"
    assert "secret" not in found.words


def test_while_up_runs_its_environment_counts_not_that_of_this_shell(made_up, monkeypatch):
    made_up.add(yaml=HOOKS)
    monkeypatch.setenv("LABELAUDIT_TEST_HOOK", "https://secret.invalid/1")
    (found,) = datasets.webhooks(made_up.workspace)
    assert found.words.endswith("in this shell")
    for recorded, state in [({}, "warn"), (False, "fault"), (True, "ok")]:
        hooks = {"LABELAUDIT_TEST_HOOK": recorded} if recorded != {} else {}
        write_record(made_up.workspace, UpRecord("a", "b", 1, 7, "2024-01-01T00:00:00+00:00", {}, hooks))
        with held(lock_path(made_up.workspace), "up", "taken"):
            (found,) = datasets.webhooks(made_up.workspace)
        assert found.state == state
        assert "in this shell" not in found.words
    (found,) = datasets.webhooks(made_up.workspace)
    assert found.words.endswith("in this shell"), "that up has ended"
