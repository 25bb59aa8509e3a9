"""How a runner of ours is started in the project's own interpreter, and how what it wrote down is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files as package_files
from pathlib import PurePosixPath
from types import MappingProxyType

from py_secure_ci.adapting.test_runs.cobertura import cobertura
from py_secure_ci.adapting.test_runs.coverage_data import CoverageData, read_coverage
from py_secure_ci.adapting.test_runs.durations import durations
from py_secure_ci.adapting.test_runs.findings import RULES, broken_files, findings, flaky, metrics, notes, too_low
from py_secure_ci.adapting.test_runs.judging import FAILURES, left_out, not_run, refuse_contradictions
from py_secure_ci.adapting.test_runs.junit import junit
from py_secure_ci.adapting.test_runs.levels import by_level, level_findings, level_metrics, marks_of
from py_secure_ci.adapting.test_runs.options import read_options
from py_secure_ci.adapting.test_runs.record import read_record, refuse_unsealed
from py_secure_ci.adapting.test_runs.reruns import with_reruns
from py_secure_ci.adapting.test_runs.run import TestRun
from py_secure_ci.errors import ProjectEnvironmentError, WrongShape
from py_secure_ci.model import Finding, Gap, Location
from py_secure_ci.tool import Command, Execution, Reading, Task

SUITE, CANARY = "main", "canary"
COVERAGE = "coverage.json"
START = "start.py"
SCRIPTS = ("session.py", "recorder.py", "witness.py", "loading.py", "measuring.py")
LENT = "lent/_py_secure_ci_worker.py"  # in a folder of its own: other processes may import from there
WITHOUT_PYTEST = "it holds test functions, which need pytest"
ANY = frozenset(range(6))  # pytest's documented statuses, for every runner; each is held against the record


def run_commands(task: Task, tool: str, script: str, args: tuple[str, ...], *, coverage: bool) -> tuple[Command, ...]:
    """The suite, then the planted test without coverage. `args`: for the runner."""
    suite = run_command(task, tool, script, SUITE, args, coverage=coverage)
    if not task.canaries:
        return (suite,)
    return (suite, run_command(task, tool, script, CANARY, args, instead=task.canaries))


def run_command(
    task: Task,
    tool: str,
    script: str,
    name: str,
    args: tuple[str, ...],
    *,
    instead: tuple[str, ...] = (),
    coverage: bool = False,
    outputs: tuple[str, ...] = (),
) -> Command:
    """One run of the script. `instead`: what to run in place of all that is due."""
    if task.python is None:
        raise ProjectEnvironmentError(f"{tool} needs the project's interpreter, and there is none")
    options = read_options(task.stage_options)
    plain = name != SUITE
    request = {
        "name": name,
        "args": list(args),
        "files": list(task.files),
        "instead": list(instead),
        "elsewhere": [*task.elsewhere, *others(task)],
        "overlay": [str(task.overlay)] if task.overlay else [],
        "coverage": coverage and options.coverage is not None,
        "parallel": "off" if plain else options.parallel,
        "reruns": 0 if plain else options.reruns,
        "profile": options.profile and not plain,
        "seed": options.seed,
        "marks": list(marks_of(options.levels)),
    }
    folder = package_files("py_secure_ci.adapting.test_runs") / "scripts"
    scripts = {one: (folder / one).read_text("utf-8") for one in (START, script, *SCRIPTS)}
    reruns = tuple(f"rerun-{number}.jsonl" for number in range(1, options.reruns + 1)) if not plain else ()
    return Command(
        name=name,
        argv=(str(task.python), *(str(task.scratch / one) for one in (START, f"{name}.json", script))),
        inputs={**scripts, LENT: (folder / "worker.py").read_text("utf-8"), f"{name}.json": json.dumps(request)},
        outputs=(f"{name}.jsonl", COVERAGE, "profile.txt", *reruns, *outputs),
        # PYTHONSAFEPATH: scripts of ours stand beside this one, and a project's tests start others from its root.
        env={
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONSAFEPATH": "",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(task.scratch / "hypothesis"),
        },
        clean=ANY,
        found=ANY,
        network=True,
    )


def others(task: Task) -> list[str]:
    """Test files that other machines run."""
    return [] if task.share is None else sorted(set(task.files) - set(task.share))


def read_run(task: Task, tool: str, executions: Mapping[str, Execution]) -> Reading:
    """Failing tests, files that cannot be loaded, levels and coverage below what is due; the artifacts.

    Looked at is a test file that was opened. With pytest-xdist nobody tells of files without tests: they count.
    """
    main = executions[SUITE]
    run = run_of(task, main, SUITE)
    refuse_contradictions(tool, run, main.status, len(task.files))
    run = with_reruns(run, again(task, main))
    measured = measured_in(main.files.get(COVERAGE, ""))
    reading = concluded(task, tool, run, measured, _more(task, main))
    return replace(reading, findings=(*reading.findings, *planted(task, tool, executions)))


def concluded(
    task: Task, tool: str, run: TestRun, measured: CoverageData | None, more: Mapping[str, str] = MappingProxyType({})
) -> Reading:
    """What a whole run means. `more`: artifacts besides those that every run has."""
    options = read_options(task.stage_options)
    gaps, excluded = left_out(tool, run, task.files)
    gaps += tuple(Gap(path, WITHOUT_PYTEST) for what, path in run.problems if what == "functions")
    unseen = {*(gap.subject for gap in gaps), *(one.subject for one in excluded)}
    unseen |= {one.location.path for one in run.broken}
    levels = by_level(run, options.levels)
    told = (*findings(tool, run), *flaky(tool, run), *level_findings(tool, run, levels))
    return Reading(
        findings=(*told, *too_low(tool, measured, options.coverage)),
        rules=RULES,
        looked_at=frozenset(task.files) - unseen,
        gaps=(*gaps, *not_run(run), *broken_files(run), *_not_measured(options.coverage, run, measured)),
        excluded=excluded,
        notes=tuple(notes(run)),
        artifacts={
            "junit.xml": junit(run),
            **({"coverage.xml": cobertura(measured)} if measured else {}),
            **more,
            "tests.json": durations(run, levels),
        },
        metrics=metrics(run, measured) | level_metrics(levels),
        durations=seconds_of_files(run),
    )


def seconds_of_files(run: TestRun) -> dict[str, float]:
    """What each test file took, for planning."""
    spent: dict[str, float] = {}
    for node, seconds in run.seconds.items():
        if node in run.paths:
            spent[run.paths[node]] = spent.get(run.paths[node], 0.0) + seconds
    return spent


def run_of(task: Task, execution: Execution, name: str) -> TestRun:
    """The run that a command wrote down. Raises WrongShape if there is none, or one of somebody else."""
    try:
        record = execution.files[f"{name}.jsonl"]
    except KeyError:
        raise WrongShape(f"the test run left no record (exit status {execution.status})") from None
    refuse_unsealed(record, execution.stdout, name)
    return read_record(record, task.root, task.scratch)


def again(task: Task, main: Execution) -> Iterator[TestRun]:
    """Our own reruns, in their order. One that broke down says nothing: what failed before has failed."""
    for name in sorted(one for one in main.files if one.startswith("rerun-")):
        try:
            run = run_of(task, main, name.removesuffix(".jsonl"))
        except WrongShape:
            continue
        if run.status is not None and not any(tries[-1:] == (True,) for tries in run.tries.values()):
            yield run


def _more(task: Task, main: Execution) -> dict[str, str]:
    """The artifacts that not every run has."""
    if "profile.txt" not in main.files:
        return {}
    text = main.files["profile.txt"]
    return {"profile.txt": text.replace(f"{task.scratch}/", "").replace(f"{task.root}/", "")}


def measured_in(text: str) -> CoverageData | None:
    """The coverage that a report tells; None where there is no report, or no line in it."""
    data = read_coverage(text) if text else None
    return None if data is None or data.empty else data


def planted(task: Task, tool: str, executions: Mapping[str, Execution], name: str = CANARY) -> Iterator[Finding]:
    """What is said of the planted test; nothing (blind) where the run gives no clear answer."""
    if not task.canaries or name not in executions:
        return
    run = run_of(task, executions[name], name)
    if run.status == FAILURES == executions[name].status:
        ours = {PurePosixPath(path).name: path for path in task.canaries}
        for one in findings(tool, run):
            file = PurePosixPath(one.location.path).name if one.location else ""
            yield replace(one, location=Location(ours[file])) if file in ours else one


def _not_measured(threshold: float | None, run: TestRun, measured: CoverageData | None) -> Iterator[Gap]:
    """Why there is no coverage, or what it leaves out."""
    if threshold is None:
        return
    problems = [reason for what, reason in run.problems if what == "coverage"]
    yield from (Gap("coverage", reason) for reason in dict.fromkeys(problems))
    if measured is None and not problems:
        yield Gap("coverage", "no line of the project was measured")
