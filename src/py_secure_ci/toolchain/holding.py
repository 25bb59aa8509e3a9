"""A lock file that one thread of one process holds at a time, on every platform."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PAUSE = 0.1  # seconds between two looks at a lock that somebody else holds

if sys.platform == "win32":
    import msvcrt

    def _try(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def holding(path: Path, stopped: Callable[[], bool] = lambda: False) -> Iterator[IO[bytes]]:
    """Wait for, and hold, the lock file `path`; the system lets go of it when the process dies.

    Raises OSError when the file cannot be made, and InterruptedError when `stopped` says so while somebody else
    holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        while not _try(file):
            if stopped():
                raise InterruptedError("stopped while another run held it")
            time.sleep(_PAUSE)
        yield file
