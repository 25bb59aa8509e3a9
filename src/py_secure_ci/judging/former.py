"""Findings whose line stayed while the function around it was renamed, moved or taken away: who they were at the base.

A fingerprint holds the names of the function and class around the code. Where git has the base, a finding on a line
that the change left as it is (but for its indentation) is looked up there once more, by the names that were around it
then. Only entries that nothing else matches are given to it, so that a defect which went and another one which came
still count as one fixed and one new.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache

from py_secure_ci.judging.fingerprints import Identity, code_identity, is_code
from py_secure_ci.judging.python_text import PYTHON, Source
from py_secure_ci.model import Finding
from py_secure_ci.report import Hunk, Report

Text = Callable[[str], str | None]
_LARGEST = 40_000  # lines times lines of a hunk that are compared; beyond, every line of it counts as changed
_HEADER = re.compile(r"^((?:async\s+)?def|class)\s+[^\W\d]\w*")


def former(
    report: Report,
    now: Text,
    before: Text,
    hunks: Mapping[str, Sequence[Hunk]],
    replaced: Collection[str],
    known: Collection[str] = frozenset(),
) -> Mapping[str, Identity]:
    """Fingerprint -> identity at the base, for findings that have another one now.

    `now` and `before` give the text of a file, by its path now and by its path at the base; `hunks`, by the former,
    what was replaced in it; `replaced` the fingerprints of findings whose words are not the base's; `known` all those
    of the base: who has one of them need not be asked about, which spares reading most files of a large change.
    """
    pairs = lru_cache(maxsize=None)(lambda path: _pair(path, report, now, before, hunks))
    found: dict[str, Identity] = {}
    for finding in report.findings:
        if not is_code(finding) or finding.location is None or not finding.location.path.endswith(PYTHON):
            continue
        if finding.fingerprint in known and finding.fingerprint not in replaced:
            continue
        pair = pairs(finding.location.path) if finding.location.path in hunks else None
        there = _there(finding, pair) if pair is not None else None
        if pair is None or there is None:
            continue
        is_now, was = code_identity(finding, pair.now), code_identity(there, pair.before)
        renamed = finding.location.line in pair.headers
        if is_now == was or (finding.fingerprint in replaced and not renamed):
            continue
        if is_now.words == was.words or (renamed and _but_for_name(is_now) == _but_for_name(was)):
            found[finding.fingerprint] = was
    return found


@dataclass(frozen=True, slots=True)
class _Pair:
    """A file now and at the base. `lines`: the number now -> at the base, of lines that stayed.

    `headers`: those of them on which a function or class is called otherwise now, and nothing else has changed.
    """

    now: Source
    before: Source
    path: str
    lines: Mapping[int, int]
    headers: frozenset[int]


def _pair(path: str, report: Report, now: Text, before: Text, hunks: Mapping[str, Sequence[Hunk]]) -> _Pair | None:
    old = report.renames.get(path, path)
    texts = now(path), before(old)
    if texts[0] is None or texts[1] is None:
        return None
    sources = Source(texts[0]), Source(texts[1])
    mine, theirs = (["", *source.text.split("\n")] for source in sources)  # lines count from 1
    lines = _counterparts(mine, theirs, hunks[path])
    # The work tree may hold what git does not know of: what is not the same line in both texts did not stay.
    stayed = {one for one, other in lines.items() if _shape(mine[one]) == _shape(theirs[other])}
    # A definition is called otherwise only where its next line stayed: else it is another one in the same place.
    below = {one - 1 for one in stayed if lines.get(one - 1) == lines[one] - 1}
    headers = frozenset(below & lines.keys() - stayed)
    return _Pair(sources[0], sources[1], old, {one: lines[one] for one in {*stayed, *headers}}, headers)


def _counterparts(mine: Sequence[str], theirs: Sequence[str], hunks: Sequence[Hunk]) -> dict[int, int]:
    """Line now -> line at the base, where the two are alike, or differ in the name that they define."""
    pairs: dict[int, int] = {}
    line = old = 1
    for hunk in hunks:
        first, there = hunk.start + (not hunk.count), hunk.old_start + (not hunk.old_count)
        pairs |= dict(zip(range(line, first), range(old, there), strict=False))
        line, old = first + hunk.count, there + hunk.old_count
        if hunk.count * hunk.old_count <= _LARGEST:
            before, now = (list(map(_nameless, side)) for side in (theirs[there:old], mine[first:line]))
            for a, b, size in SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks():
                pairs |= {first + b + n: there + a + n for n in range(size)}
    pairs |= dict(zip(range(line, len(mine)), range(old, len(theirs)), strict=False))
    return {
        one: other
        for one, other in pairs.items()
        if one < len(mine) and other < len(theirs) and _nameless(mine[one]) == _nameless(theirs[other])
    }


def _shape(line: str) -> str:
    return " ".join(line.split())


def _nameless(line: str) -> str:
    return _HEADER.sub(r"\1", _shape(line), count=1)


def _there(finding: Finding, pair: _Pair) -> Finding | None:
    """The finding where its line stood at the base; the column moves as the line's words do."""
    place = finding.location
    line = pair.lines.get(place.line) if place is not None and place.line is not None else None
    if place is None or place.line is None or line is None:
        return None
    column = place.column
    if column is not None:
        mine, theirs = _line(pair.now, place.line), _line(pair.before, line)
        late = place.line in pair.headers and column > _indent(mine) + _name_end(mine)
        column = max(1, column + (len(theirs) - len(mine) if late else _indent(theirs) - _indent(mine)))
    return replace(finding, location=replace(place, path=pair.path, line=line, column=column))


def _line(source: Source, number: int) -> str:
    return source.text[source.line_starts[number - 1] : source.line_end(number)].rstrip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _name_end(line: str) -> int:
    found = _HEADER.match(line.lstrip())
    return found.end() if found is not None else 0


def _but_for_name(identity: Identity) -> tuple[str, ...]:
    words = identity.words
    at = 1 + (words[:1] == ("async",))
    return (*words[:at], *words[at + 1 :]) if words[:1] and words[at - 1] in ("def", "class") else words
