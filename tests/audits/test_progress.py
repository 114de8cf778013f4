import contextvars
import threading

import pytest

from audits.progress import listening, report


def test_a_listener_hears_steps_and_details_within_its_block_alone():
    heard = []
    report("before")
    with listening(lambda what, step: heard.append((what, step))):
        report("reading", step=True)
        report("model a")
    report("after")
    assert heard == [("reading", True), ("model a", False)]


def test_an_inner_listener_takes_over_and_gives_back_also_after_an_error():
    outer, inner = [], []
    with listening(lambda what, _: outer.append(what)):
        with pytest.raises(KeyError), listening(lambda what, _: inner.append(what)):  # noqa: PT012 - the block is what fails
            report("in")
            raise KeyError
        report("out")
    assert (outer, inner) == (["out"], ["in"])


def test_another_thread_does_not_speak_to_this_ones_listener_unless_given_its_context():
    heard = []
    with listening(lambda what, _: heard.append(what)):
        context = contextvars.copy_context()
        for target in (lambda: report("stranger"), lambda: context.run(report, "ours")):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert heard == ["ours"]
