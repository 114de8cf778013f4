"""The graph of a dataset, as a checked-in picture: a change of it is seen in review."""

from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import build

SNAPSHOT = Path(__file__).with_name("graph.txt")
YAML = "items: {path: items.parquet}\nclasses: [a, b]\n"


@pytest.fixture
def folder(tmp_path):
    datasets = tmp_path / "datasets"
    datasets.mkdir()
    (datasets / "plain.yaml").write_text(YAML)
    (datasets / "annotated.yaml").write_text(YAML + "annotations: {path: annotations.csv}\n")
    (datasets / "broken.yaml").write_text("itemz: {}\n")
    return tmp_path


def _picture(defs: dg.Definitions) -> str:
    graph = defs.resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        parents = ", ".join(sorted(p.to_user_string() for p in node.parent_keys))
        kind = "asset" if node.is_materializable else "external"
        lines.append(f"{kind} {key.to_user_string()} [{node.group_name}] <- {parents}".rstrip(" <-"))
    for check in sorted(graph.asset_check_keys, key=lambda c: (c.asset_key, c.name)):
        blocking = " blocking" if graph.get_check_spec(check).blocking else ""
        lines.append(f"check {check.asset_key.to_user_string()}:{check.name}{blocking}")
    lines += [
        f"job {j.name}"
        for j in sorted(defs.resolve_all_job_defs(), key=lambda j: j.name)
        if not j.name.startswith("__")
    ]
    lines += [f"schedule {s.name}" for s in defs.schedules or []]
    lines += [f"sensor {s.name}" for s in defs.sensors or []]
    return "\n".join(lines) + "\n"


def test_the_graph_is_as_checked_in(folder):
    assert _picture(build(folder)) == SNAPSHOT.read_text(encoding="utf-8")


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
