"""Private folders for one task each, removed whatever the task left in them."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from py_secure_ci.errors import OutputError

_PREFIX = "py-secure-ci-"
_STALE = 2 * 24 * 3600.0  # seconds; no run takes so long


def remove_stale(base: Path) -> None:
    """Remove what killed runs left in `base`, where nobody else cleans up as they do in /tmp."""
    for folder in base.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if not folder.is_symlink() and time.time() - folder.stat().st_mtime > _STALE:
                remove(folder)


@contextmanager
def scratch(base: Path | None = None) -> Iterator[Path]:
    """A new folder (mode 0700) that only we can look into; removed at the end, also by an exception."""
    try:
        folder = Path(os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX, dir=base)))
    except OSError as error:
        raise OutputError(
            f"no scratch folder can be made: {error}", hint="free some space there, or set TMPDIR to another folder"
        ) from None
    try:
        yield folder
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a tree, even one whose folders are closed. Follows no symbolic link; leaves what the system refuses."""
    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=lambda function, path, _error: _again(function, path))
    else:
        shutil.rmtree(folder, onerror=_again_old)


def _again_old(function: object, path: str, _error: tuple[type[BaseException], BaseException, TracebackType]) -> None:
    _again(function, path)


def _again(function: object, path: str) -> None:
    """Open the folder that would not let us in, and try once more."""
    for closed in (os.path.dirname(path), path):  # noqa: PTH120
        try:
            if stat.S_ISDIR(os.lstat(closed).st_mode):
                os.chmod(closed, 0o700)  # noqa: PTH101
        except OSError:
            continue
    if function in (os.unlink, os.rmdir):
        with suppress(OSError):  # an immutable file, a mount point: not ours to insist
            function(path)
    elif os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH114
        shutil.rmtree(path, ignore_errors=True)
