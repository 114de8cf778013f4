"""Public datasets before people: questions with what 14 models answered, and pictures that are known by id alone."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from audits.review.store import ReviewStore
from audits.stages.graph import STAGES, stages_of
from audits.web.settings import RoomSettings
from audits.work import Work
from tests.audits.web.content import public
from tests.audits.web.content.shown import NAME, Shown
from tests.browser.reviewing import no_sideways_scroll, press, sent
from tests.browser.rooms import Running, running
from tests.conftest import MadeUp

#: The person behind the verdicts that come with the questions.
OTHER = "redux"

#: What that person's findings are here. Which labels are right where several are is not told.
DECISIONS = {
    "ok": "keep",
    "wrong_groundtruth": "relabel",
    "no_correct_answer": "none",
    "multiple_correct_answers": "unsure",
    "expert": "unsure",
    "bad_question_clarity": "unusable",
    "bad_options_clarity": "unusable",
}

LETTERS = "ABCD"


def queued(
    root: Path, public_data: Path, fill: Callable[[Shown, Path], None], review: dict[str, object]
) -> Shown:
    """Write a public dataset, and run it until its queue is made."""
    shown = Shown(root)
    fill(shown, public_data)
    shown.yaml["review"] = review
    shown.open()
    stages = stages_of(shown.workspace.dataset(NAME))
    with ReviewStore(shown.workspace.store_url) as store:
        for stage in stages[: stages.index("review_queue") + 1]:
            with Work(shown.workspace, NAME, run_id="queue", store=store) as work:
                STAGES[stage](work)
    return shown


@pytest.fixture(scope="module")
def found(public_data) -> dict[str, dict[str, object]]:
    """What the other person found, by item."""
    rows = pq.read_table(public_data / "mmlu-redux-half" / "verdicts.parquet").to_pylist()
    return {r["item_id"]: r for r in rows}


def answered(row: dict[str, str], found: dict[str, object]) -> dict[str, str]:
    """A row of the exported queue with the other person's answer."""
    corrected = found["corrected_label"]
    decision = DECISIONS[str(found["error_type"])]
    if decision == "relabel" and corrected is None:
        decision = "unsure"  # two gold answers are called wrong without saying what is right
    labels = str(corrected) if decision == "relabel" else ""
    return row | {"decision": decision, "labels": labels, "comment": str(found["reason"] or "")}


@pytest.fixture(scope="module")
def questions(public_data, found, tmp_path_factory) -> Iterator[Running]:
    """mmlu-redux-half, with the verdicts that come with it imported as another reviewer's."""
    root = tmp_path_factory.mktemp("questions") / "work space"
    review = {"verdicts_per_item": 2, "agree": 2, "control_rate": 0.01}
    queued(root, public_data, public.questions, review)
    command, file = MadeUp(root), root / "queue.csv"
    command.ok("verdicts", "export", NAME, str(file))
    with file.open(newline="", encoding="utf-8") as f:
        rows = [answered(r, found[r["item_id"]]) for r in csv.DictReader(f)]
    with file.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    said = command.ok("verdicts", "import", NAME, str(file), "--reviewer", OTHER)
    assert f"{len(rows)} verdicts stored" in said
    with running(command.workspace, RoomSettings(port=0, local_reviewer="ann")) as room:
        yield room


def corrected(room: Running, found: dict[str, dict[str, object]]) -> tuple[str, str]:
    """An item whose label the other person corrected, with its question."""
    for task in room.tasks(NAME):
        item = task.question.item_id
        if answered({}, found[item])["decision"] == "relabel":
            return item, task.question.hash
    raise AssertionError("the other person corrected nothing in the queue")


def read(page: Page, name: str) -> str:
    """What is to be read of a part of the item."""
    part = page.locator("#task .part").filter(has=page.locator(".part-name", has_text=name))
    return part.inner_text()


def says(page: Page) -> dict[str, str]:
    """What the page tells of each model."""
    page.locator(".evidence details").first.evaluate("d => d.open = true")
    rows = page.locator(".says-models tbody tr")
    return {
        rows.nth(i).locator("th").inner_text(): rows.nth(i).locator("td").first.inner_text()
        for i in range(rows.count())
    }


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_questions_are_read_as_text_beside_what_14_models_answered(questions, found, visiting, public_data):
    item, asked = corrected(questions, found)
    folder = public_data / "mmlu-redux-half"
    (source,) = pq.read_table(folder / "items.parquet", filters=[("item_id", "=", item)]).to_pylist()
    for width in (1280, 390):
        with visiting(questions, width=width) as visitor:
            page = visitor.open(f"/d/{NAME}/review?question={asked}")
            no_sideways_scroll(page)
            assert squeezed(source["question"]) in squeezed(read(page, "question"))
            for letter, choice in zip(LETTERS, source["choices"], strict=True):
                assert f"{letter} {squeezed(choice)}" in squeezed(read(page, "choices"))
            assert page.locator(".is-given .label-name").inner_text() == LETTERS[source["label"]]
            told = says(page)
            outputs = sorted((folder / "outputs").glob("*.parquet"))
            assert len(outputs) == 14
            for path in outputs:
                (row,) = pq.read_table(path, filters=[("item_id", "=", item)]).to_pylist()
                predicted = row["predicted_label"]
                assert told.pop(path.stem) == ("no answer" if predicted is None else LETTERS[predicted])
            assert not told
            assert page.locator("#task img").count() == 0
            assert OTHER not in page.locator("main").inner_text()


def test_a_decision_stands_beside_the_imported_one_and_their_dispute_is_adjudicated(
    questions, found, visiting
):
    item, asked = corrected(questions, found)
    new = LETTERS[int(str(found[item]["corrected_label"]))]
    with visiting(questions) as visitor:
        page = visitor.open(f"/d/{NAME}/adjudicate?q={asked}")
        expect(page.locator("h1")).to_have_text("Nothing is disputed")
        page.goto(f"{visitor.base}/d/{NAME}/review?question={asked}")
        page.wait_for_load_state("networkidle")
        press(page, "k")
        sent(page)
        both = [v for v in questions.verdicts(NAME) if v.question.hash == asked]
        assert [(v.reviewer, v.decision) for v in both] == [(OTHER, "relabel"), ("ann", "keep")]
        page.goto(f"{visitor.base}/d/{NAME}/q/{asked}")
        no_sideways_scroll(page)
        told = [squeezed(t) for t in page.locator(".said > li").all_inner_texts()]
        assert len(told) == 2
        mine, other = sorted(told, key=lambda t: OTHER in t)
        assert mine.startswith("Kept")
        assert "you" in mine
        assert other.startswith(f"Changed to {new}")
        assert squeezed(str(found[item]["reason"] or "")) in other
        page.goto(f"{visitor.base}/d/{NAME}/adjudicate")
        no_sideways_scroll(page)
        expect(page.locator("#task")).to_have_attribute("data-question", asked)
        expect(page.locator(".pace").first).to_contain_text("1 of 1 disputed")
        assert page.locator(".beside-verdict .who-said b").all_inner_texts() == [OTHER, "you"]


@pytest.fixture(scope="module")
def pictures(public_data, tmp_path_factory) -> Iterator[Running]:
    """CIFAR-10's test set by its ids, with three models."""

    def fill(shown: Shown, folder: Path) -> None:
        public.cifar10(shown, folder, models=3)

    root = tmp_path_factory.mktemp("cifar") / "work space"
    shown = queued(root, public_data, fill, {"budget": 200})
    with running(shown.workspace, RoomSettings(port=0, local_reviewer="ann")) as room:
        yield room


@pytest.mark.parametrize("width", [1280, 390])
def test_items_without_content_show_their_id_their_labels_and_the_models(pictures, visiting, width):
    (asked,) = [t.question for t in pictures.tasks(NAME) if t.question.item_id == "2405"]
    with visiting(pictures, width=width) as visitor:
        page = visitor.open(f"/d/{NAME}/review?question={asked.hash}")
        page.wait_for_load_state("networkidle")
        no_sideways_scroll(page)
        assert "2405" in page.locator(".item").inner_text()
        assert page.locator(".is-given .label-name").inner_text() == "cat"
        assert page.locator(".is-suggested .label-name").inner_text() == "frog"
        assert list(says(page).values()) == ["frog"] * 3
        broken = page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).length")
        assert broken == 0
        assert page.locator("#task img").count() == 0
