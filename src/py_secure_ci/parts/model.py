"""What machines that share a run hand to one another: the plan, and what came of each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from py_secure_ci.checking.answers import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectIdentity:
    """One project as it is checked. `folder`: below the root project; empty: the root project itself."""

    folder: str
    tree: str  # digest over the names and bytes of all files that are due
    config_file: str
    config: str  # digest of its text


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Everything that must be the same on every machine."""

    product: str  # version and digest of our own code
    toolchain: str  # digest of every lock, of the advisory data, and the Python that runs us
    commit: str
    stages: tuple[str, ...]  # of `--stage`; empty: as configured
    offline: bool
    install: str  # of `--install`
    projects: tuple[ProjectIdentity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A tool's work in one part: all of it, or (`files`) what concerns these files."""

    project: str
    tool: str
    stage: str
    files: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one machine does. `id`: `2-of-4`. `seconds`: what it is expected to take; for people only."""

    id: str
    seconds: float
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPlan:
    """The whole run in parts. `id` is a digest of all the rest."""

    id: str
    identity: Identity
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What a machine found out about a project besides what its tools said.

    `python`, `python_how`: the project's interpreter, where one was looked for. `advisories`: `live`, `snapshot`, or
    empty where none were asked; `advisories_why`: why not the live service. `changed`: what tools changed in the tree.
    """

    folder: str
    python: str = ""
    python_how: str = ""
    advisories: str = ""
    advisories_why: str = ""
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a process cost; seconds and bytes."""

    project: str
    tool: str
    name: str
    start: float
    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReport:
    """What came of a part. `answers` has one for each share of the plan's part, in its order."""

    plan: str
    part: str
    answers: tuple[Answer, ...]
    projects: tuple[ProjectFacts, ...]
    notes: tuple[str, ...] = ()  # about the machine: a sandbox that it cannot have
    interrupted: str = ""  # the signal that ended it early
    spent: tuple[Spent, ...] = ()
    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # by project: seconds for a byte, by tool
    seconds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # by project: of whole tools, by tool
