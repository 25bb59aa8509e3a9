"""What one invocation holds: the runner, a scratch folder, the cache folder, and what happens on a signal."""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from types import FrameType

from py_secure_ci.ci import CiContext, read_ci
from py_secure_ci.running.environment import child_environment, safe_path
from py_secure_ci.running.request import Ended, Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.running.sandbox import Level
from py_secure_ci.running.scratch import remove_stale, scratch
from py_secure_ci.toolchain.places import cache_folder

_SIGNALS = tuple(one for name in ("SIGTERM", "SIGINT", "SIGHUP") if (one := getattr(signal, name, None)))


class Session:
    """A context manager; on leaving it no child runs and the scratch folder is gone."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`environ`: the variables of our own process."""
        self.environ = environ
        self.ci: CiContext = read_ci(environ)
        self.tools = cache_folder(environ)  # of installed tools and advisory data; may be read-only, as in an image
        self.cache = self.tools  # of everything that a run keeps
        self.began = time.perf_counter()
        self.interrupted = ""  # the signal's name, once one arrived
        self._numbers = itertools.count(1)
        self._stack = ExitStack()
        self._handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Session:
        """Make the scratch folder and the runner, and take the signals."""
        if threading.current_thread() is threading.main_thread():
            for one in _SIGNALS:  # first of all: from here on a signal ends in a report
                self._handlers[one] = signal.signal(one, self._stop)
        try:
            self.folder = self._stack.enter_context(scratch())
            with suppress(OSError):  # where it cannot be made, whoever needs it says so
                self.tools.mkdir(parents=True, exist_ok=True)
            if self.tools.is_dir() and not os.access(self.tools, os.W_OK):
                self.cache = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="py-secure-ci-")))
            self.runner = self._stack.enter_context(Runner())
        except BaseException:
            self.__exit__()
            raise
        if self.interrupted:  # it came before there was a runner to stop
            self.runner.stop(self._why())
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back and clean up."""
        self._stack.close()  # first: a second signal must not leave a child or the scratch folder behind
        for one, handler in self._handlers.items():
            # Interrupted, the process is about to end with a status that says so: one more signal must not change that.
            signal.signal(one, signal.SIG_IGN if self.interrupted else handler)  # type: ignore[arg-type]

    def run(self, request: Request) -> Ended:
        """Start one process and wait for it."""
        return self.runner.run(request)

    @cached_property
    def vault(self) -> Path:
        """Where the folders are that the project's own code must not change.

        Landlock closes a folder only by letting nothing new be made in those above it. Above the cache, which is closed
        anyway, that costs nobody anything; in /tmp it would.
        """
        if self.runner.sandbox.level is not Level.FILTERS or not self.cache.is_dir():
            return self.folder
        remove_stale(self.cache)
        return self._stack.enter_context(scratch(self.cache))

    def new_folder(self) -> Path:
        """A new empty folder, removed with the session."""
        return self._new(self.vault)

    def open_folder(self) -> Path:
        """The same for the project's own code: the only one of them that it may write to."""
        return self._new(self.folder)

    def _new(self, place: Path) -> Path:
        folder = place / f"task{next(self._numbers)}"
        folder.mkdir(mode=0o700)
        return folder

    @property
    def ours(self) -> tuple[Path, ...]:
        """What the project's own code must not change: what earlier runs left, other tasks, and the job's own files."""
        folders = (self.cache, self.tools, self.vault, *map(Path, self.ci.job_files))
        return tuple(dict.fromkeys(path for path in folders if path.exists()))

    def distrust(self, tree: Path) -> None:
        """From now on no program is looked for by name inside `tree`, whatever PATH says: it is what we check."""
        self.environ = {**self.environ, "PATH": safe_path(self.environ.get("PATH", ""), (tree,))}

    def environment(self, folder: Path, network: bool) -> Mapping[str, str]:
        """The allow-listed environment of a child whose scratch folder is `folder`."""
        home, tmp = folder / "home", folder / "tmp"
        home.mkdir(exist_ok=True)
        tmp.mkdir(exist_ok=True)
        return child_environment(self.environ, home=home, tmp=tmp, network=network)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.interrupted = self.interrupted or signal.Signals(number).name
        runner = getattr(self, "runner", None)
        if runner is not None:
            threading.Thread(target=runner.stop, args=(self._why(),), daemon=True).start()

    def _why(self) -> str:
        return f"interrupted by {self.interrupted}"
