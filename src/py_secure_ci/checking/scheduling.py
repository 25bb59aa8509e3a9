"""Who goes when: slots that the longest work gets first, and files cut into pieces of about the same length."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from py_secure_ci.pins import Pin

# Seconds. What starting a tool once more costs (its imports and its canary), and how long a piece should last at most:
# pieces much longer than a start balance badly, pieces much shorter waste starts.
START = 0.6
PIECE = 12.0
# Seconds for each byte, for a tool that was never timed; bandit and detect-secrets need about this.
RATE = 5e-6


class Slots:
    """So many at once; of those who wait, the one with the most work goes first."""

    def __init__(self, count: int) -> None:
        """`count` is at least 1."""
        self._free = max(1, count)
        self._waiting: list[tuple[float, int]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    @contextmanager
    def one(self, seconds: float) -> Iterator[None]:
        """Hold a slot for work that is expected to last so long."""
        ticket = (-seconds, next(self._numbers))
        with self._changed:
            heapq.heappush(self._waiting, ticket)
            while not self._free or self._waiting[0] != ticket:
                self._changed.wait()
            heapq.heappop(self._waiting)
            self._free -= 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()


def cut(sizes: Mapping[str, int], rate: float, jobs: int, alone: int = 0) -> tuple[tuple[str, ...], ...]:
    """Files in pieces, longest first; the same for the same arguments.

    `sizes`: bytes of each file. `rate`: expected seconds for a byte. `alone`: files of at least so many bytes get a
    piece each (0: none do), as their cost is out of proportion.
    """
    single = sorted((path for path in sizes if alone and sizes[path] >= alone), key=lambda path: (-sizes[path], path))
    rest = {path: size for path, size in sizes.items() if not (alone and size >= alone)}
    pieces = _balanced(rest, _count(sum(rest.values()) * rate, jobs, len(rest)))
    return (*((path,) for path in single), *pieces)


def shares(pins: tuple[Pin, ...], least: int, jobs: int) -> tuple[tuple[Pin, ...], ...]:
    """The pins in at most `jobs` shares of about one size; none is smaller than `least` where there are several."""
    count = max(1, min(jobs, len(pins) // least))
    return tuple(pins[len(pins) * one // count : len(pins) * (one + 1) // count] for one in range(count))


def _count(seconds: float, jobs: int, files: int) -> int:
    if jobs < 2 or seconds < 2 * START or files < 2:
        return 1
    return min(files, max(min(jobs, int(seconds / START)), math.ceil(seconds / PIECE)))


def _balanced(sizes: Mapping[str, int], count: int) -> tuple[tuple[str, ...], ...]:
    """Largest first into the lightest piece."""
    if not sizes:
        return ()
    piles: list[list[str]] = [[] for _ in range(count)]
    heap = [(0, index) for index in range(count)]
    for path in sorted(sizes, key=lambda path: (-sizes[path], path)):
        weight, index = heapq.heappop(heap)
        piles[index].append(path)
        heapq.heappush(heap, (weight + sizes[path] + 1, index))
    full = [(sum(sizes[path] for path in pile), tuple(sorted(pile))) for pile in piles if pile]
    return tuple(pile for _, pile in sorted(full, key=lambda one: (-one[0], one[1])))
