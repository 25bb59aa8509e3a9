"""pytest with coverage (https://docs.pytest.org, https://coverage.readthedocs.io), in the project's own interpreter.

The project's configuration decides what is collected and how. A record that a small plugin of ours writes is read, not
what pytest prints. A planted failing test runs under the same configuration and must be seen to fail: this proves that
the options in force collect, run and report. It cannot prove that the hooks of a conftest.py that hold for one folder
only, or project code that runs in the same process, leave the results of other tests alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from importlib.resources import files as package_files
from pathlib import PurePosixPath

from py_secure_ci.adapting.test_runs.cobertura import cobertura
from py_secure_ci.adapting.test_runs.coverage_data import CoverageData, read_coverage
from py_secure_ci.adapting.test_runs.coverage_sum import coverage_sum
from py_secure_ci.adapting.test_runs.findings import RULES, broken_files, findings, metrics, notes, too_low
from py_secure_ci.adapting.test_runs.judging import FAILURES, NO_TESTS, left_out, not_run, refuse_contradictions
from py_secure_ci.adapting.test_runs.junit import junit
from py_secure_ci.adapting.test_runs.record import TestRun, read_record
from py_secure_ci.adapting.test_runs.shares import joined_run, read_share, share_text
from py_secure_ci.errors import ProjectEnvironmentError, WrongShape
from py_secure_ci.model import Finding, Gap, Location, Stage
from py_secure_ci.tool import Canary, Command, Execution, Reading, Selection, Task, Tool

NAME = "pytest"
DEFAULT_COVERAGE = 80
SUITE, CANARY = "main", "canary"
SHARE, COVERAGE = "share.json", "coverage.json"
SCRIPTS = ("run_pytest.py", "recorder.py", "measuring.py")
TEST_FILES = ("test_*.py", "*_test.py")
TEST_FOLDER = re.compile(r"(^|/)tests?/([^/]+/)*(?!__init__\.py$|conftest\.py$)[^/]*\.py$")
PYTHON_FILES = re.compile(r"^\s*python_files\s*=\s*(\[[^\]]*\]|.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
SETTINGS = (
    "pytest.toml",
    ".pytest.toml",
    "pytest.ini",
    ".pytest.ini",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
    ".coveragerc",
)
ALWAYS = (  # after the project's own options: the last one wins
    "--tb=short",
    "--color=no",
    "--maxfail=0",
    "-o",
    "junit_family=xunit2",
)
ANY = frozenset(range(6))  # pytest's documented statuses; `parse` holds each against the record


def select(tree: tuple[str, ...], settings: Mapping[str, str]) -> Selection:
    """Files named like tests (the project may add names); where there are none, those in folders of tests."""
    own = [name for text in settings.values() for one in PYTHON_FILES.findall(text) for name in _globs(one)]
    named = tuple(path for path in tree if any(_matches(path, pattern) for pattern in (*TEST_FILES, *own)))
    return Selection(named or tuple(path for path in tree if TEST_FOLDER.search(path)))


def _globs(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\s,'\"\[\]]+", text) if word.endswith(".py") or "*" in word]


def _matches(path: str, pattern: str) -> bool:
    return path.endswith(".py") and fnmatch(PurePosixPath(path).name, PurePosixPath(pattern).name)


def commands(task: Task) -> tuple[Command, ...]:
    """The suite with coverage, then the planted test without."""
    suite = _command(task, SUITE, (), coverage=_threshold(task) is not None)
    return (suite, _command(task, CANARY, task.canaries, coverage=False)) if task.canaries else (suite,)


def _command(task: Task, name: str, instead: tuple[str, ...], *, coverage: bool) -> Command:
    if task.python is None:
        raise ProjectEnvironmentError("pytest needs the project's interpreter, and there is none")
    scripts = package_files("py_secure_ci.adapting.test_runs") / "scripts"
    config = ("-c", task.options.config) if task.options.config else ()
    request = {
        "name": name,
        "args": [*config, *task.options.args, *ALWAYS, "-o", f"cache_dir={task.scratch / 'cache'}"],
        "instead": list(instead),
        "elsewhere": [] if instead else [*task.elsewhere, *_others(task)],
        "overlay": [str(task.overlay)] if task.overlay else [],
        "coverage": coverage,
    }
    return Command(
        name=name,
        argv=(str(task.python), str(task.scratch / SCRIPTS[0]), str(task.scratch / f"{name}.json")),
        inputs={
            **{script: (scripts / script).read_text("utf-8") for script in SCRIPTS},
            f"{name}.json": json.dumps(request),
        },
        outputs=(f"{name}.jsonl", COVERAGE),
        env={"PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_STORAGE_DIRECTORY": str(task.scratch / "hypothesis")},
        clean=ANY,
        found=ANY,
        network=True,
    )


def _others(task: Task) -> list[str]:
    """Test files that other machines run."""
    return [] if task.share is None else sorted(set(task.files) - set(task.share))


def _threshold(task: Task) -> float | None:
    """Per cent; None: coverage is not measured."""
    value = task.stage_options.get("coverage", DEFAULT_COVERAGE)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    """Failing tests, files that cannot be loaded, coverage below the threshold; artifacts junit.xml, coverage.xml.

    Looked at is a test file that pytest opened. With pytest-xdist nobody tells of files without tests: they count.
    """
    main = executions[SUITE]
    run = _run(task, main, SUITE)
    planted = tuple(_canary(task, executions))
    if task.share is not None:
        return _share(task, main, run, planted)
    refuse_contradictions(run, main.status, len(task.files))
    reading = _reading(task, run, _measured(main.files.get(COVERAGE, "")))
    return replace(reading, findings=(*reading.findings, *planted))


def _share(task: Task, main: Execution, run: TestRun, planted: tuple[Finding, ...]) -> Reading:
    """A share of the suite: nothing is concluded before all shares are there. There may be no test in it."""
    if run.status == main.status == NO_TESTS:
        run = replace(run, problems=tuple(one for one in run.problems if one[0] != "coverage"))
    else:
        refuse_contradictions(run, main.status, len(task.files))
    coverage = main.files.get(COVERAGE, "")
    if coverage:
        coverage = coverage_sum([coverage])
    return Reading(
        findings=planted,
        looked_at=frozenset(task.share or ()),
        artifacts={SHARE: share_text(run, task.share or (), coverage)},
        durations=run.seconds,
    )


def join(task: Task, readings: tuple[Reading, ...], whole: bool) -> Reading:
    """The suite from its shares; coverage is told of the whole suite only."""
    texts = [reading.artifacts.get(SHARE, "") for reading in readings]
    shares = tuple(read_share(text) for text in texts)
    run = joined_run(shares)
    refuse_contradictions(run, run.status or 0, len(task.files))
    measured = [share.coverage for share in shares if share.coverage]
    silent = [share for share in shares if not share.coverage and share.status != NO_TESTS]
    if not whole or (measured and silent):
        reading = _reading(replace(task, stage_options={**task.stage_options, "coverage": False}), run, None)
        return replace(reading, gaps=(*reading.gaps, Gap("coverage", "some of the shares did not measure it")))
    return _reading(task, run, _measured(coverage_sum(measured)) if measured else None)


def _reading(task: Task, run: TestRun, measured: CoverageData | None) -> Reading:
    gaps, excluded = left_out(run, task.files)
    unseen = {*(one.subject for one in gaps), *(one.subject for one in excluded)}
    unseen |= {one.location.path for one in run.broken}
    return Reading(
        findings=(*findings(NAME, run), *too_low(NAME, measured, _threshold(task))),
        rules=RULES,
        looked_at=frozenset(task.files) - unseen,
        gaps=(*gaps, *not_run(run), *broken_files(run), *_not_measured(task, run, measured)),
        excluded=excluded,
        notes=tuple(notes(run)),
        artifacts={"junit.xml": junit(run), **({"coverage.xml": cobertura(measured)} if measured else {})},
        metrics=metrics(run, measured),
        durations=run.seconds,
    )


def _run(task: Task, execution: Execution, name: str) -> TestRun:
    try:
        record = execution.files[f"{name}.jsonl"]
    except KeyError:
        raise WrongShape(f"the test run left no record (exit status {execution.status})") from None
    return read_record(record, task.root, task.scratch)


def _measured(text: str) -> CoverageData | None:
    data = read_coverage(text) if text else None
    return None if data is None or data.empty else data


def _canary(task: Task, executions: Mapping[str, Execution]) -> Iterator[Finding]:
    """What pytest says of the planted test; nothing (blind) where the run gives no clear answer."""
    if not task.canaries or CANARY not in executions:
        return
    run = _run(task, executions[CANARY], CANARY)
    if run.status == FAILURES == executions[CANARY].status:
        planted = {PurePosixPath(path).name: path for path in task.canaries}
        for one in findings(NAME, run):
            name = PurePosixPath(one.location.path).name if one.location else ""
            yield replace(one, location=Location(planted[name])) if name in planted else one


def _not_measured(task: Task, run: TestRun, measured: CoverageData | None) -> Iterator[Gap]:
    """Why there is no coverage, or what it leaves out."""
    if _threshold(task) is None:
        return
    problems = [reason for what, reason in run.problems if what == "coverage"]
    yield from (Gap("coverage", reason) for reason in dict.fromkeys(problems))
    if measured is None and not problems:
        yield Gap("coverage", "no line of the project was measured")


TOOL = Tool(
    name=NAME,
    stage=Stage.TEST,
    about="runs the project's tests and measures which lines they run",
    uri="https://docs.pytest.org",
    commands=commands,
    parse=parse,
    select=select,
    canary=Canary(
        files={"test_canary.py": "def test_canary():\n    raise AssertionError('planted to be seen')\n"},
        expect=frozenset({"test-failed"}),
    ),
    settings=SETTINGS,
    join=join,
    needs_environment=True,
    default=True,
)
