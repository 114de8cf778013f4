import os
import subprocess
import sys
from pathlib import Path

import pytest

from assets.naming import key
from pipelines.definitions import build
from pipelines.run_requests import JOB

REPOSITORY = Path(__file__).resolve().parents[2]


def _check_defs(workspace: Path) -> subprocess.CompletedProcess:
    dg = Path(sys.executable).with_name("dg")
    environment = {**os.environ, "LABELAUDIT_WORKSPACE": str(workspace), "VIRTUAL_ENV": sys.prefix}
    return subprocess.run(
        [dg, "check", "defs"], cwd=REPOSITORY, env=environment, capture_output=True, text=True
    )


def test_dg_check_defs_is_green_on_a_workspace_with_sound_and_broken_datasets(made_up):
    made_up.add("zoo")
    made_up.yaml("broken").write_text("itemz: {}\n")
    done = _check_defs(made_up.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "definitions loaded successfully" in done.stdout + done.stderr


def test_dg_check_defs_is_green_where_there_is_no_workspace_yet(tmp_path):
    done = _check_defs(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_file_with_a_name_that_no_dataset_may_have_leaves_the_others_alone(made_up):
    made_up.add()
    for name in ("my-data", "my.data", "m\u00fc \u2028"):
        made_up.yaml(name).write_text("items: {path: zoo/items.parquet}\n")
        result = made_up.call("run", name)
        assert result.exit_code == 2
        assert "a dataset's name may hold letters, digits and underscores only" in result.stderr
    keys = {k.to_user_string() for k in build(made_up.root).resolve_asset_graph().get_all_asset_keys()}
    assert sum(k.endswith("/configuration") for k in keys) == 3
    made_up.ok("run", "zoo")
    assert len(made_up.json("status")["datasets"]) == 4


def test_a_broken_dataset_is_visible_and_leaves_the_others_alone(made_up):
    made_up.add("zoo")
    made_up.yaml("broken").write_text("itemz: {}\n")
    keys = {k.to_user_string() for k in build(made_up.root).resolve_asset_graph().get_all_asset_keys()}
    assert "broken/configuration" in keys
    assert "zoo/comparison" in keys


def test_the_workspace_file_names_the_definitions(made_up, monkeypatch):
    import yaml

    (entry,) = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text())["load_from"]
    assert entry["python_module"]["module_name"] == "pipelines.definitions"
    made_up.add("zoo")
    monkeypatch.setenv("LABELAUDIT_WORKSPACE", str(made_up.root))
    from pipelines.definitions import defs

    loaded = defs()
    keys = loaded.resolve_job_def(JOB).asset_layer.executable_asset_keys
    assert key("zoo", "comparison") in keys


@pytest.mark.parametrize("name", ["zoo", "20news"])
def test_one_job_does_any_dataset(made_up, name):
    made_up.add(name)
    made_up.add("other")
    defs = build(made_up.root)
    assert [j.name for j in defs.resolve_all_job_defs() if not j.name.startswith("__")] == [JOB]
    alone = build(made_up.root, only=[name]).resolve_asset_graph()
    assert {k.path[0] for k in alone.get_all_asset_keys()} == {name}
