import os
import subprocess
import sys
import warnings

import dagster as dg
import pytest
import yaml

from assets.naming import DATASET
from audits.errors import AuditError, ConfigError
from pipelines.instance import (
    SettingsError,
    kept_open,
    lacking_settings,
    migrate,
    open_instance,
    outdated_storages,
)


def settings(made_up):
    return made_up.workspace.dagster_home / "dagster.yaml"


def test_dagster_takes_every_setting_and_warns_of_none(made_up):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with open_instance(made_up.workspace) as instance:
            queue = instance.get_concurrency_config().run_queue_config
            assert queue.max_concurrent_runs == 2
            assert queue.tag_concurrency_limits == [
                {"key": DATASET, "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
            ]
            assert queue.max_user_code_failure_retries == 10
            assert not instance.telemetry_enabled
            assert not instance.nux_enabled
            assert instance.freshness_enabled
            assert instance.run_monitoring_enabled
            assert instance.run_monitoring_start_timeout_seconds == 300
            written = yaml.safe_load(settings(made_up).read_text())
            for key, value in written.items():  # nothing is dropped on the way
                assert key == "run_queue" or instance.get_settings(key) == value, key
            assert {"SCHEDULER", "SENSOR", "MONITORING", "FRESHNESS_DAEMON"} <= set(
                instance.get_required_daemon_types()
            )


def test_settings_that_are_there_are_left_alone_and_what_they_lack_is_named(made_up):
    older = "telemetry:\n  enabled: true\nconcurrency: {runs: {max_concurrent_runs: 9}}\n"
    settings(made_up).write_text(older)
    with open_instance(made_up.workspace) as instance:
        assert instance.telemetry_enabled
    assert settings(made_up).read_text() == older
    lacking = lacking_settings(made_up.workspace)
    assert "concurrency.runs.tag_concurrency_limits" in lacking
    assert "retention" in lacking
    assert not [name for name in lacking if name.startswith(("telemetry", "concurrency.runs.max"))]


def test_what_was_just_written_lacks_nothing(made_up):
    assert lacking_settings(made_up.workspace) == [], "there is no file yet"
    with open_instance(made_up.workspace):
        assert lacking_settings(made_up.workspace) == []


@pytest.mark.parametrize("text", ["telemetry: {enabld: true}\n", "concurrency: {runs: 3}\n"])
def test_settings_that_dagster_refuses_name_the_file(made_up, text):
    settings(made_up).write_text(text)
    with pytest.raises(ConfigError, match=r"dagster\.yaml"), open_instance(made_up.workspace):
        pass


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"telemetry: [", "line 1: is not valid YAML"),
        (b"telemtry: {}\n", "'telemtry'|\"telemtry\""),
        (b"- a\n", "dictionary"),
        (b"\xff\xfe", "cannot be read"),
        (b"run_storage: {module: no.such, class: X, config: {}}\n", "no.such"),
    ],
)
def test_broken_settings_are_one_short_line_with_the_mend(made_up, text, words):
    settings(made_up).write_bytes(text)
    with pytest.raises(SettingsError, match=words) as e, open_instance(made_up.workspace):
        pass
    said = str(e.value)
    assert said.startswith(str(settings(made_up)))
    assert said.endswith("; correct it, or move it away: the next run writes a new one")
    assert "\n" not in said
    assert len(said) < len(str(settings(made_up))) + 400
    assert settings(made_up).read_bytes() == text
    settings(made_up).unlink()
    with open_instance(made_up.workspace):
        assert lacking_settings(made_up.workspace) == [], "the mend mends it"


@pytest.mark.parametrize("command", [("run", "zoo"), ("up", "--port", "0")])
def test_commands_say_so_without_a_traceback(made_up, command):
    made_up.add()
    settings(made_up).write_text("telemetry: [")
    done = made_up.call(*command)
    assert done.exit_code == 2
    assert "dagster.yaml: line 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_goes_wrong_later_is_not_blamed_on_the_settings(made_up):
    with pytest.raises(yaml.YAMLError), open_instance(made_up.workspace):
        yaml.safe_load("[")


def test_settings_that_cannot_be_written_are_said(made_up):
    (made_up.root / "state" / "dagster").mkdir(parents=True)
    settings(made_up).symlink_to(made_up.root / "nowhere" / "dagster.yaml")
    (made_up.root / "state" / "dagster" / "history").write_text("")
    with pytest.raises((AuditError, OSError)), open_instance(made_up.workspace):
        pass


def test_tables_of_an_older_dagster_are_brought_to_the_newest(made_up):
    with open_instance(made_up.workspace) as instance:
        assert outdated_storages(instance) == []
        assert migrate(instance) == []
        _stamp_older(instance.schedule_storage)
        assert outdated_storages(instance) == ["schedules"]
        assert migrate(instance) == ["schedules"]
        assert outdated_storages(instance) == []
        instance.get_runs(dg.RunsFilter())


def _stamp_older(storage):
    import sqlalchemy as sa

    with storage.connect() as connection:  # what the newest one adds may be there already
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '7e2f3204cf8e'"))


def test_files_of_events_are_kept_open_while_many_are_recorded(made_up):
    folder = made_up.workspace.dagster_home / "history" / "runs"
    event = dg.AssetMaterialization(["zoo", "items"])
    with open_instance(made_up.workspace) as instance:
        with kept_open(made_up.workspace):  # before there is any file of events without a run
            instance.report_runless_asset_event(event)
        assert not list(folder.glob("*-wal")), "the last connection that closes folds the log in"
        with kept_open(made_up.workspace):
            instance.report_runless_asset_event(event)
            assert {p.name for p in folder.glob("*-wal")} | {p.name for p in folder.glob(".*-wal")} == {
                "index.db-wal",
                ".db-wal",
            }
        assert instance.fetch_materializations(dg.AssetKey(["zoo", "items"]), limit=9).records[1:]


_OPENING = """
import sys
from audits.workspace import Workspace
from pipelines.instance import open_instance
print("ready", flush=True)
sys.stdin.readline()
with open_instance(Workspace(sys.argv[1])) as instance:
    assert instance.get_runs_count() == 0
"""


def test_processes_that_open_a_new_workspace_at_once_make_its_databases_once(made_up):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _OPENING, str(made_up.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, said = process.communicate()
        assert process.returncode == 0, said
    with open_instance(made_up.workspace) as instance:
        assert outdated_storages(instance) == []


def test_settings_that_are_no_file_are_not_waited_for(made_up):
    settings(made_up).unlink(missing_ok=True)
    os.mkfifo(settings(made_up))
    with pytest.raises(SettingsError, match="is no regular file"), open_instance(made_up.workspace):
        pass


def test_settings_that_nest_without_end_are_refused(made_up):
    settings(made_up).write_text("x: " + "[" * 5000)
    with pytest.raises(SettingsError, match="is nested too deeply"), open_instance(made_up.workspace):
        pass
