"""What a run is given, and what comes of it: the hands of the pipeline, and costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from py_secure_ci.cache.costs import Costs
from py_secure_ci.cache.results import Results
from py_secure_ci.checking.answers import Answer
from py_secure_ci.pins import Component
from py_secure_ci.report import Outcome, ToolInfo
from py_secure_ci.running.request import Ended, Request
from py_secure_ci.tool import History, Tool


class Observer(Protocol):
    """Who wants to know how far we are. Called from several threads."""

    def planned(self, tools: tuple[str, ...]) -> None:
        """These tools will run."""

    def started(self, tool: str) -> None:
        """A tool starts."""

    def finished(self, outcome: Outcome, seconds: float) -> None:
        """A tool's outcome is there."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Where a tool's programs are. `overlay`: site-packages for tools that run in the project's environment."""

    info: ToolInfo
    programs: Path | None
    overlay: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)  # the user's, for `Tool.variables`


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The project's own environment."""

    python: Path
    version: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The hands of the pipeline: everything that touches the world, passed in by `cli`."""

    run: Callable[[Request], Ended]
    install: Callable[[Tool, Path | None], Installed]  # raises ToolchainError
    environment: Callable[[Path, bool], Mapping[str, str]]
    scratch: Callable[[], Path]
    interpreter: Callable[[], Interpreter | None]  # raises ProjectEnvironmentError
    observer: Observer
    jobs: int
    results: Results | None = None  # None: use and keep nothing of earlier runs
    costs: Costs | None = None
    guarded: tuple[Path, ...] = ()  # folders that no child may change
    open_scratch: Callable[[], Path] | None = None  # like `scratch`, for the project's own code
    open_tree: bool = False  # the project's own tests can change it
    open_install: bool = False  # making the project's environment can change it
    advisory_url: str = ""
    offline: bool = False
    history: Callable[[], History | None] = lambda: None  # raises SourceError
    stopped: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What one process cost; seconds and bytes. Never part of the report."""

    tool: str
    name: str
    start: float
    wall: float
    cpu: float
    memory: int


@dataclass(slots=True)
class Run:
    """What came of a run: outcomes in plan order, artifacts by output name, and costs."""

    outcomes: tuple[Outcome, ...] = ()
    artifacts: dict[str, str] = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    processes: list[Process] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    interpreter: Interpreter | None = None
    kept: dict[str, int] = field(default_factory=dict)  # files and answers taken from earlier runs, by tool
    answers: dict[str, Answer] = field(default_factory=dict)  # by tool, where they are asked for
