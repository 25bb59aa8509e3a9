"""Several machines' `coverage json` reports as one: what `coverage combine` over their data would report.

Which lines and exits there are follows from the source, so that it is the same everywhere; what is missing in the sum
is what is missing in every report that knows the file. https://coverage.readthedocs.io/en/latest/cmd.html#combining
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_dict, as_list, field, load_json, position

_WHAT = "coverage.json"
_CLOSE = 1e-9  # per cent


@dataclass(frozen=True, slots=True)
class _File:
    """`exits`: how many branches there are; None: branches were not measured."""

    lines: frozenset[int]
    missing: frozenset[int]
    exits: int | None
    taken: frozenset[tuple[int, int]]
    not_taken: frozenset[tuple[int, int]]

    @property
    def ratio(self) -> tuple[int, int]:
        """Covered and all, lines and exits together."""
        exits = self.exits or 0
        covered = len(self.lines) - len(self.missing) + exits - len(self.not_taken)
        return covered, len(self.lines) + exits


def coverage_sum(texts: Sequence[str]) -> str:
    """One report in the shape of `coverage json`. Raises WrongShape where they cannot be of the same source."""
    files: dict[str, _File] = {}
    for text in texts:
        for path, one in _read(text).items():
            files[path] = _both(files[path], one, path) if path in files else one
    totals = [one.ratio for one in files.values()]
    lines = sum(len(one.lines) for one in files.values())
    percent = _percent((sum(covered for covered, _ in totals), sum(every for _, every in totals)))
    data = {
        "totals": {"num_statements": lines, "percent_covered": percent},
        "files": {path: _data(one) for path, one in sorted(files.items())},
    }
    return json.dumps(data)


def _percent(ratio: tuple[int, int]) -> float:
    covered, every = ratio
    return 100.0 * covered / every if every else 100.0


def _data(one: _File) -> dict[str, Any]:
    data: dict[str, Any] = {
        "executed_lines": sorted(one.lines - one.missing),
        "missing_lines": sorted(one.missing),
        "summary": {"percent_covered": _percent(one.ratio)},
    }
    if one.exits is not None:
        data["summary"]["num_branches"] = one.exits
        data |= {"executed_branches": sorted(one.taken), "missing_branches": sorted(one.not_taken)}
    return data


def _read(text: str) -> Mapping[str, _File]:
    data = as_dict(load_json(text, _WHAT), _WHAT)
    return {path: _file(path, as_dict(one, _WHAT)) for path, one in field(data, "files", dict, _WHAT).items()}


def _file(path: str, data: dict[str, Any]) -> _File:
    what = f"{_WHAT}: {path}"
    executed, missing = (_lines(data, key, what) for key in ("executed_lines", "missing_lines"))
    summary = field(data, "summary", dict, what)
    exits = field(summary, "num_branches", int, what) if "num_branches" in summary else None
    if exits is not None and "missing_branches" not in data:
        raise WrongShape(
            f"{what} does not name its branches, so that several machines' reports cannot be put together",
            hint="Use coverage 6.5 or newer, or leave the tests in one part.",
        )
    one = _File(
        lines=executed | missing,
        missing=missing,
        exits=exits,
        taken=_pairs(data, "executed_branches", what),
        not_taken=_pairs(data, "missing_branches", what),
    )
    said = summary.get("percent_covered")
    if not isinstance(said, (int, float)) or abs(said - _percent(one.ratio)) > _CLOSE:
        raise WrongShape(f"{what}: {said!r} per cent does not follow from its lines")
    return one


def _lines(data: dict[str, Any], key: str, what: str) -> frozenset[int]:
    return frozenset(position(one, what) for one in field(data, key, list, what))


def _pairs(data: dict[str, Any], key: str, what: str) -> frozenset[tuple[int, int]]:
    pairs = [as_list(one, what) for one in data.get(key, [])]
    if any(len(pair) != 2 or not all(type(end) is int for end in pair) for pair in pairs):
        raise WrongShape(f"{what}: a branch should be two line numbers")
    return frozenset((pair[0], pair[1]) for pair in pairs)


def _both(one: _File, other: _File, path: str) -> _File:
    if one.lines != other.lines or one.exits != other.exits:
        raise WrongShape(f"{_WHAT}: the reports do not agree which lines {path} has")
    not_taken = one.not_taken & other.not_taken
    return _File(
        lines=one.lines,
        missing=one.missing & other.missing,
        exits=one.exits,
        taken=(one.taken | other.taken) - not_taken,
        not_taken=not_taken,
    )
