"""The runner: one call per process, from any thread; it never raises for what a child does."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from py_secure_ci.errors import PySecureCiError
from py_secure_ci.running import family
from py_secure_ci.running.judging import cannot_start, notes_of, problem_of
from py_secure_ci.running.launching import Launchers
from py_secure_ci.running.request import HEAD, Ended, Request
from py_secure_ci.running.sandbox import Level, Sandbox, describe, strongest
from py_secure_ci.running.watching import Watch

_MARKER = "PY_SECURE_CI_CHILD"
_INTERRUPTED = "interrupted"
_LAST_RESORT = 5.0  # seconds


class Runner:
    """Starts processes in the best sandbox that this machine allows (`sandbox` tells which).

    `grace`: seconds between SIGTERM and SIGKILL after a timeout. `linger`: seconds that what a program left running has
    to end by itself. `level`: a sandbox to use instead of the best. Use it as a context manager, or call `close`.
    """

    def __init__(self, *, grace: float = 2.0, linger: float = 0.5, level: Level | None = None) -> None:
        """What starts the processes comes up beside us: until it is needed there is other work to do."""
        _hide_ourselves()
        self._launchers = Launchers()
        self._grace, self._linger, self._level = grace, linger, level
        self._stopped = ""
        self._watches: dict[int, Watch] = {}

    @property
    def _abilities(self) -> dict[str, Any]:
        return self._launchers.abilities

    @cached_property
    def sandbox(self) -> Sandbox:
        """What holds the processes here. Raises PySecureCiError if none can be started at all."""
        return describe(self._abilities, self._level or strongest(self._abilities))

    def __enter__(self) -> Runner:
        """The runner itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill what still runs."""
        self.close()

    def close(self) -> None:
        """Kill what still runs and end the launcher. Later requests come back interrupted."""
        self.stop("closed")
        self._launchers.close()

    def stop(self, reason: str) -> None:
        """Kill every child; their `run` calls, and all later ones, come back as `interrupted`.

        Takes no lock, so that it may be called from a signal handler.
        """
        self._stopped = self._stopped or reason or _INTERRUPTED
        for watch in list(self._watches.values()):
            watch.interrupt()

    def run(self, request: Request) -> Ended:
        """Start the program, wait, and tell what came of it. Nothing that it started is left when this returns."""
        if self._stopped:
            return self._interrupted()
        problem = cannot_start(request)
        if problem:
            return Ended(problem=problem)
        began = time.monotonic()
        try:
            return self._run(request, began)
        except (OSError, PySecureCiError) as error:
            if self._stopped:
                return self._interrupted()
            return Ended(problem=f"could not be started: {error}", wall=time.monotonic() - began)

    def _run(self, request: Request, began: float) -> Ended:
        marker = secrets.token_hex(16)
        with ExitStack() as stack:
            stdin = stack.enter_context(_as_file(request.stdin))
            (stdout, their_stdout), (stderr, their_stderr) = (stack.enter_context(_pipe()) for _ in range(2))
            with os.fdopen(their_stdout, "wb"), os.fdopen(their_stderr, "wb"):
                channel = self._launchers.fork((stdin.fileno(), their_stdout, their_stderr))
            stack.enter_context(channel)
            watch = Watch(channel, stdout, stderr, limit=request.max_output)
            with self._registered(watch):
                _send(channel, self._order(request, marker))
                answer = watch.follow(request.timeout, self._grace)
            if not answer and self.sandbox.level is not Level.NAMESPACES:
                _kill_marked(marker)
        return self._ended(request, watch, answer, time.monotonic() - began)

    @contextmanager
    def _registered(self, watch: Watch) -> Iterator[None]:
        self._watches[id(watch)] = watch
        try:
            if self._stopped:  # it was set after we had looked, and before `stop` could see this watch
                watch.interrupt()
            yield
        finally:
            del self._watches[id(watch)]

    def _order(self, request: Request, marker: str) -> dict[str, object]:
        return {
            "argv": request.argv,
            "cwd": os.fspath(request.cwd),
            "env": {**request.env, _MARKER: marker},
            "network": request.network,
            "readonly": [os.path.realpath(path) for path in request.readonly],
            "writable": [os.path.realpath(path) for path in request.writable],
            "max_file": request.max_file,
            "max_memory": request.max_memory,
            "grace": self._grace,
            "linger": self._linger,
            "level": self.sandbox.level.value,
            "user": bool(self._abilities.get("user")),
            "landlock": bool(self._abilities.get("landlock")),
            "seccomp": bool(self._abilities.get("seccomp")),
        }

    def _ended(self, request: Request, watch: Watch, answer: dict[str, object], wall: float) -> Ended:
        status = answer.get("status") if "step" not in answer else None
        interrupted = watch.interrupted and not watch.told
        problem = _INTERRUPTED if interrupted else watch.told or problem_of(answer, request)
        stdout, stderr = (bytes(stream.held) for stream in watch.streams)
        reason = (f"stopped: {self._stopped}",) if interrupted else ()
        return Ended(
            status=status if isinstance(status, int) else None,
            stdout=stdout,
            stderr=stderr,
            problem=problem,
            wall=wall,
            cpu=float(str(answer.get("cpu", 0.0))),
            peak=int(str(answer.get("peak", 0))),
            notes=(*reason, *notes_of(answer)),
        )

    def _interrupted(self) -> Ended:
        return Ended(problem=_INTERRUPTED, notes=(f"stopped: {self._stopped}",))


def _send(channel: socket.socket, order: dict[str, object]) -> None:
    try:
        text = json.dumps(order).encode()
        channel.sendall(b"%0*d" % (HEAD, len(text)) + text)
    except OSError:
        pass  # the keeper is gone: its missing answer says so


def _as_file(data: bytes) -> IO[bytes]:
    """Standard input as a file, so that nobody has to feed the child while its output is read."""
    if not data:
        return Path(os.devnull).open("rb")
    if sys.platform == "linux":
        file: IO[bytes] = os.fdopen(os.memfd_create("stdin"), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(data)
    file.flush()
    file.seek(0)
    return file


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """A pipe whose reading end is closed at the end; the writing end is the caller's to close."""
    reader, writer = os.pipe()
    try:
        yield reader, writer
    finally:
        os.close(reader)


def _hide_ourselves() -> None:
    """Keep children of the same user from reading our environment and memory through /proc."""
    if sys.platform == "linux":
        from py_secure_ci.running import linux

        linux.prctl(linux.PR_SET_DUMPABLE, 0)


def _kill_marked(marker: str) -> None:
    """The last resort when a keeper was killed: its children carry the marker in their environment.

    One of them may be forking or starting another program while we look, so we look until twice nobody is there.
    """
    give_up, quiet = time.monotonic() + _LAST_RESORT, 0
    while quiet < 2 and time.monotonic() < give_up:
        found = family.marked(f"{_MARKER}={marker}".encode())
        quiet = 0 if found else quiet + 1
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
