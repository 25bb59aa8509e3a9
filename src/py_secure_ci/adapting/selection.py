"""Which files of a tree a tool is for, and how their names travel to a tool and back. Pure."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from py_secure_ci.tool import Selection, Task

Select: TypeAlias = Callable[[tuple[str, ...], Mapping[str, str]], Selection]

ARGUMENT_BYTES = 96 * 1024  # of file names on one command line: the least that any system we know allows is 128 KiB


def with_suffix(files: Iterable[str], suffixes: frozenset[str]) -> tuple[str, ...]:
    """The files whose last suffix is one of `suffixes` (lower case, with the dot), in the order given."""
    return tuple(file for file in files if posixpath.splitext(file)[1].lower() in suffixes)


def argument(path: str) -> str:
    """A root-relative path that no program can take for an option or an `@file`."""
    return f"./{path}"


def targets(task: Task) -> tuple[str, ...]:
    """What a command line ends with: the due files, then the planted ones."""
    return ("--", *(argument(file) for file in task.files), *task.canaries)


def project_path(said: str, root: Path) -> str:
    """What a tool said, absolute below the root or relative to it, as a root-relative path; others stay as they are."""
    path = said.removeprefix(f"{root.as_posix()}/")
    while path.startswith("./"):
        path = path[2:]
    return path


def project_paths(said: Iterable[str], root: Path) -> tuple[str, ...]:
    """`project_path` of each."""
    return tuple(project_path(one, root) for one in said)


def file_arguments(files: Iterable[str], scratch: Path, name: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Arguments that name the files, and the scratch files they need.

    For programs that read further arguments from `@file`, one a line: a long list goes there, but for names that
    hold a line break themselves.
    """
    arguments = [argument(file) for file in files]
    if sum(len(os.fsencode(one)) + 1 for one in arguments) <= ARGUMENT_BYTES:
        return tuple(arguments), {}
    listed = [one for one in arguments if one.splitlines() == [one]]
    odd = [one for one in arguments if one.splitlines() != [one]]
    return (f"@{(scratch / name).as_posix()}", *odd), {name: "".join(f"{one}\n" for one in listed)}


def pieces(task: Task, more: int = 0) -> tuple[Task, ...]:
    """The task, cut so that the names of each piece fit on one command line. `more`: bytes on top of each name."""
    groups: list[list[str]] = [[]]
    size = 0
    for file in task.files:
        length = len(os.fsencode(file)) + 3 + more
        if groups[-1] and size + length > ARGUMENT_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += length
    return tuple(replace(task, files=tuple(group)) for group in groups)


def absolute_pieces(task: Task) -> tuple[Task, ...]:
    """The same for a tool that is given absolute paths, in which some signs may have to be written with two more."""
    return pieces(task, 3 * len(os.fsencode(task.root)))


def named(*names: str) -> Select:
    """For `Tool.select`: the files of these names, wherever they lie."""
    return lambda files, _settings: Selection(tuple(file for file in files if posixpath.basename(file) in names))


def ending(*suffixes: str) -> Select:
    """For `Tool.select`: the files with these suffixes (lower case, with the dot)."""
    return lambda files, _settings: Selection(with_suffix(files, frozenset(suffixes)))


def workflows(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    """For `Tool.select`: GitHub's workflow files. Only the root's count, but an example is copied sooner or later."""
    yaml = with_suffix(files, frozenset({".yml", ".yaml"}))
    return Selection(tuple(file for file in yaml if PurePosixPath(file).parts[-3:-1] == (".github", "workflows")))
