"""Our end of the launcher: start it once, hand it a request's streams, end it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from py_secure_ci.errors import PySecureCiError

# Isolated (-I) and without site packages (-S): nothing of the environment or of a .pth file runs in there.
_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from py_secure_ci.running.launcher import main; main()"
_PACKAGES = Path(__file__).resolve().parents[2]
_START = 60.0  # seconds


class Launcher:
    """A running launcher. It starts beside us: only who asks for its `abilities` waits for it."""

    def __init__(self) -> None:
        """Start it."""
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._lock = threading.Lock()
        self._said: dict[str, Any] | None = None
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", "-c", _PROGRAM, str(_PACKAGES)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )

    @property
    def abilities(self) -> dict[str, Any]:
        """What it found out about this machine. Raises PySecureCiError if it does not come up."""
        with self._lock:
            if self._said is None:
                self._said = self._hear()
            return self._said

    def _hear(self) -> dict[str, Any]:
        try:
            self._socket.settimeout(_START)
            with self._socket.makefile("rb") as lines:
                said: dict[str, Any] = json.loads(lines.readline())
            self._socket.settimeout(None)
        except (OSError, ValueError):
            self.close()
            raise PySecureCiError("the process that starts the tools did not come up") from None
        return said

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return self._process.poll() is None

    def fork(self, streams: Sequence[int]) -> socket.socket:
        """Get a keeper for stdin, stdout and stderr. Returns the channel to it. Raises OSError."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._socket, [b"+"], [theirs.fileno(), *streams])
        except OSError:
            ours.close()
            raise
        return ours

    def close(self) -> None:
        """End it. Its keepers end by themselves: each sees that its channel is closed."""
        self._socket.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Launchers:
    """The launcher in use; a new one when it was killed. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first = self._current = Launcher()

    @property
    def abilities(self) -> dict[str, Any]:
        """Those of this machine. Raises PySecureCiError if none comes up."""
        return self._first.abilities

    def fork(self, streams: Sequence[int]) -> socket.socket:
        """Like `Launcher.fork`. Raises OSError or PySecureCiError."""
        with self._lock:
            if not self._current.alive:
                self._current.close()
                self._current = Launcher()
            return self._current.fork(streams)

    def close(self) -> None:
        """End it."""
        with self._lock:
            self._current.close()
