"""Which processes descend from this one, and their names (Linux: /proc; elsewhere the process group)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_PROC = Path("/proc")


def everyone_else() -> list[int]:
    """In a process namespace of our own: every process but ourselves."""
    return [int(name) for name in os.listdir(_PROC) if name.isdigit() and int(name) != os.getpid()]  # noqa: PTH208


def descendants() -> Iterator[int]:
    """All descendants of this process, parents first, each told as soon as it is found.

    A subreaper is the parent of every orphan, so a chain of processes that live for a blink each is caught at its
    living end: that one is our own child.
    """
    todo = [os.getpid()]
    while todo:
        for pid in children(todo.pop()):
            todo.append(pid)
            yield pid


def children(pid: int) -> list[int]:
    """The children of a process, zombies included."""
    try:
        return [int(word) for word in (_PROC / f"{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return [child for child, parent in _parents() if parent == pid]  # a kernel without that file, or it has ended


def marked(marker: bytes) -> list[int]:
    """Processes whose environment holds `marker`, as far as we may look."""
    found = []
    for name in os.listdir(_PROC) if _PROC.is_dir() else []:  # noqa: PTH208
        try:
            if name.isdigit() and marker in (_PROC / name / "environ").read_bytes():
                found.append(int(name))
        except OSError:
            continue  # ended, or somebody else's
    return found


def names(pids: Iterable[int]) -> list[str]:
    """What the living among these processes call themselves, in printable ASCII, sorted."""
    living = [fields[0] for fields in map(_stat, pids) if fields is not None and fields[1] not in "ZX"]
    return sorted("".join(sign if " " < sign <= "~" else "?" for sign in name) or "?" for name in living)


def _parents() -> Iterator[tuple[int, int]]:
    for name in os.listdir(_PROC) if _PROC.is_dir() else []:  # noqa: PTH208
        if name.isdigit() and (fields := _stat(int(name))) is not None:
            yield int(name), int(fields[2])


def _stat(pid: int) -> tuple[str, str, str] | None:
    """Name, state and parent. The name stands in brackets and may itself hold brackets and blanks."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    head, _, tail = text.rpartition(")")
    state, parent, *_ = tail.split()
    return head.partition("(")[2], state, parent
