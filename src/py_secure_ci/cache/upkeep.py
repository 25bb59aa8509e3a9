"""How much is kept, and throwing away what was used least recently."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from py_secure_ci.cache.results import OWN, RESULTS

COSTS, BASELINES = "costs", "baselines"
LIMIT = 512 * 1024 * 1024  # bytes, for all of it
_FOLDERS = (RESULTS, OWN, COSTS, BASELINES)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is kept: a shelf, or the folder of a tool's own cache. `used`: seconds since the epoch."""

    path: Path
    size: int
    used: float


def entries(cache: Path) -> tuple[Entry, ...]:
    """Everything that is kept, the most recently used first. What is dated in the future counts as oldest."""
    now = time.time() + 60
    found = [_entry(path) for name in _FOLDERS for path in _listed(cache / name)]
    known = [one for one in found if one is not None]
    return tuple(sorted(known, key=lambda one: (0.0 if one.used > now else one.used, str(one.path)), reverse=True))


def prune(cache: Path, limit: int = LIMIT) -> tuple[int, int]:
    """Remove the least recently used until no more than `limit` bytes are left: (entries, bytes) that went."""
    kept = gone = size = 0
    for one in entries(cache):
        if kept + one.size <= limit and not one.path.name.startswith("."):
            kept += one.size
            continue
        _remove(one.path)
        gone, size = gone + 1, size + one.size
    return gone, size


def _listed(folder: Path) -> Iterator[Path]:
    if folder.is_dir() and not folder.is_symlink():
        yield from sorted(path for path in folder.iterdir() if path.suffix != ".lock")


def _entry(path: Path) -> Entry | None:
    try:
        if path.is_dir() and not path.is_symlink():
            inside = [Path(place, name).lstat() for place, _, names in os.walk(path) for name in names]
            return Entry(path, sum(one.st_size for one in inside), path.lstat().st_mtime)
        status = path.lstat()
    except OSError:
        return None  # another run has just removed it
    return Entry(path, status.st_size, status.st_mtime)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        path.unlink()
