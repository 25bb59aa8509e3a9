"""Findings described rather than read: where in a tool's JSON record each part of a finding stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from py_secure_ci import reading
from py_secure_ci.adapting.selection import project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Location, Severity
from py_secure_ci.reading import as_dict, as_list, load_json, optional, position, word
from py_secure_ci.tool import Task

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Keys of a tool's record, dotted where they lie deeper (`location.path`). What is required must be there.

    `span`: the keys of line, column, end line and end column, as many as there are; they count from `first`.
    `words`: the severity that each of the tool's own words means; any other word is a wrong shape.
    """

    path: str
    rule: str
    message: str
    severity: str
    words: Mapping[str, Severity]
    span: tuple[str, ...] = ()
    first: tuple[int, int] = (1, 1)  # of lines, of columns
    unnamed: str = ""  # the rule of a record that names none, where a tool has such; else that is a wrong shape
    tags: tuple[str, ...] = field(default=())

    def finding(self, tool: str, record: Record, task: Task) -> Finding:
        """The finding that a record tells. Raises WrongShape."""
        what = f"{tool}'s finding"
        rule = value(record, self.rule, str, what) if not self.unnamed else optional(record, self.rule, str, what)
        return Finding(
            tool=tool,
            rule=rule or self.unnamed,
            severity=word(self.words, value(record, self.severity, str, what), f"{tool}'s severity"),
            message=value(record, self.message, str, what).strip(),
            location=self._place(record, project_path(value(record, self.path, str, what), task.root), what),
        )

    def _place(self, record: Record, path: str, what: str) -> Location:
        shifts = (1 - self.first[0], 1 - self.first[1]) * 2
        numbers = (value(record, key, int, what) + shift for key, shift in zip(self.span, shifts, strict=False))
        return Location(path, *(position(one, what) for one in numbers))


def value(record: Record, key: str, kind: type[reading.T], what: str) -> reading.T:
    """What stands at a dotted key. Raises WrongShape if it is not there, or of another kind."""
    *folders, last = key.split(".")
    for folder in folders:
        record = reading.field(record, folder, dict, what)
    return reading.field(record, last, kind, what)


def records(text: str, what: str, key: str = "") -> list[Record]:
    """The records of a JSON document: an array, or the array at a dotted `key` of an object."""
    document = load_json(text, what)
    listed = value(as_dict(document, what), key, list, what) if key else as_list(document, what)
    return [as_dict(one, what) for one in listed]


def agree(tool: str, status: int, found: bool, count: int) -> None:
    """Raises WrongShape unless exit status 1 means findings, and any other none."""
    if (status == 1) != found:
        raise WrongShape(f"{tool} ended with exit status {status} and {count} findings")
