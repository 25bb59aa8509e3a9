"""check(config, tools, services) -> report: plan, run side by side, read, account for scope."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from py_secure_ci.checking.accounting import portable
from py_secure_ci.checking.answers import Answer
from py_secure_ci.checking.execution import FAULTS, Workshop, failed
from py_secure_ci.checking.planning import Plan, plan, tuning
from py_secure_ci.checking.scheduling import Slots
from py_secure_ci.checking.services import Installed, Interpreter, Process, Run, Services
from py_secure_ci.checking.work import Work
from py_secure_ci.config.settings import Config, Options
from py_secure_ci.dependencies.frameworks import frameworks_of
from py_secure_ci.errors import ProjectEnvironmentError, SourceError, ToolchainError
from py_secure_ci.model import Gap, Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.report import Completed, Failed, Outcome, Skipped, ToolInfo
from py_secure_ci.running.request import Ended
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import Tree
from py_secure_ci.tool import Reading, Task, Tool

# Where the tree is not read-only, tests can change the very files that a scanner is about to read, and put them back:
# there they start when every scanner has read. Type checkers take long, and judge no security.
_BESIDE_TESTS = frozenset({Stage.TEST, Stage.TYPE})


def check(
    config: Config,
    tools: Mapping[str, Tool],
    stages: tuple[Stage, ...],
    tree: Tree,
    sources: Sources,
    dependencies: Dependencies,
    services: Services,
) -> Run:
    """Run every due tool side by side and read it; a tool's failure is its own outcome, never the run's."""
    plans = plan(config, tools, stages, tree, sources, dependencies)
    frameworks = frameworks_for(plans, dependencies, tree, sources)
    return check_plans(config, plans, tree, sources, services, frameworks=frameworks)


def frameworks_for(
    plans: tuple[Plan | Skipped | Failed, ...], dependencies: Dependencies, tree: Tree, sources: Sources
) -> frozenset[str]:
    """The web frameworks of the project, where a tool wants to know them."""
    wanted = any(isinstance(one, Plan) and one.tool.wants_frameworks for one in plans)
    return frameworks_of(dependencies, tree.files, sources.text) if wanted else frozenset()


def check_plans(
    config: Config,
    plans: tuple[Plan | Skipped | Failed, ...],
    tree: Tree,
    sources: Sources,
    services: Services,
    *,
    frameworks: frozenset[str] = frozenset(),
    answers: bool = False,
) -> Run:
    """The same for plans that are made. With `answers` the run also holds what was said, before it was judged."""
    return _Check(config, tree, sources, services, frameworks, answers).run(plans)


class _Check:
    def __init__(
        self,
        config: Config,
        tree: Tree,
        sources: Sources,
        services: Services,
        frameworks: frozenset[str],
        answers: bool,
    ) -> None:
        self.config, self.tree, self.sources, self.services = config, tree, sources, services
        self.frameworks, self.answers = frameworks, answers
        self.result = Run()
        self.slots = Slots(services.jobs)
        self.lock = threading.Lock()
        self.began = time.monotonic()
        self.made: dict[str, Mapping[str, str]] = {}  # artifacts by tool
        self.scanners: list[Future[Outcome]] = []  # whose end the tests wait for
        self.readers: list[Future[Outcome]] = []  # whose end a command that may write into the tree waits for

    def run(self, plans: tuple[Plan | Skipped | Failed, ...]) -> Run:
        due = [one for one in plans if isinstance(one, Plan)]
        self.services.observer.planned(tuple(one.tool.name for one in due))
        # A thread for each tool, which never holds a slot itself, and enough for the pieces that wait for one.
        with ThreadPoolExecutor(len(due) + 4 * self.services.jobs + 2, thread_name_prefix="tool") as self.pool:
            needed = any(one.tool.needs_environment for one in due)
            readers = threading.Event()  # all that look at the tree, and need no environment, are known
            interpreter = self.pool.submit(self._interpreter, readers) if needed else None
            futures: dict[int, Future[Outcome]] = {}
            for one in sorted(due, key=lambda one: one.tool.stage in _BESIDE_TESTS):
                future = futures[id(one)] = self.pool.submit(self._timed, one, interpreter)
                if one.tool.stage not in _BESIDE_TESTS:
                    self.scanners.append(future)  # whole before the first test can ask for it
                if not one.tool.needs_environment:
                    self.readers.append(future)
            readers.set()
            outcomes = tuple(futures[id(one)].result() if isinstance(one, Plan) else one for one in plans)
            self.result.interpreter = _interpreter(interpreter)
        self.result.outcomes = outcomes
        self.result.artifacts = named_artifacts((one.tool.name, self.made.get(one.tool.name, {})) for one in due)
        if self.services.costs is not None and self.result.processes:
            self.services.costs.save()
        return self.result

    def _interpreter(self, readers: threading.Event) -> Interpreter | None:
        """The project's own environment. A command that can change the tree starts when it has been read."""
        if self.services.open_install:
            readers.wait()
            wait(self.readers)
        return self.services.interpreter()

    def _timed(self, one: Plan, interpreter: Future[Interpreter | None] | None) -> Outcome:
        began = time.monotonic()
        self.services.observer.started(one.tool.name)
        outcome, reading, gaps = self._outcome(one, interpreter)
        seconds = time.monotonic() - began
        with self.lock:
            self.result.seconds[one.tool.name] = seconds
            if isinstance(outcome, Completed):
                self.made[one.tool.name] = reading.artifacts
                self.result.components = (*self.result.components, *reading.components)
            if self.answers and not isinstance(outcome, Skipped):
                said = portable(one.tool, reading, self.tree.root) if isinstance(outcome, Completed) else outcome
                self.result.answers[one.tool.name] = Answer(info=outcome.tool, said=said, gaps=gaps)
        self.services.observer.finished(outcome, seconds)
        return outcome

    def _outcome(
        self, one: Plan, interpreter: Future[Interpreter | None] | None
    ) -> tuple[Outcome, Reading, tuple[Gap, ...]]:
        """Outcome, what was said, and what was known not to be looked at for want of an environment."""
        tool, info = one.tool, ToolInfo(name=one.tool.name, stage=one.tool.stage, uri=one.tool.uri)
        python: Interpreter | None = None
        trouble: ProjectEnvironmentError | None = None
        if tool.needs_environment and interpreter is not None:
            try:
                python = interpreter.result()
            except ProjectEnvironmentError as error:
                trouble = error
        if trouble is not None and tool.stage is Stage.TEST:
            reason = f"the project's environment cannot be made: {trouble.message}"
            return failed(info, reason, hint=trouble.hint), Reading(), ()
        try:
            installed = self.services.install(tool, python.python if python else None)
        except ToolchainError as error:
            reason = "interrupted before it ran" if self.services.stopped() else error.message
            return failed(info, reason, hint=error.hint), Reading(), ()
        if tool.stage is Stage.TEST and self.services.open_tree:
            wait(self.scanners)
        version = python.version if python and tool.of_python else installed.info.version
        installed = replace(installed, info=replace(installed.info, version=version, config=tuning(self.config, one)))
        gaps = () if trouble is None else (Gap("environment", f"the project's environment: {trouble.message}"),)
        tally = replace(one.tally, gaps=(*one.tally.gaps, *gaps))
        try:
            task = self._task(one, python, installed)
        except SourceError as error:
            return failed(info, f"what it is to look at cannot be told: {error.message}"), Reading(), gaps
        work = Work(
            tool=tool,
            task=task,
            tally=tally,
            workshop=self._workshop(installed, tool),
            results=self.services.results,
            costs=self.services.costs,
            jobs=self.services.jobs,
            told=self._kept,
        )
        try:
            outcome, reading = work.done()
        except (OSError, *FAULTS) as error:  # one tool's trouble is never the whole run's
            return failed(info, f"its work cannot be done ({type(error).__name__}: {error})"), Reading(), gaps
        return outcome, reading, gaps

    def _kept(self, tool: str, count: int) -> None:
        with self.lock:
            self.result.kept[tool] = count

    def _task(self, one: Plan, python: Interpreter | None, installed: Installed) -> Task:
        return Task(
            root=self.tree.root,
            scratch=self.tree.root,  # replaced by a folder of its own before it is used
            files=one.files,
            pins=one.pins,
            share=one.share,
            settings=one.settings,
            texts=one.texts,
            nested=self._nested(one.tool) if one.tool.nested_settings else {},
            options=_options(one.tool, self.config),
            stage_options=one.stage.options,
            python=python.python if python else None,
            elsewhere=self.tree.elsewhere,
            overlay=installed.overlay,
            advisory_url=self.services.advisory_url,
            offline=self.services.offline,
            history=self.services.history() if one.tool.history else None,
            frameworks=self.frameworks if one.tool.wants_frameworks else frozenset(),
        )

    def _nested(self, tool: Tool) -> dict[str, str]:
        paths = [path for path in self.tree.files if "/" in path and path.rpartition("/")[2] in tool.settings]
        return {path: self.sources.text(path) or "" for path in paths}

    def _workshop(self, installed: Installed, tool: Tool) -> Workshop:
        return Workshop(
            info=installed.info,
            programs=installed.programs,
            run=self.services.run,
            environment=self.services.environment,
            scratch=(tool.stage is Stage.TEST and self.services.open_scratch) or self.services.scratch,
            usage=self._usage,
            guarded=self.services.guarded,
            secrets=installed.variables,
            spread=self._spread,
            slot=self.slots.one,
        )

    def _spread(self, work: Callable[[Task], Reading], tasks: tuple[Task, ...]) -> Iterable[Reading]:
        return map(work, tasks) if len(tasks) == 1 else self.pool.map(work, tasks)

    def _usage(self, tool: str, name: str, ended: Ended) -> None:
        with self.lock:
            self.result.processes.append(
                Process(
                    tool=tool,
                    name=name,
                    start=time.monotonic() - self.began - ended.wall,
                    wall=ended.wall,
                    cpu=ended.cpu,
                    memory=ended.peak,
                )
            )


def _options(tool: Tool, config: Config) -> Options:
    """What the YAML says for the tool, with the tool's own time limit where that says nothing of one."""
    options = config.options(tool.name)
    return replace(options, timeout=tool.timeout) if tool.timeout and options.timeout == Options().timeout else options


def _interpreter(future: Future[Interpreter | None] | None) -> Interpreter | None:
    if future is None:
        return None
    try:
        return future.result()
    except ProjectEnvironmentError:
        return None


def named_artifacts(made: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """What tools made, in plan order, by file name: the first of two test runs has the plain name."""
    found: dict[str, str] = {}
    for tool, artifacts in made:
        for name, text in artifacts.items():
            found[f"{tool}-{name}" if name in found else name] = text
    return found
