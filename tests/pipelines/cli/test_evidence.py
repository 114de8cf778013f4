"""`evidence`, and what `findings` and `show` say once something is learned."""

import pytest

from audits.new_workspace import init_workspace
from audits.review.store import ReviewStore
from tests import learnt
from tests.conftest import MadeUp


def made(root, verdicts):
    init_workspace(root)
    made_up = MadeUp(root)
    learnt.add(made_up)
    with ReviewStore(made_up.workspace.store_url) as store:
        learnt.run(made_up, store)
        if verdicts:
            learnt.say(made_up, store, range(verdicts))
            learnt.run(made_up, store)
    return made_up


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    return made(tmp_path_factory.mktemp("fresh") / "work space", 0)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    return made(tmp_path_factory.mktemp("taught") / "work space", 70)


def test_json_has_the_keys_that_are_documented(fresh, taught):
    for made_up in (fresh, taught):
        view = made_up.json("evidence", "zoo")
        assert set(view) == {"dataset", "verdicts_learned_from", "signals", "what_counts", "forecast"}
        assert {k for s in view["signals"] for k in s} == {
            "signal",
            "model",
            "flagged",
            "mean_score",
            "absent",
        }
        assert {k for c in view["what_counts"] for k in c} == {"source", "mean_log_odds"}
        assert set(view["forecast"]) == {
            *("upcoming", "expected", "low", "high", "level", "after", "reason"),
            *("reviewed", "found_wrong", "break_even"),
        }
        even = {"on_right", "on_wrong", "overturned_right", "mended_wrong", "share", "high", "reason"}
        assert set(view["forecast"]["break_even"]) == even


def test_text_without_verdicts(fresh):
    text = fresh.ok("evidence", "zoo")
    assert text.startswith("zoo: combined without verdicts\n")
    assert "absent: " in text
    assert text.splitlines()[-1] == (
        "no forecast: it takes 50 verdicts, 5 of either kind, to learn how likely a label is wrong"
    )


def test_text_with_verdicts(taught):
    forecast = taught.json("evidence", "zoo", "--next", "5")["forecast"]
    assert forecast["upcoming"] == 5
    text = " ".join(taught.ok("evidence", "zoo", "--next", "5").split())
    assert "zoo: learned from 60 verdicts" in text
    assert (
        f"{forecast['found_wrong']} of {forecast['reviewed']} decided items were wrong; the next 5 are"
        in text
    )
    assert f"({forecast['low']} to {forecast['high']}, 95% interval)" in text
    assert "below 11.1% wrong labels, review does harm (by gold items)" in text


def test_findings_and_show_have_the_probability(fresh, taught):
    assert {r["probability"] for r in fresh.json("findings", "zoo")} == {None}
    rows = taught.json("findings", "zoo")
    learned = [r["probability"] for r in rows]
    assert learned == sorted(learned, reverse=True)
    assert 0 <= learned[-1] < 0.5 < learned[0] <= 1
    item = rows[0]["item_id"]
    finding = taught.json("show", "zoo", item)["finding"]
    assert finding["probability"] == learned[0]
    said = (
        f"wrong with probability {learned[0]:.2f}, learned from verdicts ({finding['held_out']:.2f} without"
    )
    assert said in " ".join(taught.ok("show", "zoo", item).split())
    assert "wrong with probability" not in fresh.ok("show", "zoo", item)


def test_refusals(fresh):
    fresh.add("later")
    never = fresh.call("evidence", "later")
    assert (never.exit_code, "labelaudit run later" in never.stderr) == (2, True), never.stderr
    assert fresh.call("evidence", "nowhere").exit_code == 2
    assert fresh.call("evidence", "zoo", "--next", "0").exit_code == 2
