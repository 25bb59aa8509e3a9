"""One defect, one finding: what several tools say of the same thing is merged, by the table in data/duplicates.json."""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import attrgetter
from typing import Any

from py_secure_ci.judging.code_units import CALL
from py_secure_ci.model import Advisory, Finding
from py_secure_ci.tables import matches_any, table

_NEAR = 200  # lines of one finding that are searched for a partner
_CROWD = 100  # findings of one tool (or rule) that start on one line and are paired; more is no code of a person
_WORD = re.compile(r"\w+")
_CALL_LINES = 20  # between a call's beginning and the argument that makes it a defect


@dataclass(frozen=True, slots=True)
class Group:
    """One defect. `kept` is what is shown (it names the other rules in `also`); `members` are all, worst first."""

    kept: Finding
    members: tuple[Finding, ...]


def merged(findings: Sequence[Finding]) -> tuple[Group, ...]:
    """The findings in groups, in the order of each group's first finding. Every finding is in exactly one group."""
    groups = _Groups(findings)
    by_path: defaultdict[str, list[int]] = defaultdict(list)
    for index, finding in enumerate(findings):
        if finding.location is not None and finding.advisory is None and not finding.anchor:
            by_path[finding.location.path].append(index)
    each = [finding.name for finding in findings]
    named = {path: {each[index] for index in indices} for path, indices in by_path.items()}
    names = {name for some in named.values() for name in some}
    for row in table("duplicates")["same"]:
        left = {name for name in names if matches_any(name, row["rules"])}
        right = {name for name in names if matches_any(name, row["with"])} if "with" in row else left
        for path, indices in by_path.items() if left and right else ():
            if not (left.isdisjoint(named[path]) or right.isdisjoint(named[path])):
                _join_row(
                    groups, row, [i for i in indices if each[i] in left], [i for i in indices if each[i] in right]
                )
    _join_advisories(groups)
    return tuple(_group([findings[index] for index in members]) for members in groups.all())


class _Groups:
    """Which findings belong together (a union-find); a group holds one finding of each tool at most."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = findings
        self._parent = list(range(len(findings)))
        self._members = {index: [index] for index in self._parent}

    def root(self, index: int) -> int:
        while self._parent[index] != index:
            index = self._parent[index]
        return index

    def join(self, first: int, second: int, *, one_of_each: Callable[[Finding], str] | None) -> None:
        """Put two groups together, unless the result would hold two findings alike by `one_of_each`."""
        first, second = sorted((self.root(first), self.root(second)))
        if first == second:
            return
        if one_of_each is not None:
            taken = {one_of_each(self.findings[index]) for index in self._members[first]}
            if any(one_of_each(self.findings[index]) in taken for index in self._members[second]):
                return
        self._parent[second] = first
        self._members[first] += self._members.pop(second)

    def all(self) -> Iterator[list[int]]:
        for _, members in sorted(self._members.items()):
            yield sorted(members)


def _join_row(groups: _Groups, row: Mapping[str, Any], left: Sequence[int], right: Sequence[int]) -> None:
    """Pair up the findings of one file that one row of the table calls the same, the nearest first."""
    if row.get("one_secret"):
        crowded = _crowded(groups.findings, {*left, *right})
        left, right = ([i for i in side if _lines(groups.findings[i])[0] not in crowded] for side in (left, right))
    if not left or not right:
        return
    alike = attrgetter("name" if row.get("one_tool") else "tool")
    preferred = [_preference(groups.findings[index].name, row.get("with", ())) for index in right]
    rank = dict(zip(right, preferred, strict=True))
    findings = groups.findings
    few = [_without_crowds(findings, indices, alike) for indices in (left, right)]
    pairs = sorted(
        (distance, rank.get(first, 0) + rank.get(second, 0), first, second)
        for distance, first, second in _pairs(findings, few[0], few[1], row["where"])
        if alike(findings[first]) != alike(findings[second])
        and _named_alike(findings[first].name, findings[second].name, row.get("same_after"))
    )
    for _, _, first, second in pairs:
        groups.join(first, second, one_of_each=alike)


def _without_crowds(findings: Sequence[Finding], indices: Sequence[int], alike: Callable[[Finding], str]) -> list[int]:
    """The first findings of each line: what a tool says 30,000 times must not be paired 30,000 times squared."""
    crowd: Counter[tuple[int, str]] = Counter()
    kept = []
    for index in indices:
        place = (_lines(findings[index])[0], alike(findings[index]))
        crowd[place] += 1
        if crowd[place] <= _CROWD:
            kept.append(index)
    return kept


def _crowded(findings: Sequence[Finding], indices: Iterable[int]) -> set[int]:
    """Lines with more than one secret: searchers for secrets give no columns, so nobody knows who means which."""
    seen = Counter(
        (findings[index].tool, _lines(findings[index])[0])
        for index in indices
        if not matches_any(findings[index].name, table("places")["several_on_one_secret"])
    )
    return {line for (_, line), count in seen.items() if count > 1}


def _named_alike(one: str, other: str, beginnings: Sequence[str] | None) -> bool:
    """Whether two rule names go on alike after the beginnings that tell their tools apart."""
    if beginnings is None:
        return True
    rests = [
        [name.removeprefix(beginning) for beginning in beginnings if name.startswith(beginning)]
        for name in (one, other)
    ]
    return bool(rests[0] and rests[1]) and rests[0][-1] == rests[1][-1]


def _preference(name: str, globs: Sequence[str]) -> int:
    return next((number for number, glob in enumerate(globs) if matches_any(name, (glob,))), 0)


def _pairs(
    findings: Sequence[Finding], left: Sequence[int], right: Sequence[int], where: str
) -> Iterator[tuple[tuple[int, int, int], int, int]]:
    """Every two findings that meet, with their distance. Each region is looked up by where the other one starts."""
    for ones, others in ((left, right), (right, left)):
        starts: defaultdict[int, list[int]] = defaultdict(list)
        for index in others:
            starts[0 if where == "file" else _lines(findings[index])[0]].append(index)
        for one in ones:
            for line, column in _reach(findings[one], where):
                for other in starts.get(line, ()):
                    if (column is None or column == _column(findings[other])) and (
                        where != "span" or _overlap(findings[one], findings[other])
                    ):
                        yield _distance(findings[one], findings[other]), min(one, other), max(one, other)


def _reach(finding: Finding, where: str) -> Iterator[tuple[int, int | None]]:
    """On which lines a partner may start, and in which column if that matters."""
    start, end = _lines(finding)
    if where == "file":
        yield 0, None
    elif where == "line":
        yield start, None
    else:
        yield from ((line, None) for line in range(start, min(end, start + _NEAR) + 1))
        if _argument(finding):
            yield from ((line, _column(finding)) for line in range(start - _CALL_LINES, start))


def _argument(finding: Finding) -> bool:
    """Whether the line may be that of a call's argument, and the column the call's own: bandit places calls so."""
    if not matches_any(finding.name, table("places")["argument_lines"]):
        return False
    return not (finding.code and CALL.match(finding.code, _column(finding) - 1))


def _column(finding: Finding) -> int:
    return (finding.location.column or 1) if finding.location is not None else 1


def _lines(finding: Finding) -> tuple[int, int]:
    place = finding.location
    start = (place.line or 0) if place is not None else 0
    return start, max(start, (place.end_line or start) if place is not None else start)


def _overlap(one: Finding, other: Finding) -> bool:
    """Whether two findings share a piece of text; one without a column, or without an end, may reach to the line's."""
    pieces = []
    for finding in (one, other):
        place, (start, end) = finding.location, _lines(finding)
        first = place.column if place is not None and place.column else 1
        last = place.end_column if place is not None and place.column and place.end_column else None
        pieces.append(((start, first), (end, last if last is not None else sys.maxsize)))
    return pieces[0][0] <= pieces[1][1] and pieces[1][0] <= pieces[0][1]


def _distance(one: Finding, other: Finding) -> tuple[int, int, int]:
    """By lines, then by how little their messages share (`re` in both: the same import), then by columns."""
    lines = abs(_lines(one)[0] - _lines(other)[0])
    shared = _words(one.message) & _words(other.message)
    columns = [place.location.column or 0 for place in (one, other) if place.location is not None]
    return lines, -len(shared), abs(columns[0] - columns[-1])


@lru_cache(maxsize=1 << 14)
def _words(message: str) -> frozenset[str]:
    return frozenset(_WORD.findall(message))


def _join_advisories(groups: _Groups) -> None:
    """Advisories of one package, version and declaration that share an id are one, whichever database named them."""
    seen: dict[tuple[str, str, str, str], int] = {}
    for index, finding in enumerate(groups.findings):
        advisory = finding.advisory
        if advisory is None:
            continue
        path = finding.location.path if finding.location is not None else ""
        for id_ in advisory.ids:
            first = seen.setdefault((advisory.package, advisory.version, path, id_.upper()), index)
            groups.join(first, index, one_of_each=None)


def _group(members: list[Finding]) -> Group:
    members = sorted(members, key=lambda one: (-one.severity.rank, one.tool, one.rule))
    kept = members[0]
    if len(members) == 1:
        return Group(kept, (kept,))
    secret = any(one.secret for one in members)
    names = dict.fromkeys(name for one in members for name in (one.name, *one.also))
    kept = replace(
        kept,
        cwe=tuple(sorted({number for one in members for number in one.cwe})),
        fix=next((one.fix for one in members if one.fix), ""),
        edits=() if secret else next((one.edits for one in members if one.edits), ()),
        fixable=any(one.fixable for one in members),
        secret=secret,
        code="" if secret else kept.code,
        advisory=_advisory([one.advisory for one in members if one.advisory is not None]),
        also=tuple(name for name in names if name != kept.name),
    )
    return Group(kept, tuple(members))


def _advisory(advisories: list[Advisory]) -> Advisory | None:
    if not advisories:
        return None
    return replace(advisories[0], ids=tuple(dict.fromkeys(id_ for one in advisories for id_ in one.ids)))
