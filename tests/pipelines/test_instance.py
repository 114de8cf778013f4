import warnings

import dagster as dg
import pytest
import yaml

from assets.naming import DATASET
from audits.errors import AuditError, ConfigError
from pipelines.instance import kept_open, lacking_settings, migrate, open_instance, outdated_storages


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
