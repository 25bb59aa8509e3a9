"""What one invocation holds: the runner, a scratch folder, the cache folder, and what happens on a signal."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from py_secure_ci.ci import CiContext, read_ci
from py_secure_ci.running.environment import child_environment
from py_secure_ci.running.request import Ended, Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.running.scratch import scratch
from py_secure_ci.toolchain.places import cache_folder

_SIGNALS = tuple(one for name in ("SIGTERM", "SIGINT", "SIGHUP") if (one := getattr(signal, name, None)))


class Session:
    """A context manager; on leaving it no child runs and the scratch folder is gone."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`environ`: the variables of our own process."""
        self.environ = environ
        self.ci: CiContext = read_ci(environ)
        self.cache = cache_folder(environ)
        self.began = time.perf_counter()
        self.interrupted = ""  # the signal's name, once one arrived
        self._numbers = itertools.count(1)
        self._stack = ExitStack()
        self._handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Session:
        """Make the scratch folder and the runner, and take the signals."""
        self.folder = self._stack.enter_context(scratch())
        self.runner = self._stack.enter_context(Runner())
        if threading.current_thread() is threading.main_thread():
            for one in _SIGNALS:
                self._handlers[one] = signal.signal(one, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back and clean up."""
        for one, handler in self._handlers.items():
            signal.signal(one, handler)  # type: ignore[arg-type]
        self._stack.close()

    def run(self, request: Request) -> Ended:
        """Start one process and wait for it."""
        return self.runner.run(request)

    def new_folder(self) -> Path:
        """A new empty folder, removed with the session."""
        folder = self.folder / f"task{next(self._numbers)}"
        folder.mkdir(mode=0o700)
        return folder

    def environment(self, folder: Path, network: bool) -> Mapping[str, str]:
        """The allow-listed environment of a child whose scratch folder is `folder`."""
        home, tmp = folder / "home", folder / "tmp"
        home.mkdir(exist_ok=True)
        tmp.mkdir(exist_ok=True)
        return child_environment(self.environ, home=home, tmp=tmp, network=network)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.interrupted = signal.Signals(number).name
        threading.Thread(target=self.runner.stop, args=(f"interrupted by {self.interrupted}",), daemon=True).start()
