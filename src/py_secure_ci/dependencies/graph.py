"""Who asked for whom: shortest paths and groups over a lock file's own graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trace:
    """How a package got into a lock. `groups` is empty where the main set asks for it."""

    via: tuple[str, ...]
    groups: tuple[str, ...]
    direct: bool


def trace(direct: Mapping[str, Iterable[str]], requires: Mapping[str, Iterable[str]]) -> dict[str, Trace]:
    """Trace every package that can be reached. `direct`: group -> names (`""` is the main set); all normalised."""
    parents = _walk({name for names in direct.values() for name in names}, requires)
    reached = {group: _walk(names, requires).keys() for group, names in direct.items()}
    first = {name for names in direct.values() for name in names}
    main = reached.get("", frozenset[str]())
    return {
        name: Trace(
            via=_path(name, parents),
            groups=() if name in main else tuple(sorted(group for group, names in reached.items() if name in names)),
            direct=name in first,
        )
        for name in parents
    }


def _walk(start: Iterable[str], requires: Mapping[str, Iterable[str]]) -> dict[str, str | None]:
    """Breadth first, in name order so that equal paths always give the same answer: name -> who asked first."""
    parents: dict[str, str | None] = dict.fromkeys(sorted(set(start)))
    queue = deque(parents)
    while queue:
        name = queue.popleft()
        for child in sorted(requires.get(name, ())):
            if child not in parents:
                parents[child] = name
                queue.append(child)
    return parents


def _path(name: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    path = [name]
    while (parent := parents[path[-1]]) is not None:
        path.append(parent)
    return tuple(reversed(path))
