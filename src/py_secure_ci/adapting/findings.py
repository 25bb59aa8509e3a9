"""Findings described rather than read: records of a tool into findings, findings into a reading.

A `Shape` says where in a JSON record each part of a finding stands; `severities` what the tool's words mean; `answer`
puts findings, rules, files that were looked at and gaps together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from py_secure_ci import reading
from py_secure_ci.adapting.python_syntax import syntax_gaps
from py_secure_ci.adapting.selection import project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Finding, Gap, Location, Rule, Severity
from py_secure_ci.reading import as_dict, as_list, load_json, optional, position, word
from py_secure_ci.tool import Execution, Reading, Task

Record = dict[str, Any]
_OURS = {one.word: one for one in Severity}


def severities(*same: str, **others: str) -> dict[str, Severity]:
    """`severities("HIGH", warn="warning")`: a word that means what it says, and one that we call otherwise."""
    return {word: _OURS[ours] for word, ours in {**{one: one.lower() for one in same}, **others}.items()}


def by_prefix(table: Mapping[str, Severity], *, other: Severity) -> Callable[[str], Severity]:
    """The severity of a rule by the longest prefix of it in `table`; `other` for all the rest."""
    longest = sorted(table, key=len, reverse=True)
    return lambda code: next((table[one] for one in longest if code.startswith(one)), other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Keys of a tool's record, dotted where they lie deeper (`location.path`). What is required must be there.

    `span`: the keys of line, column, end line and end column, as many as there are; they count from `first`.
    `words`: the severity that each of the tool's own words means; any other word is a wrong shape. A tool without such
    words has no `severity`, and an empty word in the table.
    """

    path: str
    rule: str
    message: str
    words: Mapping[str, Severity]
    severity: str = ""
    span: tuple[str, ...] = ()
    first: tuple[int, int] = (1, 1)  # of lines, of columns
    unnamed: str = ""  # the rule of a record that names none, where a tool has such; else that is a wrong shape

    def finding(self, tool: str, record: Record, task: Task) -> Finding:
        """The finding that a record tells. Raises WrongShape."""
        what = f"{tool}'s finding"
        rule = value(record, self.rule, str, what) if not self.unnamed else optional(record, self.rule, str, what)
        said = value(record, self.severity, str, what) if self.severity else ""
        return Finding(
            tool=tool,
            rule=rule or self.unnamed,
            severity=word(self.words, said, f"{tool}'s severity"),
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


def all_records(executions: Mapping[str, Execution], what: str, key: str = "") -> list[Record]:
    """`records` of each standard output, in the order of the commands."""
    return [record for one in executions.values() for record in records(one.stdout, what, key)]


def agree(tool: str, status: int, found: bool, count: int, means: int = 1) -> None:
    """Raises WrongShape unless the exit status that means findings goes with findings, and any other with none."""
    if (status == means) != found:
        raise WrongShape(f"{tool} ended with exit status {status} and {count} findings")


def answer(
    task: Task,
    findings: Iterable[Finding],
    rules: Iterable[Rule],
    *,
    said: Iterable[str] | None = None,
    gaps: Iterable[Gap] = (),
    instead: Iterable[Gap] = (),
    problems: Mapping[str, str] | None = None,
    excluded: Iterable[Excluded] = (),
    notes: Iterable[str] = (),
) -> Reading:
    """`said`: the files that the tool names (None: it was made sure that it took all); `problems`: unparsable ones.

    `instead`: further gaps, each in the place of what the tool reported as a finding.
    """
    findings_as_gaps = tuple(instead)
    told = (*gaps, *findings_as_gaps, *syntax_gaps(problems or {}))
    looked_at = set(task.files) if said is None else set(task.files) & set(said)
    return Reading(
        findings=tuple(findings),
        rules=tuple(rules),
        looked_at=frozenset(looked_at - {one.subject for one in told}),
        gaps=told,
        told_as_gaps=len(findings_as_gaps),
        excluded=tuple(excluded),
        notes=tuple(notes),
    )


def rules_of(findings: Iterable[Finding], uri: str, summary: Callable[[str], str] = str) -> tuple[Rule, ...]:
    """A rule for each id that was found; `uri` may hold `{rule}`, `summary` makes words of the id."""
    ids = sorted({one.rule for one in findings})
    return tuple(Rule(one, summary=summary(one), uri=uri.replace("{rule}", one)) for one in ids)


def sentence(text: str) -> str:
    """The text with a capital letter in front; the rest as it is."""
    return text[:1].upper() + text[1:]


def in_words(rule: str) -> str:
    """`unused-import` -> `Unused import`."""
    return rule.replace("-", " ").capitalize()


def sorted_out(
    tool: str, findings: Iterable[Finding], is_unread: Callable[[Finding], bool]
) -> tuple[list[Finding], tuple[Gap, ...]]:
    """The findings, and a gap instead of each that means that its file was not looked at."""
    kept: list[Finding] = []
    gaps: dict[str, str] = {}
    for one in findings:
        if one.location and is_unread(one):
            gaps[one.location.path] = one.message
        else:
            kept.append(one)
    return kept, tuple(Gap(path, f"{tool}: {message}") for path, message in gaps.items())
