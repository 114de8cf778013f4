from __future__ import annotations

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.contracts import FINDINGS
from audits.errors import InputError
from audits.review.questions import questions_of
from audits.review.routing import in_control_sample, route
from audits.review_config import ReviewConfig


def findings_of(ids, flagged) -> pa.Table:
    """Findings in rank order."""
    return pa.Table.from_pylist(
        [
            {
                "item_id": i,
                "rank": rank,
                "score": 0.5,
                "flagged": i in flagged,
                "given_label": 0,
                "suggested_label": 1,
                "reasons": [f"because {i}"],
            }
            for rank, i in enumerate(ids, start=1)
        ],
        schema=FINDINGS,
    )


@pytest.fixture(scope="session")
def asked(build_items, classes):
    return questions_of(build_items(300), "pets", classes)


def by_stratum(tasks) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {"gold": [], "flagged": [], "control": [], "exploration": []}
    for task in tasks:
        out[task.stratum].append(task.question.item_id)
    return out


def test_gold_then_flagged_in_rank_order_then_control(asked, classes):
    ids = [q.item_id for q in asked]
    findings = findings_of(
        ["i9", "i3", "i5", "i7", *(i for i in ids if i not in {"i9", "i3", "i5", "i7"})],
        {"i9", "i3", "i5", "i7"},
    )
    policy = ReviewConfig(budget=2, control_rate=0.2, seed=4)
    tasks = route(findings, asked, classes, policy, {"i9": "d", "i20": "c"})
    strata = by_stratum(tasks)
    assert strata["gold"] == ["i9", "i20"]
    assert strata["flagged"] == ["i3", "i5"]  # i7 is beyond the budget, which gold does not use up
    assert "i7" not in strata["control"]
    assert not set(strata["control"]) & {"i9", "i20", "i3", "i5"}
    assert [t.stratum for t in tasks] == sorted(
        [t.stratum for t in tasks], key=["gold", "flagged", "control"].index
    )
    assert 30 < len(strata["control"]) < 90
    gold, flagged = tasks[0], tasks[2]
    assert (gold.gold_label, gold.inclusion_probability, gold.rank) == ("d", 1.0, 1)
    assert (flagged.rank, flagged.suggested_label, flagged.reasons) == (2, "d", ("because i3",))
    assert {(t.inclusion_probability, t.rank, t.gold_label) for t in tasks if t.stratum == "control"} == {
        (0.2, None, None)
    }


def test_beyond_the_budget_is_in_no_stratum_at_any_rate(asked, classes):
    ids = [q.item_id for q in asked]
    policy = ReviewConfig(budget=0, control_rate=1.0)
    strata = by_stratum(route(findings_of(ids, set(ids[:50])), asked, classes, policy, {}))
    assert strata == {"gold": [], "flagged": [], "control": ids[50:], "exploration": []}


def test_no_budget_takes_all_flagged_and_rate_0_nothing_else(asked, classes):
    ids = [q.item_id for q in asked]
    tasks = route(findings_of(ids, set(ids[:50])), asked, classes, ReviewConfig(), {})
    assert by_stratum(tasks) == {
        "gold": [],
        "flagged": ids[:50],
        "control": [],
        "exploration": [],
    }


def test_items_without_a_finding_are_not_flagged(asked, classes):
    tasks = route(FINDINGS.empty_table(), asked, classes, ReviewConfig(control_rate=1.0), {})
    assert by_stratum(tasks)["control"] == [q.item_id for q in asked]


@given(data=st.data(), rate=st.floats(0, 1), seed=st.integers(-(2**70), 2**70))
def test_sample_does_not_depend_on_other_items(asked, classes, data, rate, seed):
    policy = ReviewConfig(control_rate=rate, seed=seed)
    some = data.draw(st.lists(st.sampled_from(asked), unique_by=lambda q: q.item_id))
    whole = {t.question.item_id for t in route(FINDINGS.empty_table(), asked, classes, policy, {})}
    part = {t.question.item_id for t in route(FINDINGS.empty_table(), some, classes, policy, {})}
    assert part == whole & {q.item_id for q in some}


@given(item=st.text(), low=st.floats(0, 1), high=st.floats(0, 1), seed=st.integers())
def test_higher_rate_only_adds(item, low, high, seed):
    low, high = sorted((low, high))
    assert in_control_sample(item, seed, low) <= in_control_sample(item, seed, high)
    assert in_control_sample(item, seed, 1.0)
    assert not in_control_sample(item, seed, 0.0)


def test_share_drawn_is_the_rate_and_seeds_are_independent():
    n, rate = 20_000, 0.1
    one = {i for i in range(n) if in_control_sample(str(i), 1, rate)}
    two = {i for i in range(n) if in_control_sample(str(i), 2, rate)}
    sd = math.sqrt(n * rate * (1 - rate))
    assert abs(len(one) - n * rate) < 4 * sd
    assert abs(len(one & two) - n * rate**2) < 4 * math.sqrt(n * rate**2)


def test_sample_is_the_same_on_every_machine():
    # drawn once and written down: a change here would redraw every user's sample
    assert [i for i in range(60) if in_control_sample(str(i), 0, 0.1)] == [1, 3, 38, 57]


def test_the_budget_takes_the_first_of_the_order(asked, classes):
    ids = [q.item_id for q in asked]
    findings = findings_of(ids, set(ids[:20]))
    tasks = route(findings, asked, classes, ReviewConfig(budget=5), {ids[18]: "c"}, ids[::-1])
    strata = by_stratum(tasks)
    assert strata["flagged"] == [ids[k] for k in (19, 17, 16, 15, 14)]
    assert strata["gold"] == [ids[18]]
    assert [t.rank for t in tasks if t.stratum == "flagged"] == [20, 18, 17, 16, 15]


def test_exploration_takes_its_share_of_the_budget_from_all_others(build_items, classes):
    many = questions_of(build_items(5000), "pets", classes)
    ids = [q.item_id for q in many]
    findings = findings_of(ids, set(ids[:1000]))
    policy = ReviewConfig(budget=800, exploration=0.25, control_rate=0.02)
    gold = {ids[0]: "c"}
    tasks = {t.question.item_id: t for t in route(findings, many, classes, policy, gold)}
    strata = by_stratum(tasks.values())
    assert strata["flagged"] == ids[1:601]
    rate = 200 / (5000 - 1 - 600)
    explored = [tasks[i] for i in strata["exploration"]]
    # 4 standard deviations of a sample of that rate
    assert abs(len(explored) - 200) < 4 * math.sqrt(200)
    beyond = [t for t in explored if t.rank is not None]
    assert {t.inclusion_probability for t in beyond} == {rate}
    assert {t.inclusion_probability for t in explored if t.rank is None} == {0.02 + rate}
    assert {t.question.item_id for t in beyond} <= set(ids[601:1000])
    assert beyond
    # the control sample is what it is without exploration
    without = route(
        findings, many, classes, policy.model_copy(update={"exploration": 0.0, "budget": 600}), gold
    )
    assert by_stratum(without)["control"] == strata["control"]
    assert not by_stratum(without)["exploration"]


def test_weights_by_inclusion_probability_estimate_all_others(build_items, classes):
    """Horvitz-Thompson over many seeds: control and exploration together count every item that has no place once."""
    many = questions_of(build_items(400), "pets", classes)
    ids = [q.item_id for q in many]
    findings = findings_of(ids, set(ids[:100]))
    sums = []
    for seed in range(200):
        policy = ReviewConfig(budget=80, exploration=0.5, control_rate=0.1, seed=seed)
        tasks = [
            t for t in route(findings, many, classes, policy, {}) if t.stratum in ("control", "exploration")
        ]
        highest = {
            flagged: max(
                (t.inclusion_probability for t in tasks if (t.rank is not None) == flagged), default=1.0
            )
            for flagged in (True, False)
        }
        sums.append(sum(1 / highest[t.rank is not None] for t in tasks))
    assert sum(sums) / len(sums) == pytest.approx(400 - 40, rel=0.03)


def test_a_night_with_another_ranking_draws_the_same_items(asked, classes):
    ids = [q.item_id for q in asked]
    policy = ReviewConfig(budget=40, exploration=0.5)
    drawn = [
        set(by_stratum(route(findings_of(order, set(order[:60])), asked, classes, policy, {}))["exploration"])
        for order in (ids, ids[::-1])
    ]
    never_in_place = set(ids[20:-20])
    assert drawn[0] & never_in_place == drawn[1] & never_in_place
    assert drawn[0] & never_in_place


def test_the_whole_budget_for_exploration_and_more_than_there_are(asked, classes):
    ids = [q.item_id for q in asked]
    findings = findings_of(ids, set(ids[:50]))
    strata = by_stratum(route(findings, asked, classes, ReviewConfig(budget=900, exploration=1.0), {}))
    assert (strata["flagged"], set(strata["exploration"])) == ([], set(ids))
    nothing = route(findings, asked, classes, ReviewConfig(budget=0, exploration=1.0), {})
    assert nothing == []
    all_in_place = ReviewConfig(budget=600, exploration=0.5)
    strata = by_stratum(route(findings_of(ids, set(ids)), asked, classes, all_in_place, {}))
    assert (len(strata["flagged"]), strata["exploration"]) == (300, [])


def test_everything_wrong_is_said_at_once(asked, classes):
    findings = pa.concat_tables([findings_of(["i1", "i1"], set()), findings_of(["ghost"], set())])
    with pytest.raises(InputError) as caught:
        route(findings, asked, classes, ReviewConfig(), {"nobody": "c", "i2": "wolf"})
    message = str(caught.value)
    assert "1 of 3 rows repeat an item_id" in message
    assert "(item_id ghost)" in message
    assert "(item_id nobody)" in message
    assert "(item_id i2: 'wolf')" in message
