"""Where a project's kept results are, and under which name."""

from __future__ import annotations

import hashlib

from py_secure_ci.cache.costs import Costs, read_costs
from py_secure_ci.cache.keys import product
from py_secure_ci.cache.memory import Memory
from py_secure_ci.cache.results import RESULTS, Results
from py_secure_ci.cache.upkeep import LIMIT, entries, prune
from py_secure_ci.commands.advice import Advice
from py_secure_ci.commands.project import Project
from py_secure_ci.commands.session import Session


def results_of(project: Project, advice: Advice, session: Session) -> Results:
    """What earlier runs over this project, or over its merge base, found out."""
    return Results(session.cache, project.tree, project.sources, label(project), advisories=advice.identity)


def memory_of(project: Project, session: Session, *, forgetful: bool) -> Memory:
    """What our own code made of the same input before. `forgetful`: nothing is known, and nothing is kept."""
    return Memory(session.cache / RESULTS, label(project), "" if forgetful else product())


def keep_small(session: Session) -> None:
    """Throw away what was used least recently, once there is more than the limit."""
    if sum(one.size for one in entries(session.cache)) > LIMIT:
        prune(session.cache, LIMIT * 3 // 4)


def costs_of(project: Project, session: Session) -> Costs:
    """How long the tools took last time."""
    return read_costs(session.cache / "costs" / hashlib.sha256(label(project).encode()).hexdigest()[:40])


def label(project: Project) -> str:
    """The same for a project wherever it is checked out, so that a CI runner's restored cache is of use."""
    prefix = project.tree.repository.prefix if project.tree.repository else ""
    return (project.name or f"{project.root.name}/{prefix}").encode("utf-8", "replace").decode()
