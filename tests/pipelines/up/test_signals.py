import os
import signal
import threading

import pytest

from pipelines.up.signals import wishes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_wish_and_a_second_one_is_urgent(number):
    before = signal.getsignal(number)
    with wishes() as wish:
        assert not wish.given
        os.kill(os.getpid(), number)
        assert wish.wait(60)
        assert not wish.urgent
        os.kill(os.getpid(), number)
        assert wish.urgent
    assert signal.getsignal(number) == before


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does it
    try:
        with wishes() as wish:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not wish.given
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_one_way_left_to_end_in_order_is_taken_though_it_was_ignored():
    before = signal.signal(
        signal.SIGTERM, signal.SIG_IGN
    )  # as some that start others in the background leave it
    try:
        with wishes() as wish:
            os.kill(os.getpid(), signal.SIGTERM)
            assert wish.wait(60)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_outside_of_the_main_thread_a_wish_can_still_be_given():
    found = []

    def body():
        with wishes() as wish:
            wish.give()
            found.append(wish.given)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found == [True]
