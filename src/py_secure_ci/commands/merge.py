"""`merge`: the parts of a run, made into the one report and all the files that one machine would have written."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from py_secure_ci.checking.pipeline import named_artifacts
from py_secure_ci.checking.planning import Plan, tuning
from py_secure_ci.checking.services import Interpreter, Process, Run
from py_secure_ci.commands.advice import advice_for
from py_secure_ci.commands.caching import costs_of, results_of
from py_secure_ci.commands.checking import Judged, judged, report_of, with_changes
from py_secure_ci.commands.history import history_folder
from py_secure_ci.commands.projects import Member
from py_secure_ci.commands.session import Session
from py_secure_ci.commands.several import One, finish_all
from py_secure_ci.commands.sharing import (
    Due,
    adopt,
    differences,
    due_in,
    identity_of,
    read_plan,
)
from py_secure_ci.commands.show import clear
from py_secure_ci.commands.surroundings import Surroundings
from py_secure_ci.model import Gap
from py_secure_ci.output import probe
from py_secure_ci.parts.codec import PartError
from py_secure_ci.parts.collecting import Collected, collect, part_files
from py_secure_ci.parts.concluding import Delivered, concluded
from py_secure_ci.parts.model import PartReport, ProjectFacts, Share, SharedPlan
from py_secure_ci.parts.work import misfits
from py_secure_ci.report import Completed, Outcome
from py_secure_ci.tool import Reading


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Put the parts together, judge once, write every file; the exit status is the verdict's.

    Whatever is wrong with a part ends in a report that says so, and that is INCOMPLETE.
    """
    with Session(environ) as session:
        return _run(arguments, session)


def _run(arguments: argparse.Namespace, session: Session) -> int:
    history_folder(arguments.history)
    arrived = _arrived(arguments)
    if arrived.plan is not None:
        adopt(arrived.plan, arguments)
    due = due_in(arguments, session, arrived.files)
    arrived = _fitting(arrived, due, arguments, session)
    output = due[0].project.output
    probe(output)
    clear(output)
    done = [
        One(Member(folder=one.folder, project=one.project), _joined(one, arrived, arguments, session)) for one in due
    ]
    return finish_all(done, arguments, session)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrived:
    """All that there is to put together. `trouble`: why nothing of it can be believed."""

    files: tuple[Path, ...]
    plan: SharedPlan | None = None
    trouble: str = ""
    parts: Collected = field(default_factory=Collected)


def _arrived(arguments: argparse.Namespace) -> _Arrived:
    try:
        parts, plans = part_files(arguments.parts)
    except PartError as error:
        return _Arrived(files=(), trouble=error.message)
    plans = (*plans, *([Path(arguments.plan)] if arguments.plan else []))
    files = (*parts, *plans)
    try:
        read = {plan.id: plan for plan in map(read_plan, plans)}
        if len(read) != 1:
            raise PartError(f"there are {len(read) or 'no'} plans where one is due", hint="Name its file with --plan.")
        (plan,) = read.values()
    except PartError as error:
        return _Arrived(files=files, trouble=f"it cannot be believed: {error.message}")
    return _Arrived(files=files, plan=plan, parts=collect(parts, plan))


def _fitting(arrived: _Arrived, due: tuple[Due, ...], arguments: argparse.Namespace, session: Session) -> _Arrived:
    """What arrived, if its plan was made for what is here."""
    if arrived.plan is None:
        return arrived
    told = differences(arrived.plan.identity, identity_of(due, arguments, session))
    told = told or misfits(arrived.plan, {one.folder: one.work for one in due})
    return replace(arrived, trouble=f"it was not made for what is here: {'; '.join(told)}") if told else arrived


def _joined(one: Due, arrived: _Arrived, arguments: argparse.Namespace, session: Session) -> Judged:
    """A project's report over all parts, and its verdict."""
    project = one.project
    facts = [fact for part in arrived.parts.parts.values() for fact in part.projects if fact.folder == one.folder]
    surroundings = Surroundings(project, one.dependencies, one.stages, session, arguments)
    asked = {(fact.advisories == "live", fact.advisories_why) for fact in facts if fact.advisories}
    with ExitStack() as stack:
        decided = next(iter(sorted(asked)), None)
        advice = advice_for(project, one.dependencies, one.stages, arguments.offline, session, stack, decided)
        run = _run_of(one, arrived, facts)
        results = None if arguments.no_cache else results_of(project, advice, session)
        limits = tuple(dict.fromkeys(note for part in _in_order(arrived) for note in part.notes))
        report = report_of(project, run, one.dependencies, advice, session, results, limits)
    report = with_changes(report, tuple(sorted({path for fact in facts for path in fact.changed})), one.stages)
    report = replace(report, gaps=(*report.gaps, *_gaps(one, arrived, facts)))
    if not arguments.no_cache:
        _learn(one, arrived, session)
    return judged(project, report, run, surroundings)


def _in_order(arrived: _Arrived) -> list[PartReport]:
    parts = arrived.parts.parts
    return [parts[part.id] for part in (arrived.plan.parts if arrived.plan else ()) if part.id in parts]


def _run_of(one: Due, arrived: _Arrived, facts: list[ProjectFacts]) -> Run:
    """The run as if it had been made here."""
    run = Run()
    outcomes: list[Outcome] = []
    made: list[tuple[str, Mapping[str, str]]] = []
    for plan in one.plans:
        if not isinstance(plan, Plan):
            outcomes.append(plan)
            continue
        config = one.project.config
        delivered = _delivered(one.folder, plan.tool.name, arrived)
        outcome, reading = concluded(plan, delivered, tuning(config, plan), config.options(plan.tool.name))
        outcomes.append(outcome)
        if isinstance(outcome, Completed):
            made.append((plan.tool.name, reading.artifacts))
            run.components = (*run.components, *reading.components)
    run.outcomes, run.artifacts = tuple(outcomes), named_artifacts(made)
    found = next((fact for fact in facts if fact.python_how), None)
    run.interpreter = Interpreter(Path(), found.python, found.python_how) if found else None
    for part in _in_order(arrived):
        mine = [each for each in part.spent if each.project == one.folder]
        run.processes += [
            Process(tool=each.tool, name=each.name, start=each.start, wall=each.wall, cpu=each.cpu, memory=each.memory)
            for each in mine
        ]
        for each in mine:
            run.seconds[each.tool] = run.seconds.get(each.tool, 0.0) + each.wall
    return run


def _delivered(folder: str, tool: str, arrived: _Arrived) -> list[Delivered]:
    found = []
    for part in arrived.plan.parts if arrived.plan and not arrived.trouble else ():
        report = arrived.parts.parts.get(part.id)
        for index, share in enumerate(part.shares):
            if (share.project, share.tool) == (folder, tool):
                problem = f"part {part.id}: {arrived.parts.problems.get(part.id, 'it is missing')}"
                found.append(Delivered(share, report.answers[index] if report else None, "" if report else problem))
    return found


def _gaps(one: Due, arrived: _Arrived, facts: list[ProjectFacts]) -> tuple[Gap, ...]:
    """What is wrong with the parts as such. Nobody can answer for it, so that none of it can be accepted."""
    told = [("the plan", arrived.trouble)] if arrived.trouble else []
    told += [(f"part {name}", reason) for name, reason in sorted(arrived.parts.problems.items())]
    told += [(Path(path).name, reason) for path, reason in sorted(arrived.parts.strays.items())]
    told += [
        (f"part {part.part}", f"interrupted by {part.interrupted}") for part in _in_order(arrived) if part.interrupted
    ]
    if len({(fact.python, fact.python_how) for fact in facts if fact.python_how}) > 1:
        told.append(("the project's environment", "parts were made with different interpreters"))
    if len({(fact.advisories, fact.advisories_why) for fact in facts if fact.advisories}) > 1:
        told.append(("advisories", "parts asked different advisory data"))
    return tuple(Gap(subject, reason, final=True) for subject, reason in told)


def _learn(one: Due, arrived: _Arrived, session: Session) -> None:
    """What the parts cost is remembered here, for the next plan."""
    costs = costs_of(one.project, session)
    for part in _in_order(arrived):
        costs.adopt(part.rates.get(one.folder, {}), part.seconds.get(one.folder, {}))
        for answer, share in zip(part.answers, _shares(arrived, part.part), strict=True):
            if share.project == one.folder and isinstance(answer.said, Reading):
                costs.learn_tests(answer.said.durations)
    costs.save()


def _shares(arrived: _Arrived, part: str) -> tuple[Share, ...]:
    return next((one.shares for one in (arrived.plan.parts if arrived.plan else ()) if one.id == part), ())
