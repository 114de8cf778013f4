from __future__ import annotations

import json
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from audits.classes import ClassList
from audits.errors import InputError, UsageError
from audits.review.consensus import Rule
from audits.review.label_studio_export import export_label_studio
from audits.review.questions import questions_of
from audits.review.records import NewTask, Priority, Reopening

ONE = Rule(1, 1)
CONTENT = pa.table(
    {
        "item_id": ["i3", "i2", "i1", "i0"],
        "text": ["<b>&\"'", "$item_id", None, "\N{PILE OF POO}\u202e"],
        "im age": ["a/3.png", "a/2.PNG", None, "a/0.jpg"],
        "im_age": pa.array([1, 2, 3, 4]),
        "photo": ["https://example.org/3.png"] * 4,
        "page": ["https://example.org/3.html"] * 4,
        "notes": ["a.txt", "b.png", "c.png", "d.png"],
    }
)
NAMES = {"files": ["im age", "notes"], "files_at": "/data/local-files/?d=pets/"}


@pytest.fixture
def tasks(queued, questions, items, classes, tmp_path):
    """Export the queue for Label Studio; gives its tasks and the parsed configuration."""
    queued.renew_queue("pets", [], [Priority(questions[0].hash, 1, 0.75, "k1", ("12 of 13", "low margin"))])

    def run(content=None, **more):
        path = tmp_path / "tasks.json"
        n, config = export_label_studio(queued, "pets", items, content, classes, ONE, path, **more)
        found = json.loads(path.read_text(encoding="utf-8"))
        assert n == len(found)
        assert config == tmp_path / "tasks.json.config.xml"
        return found, ElementTree.parse(config).getroot()  # noqa: S314  our own file

    return run


def test_a_task_says_its_question_and_the_suggestion_is_a_prediction(tasks, questions):
    found, _ = tasks()
    first = next(t for t in found if t["data"]["item_id"] == "i0")
    assert first["data"] == {
        "item_id": "i0",
        "question": questions[0].hash,
        "given_label": "c",
        "given_name": "cat",
        "reasons": "12 of 13 | low margin",
    }
    (prediction,) = first["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("labelaudit", 0.75)
    (result,) = prediction["result"]
    assert (result["from_name"], result["to_name"], result["type"]) == ("label", "given", "choices")
    assert result["value"] == {"choices": ["k1"]}
    # what has no estimated probability has a suggestion without a score, and a control item neither
    by_id = {t["data"]["item_id"]: t["predictions"] for t in found}
    assert "score" not in by_id["i1"][0]
    assert by_id["i3"] == []


def test_the_configuration_has_a_choice_of_every_class_and_decision(tasks, classes):
    found, view = tasks(CONTENT, **NAMES)
    (choices,) = view.findall("Choices")
    assert (choices.get("name"), choices.get("toName"), choices.get("choice")) == ("label", "given", "single")
    aliases = [c.get("alias") for c in choices]
    assert aliases == [*classes.ids, "(none of these)", "(unusable)", "(unsure)"]
    assert len({c.get("value") for c in choices}) == len(aliases), "crane is told apart by its id"
    shown = {e.get("name"): (e.tag, e.get("value")) for e in view if e.tag in ("Text", "Image")}
    assert shown == {
        "content_text": ("Text", "$content_text"),
        "content_im_age": ("Image", "$content_im_age"),
        "content_im_age_2": ("Text", "$content_im_age_2"),
        "content_photo": ("Image", "$content_photo"),
        "content_page": ("Text", "$content_page"),
        "content_notes": ("Text", "$content_notes"),
        "given": ("Text", "$given_name"),
    }
    assert {choices.get("toName"), view.find("TextArea").get("toName")} <= set(shown)
    keys = {value.removeprefix("$") for _, value in shown.values()}
    assert all(keys <= set(t["data"]) for t in found), "every variable is in every task"
    assert all(isinstance(t["data"][k], str) for t in found for k in keys)
    headers = [h.get("value") for h in view.findall("Header")]
    assert headers == [*CONTENT.column_names[1:], "Given label"]


def test_content_as_it_is_and_files_where_they_are_served(tasks):
    found, _ = tasks(CONTENT, **NAMES)
    data = {t["data"]["item_id"]: t["data"] for t in found}
    assert data["i3"]["content_text"] == "<b>&\"'"
    assert data["i0"]["content_text"] == "\N{PILE OF POO}\u202e"
    assert data["i3"]["content_im_age"] == "/data/local-files/?d=pets/a/3.png"
    assert (data["i1"]["content_im_age"], data["i1"]["content_text"]) == ("", "")
    assert data["i3"]["content_im_age_2"] == "1"
    assert data["i3"]["content_photo"] == "https://example.org/3.png"


def test_a_blind_export_has_neither_predictions_nor_reasons_nor_rank(tasks, queued, questions):
    queued.renew_queue("pets", [], [], [], [])
    seeing, _ = tasks()
    blind, _ = tasks(blind=True)
    assert {t["data"]["item_id"] for t in blind} == {t["data"]["item_id"] for t in seeing}
    assert [t["data"]["question"] for t in blind] == sorted(t["data"]["question"] for t in blind)
    assert all(set(t) == {"data"} for t in blind)
    assert {k for t in blind for k in t["data"]} == {"item_id", "question", "given_label", "given_name"}


def test_a_reopened_item_says_so_unless_blind(tasks, queued, questions, vote):
    from audits.review.records import NewVerdict

    queued.add_verdicts([NewVerdict("1", questions[0], "ann", "keep")])
    queued.renew_queue("pets", [], [], [], [Reopening(questions[0].hash, 1, 0.97, "asked again: kept")])
    data = {t["data"]["item_id"]: t["data"] for t in tasks()[0]}
    assert data["i0"]["reasons"].startswith("asked again: kept")
    assert all("reasons" not in t["data"] for t in tasks(blind=True)[0])


def test_class_names_full_of_signs_stay_names(store, tmp_path):
    names = (
        "<script>\"&'",
        "$given_name",
        "a\n\tb",
        "\x01\ufffe",
        "\u202eabc",
        "x" * 10_000,
        "\N{PILE OF POO}",
    )
    classes = ClassList(tuple(f"{n[:20]}!" for n in names), names)
    items = pa.table([["<i>"], [0], ["x"], ["y"]], names=["item_id", "label", "given_label", "content_hash"])
    (question,) = questions_of(items, "pets", classes)
    store.queue([NewTask(question, "flagged", 1.0, 1, classes.ids[3])])
    path = tmp_path / "tasks.json"
    export_label_studio(store, "pets", items, None, classes, ONE, path)
    view = ElementTree.parse(tmp_path / "tasks.json.config.xml").getroot()  # noqa: S314  our own file
    (choices,) = view.findall("Choices")
    shown = [c.get("value") for c in choices]
    assert shown[:7] == [names[0], "\uff04given_name", *names[2:3], "\ufffd\ufffd", *names[4:]]
    aliases = [c.get("alias") for c in choices]
    (task,) = json.loads(path.read_text(encoding="utf-8"))
    assert task["predictions"][0]["result"][0]["value"]["choices"] == [aliases[3]]
    assert task["data"]["given_label"] == classes.ids[0]


def test_a_suggestion_that_is_no_class_any_more_is_no_prediction(queued, questions, items, tmp_path, classes):
    queued.renew_queue("pets", [], [Priority(questions[1].hash, 1, 0.9, "gone", ())])
    path = tmp_path / "tasks.json"
    export_label_studio(queued, "pets", items, None, classes, ONE, path)
    found = {t["data"]["item_id"]: t for t in json.loads(path.read_text(encoding="utf-8"))}
    assert found["i1"]["predictions"] == []


def test_what_is_refused(tasks, queued, items, classes, tmp_path):
    with pytest.raises(UsageError, match=r"ends in \.json for Label Studio, got '.csv'"):
        export_label_studio(queued, "pets", items, None, classes, ONE, tmp_path / "t.csv")
    with pytest.raises(UsageError, match="there is no folder"):
        export_label_studio(queued, "pets", items, None, classes, ONE, tmp_path / "no" / "t.json")
    with pytest.raises(InputError, match="no row for 1 of 4 open items"):
        tasks(CONTENT.slice(0, 3))
    assert list(tmp_path.glob("*.json*")) == []
