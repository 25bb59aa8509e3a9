"""Coverage's JSON report (https://coverage.readthedocs.io/en/latest/commands/cmd_json.html), read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional, position


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCoverage:
    """One file. `branches` maps a line to (taken, possible) exits; empty where branches were not measured."""

    path: str
    executed: tuple[int, ...]
    missing: tuple[int, ...]
    percent: float
    branches: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageData:
    """The whole; `percent` from 0 to 100, lines and branches together, as coverage counts it."""

    percent: float
    files: tuple[FileCoverage, ...]

    @property
    def empty(self) -> bool:
        """Whether no line was measured at all: a percentage of nothing says nothing."""
        return not any(one.executed or one.missing for one in self.files)

    @property
    def least(self) -> tuple[FileCoverage, ...]:
        """Files with something missing, the least covered first, then the one that misses most."""
        open_files = [one for one in self.files if one.percent < 100]
        return tuple(sorted(open_files, key=lambda one: (one.percent, -len(one.missing), one.path)))


def read_coverage(text: str) -> CoverageData:
    """Read `coverage json`; a percentage that its own lines contradict is a wrong shape."""
    data = as_dict(load_json(text, "coverage.json"), "coverage.json")
    totals = field(data, "totals", dict, "coverage.json")
    files = tuple(_file(path, one) for path, one in sorted(field(data, "files", dict, "coverage.json").items()))
    lines = sum(len(one.executed) + len(one.missing) for one in files)
    if field(totals, "num_statements", int, "coverage.json: totals") != lines:
        raise WrongShape("coverage.json: the total does not agree with the files")
    return CoverageData(percent=_percent(totals, "totals"), files=files)


def _file(path: str, value: object) -> FileCoverage:
    what = f"coverage.json: {path}"
    data = as_dict(value, what)
    return FileCoverage(
        path=PurePath(path).as_posix().replace("\\", "/"),
        executed=_lines(data, "executed_lines", what),
        missing=_lines(data, "missing_lines", what),
        percent=_percent(field(data, "summary", dict, what), what),
        branches=_branches(data, what),
    )


def _percent(summary: dict[str, Any], what: str) -> float:
    value = summary.get("percent_covered")
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 100:
        raise WrongShape(f"{what}: percent_covered should be a number from 0 to 100, not {value!r}")
    return float(value)


def _lines(data: dict[str, Any], key: str, what: str) -> tuple[int, ...]:
    return tuple(sorted(position(one, what) for one in field(data, key, list, what)))


def _branches(data: dict[str, Any], what: str) -> tuple[tuple[int, int, int], ...]:
    exits: dict[int, list[int]] = {}
    for key, taken in (("executed_branches", 1), ("missing_branches", 0)):
        for pair in optional(data, key, list, what) or ():
            start = as_list(pair, what)[0]
            exits.setdefault(abs(start), []).append(taken)
    return tuple((line, sum(taken), len(taken)) for line, taken in sorted(exits.items()))
