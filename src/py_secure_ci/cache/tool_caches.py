"""A folder for a tool's own cache: lent to one run at a time, only in the state in which the last good run left it.

mypy takes a file for unchanged whose size and second of change are the same (`validate_meta` in its build.py). Archives
with clamped times and quick edits make that wrong, so the files' real digests are kept beside its cache, and a cache
that the tool would misread is thrown away.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from py_secure_ci.cache.shelf import read_shelf, write_shelf

ENDING = ".own"
_STATE, _KEPT = "state", "kept"
_SEALS = "-seals"


@dataclass(slots=True)
class Lent:
    """`folder` is the tool's to write. Without `returned()` it is thrown away."""

    folder: Path
    good: bool = False

    def returned(self) -> None:
        """The tool gave an answer that can be trusted, so its cache may be used again."""
        self.good = True


@contextlib.contextmanager
def lend(folder: Path, root: Path, digests: Mapping[str, str]) -> Iterator[Lent | None]:
    """Lend a folder for a run over files with these digests; None if another run has it, or it cannot be made."""
    lock = None
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _locked(folder.with_name(f"{folder.name}.lock"))
        if lock is None:
            yield None
            return
        seals = folder.with_name(f"{folder.name}{_SEALS}")
        if not _sound(folder, seals, root, digests):
            shutil.rmtree(folder, ignore_errors=True)
        seals.unlink(missing_ok=True)  # until the run has ended well there is no telling what state it is in
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        if lock is not None:
            os.close(lock)
        yield None
        return
    lent = Lent(folder)
    try:
        yield lent
    finally:
        if lent.good:
            _seal(folder, seals, root, digests)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked(path: Path) -> int | None:
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _sound(folder: Path, seals: Path, root: Path, digests: Mapping[str, str]) -> bool:
    """Whether the folder is as it was left, and no file changed so that the tool would not see it."""
    texts = {key: text for key, (_, text) in read_shelf(seals).items()}
    try:
        state, kept = json.loads(texts[_STATE]), json.loads(texts[_KEPT])
        if kept != _contents(folder):
            return False
        for path, digest in digests.items():
            then = state.get(path)
            if then is not None and then[0] != digest and then[1:] == _mark(root / path):
                return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return False
    return True


def _seal(folder: Path, seals: Path, root: Path, digests: Mapping[str, str]) -> None:
    try:
        state = {path: [digest, *_mark(root / path)] for path, digest in digests.items()}
        kept = _contents(folder)
    except OSError:
        return
    write_shelf(seals, {_STATE: (1, json.dumps(state)), _KEPT: (1, json.dumps(kept))})


def _mark(path: Path) -> list[int]:
    """What mypy goes by."""
    status = path.stat()
    return [int(status.st_mtime), status.st_size]


def _contents(folder: Path) -> dict[str, str]:
    found = {}
    for place, names, files in os.walk(folder):
        names.sort()
        for name in files:
            path = Path(place, name)
            if path.is_symlink():
                raise OSError(f"{path}: a link")
            relative = path.relative_to(folder).as_posix()
            found[relative] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
