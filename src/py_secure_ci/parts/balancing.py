"""Work in parts of about the same length: what cannot be divided goes first, the rest fills up. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from py_secure_ci.parts.model import Part, Share

# Seconds that a machine needs to have a tool at all (its environment, its start, its canary), and the same where the
# project's own environment must be made as well: less work than this is not worth another machine.
SETUP = 5.0
ENVIRONMENT = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A tool's work in a project. `files`: seconds that each takes, where it can be divided; None: it cannot be."""

    project: str
    tool: str
    stage: str
    seconds: float
    setup: float = SETUP
    files: Mapping[str, float] | None = None


def balanced(items: Sequence[Item], count: int) -> tuple[Part, ...]:
    """Exactly `count` parts, some of them perhaps empty; the same for the same arguments."""
    loads = [0.0] * count
    shares: list[list[tuple[int, Share]]] = [[] for _ in range(count)]
    order = sorted(enumerate(items), key=lambda one: (_pieces(one[1], count) > 1, -one[1].seconds, one[0]))
    for number, item in order:
        for at, (files, seconds) in _placed(item, loads, count).items():
            loads[at] += seconds
            share = Share(project=item.project, tool=item.tool, stage=item.stage, files=files)
            shares[at].append((number, share))
    return tuple(
        Part(
            id=f"{at + 1}-of-{count}",
            seconds=round(loads[at], 3),
            shares=tuple(share for _, share in sorted(shares[at], key=lambda one: one[0])),
        )
        for at in range(count)
    )


def _pieces(item: Item, count: int) -> int:
    if item.files is None:
        return 1
    return max(1, min(count, len(item.files), int(item.seconds / item.setup)))


def _placed(item: Item, loads: Sequence[float], count: int) -> Mapping[int, tuple[tuple[str, ...] | None, float]]:
    """Which machines do what of it, and for how long."""
    lightest = sorted(range(count), key=lambda at: (loads[at], at))[: _pieces(item, count)]
    if len(lightest) == 1 or item.files is None:
        return {lightest[0]: (None, item.setup + item.seconds)}
    heap = [(loads[at] + item.setup, at) for at in lightest]
    piles: dict[int, list[str]] = {at: [] for at in lightest}
    heapq.heapify(heap)
    for path in sorted(item.files, key=lambda path: (-item.files[path] if item.files else 0, path)):
        load, at = heapq.heappop(heap)
        piles[at].append(path)
        heapq.heappush(heap, (load + item.files[path], at))
    return {
        at: (tuple(sorted(pile)), item.setup + sum(item.files[path] for path in pile))
        for at, pile in piles.items()
        if pile
    }
