"""The graph of a dataset, as a checked-in picture: a change of it is seen in review."""

from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import build

SNAPSHOT = Path(__file__).with_name("graph.txt")
YAML = "items: {path: items.parquet}\nclasses: [a, b]\n"
NIGHT = """\
annotations: {path: annotations.csv}
schedule: {cron: "30 2 * * 1-5", timezone: Europe/Vienna, grace_minutes: 60}
gates: {max_flag_rate: 0.1, max_corrected_share: 0.05, max_score_drop: 0.02, keep_rank: [m]}
alerts: {webhooks: [{url_env: HOOK}]}
models: [{name: m, out_of_sample: true, outputs: {kind: labels, path: m.csv}}]
"""


@pytest.fixture
def folder(tmp_path):
    datasets = tmp_path / "datasets"
    datasets.mkdir()
    (datasets / "plain.yaml").write_text(YAML)
    (datasets / "annotated.yaml").write_text(YAML + NIGHT)
    (datasets / "broken.yaml").write_text('itemz: {}\nschedule: {cron: "0 4 * * *"}\n')
    return tmp_path


def _picture(defs: dg.Definitions) -> str:
    graph = defs.resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        parents = ", ".join(sorted(p.to_user_string() for p in node.parent_keys))
        kind = "asset" if node.is_materializable else "external"
        lines.append(f"{kind} {key.to_user_string()} [{node.group_name}] <- {parents}".rstrip(" <-"))
        if (policy := node.freshness_policy) is not None:
            window = policy.fail_window.to_timedelta()
            lines.append(f"  fresh for {window}")
    for check in sorted(graph.asset_check_keys, key=lambda c: (c.asset_key, c.name)):
        blocking = " blocking" if graph.get_check_spec(check).blocking else ""
        lines.append(f"check {check.asset_key.to_user_string()}:{check.name}{blocking}")
    lines += [
        f"job {j.name}"
        for j in sorted(defs.resolve_all_job_defs(), key=lambda j: j.name)
        if not j.name.startswith("__")
    ]
    lines += [
        f"schedule {s.name}: {s.cron_schedule} in {s.execution_timezone}, {s.default_status.value}, job {s.job_name}"
        for s in defs.schedules or []
    ]
    lines += [
        f"sensor {s.name}: every {s.minimum_interval_seconds} s, {s.default_status.value}"
        for s in defs.sensors or []
    ]
    return "\n".join(lines) + "\n"


def test_the_graph_is_as_checked_in(folder):
    assert _picture(build(folder)) == SNAPSHOT.read_text(encoding="utf-8")


def test_sensors_stand_still_where_nothing_is_to_run_by_itself(folder):
    for name in ("annotated", "broken"):
        (folder / "datasets" / f"{name}.yaml").unlink()
    defs = build(folder)
    assert not defs.schedules
    status = {s.name: s.default_status for s in defs.sensors}
    assert status["new_verdicts"] == status["alerts"] == dg.DefaultSensorStatus.STOPPED


def test_every_ingested_candidate_has_a_blocking_check_before_it_is_published(folder):
    graph = build(folder).resolve_asset_graph()
    published = dg.AssetKey(["annotated", "published"])
    for parent in graph.get(published).parent_keys:
        blocking = [
            c for c in graph.asset_check_keys if c.asset_key == parent and graph.get_check_spec(c).blocking
        ]
        assert blocking, parent


def test_assets_carry_a_code_version_and_a_description(folder):
    for key in (graph := build(folder).resolve_asset_graph()).get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        if node.is_materializable:
            assert node.code_version, key


@pytest.mark.parametrize(
    "named",
    [
        "features: [{name: words, kind: text, columns: [text]}]",
        "training_dynamics: {path: t.npy, kind: logits}",
    ],
)
def test_features_or_training_dynamics_add_one_asset_with_its_checks_and_change_no_other(folder, named):
    before = set(_picture(build(folder)).splitlines())
    (folder / "datasets" / "plain.yaml").write_text(YAML + named + "\n")
    after = set(_picture(build(folder)).splitlines())
    assert after - before == {
        "asset plain/features_candidate [plain] <- plain/items_candidate",
        "asset plain/published [plain] <- "
        "plain/features_candidate, plain/items_candidate, plain/model_outputs_candidate",
        "check plain/features_candidate:usable",
        "check plain/features_candidate:valid blocking",
    }
    assert [line.partition(" <-")[0] for line in before - after] == ["asset plain/published [plain]"]
