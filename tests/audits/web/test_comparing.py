"""The scores page's figures: those worked out by hand, kept as long as nothing changes, and no longer."""

from __future__ import annotations

import shutil
import threading
import xml.etree.ElementTree as ET

import pytest

from audits.errors import UsageError
from audits.web.comparing import KEPT, Comparisons, comparisons_of
from audits.web.loaded import load
from audits.web.room import Room
from audits.web.settings import RoomSettings
from tests.audits.web.flipped import IDS, NAME, flipped, questions, say_cow
from tests.conftest import MadeUp


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return flipped(tmp_path_factory.mktemp("ran")).root


@pytest.fixture
def barn(ran, tmp_path):
    return MadeUp(shutil.copytree(ran, tmp_path / "barn", dirs_exist_ok=True))


@pytest.fixture
def room(barn):
    opened = Room(barn.workspace, RoomSettings())
    yield opened
    opened.close()


@pytest.fixture
def compared(barn, room):
    """The comparison under the verdicts that turn the order."""
    say_cow(barn)
    return Comparisons(room.store).of(load(barn.workspace, NAME))


def test_scores_by_hand(compared):
    rows = {r.model: r for r in compared.rows("common")}
    assert (rows["steady"].original, rows["steady"].corrected) == (19 / 20, 16 / 20)
    assert (rows["keen"].original, rows["keen"].corrected) == (17 / 20, 20 / 20)
    assert [(r.model, r.original_rank, r.corrected_rank) for r in rows.values()] == [
        ("keen", 2, 1),
        ("steady", 1, 2),
    ]
    assert compared.metric == "accuracy", "the first of the YAML"
    words = [words for _, words in compared.conclusions]
    assert any("keen takes the first place from steady" in w for w in words)
    assert not any("items have another label" in w for w in words), "said above"
    # a flip of two models on twenty items is sure of nothing
    assert {mark for mark, _ in compared.conclusions} <= {"not sure", ""}


def test_the_items_behind_a_flip(barn, compared):
    (flip,) = compared.flips
    assert (flip.now_ahead, flip.was_ahead, flip.favour, flip.against) == ("keen", "steady", 3, 0)
    assert 0 < flip.p_flip < 1
    asked = questions(barn)
    assert [i.item_id for i in flip.items] == IDS[:3]
    assert [i.question_hash for i in flip.items] == [q.hash for q in asked[:3]]
    for item in flip.items:
        assert (item.given, item.cleaned, item.was, item.now, item.gain) == ("ant", ("cow",), "ant", "cow", 2)


def test_no_flip_before_there_are_verdicts(barn, room):
    found = Comparisons(room.store).of(load(barn.workspace, NAME))
    assert found.flips == []
    assert [r.delta for r in found.rows("common")] == [0, 0]


def test_it_is_kept_until_a_verdict_or_a_run_comes(barn, room):
    kept = Comparisons(room.store)
    loaded = load(barn.workspace, NAME)
    first = kept.of(loaded)
    assert kept.of(loaded) is first
    assert kept.of(loaded, "log_loss") is not first
    assert kept.of(loaded) is first, "one a metric"
    say_cow(barn, range(1))
    second = kept.of(loaded)
    assert second is not first
    assert second.mark.verdicts == 1
    (verdict,) = room.store.verdicts(NAME)
    room.store.withdraw(verdict.id, "ann", "a slip", "w1")
    third = kept.of(loaded)
    assert third is not second
    assert third.rows("common") == first.rows("common")
    again = load(barn.workspace, NAME)
    assert kept.of(again) is not third, "what another run left is another"


def test_no_more_are_kept_than_said(barn, room):
    kept = Comparisons(room.store)
    loaded = load(barn.workspace, NAME)
    for _ in range(KEPT + 2):
        kept.of(loaded)
        kept.of(loaded, "log_loss")
    assert len(kept._kept) == 2
    others = [load(barn.workspace, NAME) for _ in range(KEPT + 2)]
    for i, other in enumerate(others):
        object.__setattr__(other.dataset, "name", f"barn{i}")
        kept.of(other)
    assert len(kept._kept) == KEPT


def test_whoever_comes_meanwhile_waits_for_the_same(barn, room):
    kept = Comparisons(room.store)
    loaded = load(barn.workspace, NAME)
    found = []
    threads = [threading.Thread(target=lambda: found.append(kept.of(loaded))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 4
    assert len({id(f) for f in found}) == 1


def test_charts_are_drawn_once_and_say_a_sentence(compared):
    sentences = compared.sentences()
    assert list(sentences)[:2] == ["rank-change", "deltas"]
    assert "keen" in sentences["rank-change"]
    drawn = compared.svg("rank-change")
    assert compared.svg("rank-change") is drawn
    root = ET.fromstring(drawn)  # noqa: S314  drawn by us a moment ago
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    # the strict policy of the answer would not apply any of these
    for node in root.iter():
        assert node.tag.rpartition("}")[2] not in ("style", "script", "image", "foreignObject")
        assert "style" not in node.attrib
        assert not any(k.lower().startswith("on") for k in node.attrib)


@pytest.mark.parametrize("chart", ["", "rank", "../deltas"])
def test_a_chart_that_is_not_there(compared, chart):
    with pytest.raises(UsageError, match=r"there is no chart .* here; there are rank-change, deltas"):
        compared.svg(chart)


def test_a_metric_that_is_not_computed(barn, room):
    with pytest.raises(
        UsageError, match=r"metric 'auroc' is not computed for 'barn' \(its YAML says accuracy, log_loss\)"
    ):
        Comparisons(room.store).of(load(barn.workspace, NAME), "auroc")


def test_a_room_has_one(room):
    assert comparisons_of(room) is comparisons_of(room)
