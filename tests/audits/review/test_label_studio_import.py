from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audits.errors import FileError, InputError, VerdictsError
from audits.review.consensus import Rule
from audits.review.label_studio_export import export_label_studio
from audits.review.verdict_import import import_verdicts

MORNING, NOON = "2026-03-01T08:00:00.123456Z", "2026-03-01T12:00:00.654321Z"


def chosen(*choices: str, comment: str | None = None) -> list[dict[str, Any]]:
    """Results as Label Studio exports them."""
    found = [
        {
            "value": {"choices": list(choices)},
            "id": "Dx_aB91ISN",
            "from_name": "label",
            "to_name": "given",
            "type": "choices",
            "origin": "manual",
        }
    ]
    if comment is not None:
        value = {"text": [comment]}
        found.append({"value": value, "from_name": "comment", "to_name": "given", "type": "textarea"})
    return found


def annotation(id_: int | str, result: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """An annotation with the fields of an export of today."""
    return {
        "id": id_,
        "completed_by": 1,
        "result": result,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": MORNING,
        "updated_at": MORNING,
        "draft_created_at": None,
        "lead_time": 4.288,
        "prediction": {},
        "result_count": len(result),
        "unique_id": "3ce1c5a4-0000-0000-0000-000000000000",
        "import_id": None,
        "last_action": None,
        "task": 1,
        "project": 83,
        "updated_by": 1,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": None,
    } | more


@pytest.fixture
def project(queued, items, classes, tmp_path):
    """The queue's tasks as a project in Label Studio exports them, with annotations by item id."""
    export_label_studio(queued, "pets", items, None, classes, Rule(1, 1), tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    tasks.sort(key=lambda t: t["data"]["item_id"])

    def export(name: str = "project-83.json", **annotations: list[Any]):
        out = [
            {
                "id": number,
                "annotations": annotations.get(t["data"]["item_id"], []),
                "file_upload": "0-tasks.json",
                "drafts": [],
                "predictions": t["predictions"],
                "data": t["data"],
                "meta": {},
                "created_at": MORNING,
                "updated_at": NOON,
                "inner_id": number,
                "total_annotations": 1,
                "cancelled_annotations": 0,
                "total_predictions": 1,
                "comment_count": 0,
                "project": 83,
                "updated_by": 1,
                "comment_authors": [],
            }
            for number, t in enumerate(tasks, start=1)
        ]
        path = tmp_path / name
        path.write_text(json.dumps(out), encoding="utf-8")
        return path

    return export


def test_choices_become_decisions(project, take_back, queued, said):
    path = project(
        i0=[annotation(1, chosen("c"))],
        i1=[
            annotation(2, chosen("k2"), completed_by={"id": 7, "email": "bob@example.org", "first_name": "b"})
        ],
        i2=[annotation(3, chosen("(none of these)"), completed_by={"id": 9, "email": ""})],
        i3=[
            annotation(4, chosen("(unsure)"), completed_by=1),
            annotation(5, chosen("(unusable)"), completed_by=2),
            annotation(6, chosen("h", "c"), completed_by=3),
            annotation(8, chosen("h"), completed_by=4, was_cancelled=True),
            annotation(9, [], completed_by=5),
        ],
    )
    done = take_back(path, None)
    assert (done.stored, done.already, done.unanswered) == (6, 0, 2)
    assert sorted(said(queued), key=str) == sorted(
        [
            ("i0", "1", "keep", ()),
            ("i1", "bob@example.org", "relabel", ("k2",)),
            ("i2", "9", "none", ()),
            ("i3", "1", "unsure", ()),
            ("i3", "2", "unusable", ()),
            ("i3", "3", "multiple", ("c", "h")),
        ],
        key=str,
    )


def test_time_comment_and_ground_truth_come_along(project, take_back, queued):
    path = project(
        i0=[annotation("1001", chosen("d", comment="it barks\n<b>"), ground_truth=True, updated_at=NOON)]
    )
    take_back(path)
    (v,) = queued.verdicts("pets")
    assert (v.seconds, v.comment, v.role) == (4.288, "it barks\n<b>", "reviewer")
    assert v.decided_at == datetime(2026, 3, 1, 12, 0, 0, 654321, tzinfo=UTC)
    assert v.source == "project-83.json (ground truth)"


def test_importing_twice_stores_nothing_twice(project, take_back, queued):
    annotations = {"i0": [annotation(1, chosen("c"))], "i1": [annotation(2, chosen("k2"))]}
    assert take_back(project(**annotations)).stored == 2
    again = take_back(project(name="again.json", **annotations))
    assert (again.stored, again.already) == (0, 2)
    assert len(queued.verdicts("pets")) == 2


def test_an_annotation_that_was_changed_is_a_new_verdict(project, take_back, queued, said):
    take_back(project(i0=[annotation(1, chosen("c"))]))
    changed = project(i0=[annotation(1, chosen("d"), updated_at=NOON)])
    assert (take_back(changed).stored, take_back(changed).stored) == (1, 0)
    assert said(queued) == [("i0", "1", "keep", ()), ("i0", "1", "relabel", ("d",))]
    # an export of before is known, and changes nothing
    assert take_back(project(i0=[annotation(1, chosen("c"))])).stored == 0


def test_of_one_persons_annotations_the_latest_is_stored_last(project, take_back, said, queued):
    take_back(
        project(
            i0=[
                annotation(2, chosen("d"), updated_at="2026-03-01T14:00:00+02:00"),
                annotation(1, chosen("c"), updated_at="2026-03-01T12:30:00Z"),
            ]
        )
    )
    assert [s[2] for s in said(queued)] == ["relabel", "keep"]


def test_without_times_or_people(project, take_back, queued):
    path = project(i0=[annotation(1, chosen("c"), completed_by=None, created_at=None, updated_at=None)])
    with pytest.raises(VerdictsError, match="task 1: annotation 1: no reviewer"):
        take_back(path, None)
    assert (take_back(path, "ann").stored, take_back(path, "ann").stored) == (1, 0)
    assert [v.reviewer for v in queued.verdicts("pets")] == ["ann"]


def test_a_configuration_without_aliases(project, take_back, said, queued):
    take_back(project(i0=[annotation(1, chosen("crane (k2)"))]))
    assert said(queued) == [("i0", "1", "relabel", ("k2",))]


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        (annotation(1, chosen("wolf")), "task 1: annotation 1: unknown choice 'wolf'; the nearest is"),
        (annotation(1, chosen("c", "(unsure)")), "expected one choice, or several classes"),
        (annotation(1, [{**chosen("c")[0], "from_name": "x"}]), "choices of 'x'; expected those of 'label'"),
        (annotation(1, [{**chosen("c")[0], "value": 3}]), "expected a list of texts as 'choices'"),
        (annotation(1, chosen("c")) | {"result": 3}, "expected a list of results, got a number"),
        (annotation(1, chosen("c"), lead_time=-1), "at least 0, got -1"),
        (annotation(1, chosen("c"), lead_time="long"), "'seconds' must be a number"),
        (annotation(1, chosen("c"), updated_at="then"), "must be ISO 8601"),
        (annotation(1, chosen("c"), updated_at="2026-03-01"), "no time zone"),
        (annotation(1, chosen("c"), was_cancelled="no"), "'was_cancelled' must be true or false"),
        (annotation(1, chosen("c"), completed_by=[1]), "'completed_by' must be text"),
        (annotation(1, chosen("c", comment="\ud800")), "half a character"),
        (annotation(1, chosen("c")) | {"id": {}}, "'id' must be text"),
        ("keep", "task 1: annotation 1: expected an object, got a text"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_stored(project, take_back, queued, spoilt, message):
    path = project(i0=[spoilt], i1=[annotation(2, chosen("h"))])
    with pytest.raises(VerdictsError) as caught:
        take_back(path)
    assert message in str(caught.value)
    assert "1 bad task; nothing was stored" in str(caught.value)
    assert queued.verdicts("pets") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t["data"].pop("question"), "no 'question' in its data: not a task that"),
        (lambda t: t.pop("data"), "no 'item_id', 'question', 'given_label' in its data"),
        (lambda t: t["data"].update(given_label="h"), "'given_label' is not that of its question, 'c'"),
        (lambda t: t["data"].update(item_id="i9"), "is about item 'i0', not 'i9'"),
        (lambda t: t["data"].update(question="beef"), "question 'beef' is not known"),
        (lambda t: t.update(annotations=None), "expected a list of annotations, got nothing"),
        (lambda t: t.update(annotation_id=t.pop("annotations")[0]["id"]), "this is JSON-MIN; export as JSON"),
    ],
)
def test_tasks_that_are_none_of_ours(project, take_back, queued, change, message):
    path = project(i0=[annotation(1, chosen("d"))])
    tasks = json.loads(path.read_text())
    change(tasks[0])
    path.write_text(json.dumps(tasks))
    with pytest.raises(VerdictsError, match=message):
        take_back(path)
    assert queued.verdicts("pets") == []


def test_a_task_of_somebody_else_without_annotations_does_no_harm(tmp_path, take_back):
    path = tmp_path / "other.json"
    path.write_text(json.dumps([{"id": 1, "data": {"text": "x"}, "annotations": []}]))
    assert take_back(path).stored == 0


def test_a_question_that_is_no_longer_posed(project, queued, classes, build_items):
    path = project(i0=[annotation(1, chosen("d"))])
    with pytest.raises(InputError, match=r"task 1: annotation 1: question .* is no longer current"):
        import_verdicts(queued, "pets", classes, path, None, build_items(4, content="new"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "expected a list of tasks as Label Studio exports it, got an object"),
        ("[", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("", "not valid JSON"),
    ],
)
def test_files_that_hold_no_tasks(tmp_path, take_back, text, message):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(FileError, match=message):
        take_back(path)


def test_tasks_that_are_no_objects(tmp_path, take_back):
    path = tmp_path / "x.json"
    path.write_text("[3, null]")
    with pytest.raises(
        VerdictsError, match="2 bad tasks; nothing was stored\n  - task 1: expected an object"
    ):
        take_back(path)
