"""One tool's work: what is kept from earlier runs is taken, the rest is cut into pieces, run, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace

from py_secure_ci.cache.costs import Costs
from py_secure_ci.cache.kept import joined, lasts
from py_secure_ci.cache.results import Desk, Results
from py_secure_ci.cache.tool_caches import Lent
from py_secure_ci.checking import scheduling
from py_secure_ci.checking.accounting import Tally
from py_secure_ci.checking.execution import Workshop, attempt, conclude, failed
from py_secure_ci.checking.failure import Stopped, ToolFailure
from py_secure_ci.checking.merging import merge
from py_secure_ci.checking.planning import chunks
from py_secure_ci.config.settings import Options
from py_secure_ci.report import Completed, Outcome
from py_secure_ci.running.request import Ended
from py_secure_ci.tool import Reading, Task, Tool

# Seconds that a file which runs alone may take at least; more for larger ones. A file that keeps to the rate of its
# kind needs a fifteenth of this, so that a busy machine does no harm. A `timeout` in the YAML takes its place.
BUDGET = 15.0
# The least that a piece of work of a per-file tool gets before slow files are looked for.
PATIENCE = 60.0
# What a tool that was never timed is taken to need, in seconds.
UNKNOWN = 3.0

Done = tuple[Outcome, Reading]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`task` covers all that the tool is due to look at."""

    tool: Tool
    task: Task
    tally: Tally
    workshop: Workshop
    results: Results | None
    costs: Costs | None
    jobs: int
    told: Callable[[str, int], None] = lambda _tool, _count: None  # how much was kept

    def done(self) -> Done:
        """The outcome, and what the tool said (for artifacts and components)."""
        desk = (
            self.results.desk(self.tool, self.workshop.info, self.workshop.programs, self.task)
            if self.results
            else None
        )
        try:
            return self._by_file(desk) if self.tool.per_file else self._whole(desk)
        except ToolFailure as failure:
            return failed(self.workshop.info, failure.message, failure.detail, failure.hint), Reading()

    def _by_file(self, desk: Desk | None) -> Done:
        known = desk.known() if desk else {}
        left = tuple(path for path in self.task.files if path not in known)
        self.told(self.tool.name, len(known))
        tasks = self._pieces(left)
        fresh = self._attempt(tasks) if tasks else []
        prior = [joined((path, known[path]) for path in self.task.files if path in known)] if known else []
        answer = conclude(
            self.tool, [*prior, *fresh] or [Reading(looked_at=frozenset())], self.workshop.info, self.tally
        )
        if desk and tasks:
            desk.keep_files(zip(tasks, fresh, strict=True))
        return answer

    def _pieces(self, files: tuple[str, ...]) -> tuple[Task, ...]:
        sizes = {path: self._size(path) for path in files}
        tasks: list[Task] = []
        for piece in scheduling.cut(sizes, self._rate(), self.jobs, self.tool.alone):
            size = sum(sizes[path] for path in piece)
            alone = self.tool.alone and sizes[piece[0]] >= self.tool.alone
            task = replace(self.task, files=piece, budget=self._budget(size) if alone else None)
            tasks += self.tool.split(task) if self.tool.split else [replace(task, files=one) for one in chunks(piece)]
        return tuple(tasks)

    def _size(self, path: str) -> int:
        try:
            return (self.task.root / path).stat().st_size
        except OSError:
            return 0

    def _rate(self) -> float:
        return self.costs.rates.get(self.tool.name, scheduling.RATE) if self.costs else scheduling.RATE

    def _budget(self, size: int) -> float:
        given = self.task.options.timeout
        return (
            given if given != Options().timeout else min(given, max(BUDGET, float(round(2 * size * scheduling.RATE))))
        )

    def _whole(self, desk: Desk | None) -> Done:
        kept = desk.answer() if desk else None
        if kept is not None:
            self.told(self.tool.name, 1)
            return conclude(self.tool, [kept], self.workshop.info, self.tally)
        try:
            answer, reading = self._run_whole(own_cache=self.tool.own_cache)
        except ToolFailure as failure:
            # A tool's own cache may be what broke it: once more without. What was stopped from outside stays stopped.
            if not self.tool.own_cache or isinstance(failure, Stopped):
                raise
            answer, reading = self._run_whole(own_cache=False)
        if desk and all(gap in self.tally.gaps or lasts(gap, self.tool) for gap in answer[0].gaps):
            desk.keep_whole(reading)
        return answer

    def _run_whole(self, *, own_cache: bool) -> tuple[tuple[Completed, Reading], Reading]:
        with ExitStack() as stack:
            lent = stack.enter_context(self._own_cache()) if own_cache else None
            task = replace(self.task, cache=lent.folder) if lent else self.task
            pieces = self.tool.split(task) if self.tool.split else (task,)
            readings = self._attempt(tuple(share for piece in pieces for share in self._shares(piece)))
            answer = conclude(self.tool, readings, self.workshop.info, self.tally)
            if lent:
                lent.returned()
        return answer, merge(readings)

    def _shares(self, task: Task) -> Iterable[Task]:
        if not self.tool.pins_each:
            return (task,)
        return [replace(task, pins=pins) for pins in scheduling.shares(task.pins, self.tool.pins_each, self.jobs)]

    def _own_cache(self) -> AbstractContextManager[Lent | None]:
        if self.results is None:
            return nullcontext()
        return self.results.own_cache(self.tool, self.workshop.info, self.workshop.programs, self.task)

    def _attempt(self, tasks: tuple[Task, ...]) -> list[Reading]:
        """Run the tasks, longest first, and remember what they cost."""
        spent: list[float] = []

        def usage(tool: str, name: str, ended: Ended) -> None:
            spent.append(ended.cpu)
            self.workshop.usage(tool, name, ended)

        timed = tuple(self._timed(task) for task in tasks)
        readings = attempt(self.tool, timed, replace(self.workshop, usage=usage))
        if self.costs and not any(task.budget for task in tasks):
            if self.tool.per_file:
                size = sum(self._size(path) for task in tasks for path in task.files)
                self.costs.learn_files(self.tool.name, max(sum(spent) - len(tasks) * scheduling.START, 0.0), size)
            elif not any(task.share for task in tasks):
                self.costs.learn_whole(self.tool.name, sum(spent))
            for reading in readings:
                self.costs.learn_tests(reading.durations)
        return readings

    def _timed(self, task: Task) -> Task:
        """The task with what it is expected to take; a per-file tool gets far more than that, but not for ever.

        A single file can make a tool slow beyond all measure (aliases that multiply, say): then it is found by halving,
        which must not start only after many minutes. A `timeout` in the YAML takes this one's place.
        """
        expected = self._expected(task)
        given = task.options.timeout
        if self.tool.per_file and given == Options().timeout:
            given = min(given, max(PATIENCE, 20 * expected))
        return replace(task, expected=expected, options=replace(task.options, timeout=given))

    def _expected(self, task: Task) -> float:
        if task.budget is not None:
            return task.budget
        if self.tool.per_file:
            return scheduling.START + self._rate() * sum(self._size(path) for path in task.files)
        return self.costs.seconds.get(self.tool.name, UNKNOWN) if self.costs else UNKNOWN
