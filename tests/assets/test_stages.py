"""The stages as assets: each is there, follows what it reads, and tells what it came to."""

import dagster as dg
import pyarrow as pa
import pytest

from assets.factory import audit_graph
from assets.naming import FORCE, VERIFY, key
from assets.resources import WorkspaceResource
from assets.stages import STAGE_ASSETS, VERDICTS, stage_assets
from audits.audit_config import AuditsConfig
from audits.fingerprints import code_version
from audits.stages.graph import SCORING, STAGES
from tests.audits.stages.rich import RichWorkspace


@pytest.fixture
def zoo(made_up):
    made_up.add()
    return made_up


def _materialize(made_up, **options):
    assets = stage_assets(made_up.workspace.dataset("zoo"))
    result = dg.materialize(
        assets,
        resources={"workspace": WorkspaceResource(path=str(made_up.root))},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        **options,
    )
    return {
        m.asset_key.path[-1]: m
        for m in (e.materialization for e in result.get_asset_materialization_events())
    }


def test_every_stage_has_an_asset_and_follows_only_earlier_ones():
    assert list(STAGE_ASSETS) == list(STAGES)
    assert set(SCORING) <= set(STAGES)
    there = set()
    for name, shown in STAGE_ASSETS.items():
        assert {s for s in shown.follows if s != VERDICTS} <= there
        assert shown.description
        there.add(name)
    assert len({s.doing for s in STAGE_ASSETS.values()}) == len(STAGES), "progress tells them apart"


def test_a_stage_tells_its_outcome_and_whether_it_was_computed(zoo):
    first = _materialize(zoo)
    assert list(first) == [s for s in STAGES if s not in ("annotations_candidate", "features_candidate")]
    for made in first.values():
        assert made.metadata["recomputed"].value is True
        assert made.tags["dagster/code_version"] == code_version()
        assert made.tags["dagster/data_version"]
    assert first["signals"].metadata["computed"].value.startswith("signals: ")
    assert first["findings"].metadata["flagged"].value == 4
    assert 0 < first["findings"].metadata["flag rate"].value < 1
    again = _materialize(zoo)
    for name, made in again.items():
        assert made.metadata["recomputed"].value is False
        assert made.metadata["computed"].value == "nothing"
        assert made.metadata["parts computed"].value == 0
        assert made.tags["dagster/data_version"] == first[name].tags["dagster/data_version"]
    assert again["findings"].metadata["flagged"].value == 4, "the trend goes on"


def test_force_and_verify_are_asked_for_by_tag(zoo):
    first = _materialize(zoo)
    verified = _materialize(zoo, tags={VERIFY: "true"})
    assert not any(m.metadata["recomputed"].value for m in verified.values())
    forced = _materialize(zoo, tags={FORCE: "true"})
    for name, made in forced.items():
        assert made.metadata["recomputed"].value is True
        assert made.tags["dagster/data_version"] == first[name].tags["dagster/data_version"]


def test_only_a_dataset_with_a_schedule_has_to_be_fresh(zoo):
    def policies():
        return {
            k.path[-1]: s.freshness_policy
            for a in stage_assets(zoo.workspace.dataset("zoo"))
            if isinstance(a, dg.AssetsDefinition)
            for k, s in a.specs_by_key.items()
        }

    assert not any(policies().values())
    zoo.yaml().write_text(zoo.yaml().read_text() + "schedule: {cron: '0 3 * * *'}\n")
    assert [name for name, policy in policies().items() if policy is not None] == ["comparison"]


def test_verdicts_come_from_outside(zoo):
    spec = stage_assets(zoo.workspace.dataset("zoo"))[-1]
    assert isinstance(spec, dg.AssetSpec)
    assert spec.key == key("zoo", VERDICTS)


def test_signals_tell_what_is_absent_and_why_and_how_many_duplicates_there_are(zoo):
    made = _materialize(zoo)["signals"].metadata
    assert "| outliers | there are no features |" in made["absent"].value
    assert "| annotator_consensus | there are no annotations |" in made["absent"].value
    assert "duplicates" not in made
    zoo.yaml().write_text(zoo.yaml().read_text() + "features: [{name: words, kind: text, columns: [text]}]\n")
    table = zoo.items()
    texts = table["text"].to_pylist()
    texts[1] = texts[0].upper()
    zoo.write_items(table.set_column(2, "text", pa.array(texts)))
    again = _materialize(zoo)
    assert again["features_candidate"].metadata["features"].value.count("| words | text |") == 1
    signals = again["signals"].metadata
    assert signals["duplicates"].value >= signals["conflicting duplicates"].value >= 1
    assert "outliers" not in signals["absent"].value
    assert "| duplicate_conflicts |" in signals["flagged"].value


def test_a_dataset_with_everything_has_every_signal(tmp_path):
    rich = RichWorkspace(tmp_path / "rich")
    rich.write()
    graph = audit_graph(rich.workspace.dataset("pets"))
    result = dg.materialize(
        [*graph.assets, *graph.checks],
        resources={"workspace": WorkspaceResource(path=str(rich.workspace.root))},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    assert result.success
    judged = {(c.asset_key.path[-1], c.check_name): c.passed for c in result.get_asset_check_evaluations()}
    assert judged["features_candidate", "valid"]
    assert judged["features_candidate", "usable"]
    (signals,) = [m for m in result.asset_materializations_for_node("pets__signals")]
    told = signals.metadata
    assert told["absent"].value == "no rows"
    assert all(f"| {name} |" in told["flagged"].value for name in AuditsConfig.model_fields)
    assert told["conflicting duplicates"].value >= 1
    assert "signals: neighbours by photos" in told["computed"].value
