"""`run --part`: do one machine's share of a plan, and write down what came of it; never a verdict."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from py_secure_ci.checking.answers import Answer
from py_secure_ci.checking.execution import failed
from py_secure_ci.checking.pipeline import check_plans, frameworks_for
from py_secure_ci.checking.services import Process, Run
from py_secure_ci.commands.advice import Advice, advice_for
from py_secure_ci.commands.checking import services_of
from py_secure_ci.commands.configuration import project_root
from py_secure_ci.commands.project import output_folder
from py_secure_ci.commands.session import Session
from py_secure_ci.commands.sharing import (
    Due,
    adopt,
    differences,
    due_in,
    given_plan,
    identity_of,
    made_plan,
    parts_in,
    read_plan,
)
from py_secure_ci.commands.surroundings import Surroundings
from py_secure_ci.errors import UsageError
from py_secure_ci.model import Stage
from py_secure_ci.output import probe, remove_all, write_one
from py_secure_ci.parts.codec import PartError, to_text
from py_secure_ci.parts.model import Part, PartReport, ProjectFacts, Share, SharedPlan, Spent
from py_secure_ci.parts.work import misfits, narrowed
from py_secure_ci.progress import PartProgress
from py_secure_ci.report import ToolInfo
from py_secure_ci.running.tree_guard import changed_since, tree_state


def run_part(arguments: argparse.Namespace, session: Session) -> int:
    """0 if the part is written, whatever its tools said; 3 if it was interrupted. Raises PartError, UsageError."""
    count = parts_in(arguments.part)
    output = output_folder(project_root(arguments.path), Path(arguments.output_dir) if arguments.output_dir else None)
    file = output / f"part-{arguments.part}.json"
    probe(output)
    remove_all(output, [file.name])  # an older one must not stand for this
    place = given_plan(arguments.plan, output)
    plan = read_plan(place) if isinstance(place, Path) else None
    if plan is not None:
        adopt(plan, arguments)
    due = due_in(arguments, session, [place] if isinstance(place, Path) else [])
    plan = _same(plan, due, arguments, session, count, str(place))
    part = next((one for one in plan.parts if one.id == arguments.part), None)
    if part is None:
        raise UsageError(f"--part {arguments.part}: the plan has {len(plan.parts)} parts")
    report = _done(plan, part, due, arguments, session)
    write_one(file, to_text(report))
    print(f"{file.name}: {len(part.shares)} shares of work are written down; `py-secure-ci merge` gives the verdict")
    return 3 if report.interrupted else 0


def _same(
    plan: SharedPlan | None,
    due: tuple[Due, ...],
    arguments: argparse.Namespace,
    session: Session,
    count: int,
    wanted: str,
) -> SharedPlan:
    """The plan, if it is one of what is here; made again where only its id is known."""
    identity = identity_of(due, arguments, session)
    if plan is None:
        plan = made_plan(due, identity, count, session, learned=False)
        if plan.id != wanted:
            raise PartError(
                f"--plan {wanted[:12]}…: the plan that is made here is another ({plan.id[:12]}…)",
                hint="Make the plan with --no-cache and the same options, or hand its plan.json on.",
            )
        return plan
    told = differences(plan.identity, identity) or misfits(plan, {one.folder: one.work for one in due})
    if told:
        raise PartError(f"the plan was not made for what is here: {'; '.join(told)}", hint="Run `plan` again.")
    return plan


def _done(
    plan: SharedPlan, part: Part, due: tuple[Due, ...], arguments: argparse.Namespace, session: Session
) -> PartReport:
    done: list[_Done] = []
    for one in due:
        shares = [share for share in part.shares if share.project == one.folder]
        if shares:
            done.append(_project_done(one, shares, arguments, session))
    answers = {key: answer for one in done for key, answer in one.answers.items()}
    return PartReport(
        plan=plan.id,
        part=part.id,
        answers=tuple(answers.get((share.project, share.tool)) or _none(share) for share in part.shares),
        projects=tuple(one.facts for one in done),
        notes=(session.runner.sandbox.why,) if session.runner.sandbox.why else (),
        interrupted=session.interrupted,
        spent=tuple(each for one in done for each in one.spent),
        rates={one.facts.folder: one.rates for one in done},
        seconds={one.facts.folder: one.seconds for one in done},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What came of one project's shares. `rates`, `seconds`: what was learned of their costs."""

    answers: Mapping[tuple[str, str], Answer]
    facts: ProjectFacts
    spent: tuple[Spent, ...]
    rates: Mapping[str, float]
    seconds: Mapping[str, float]


def _project_done(one: Due, shares: list[Share], arguments: argparse.Namespace, session: Session) -> _Done:
    by_tool = {plan.tool.name: plan for plan in one.work}
    plans = tuple(narrowed(by_tool[share.tool], share) for share in shares)
    asked = tuple(stage for stage in one.stages if stage in {plan.tool.stage for plan in plans})
    frameworks = frameworks_for(one.plans, one.dependencies, one.project.tree, one.project.sources)
    surroundings = Surroundings(one.project, one.dependencies, one.stages, session, arguments)
    surroundings.settle()
    progress = PartProgress(lambda line: print(line, file=sys.stderr, flush=True))
    with ExitStack() as stack:
        advice = advice_for(one.project, one.dependencies, asked, arguments.offline, session, stack)
        services = services_of(one.project, advice, surroundings, progress, arguments, session)
        guarded = session.runner.sandbox.readonly
        before = {} if guarded else tree_state(one.project.root, one.project.tree.files)
        run = check_plans(
            one.project.config,
            plans,
            one.project.tree,
            one.project.sources,
            services,
            frameworks=frameworks,
            answers=True,
        )
    names = {share.tool for share in shares}
    whole = {share.tool for share in shares if share.files is None}
    costs = services.costs
    return _Done(
        answers={(one.folder, tool): answer for tool, answer in run.answers.items()},
        facts=_facts(one.folder, run, advice, changed_since(before, one.project.root)),
        spent=tuple(_spent(one.folder, each) for each in run.processes),
        rates={name: rate for name, rate in costs.rates.items() if name in names} if costs else {},
        seconds={name: spent for name, spent in costs.seconds.items() if name in whole} if costs else {},
    )


def _facts(folder: str, run: Run, advice: Advice, changed: tuple[str, ...]) -> ProjectFacts:
    asked = ("live" if advice.live else "snapshot") if advice.source else ""
    return ProjectFacts(
        folder=folder,
        python=run.interpreter.version if run.interpreter else "",
        python_how=run.interpreter.how if run.interpreter else "",
        advisories=asked,
        advisories_why=advice.why,
        changed=changed,
    )


def _spent(folder: str, one: Process) -> Spent:
    return Spent(
        project=folder, tool=one.tool, name=one.name, start=one.start, wall=one.wall, cpu=one.cpu, memory=one.memory
    )


def _none(share: Share) -> Answer:
    info = ToolInfo(name=share.tool, stage=Stage(share.stage))
    return Answer(info=info, said=failed(info, "gave no answer that could be written down"))
