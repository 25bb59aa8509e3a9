"""A slow file becomes a gap of its own: work that ran out of time is done again in halves until only it is left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from py_secure_ci.errors import PySecureCiError
from py_secure_ci.model import Gap
from py_secure_ci.tool import Reading, Task

_SHORTEST = 1.0  # seconds: no tool starts and ends in less


class OutOfTime(PySecureCiError):
    """A task did not end within its time limit."""


@dataclass(slots=True)
class _Budget:
    """What is left after the first attempt: as much again, shared by the halves."""

    seconds: float
    clock: Callable[[], float]
    ends: float = field(init=False)
    answered: bool = False  # some half gave an answer: so it is files that are slow, not the tool

    def __post_init__(self) -> None:
        self.ends = self.clock() + self.seconds

    @property
    def left(self) -> float:
        return self.ends - self.clock()


def in_halves(
    task: Task, attempt: Callable[[Task], Reading], clock: Callable[[], float] = time.monotonic
) -> list[Reading]:
    """What `attempt` reads of the task, whole or in halves. `attempt` raises OutOfTime when the task's time is over.

    In all this takes at most twice `task.options.timeout`. Raises OutOfTime if not one half came to an end.
    """
    try:
        return [attempt(task)]
    except OutOfTime:
        if len(task.files) < 2:
            raise
        whole = task.options.timeout
        budget = _Budget(whole, clock)
        # A single slow file costs one limit for each halving; a second one must fit in as well.
        limit = max(_SHORTEST, whole / (2 * math.ceil(math.log2(len(task.files))) + 2))
        readings = _halves(task, attempt, budget, limit)
        if not budget.answered:
            raise
        return readings


def _halves(task: Task, attempt: Callable[[Task], Reading], budget: _Budget, limit: float) -> list[Reading]:
    middle = len(task.files) // 2
    readings = []
    for files in (task.files[:middle], task.files[middle:]):
        part = replace(task, files=files)
        seconds = min(limit, budget.left)
        if seconds < _SHORTEST:
            readings.append(_gaps(part, "no time was left for it after other files were too slow"))
            continue
        try:
            readings.append(attempt(replace(part, options=replace(part.options, timeout=seconds))))
            budget.answered = True
        except OutOfTime:
            if len(files) == 1:
                readings.append(_gaps(part, f"too slow: it was not done within {seconds:.0f} s"))
            else:
                readings += _halves(part, attempt, budget, limit)
    return readings


def _gaps(task: Task, reason: str) -> Reading:
    return Reading(looked_at=frozenset(), gaps=tuple(Gap(file, reason) for file in task.files))
