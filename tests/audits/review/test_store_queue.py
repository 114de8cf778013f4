"""The newest order in the store: replaced as a whole, a dataset at a time, whatever happens in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from audits.errors import VerdictsError
from audits.review.records import DecidedOn, NewTask, NewVerdict, Priority, Question, Reopening
from audits.review.store import ReviewStore


def ask(item: str = "i0", dataset: str = "pets") -> Question:
    return Question(dataset, item, "x", "c", "abc")


@pytest.fixture
def answered(store):
    """Three tasks, the first with a verdict, and a task of another dataset."""
    store.queue([NewTask(ask(f"i{k}"), "flagged", 1.0, k + 1) for k in range(3)])
    store.queue([NewTask(ask("z", "zoo"), "flagged", 1.0, 1)])
    store.add_verdicts([NewVerdict("v1", ask("i0"), "ann", "keep")])
    return store


def test_priorities_are_replaced_a_dataset_at_a_time(answered):
    first = [Priority(ask("i0").hash, 2, 0.25, "d", ("why", "because")), Priority(ask("i1").hash)]
    zoo = [Priority(ask("z", "zoo").hash, 1, 1.0)]
    assert answered.renew_queue("pets", [], first) == (0, 0)
    assert answered.renew_queue("zoo", [], zoo) == (0, 0)
    assert answered.priorities("pets") == {p.question_hash: p for p in first}
    second = [Priority(ask("i2").hash, 1, 0.0)]
    answered.renew_queue("pets", [], second)
    assert answered.priorities("pets") == {p.question_hash: p for p in second}
    assert answered.priorities("zoo") == {p.question_hash: p for p in zoo}
    answered.renew_queue("pets", [], [])
    assert answered.priorities("pets") == {}


def test_new_tasks_come_in_the_same_step_and_the_old_ones_stay(answered):
    before = answered.tasks("pets")
    tasks = [NewTask(ask("i0"), "flagged", 1.0, 9), NewTask(ask("i9"), "exploration", 0.25)]
    assert answered.renew_queue("pets", tasks, [Priority(ask("i9").hash)]) == (1, 0)
    assert answered.tasks("pets")[:3] == before
    assert (answered.tasks("pets")[3].stratum, answered.tasks("pets")[3].inclusion_probability) == (
        "exploration",
        0.25,
    )


def test_doing_it_twice_makes_nothing_twice(answered):
    again = Reopening(ask("i0").hash, 1, 0.95, "why")
    on = DecidedOn(ask("i0").hash, 1, 0.25)
    assert answered.renew_queue("pets", [], [], [on], [again]) == (0, 1)
    (stored,) = answered.reopenings("pets")
    assert (stored.reason, stored.probability) == ("why", 0.95)
    assert stored.at is not None
    # neither the same again nor other evidence after the same verdict
    other = Reopening(ask("i0").hash, 1, 0.99, "other")
    assert answered.renew_queue("pets", [], [], [DecidedOn(ask("i0").hash, 1, 0.5)], [other, other]) == (0, 0)
    assert answered.reopenings("pets") == [stored]
    assert answered.decided_on("pets") == {1: on}
    assert answered.reopenings("zoo") == []
    assert answered.decided_on("zoo") == {}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"priorities": [Priority("h", 0)]}, "the position must be at least 1, got 0"),
        ({"priorities": [Priority("h", 1, 1.5)]}, r"the probability must be in \[0, 1\], got 1.5"),
        (
            {"priorities": [], "decisions": [DecidedOn("h", 1, float("nan"))]},
            "verdict 1: the probability must be",
        ),
        (
            {"priorities": [], "reopenings": [Reopening("h", 1, 0.5, "a\0b")]},
            "the reason holds a NUL character",
        ),
    ],
)
def test_what_does_not_fit_together_changes_nothing(answered, more, message):
    answered.renew_queue("pets", [], [Priority(ask("i0").hash, 1)])
    with pytest.raises(VerdictsError, match=message):
        answered.renew_queue("pets", [NewTask(ask("i7"), "flagged", 1.0)], **more)
    assert list(answered.priorities("pets")) == [ask("i0").hash]
    assert len(answered.tasks("pets")) == 3


KILLED = """
import os, signal, sys
import audits.review.store as module
from audits.review.records import NewTask, Priority, Question
url, where = sys.argv[1:]
hashes = [Question("pets", f"i{k}", "x", "c", "abc").hash for k in range(3)]
new = Question("pets", "new", "x", "c", "abc")
real = getattr(module, where)
def deadly(*arguments):
    real(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, where, deadly)
with module.ReviewStore(url) as store:
    store.renew_queue("pets", [NewTask(new, "flagged", 1.0)], [Priority(h, 3 - k) for k, h in enumerate(hashes)])
"""


@pytest.mark.parametrize("where", ["add_tasks", "replace_priorities", "add_reopenings"])
def test_killed_in_between_the_old_order_is_there_whole(answered, url, where):
    old = {ask(f"i{k}").hash: Priority(ask(f"i{k}").hash, k + 1, 0.5) for k in range(3)}
    answered.renew_queue("pets", [], list(old.values()))
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), url, where], env=dict(os.environ), check=False
    )
    assert ran.returncode == -signal.SIGKILL
    with ReviewStore(url) as again:
        assert again.priorities("pets") == old
        assert len(again.tasks("pets")) == 3
        assert again.renew_queue("pets", [], [Priority(ask("i0").hash, 7)]) == (0, 0)
        assert [p.position for p in again.priorities("pets").values()] == [7]
