"""What a test run is worth: whether its exit status and its record agree, and what it left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath

from py_secure_ci.adapting.test_runs.run import Result, TestRun
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Gap
from py_secure_ci.reading import as_list

OK, FAILURES, INTERRUPTED, INTERNAL_ERROR, USAGE_ERROR, NO_TESTS = range(6)
OPTIONS = {
    "keyword": "-k",
    "markexpr": "-m",
    "lf": "--last-failed",
    "collectonly": "--collect-only",
    "file_or_dir": "paths",
    "ignore": "--ignore",
    "ignore_glob": "--ignore-glob",
    "deselect": "--deselect",
}
BY_PATH = ("ignore", "ignore_glob", "file_or_dir")
SHOWN = 10  # gaps of one kind that are told one by one


def refuse_contradictions(tool: str, run: TestRun, status: int, due: int) -> None:
    """Raise WrongShape where the run cannot be believed; `due` is the number of test files there are."""
    if run.status is None:
        where = f" while {run.crashed_in} ran" if run.crashed_in else ""
        raise WrongShape(
            f"the test run ended{where} before it had told its results (exit status {status})",
            hint="a test or a conftest.py may end the process (os._exit, a crash of an extension module)",
        )
    if status != (run.status if OK <= run.status <= NO_TESTS else INTERNAL_ERROR):
        raise WrongShape(f"{tool} ended with status {run.status}, its process with {status}")
    _refuse_swallowed(run)
    failing = bool(run.troubles or run.broken)
    if run.status == OK and failing:
        raise WrongShape(f"{tool} ended with status 0 although tests failed: a hook of the project changes its answer")
    if run.status == FAILURES and not failing:
        raise WrongShape(f"{tool} ended with status 1, but no test failed: {_last_words(run)}")
    if run.status in (OK, FAILURES) and not (run.results or run.broken):
        raise WrongShape(f"{tool} ended as if tests had run, but told of none")
    if run.status == NO_TESTS:
        left_out = f" ({run.deselected} were deselected by {_narrowing(run)})" if run.deselected else ""
        raise WrongShape(f"{tool} collected no tests, although there are {due} test files{left_out}")
    if run.status not in (OK, FAILURES) and not (run.status == INTERRUPTED and run.broken):
        meaning = {INTERRUPTED: "was interrupted", USAGE_ERROR: "could not start", INTERNAL_ERROR: "broke down"}
        raise WrongShape(f"{tool} {meaning.get(run.status, f'ended with status {run.status}')}: {_last_words(run)}")


def _refuse_swallowed(run: TestRun) -> None:
    swallowed = sorted(node for node, tries in run.tries.items() if tries and tries[-1])
    if swallowed:
        raise WrongShape(
            f"{len(swallowed)} tests raised an error and were reported as passed, such as {swallowed[0]}",
            hint="a hook of a conftest.py or of a plugin turns failures into passes; take it away",
        )


def _last_words(run: TestRun) -> str:
    """The cause in pytest's own words: a problem that our script met, or the last telling line of its log."""
    for what, reason in run.problems:
        if what not in ("coverage", "parallel"):
            return reason
    lines = [line.strip() for line in run.log.splitlines() if line.strip(" =-!")]
    telling = [
        line
        for line in lines
        if line.startswith(("ERROR", "FAIL", "INTERNALERROR> ", "!!!", "E  ")) or ": error: " in line
    ]
    return ((telling or lines or ["it says nothing"])[-1]).strip("! =")[:300]


def _narrowing(run: TestRun) -> str:
    names = [OPTIONS[str(one)] for one in as_list(run.settings.get("narrowed", []), "narrowed") if one in OPTIONS]
    return ", ".join(names) or "the project's own code"


def left_out(tool: str, run: TestRun, due: Iterable[str]) -> tuple[tuple[Gap, ...], tuple[Excluded, ...]]:
    """Due test files that were not opened: left out by the project's own word, or a gap."""
    gaps, excluded = [], []
    for path in sorted(set(due) - run.files - {one.location.path for one in run.broken}):
        by = _excluder(run, path)
        if by:
            excluded.append(Excluded(path, by))
        elif not run.settings.get("workers"):  # the controller of pytest-xdist is not told of files without tests
            gaps.append(Gap(path, f"{tool} did not collect it"))
    if run.deselected:
        excluded.append(Excluded(f"{run.deselected} tests", f"{_ini(run)}: {_narrowing(run)}"))
    return tuple(gaps), tuple(excluded)


def _excluder(run: TestRun, path: str) -> str:
    """Whose word leaves a file out; empty: nobody's."""
    words = {key: [str(one) for one in as_list(run.settings.get(key, []), key)] for key in ("testpaths", *_LISTS)}
    ini = _ini(run)
    if words["testpaths"] and not any(_under(path, folder) for folder in words["testpaths"]):
        return f"{ini}: testpaths"
    if words["python_files"] and not any(_names(path, pattern) for pattern in words["python_files"]):
        return f"{ini}: python_files"
    if any(fnmatch(part, pattern) for part in PurePosixPath(path).parts[:-1] for pattern in words["norecursedirs"]):
        return f"{ini}: norecursedirs"
    options = [OPTIONS[one] for one in BY_PATH if one in words["narrowed"]]
    return f"{ini}: {', '.join(options)}" if options else ""


_LISTS = ("python_files", "norecursedirs", "narrowed")


def _ini(run: TestRun) -> str:
    return str(run.settings.get("ini") or "pytest's defaults")


def _under(path: str, folder: str) -> bool:
    top = PurePosixPath(folder)
    return any(fnmatch(str(one), str(top)) for one in (PurePosixPath(path), *PurePosixPath(path).parents))


def _names(path: str, pattern: str) -> bool:
    return fnmatch(path if "/" in pattern else PurePosixPath(path).name, pattern)


def not_run(run: TestRun) -> Iterator[Gap]:
    """Tests that were collected and have no result, and a suite in which nothing really ran."""
    lost = sorted(run.collected - set(run.results))
    if run.status != INTERRUPTED or not run.broken:
        yield from (Gap(node, "collected, but not run") for node in lost[:SHOWN])
        if len(lost) > SHOWN:
            yield Gap(f"{len(lost) - SHOWN} more tests", "collected, but not run")
    if run.results and run.count(Result.SKIPPED) == len(run.results):
        yield Gap("tests", f"every one of the {len(run.results)} tests was skipped")
    if run.status == INTERRUPTED and not run.results:
        yield Gap("tests", "no test was run, because a test file could not be loaded")
    elif run.status == INTERRUPTED:  # in one of several shares
        yield Gap("tests", f"{len(lost)} tests were not run, because a test file could not be loaded")
