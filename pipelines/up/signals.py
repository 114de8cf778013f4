"""Take the signals that ask a process to end as a wish to be fulfilled in order."""

import contextlib
import signal
import threading
from collections.abc import Iterator

_WISHES = ("SIGINT", "SIGTERM", "SIGHUP")


class Wish:
    """Whether, and how often, the process was asked to end."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.times = 0

    @property
    def given(self) -> bool:
        """Whether it was asked at all."""
        return self._asked.is_set()

    @property
    def urgent(self) -> bool:
        """Whether it was asked again: somebody does not want to wait."""
        return self.times > 1

    def wait(self, seconds: float) -> bool:
        """Wait for it; returns whether it was given."""
        return self._asked.wait(seconds)

    def give(self, *_: object) -> None:
        """Ask the process to end."""
        self.times += 1
        self._asked.set()


@contextlib.contextmanager
def wishes() -> Iterator[Wish]:
    """Catch the signals within the block. Outside of the main thread, where none arrive, nothing is caught."""
    wish, before = Wish(), {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, n) for n in _WISHES if hasattr(signal, n)):
            # nohup has SIGHUP ignored, and a shell's background job SIGINT, and both mean it. SIGTERM is the one way
            # left to end in order: that it came in ignored says nothing of whoever sends it.
            if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, wish.give)
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
