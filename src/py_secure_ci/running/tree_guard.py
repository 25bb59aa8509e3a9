"""Notices that a tool changed the user's tree, where the tree cannot be mounted read-only."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class State:
    """What tells that a file is the one it was. Reading a file changes none of it."""

    size: int  # bytes
    modified: int  # ns
    changed: int  # ns, of the inode: cannot be set back by a program, unlike `modified`
    mode: int
    inode: int
    owner: tuple[int, int]


def tree_state(root: Path, files: Iterable[str]) -> Mapping[str, State | None]:
    """A quick picture of `files` (root-relative) and of the folders that hold them; None for what is not there.

    A folder's own times show files that were added, removed or renamed. The folder `.git` is not looked into.
    """
    names = set(files)
    folders = {parent.as_posix() for name in names for parent in Path(name).parents} | {"."}
    return {name: _state(root / name) for name in sorted(names | folders)}


def changed_since(before: Mapping[str, State | None], root: Path) -> tuple[str, ...]:
    """The files and folders of an earlier picture that are not what they were, sorted."""
    return tuple(name for name, state in before.items() if _state(root / name) != state)


def _state(path: Path) -> State | None:
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return State(
        size=found.st_size,
        modified=found.st_mtime_ns,
        changed=found.st_ctime_ns,
        mode=found.st_mode,
        inode=found.st_ino,
        owner=(found.st_uid, found.st_gid),
    )
