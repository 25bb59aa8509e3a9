"""An end to work of our own that a hostile project can make endless, such as matching its regular expressions."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from py_secure_ci.errors import WrongShape


@contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """Raises WrongShape in what takes longer. Only the main thread can have a timer, and Windows has none."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise WrongShape(f"it takes more than {seconds:g} seconds {what}", hint="Look for a regular expression in it.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
