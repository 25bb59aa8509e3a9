"""Which processes descend from this one, and their names (Linux: /proc; elsewhere the process group)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def everyone_else() -> list[int]:
    """In a process namespace of our own: every process but ourselves."""
    return [int(name) for name in os.listdir(_PROC) if name.isdigit() and int(name) != os.getpid()]  # noqa: PTH208


def descendants() -> list[int]:
    """All living descendants of this process. A subreaper is the parent of every orphan, so none is missed."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    todo = [os.getpid()]
    while todo:
        born = children.pop(todo.pop(), [])
        found += born
        todo += born
    return found


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


def names(pids: list[int]) -> list[str]:
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
