"""What `plan`, `run --part` and `merge` have in common: the projects, what is due in them, and the plan."""

from __future__ import annotations

import argparse
import hashlib
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from py_secure_ci.advisories.status import current
from py_secure_ci.cache.costs import Costs
from py_secure_ci.cache.keys import digest, product
from py_secure_ci.checking.planning import Plan
from py_secure_ci.checking.planning import plan as plan_tools
from py_secure_ci.commands.caching import costs_of
from py_secure_ci.commands.checking import dependencies_of
from py_secure_ci.commands.project import Project, open_project, tools_by_name
from py_secure_ci.commands.projects import Member, members_of
from py_secure_ci.commands.session import Session
from py_secure_ci.commands.several import overridden, stages_of
from py_secure_ci.errors import UsageError
from py_secure_ci.model import Stage
from py_secure_ci.parts.balancing import Item, balanced
from py_secure_ci.parts.codec import PartError, from_text, plan_id, read_file
from py_secure_ci.parts.collecting import PLAN_FILE
from py_secure_ci.parts.model import Identity, ProjectIdentity, SharedPlan
from py_secure_ci.parts.work import items
from py_secure_ci.pins import Dependencies
from py_secure_ci.report import Failed, Skipped
from py_secure_ci.source.tree_digest import tree_digest
from py_secure_ci.toolchain.places import LOCKS
from py_secure_ci.version import VERSION

MAX_PARTS = 256  # as many jobs as a matrix of GitHub's may have
_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PART = re.compile(r"([1-9][0-9]{0,2})-of-([1-9][0-9]{0,2})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One project and all that is due in it. `folder`: below the root project; empty: the root project."""

    folder: str
    project: Project
    stages: tuple[Stage, ...]
    dependencies: Dependencies
    plans: tuple[Plan | Skipped | Failed, ...]

    @property
    def work(self) -> tuple[Plan, ...]:
        """What a machine must be found for."""
        return tuple(one for one in self.plans if isinstance(one, Plan))


def due_in(arguments: argparse.Namespace, session: Session, ours: Iterable[Path]) -> tuple[Due, ...]:
    """Every project of the repository, the root project first."""
    output = Path(arguments.output_dir) if arguments.output_dir else None
    ours = tuple(ours)
    root = open_project(arguments.path, arguments.config, output, session, ours)
    members = overridden(members_of(root, session, ours), arguments)
    stages = stages_of(members, arguments.stage)
    return tuple(_due(one, mine) for one, mine in zip(members, stages, strict=True))


def _due(member: Member, stages: tuple[Stage, ...]) -> Due:
    project = member.project
    dependencies = dependencies_of(project)
    tools = tools_by_name(project.config)
    plans = plan_tools(project.config, tools, stages, project.tree, project.sources, dependencies)
    return Due(folder=member.folder, project=project, stages=stages, dependencies=dependencies, plans=plans)


def identity_of(due: tuple[Due, ...], arguments: argparse.Namespace, session: Session) -> Identity:
    """What must be the same on every machine, as it is on this one."""
    repository = due[0].project.tree.repository
    return Identity(
        product=f"{VERSION} {product()}",
        toolchain=_toolchain(due, session),
        commit=repository.commit if repository else "",
        stages=tuple(arguments.stage or ()),
        offline=arguments.offline,
        install=arguments.install or "",
        projects=tuple(
            ProjectIdentity(
                folder=one.folder,
                tree=tree_digest(one.project.sources, one.project.tree.files),
                config_file=one.project.config.file,
                config=one.project.config.digest,
            )
            for one in due
        ),
    )


def _toolchain(due: tuple[Due, ...], session: Session) -> str:
    locks = [[lock.name, hashlib.sha256(lock.read_bytes()).hexdigest()] for lock in sorted(LOCKS.glob("*.lock"))]
    asked = any(Stage.SCA in one.stages for one in due)
    advisories = current(session.tools)[0].identity if asked else ""
    return digest([locks, advisories, sys.version_info[:2], sys.platform, platform.machine()])


def made_plan(due: tuple[Due, ...], identity: Identity, count: int, session: Session, *, learned: bool) -> SharedPlan:
    """The plan for so many parts. `learned`: by what earlier runs on this machine cost."""
    if not 1 <= count <= MAX_PARTS:
        raise UsageError(f"--jobs {count}: give a number from 1 to {MAX_PARTS}")
    work: list[Item] = []
    for one in due:
        costs = costs_of(one.project, session) if learned else Costs(Path())
        work += items(one.folder, one.work, one.project.root, costs)
    plan = SharedPlan(id="", identity=identity, parts=balanced(work, count))
    return replace(plan, id=plan_id(plan))


def read_plan(path: Path) -> SharedPlan:
    """A plan that `plan` wrote. Raises PartError."""
    try:
        plan = from_text(read_file(path), SharedPlan)
        if plan.id != plan_id(plan):
            raise PartError("it is damaged: its id is another")
        return plan
    except PartError as error:
        raise PartError(
            f"{path}: {error.message}", hint=f"Give the {PLAN_FILE} that `py-secure-ci plan` wrote for this run."
        ) from None


def adopt(plan: SharedPlan, arguments: argparse.Namespace) -> None:
    """What the plan was asked for holds for its parts. Raises UsageError where the command line says otherwise."""
    said = plan.identity
    for option, given, planned in (
        ("--stage", tuple(arguments.stage or ()), said.stages),
        ("--install", arguments.install or "", said.install),
        ("--offline", arguments.offline, said.offline),
    ):
        if given and given != planned:
            raise UsageError(f"{option}: the plan was made otherwise", hint=f"Give {option} to `plan`, not here.")
    arguments.stage, arguments.offline = list(said.stages) or None, said.offline
    arguments.install = said.install or None


def differences(plan: Identity, here: Identity) -> tuple[str, ...]:
    """What is not as the plan says, in words."""
    told = []
    for what, planned, found in (
        ("py-secure-ci itself", plan.product, here.product),
        ("the toolchain (locks, advisory data or Python)", plan.toolchain, here.toolchain),
        ("the commit", plan.commit, here.commit),
        ("what was asked for", (plan.stages, plan.offline, plan.install), (here.stages, here.offline, here.install)),
    ):
        if planned != found:
            told.append(
                f"{what} is another" + (f" ({planned[:12]}, here {found[:12]})" if what == "the commit" else "")
            )
    mine = {one.folder: one for one in here.projects}
    if [one.folder for one in plan.projects] != list(mine):
        return (*told, "the projects are others")
    for one in plan.projects:
        where = f" of {one.folder}" if one.folder else ""
        if (one.config_file, one.config) != (mine[one.folder].config_file, mine[one.folder].config):
            told.append(f"the configuration{where} is another ({one.config_file or 'the defaults'})")
        if one.tree != mine[one.folder].tree:
            told.append(f"the files{where} are others")
    return tuple(told)


def given_plan(word: str | None, folder: Path) -> Path | str:
    """The file, or the id, that `--plan` names; the plan in the report's folder if it names nothing."""
    if word and _ID.fullmatch(word):
        return word
    return Path(word) if word else folder / PLAN_FILE


def parts_in(part: str) -> int:
    """How many parts there are, by the name of one. Raises UsageError."""
    match = _PART.fullmatch(part)
    if match is None or int(match[1]) > int(match[2]):
        raise UsageError(f"--part {part}: this names no part", hint="Give it like this: --part 2-of-4")
    return int(match[2])
