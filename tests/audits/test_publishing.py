import pytest

from audits.errors import AuditError
from audits.publishing import publish_candidates, publishable
from audits.table_store import TableRef

MODELS = [
    {"name": n, "out_of_sample": True, "outputs": {"kind": "labels", "path": "l.csv"}} for n in ("a/1", "b")
]
ITEMS = TableRef("items", "1")


def refs(items=ITEMS):
    return [
        items,
        *(TableRef(t, "5", items.lineage()) for t in ("outputs.a%2F1", "outputs.b", "annotations")),
    ]


@pytest.fixture
def candidates(project):
    for ref in refs():
        project.tables.set_candidate(ref)
    return project


def configured(project, models=MODELS, annotated=True):
    more = {"annotations": {"path": "a.csv"}} if annotated else {}
    return project.dataset(models=models, **more)


def test_everything_the_configuration_names_becomes_current_in_one_step(candidates):
    published = publish_candidates(candidates.tables, configured(candidates), "run1")
    assert sorted(r.table for r in published) == sorted(r.table for r in refs())
    assert candidates.tables.current() == {r.table: r for r in refs()}
    assert [h["run_id"] for h in candidates.history()] == ["run1"]
    publish_candidates(candidates.tables, configured(candidates), "run2")
    assert len(candidates.history()) == 1


def test_what_left_the_configuration_leaves_and_derived_tables_stay(candidates):
    publish_candidates(candidates.tables, configured(candidates), "run1")
    findings = TableRef("findings", "9", {"items": "1"})
    candidates.tables.publish({"findings": findings}, "run1")
    publish_candidates(candidates.tables, configured(candidates, MODELS[1:], annotated=False), "run2")
    assert set(candidates.tables.current()) == {"items", "outputs.b", "findings"}
    assert candidates.history()[-1]["dropped"] == ["annotations", "outputs.a%2F1"]


def test_a_dataset_without_models_publishes_its_items(candidates):
    published = publish_candidates(candidates.tables, configured(candidates, [], annotated=False), "run")
    assert published == [ITEMS]


@pytest.mark.parametrize("missing", ["items", "outputs.b", "annotations"])
def test_a_missing_candidate_publishes_nothing(project, missing):
    for ref in refs():
        if ref.table != missing:
            project.tables.set_candidate(ref)
    with pytest.raises(
        AuditError, match=f"dataset 'pets': no candidate for '{missing}'; run the stages before"
    ):
        publish_candidates(project.tables, configured(project), "run")
    assert project.tables.current() == {}


@pytest.mark.parametrize("table", ["outputs.b", "annotations"])
def test_a_candidate_of_other_items_publishes_nothing(candidates, table):
    candidates.tables.set_candidate(TableRef(table, "6", {"items": "0"}))
    with pytest.raises(AuditError, match=f"'{table}' was read against other items; run it again"):
        publish_candidates(candidates.tables, configured(candidates), "run")
    assert candidates.tables.current() == {}


def test_what_is_publishable_is_found_without_publishing_it(candidates):
    assert publishable(candidates.tables, configured(candidates)) == (refs(), ())
    assert candidates.tables.current() == {}
    publish_candidates(candidates.tables, configured(candidates), "run1")
    fewer = configured(candidates, MODELS[1:], annotated=False)
    found, gone = publishable(candidates.tables, fewer)
    assert [r.table for r in found] == ["items", "outputs.b"]
    assert set(gone) == {"annotations", "outputs.a%2F1"}


def test_features_and_training_dynamics_are_published_with_the_rest_and_leave_with_their_entries(candidates):
    features = [{"name": "a/b", "kind": "text", "columns": ["text"]}]
    dataset = candidates.dataset(features=features, training_dynamics={"path": "t.npy", "kind": "probs"})
    with pytest.raises(AuditError, match=r"no candidate for 'features\.a%2Fb'"):
        publishable(candidates.tables, dataset)
    candidates.tables.set_candidate(TableRef("features.a%2Fb", "5", ITEMS.lineage()))
    with pytest.raises(AuditError, match="no candidate for 'training'"):
        publishable(candidates.tables, dataset)
    candidates.tables.set_candidate(TableRef("training", "5", ITEMS.lineage()))
    publish_candidates(candidates.tables, dataset, "run1")
    assert set(candidates.tables.current()) == {"items", "features.a%2Fb", "training"}
    publish_candidates(candidates.tables, configured(candidates, []), "run2")
    assert candidates.history()[-1]["dropped"] == ["features.a%2Fb", "training"]
    candidates.tables.set_candidate(TableRef("features.a%2Fb", "6", {"items": "0"}))
    with pytest.raises(AuditError, match="was read against other items"):
        publishable(candidates.tables, dataset)
