"""What git tells of a repository and of the project in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index. `mode`: 100644, 100755, 120000 (symbolic link) or 160000 (submodule).

    `sparse`: git was told to leave the file out of the work tree.
    """

    mode: str
    blob: str
    path: str
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project lies in its repository. `prefix` is POSIX, without a slash at the end.

    `folders`: where git keeps what it knows, which for a linked work tree is not below `top`.
    """

    top: Path
    prefix: str
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """What a report says of a project's repository, and where it is (see `Place`)."""

    top: Path
    prefix: str
    commit: str
    branch: str
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """A repository, its index below the folder in path order, and what is there that it neither tracks nor ignores.

    `tracked`: where there is no index, the files of the commit.
    """

    repository: Repository
    tracked: tuple[Entry, ...]
    untracked: tuple[str, ...]
