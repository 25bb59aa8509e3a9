"""What the end of a run needs, loaded while the tools run and this process has nothing else to do."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module

from py_secure_ci.all_formats import MODULES

_SECONDS = 0.05  # the tools start first


def load_ahead() -> None:
    """Begin in a moment. Whoever needs one of the modules earlier loads it, or waits for it, as always."""
    timer = threading.Timer(_SECONDS, _load, args=(MODULES,))
    timer.daemon = True
    timer.start()


def _load(modules: Iterable[str]) -> None:
    for name in modules:
        with suppress(ImportError):  # who needs it will say so
            import_module(name)
