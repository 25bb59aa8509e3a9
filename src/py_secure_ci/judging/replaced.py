"""Known findings whose text a change has replaced: they have the fingerprint of what stood there, not its words.

A fingerprint holds eight bits of a literal and none of a secret, and forty tokens at most: enough to know a finding
again, not to tell a leaked password from the one that takes its place. Where git has the base, the words themselves are
compared: a finding on a changed line whose piece of code does not stand in the base's file is a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from py_secure_ci.judging.code_units import exact_text, letters, without_pin
from py_secure_ci.judging.fingerprints import any_pin
from py_secure_ci.judging.python_text import PYTHON, Source, tokens
from py_secure_ci.model import Finding
from py_secure_ci.report import Report
from py_secure_ci.tables import matches_any, table

NOTEBOOK = ".ipynb"
Text = Callable[[str], str | None]


def replaced(report: Report, now: Text, before: Text) -> frozenset[str]:
    """The fingerprints of findings that stand on changed lines with words that the base's file does not hold.

    `now` and `before` give the text of a file, by its path now and by its path at the base; None where there is none.
    """
    of_base = lru_cache(maxsize=None)(lambda path, unpinned: _letters_of(path, before(path), unpinned))
    of_now = lru_cache(maxsize=None)(lambda path: _source(path, now(path)))
    found = set()
    for finding in report.findings:
        if finding.anchor or finding.advisory is not None or finding.location is None:
            continue
        if not is_touched(finding, report):
            continue
        path = finding.location.path
        base, text = of_base(report.renames.get(path, path), any_pin(finding)), of_now(path)
        words = _words(finding, text) if text is not None else ""
        if base is not None and words and words not in base:
            found.add(finding.fingerprint)
    return frozenset(found)


def is_touched(finding: Finding, report: Report) -> bool:
    """Whether one of the lines that the finding is on was changed; of a notebook, whether anything was."""
    place = finding.location
    if place is None:
        return False
    runs = report.changed.get(place.path, ())
    if place.path.endswith(NOTEBOOK):  # lines count within cells
        return bool(runs)
    if place.line is None:
        return False
    last = max(place.line, place.end_line or 0)
    return any(first <= last and place.line <= end for first, end in runs)


def _words(finding: Finding, text: Source | str) -> str:
    place = finding.location
    if place is None or place.line is None:
        return ""
    if isinstance(text, Source):
        return exact_text(text, place.line, place.column)
    if place.path.endswith(NOTEBOOK):
        return letters(finding.code)
    lines = text.split("\n")
    headed = matches_any(finding.name, tuple(table("places")["headed"]))
    last = place.line if headed else max(place.line, place.end_line or 0)
    return _letters_in(lines[place.line - 1 : last], any_pin(finding))


def _source(path: str, text: str | None) -> Source | str | None:
    if text is None:
        return None
    return Source(text) if path.endswith(PYTHON) else text.replace("\r\n", "\n").replace("\r", "\n")


def _letters_in(lines: Sequence[str], unpinned: bool) -> str:
    return letters("".join(map(without_pin, lines) if unpinned else lines))


def _letters_of(path: str, text: str | None, unpinned: bool) -> str | None:
    """A whole file as `exact_text` would have it: of Python without comments."""
    source = _source(path, text)
    if isinstance(source, Source):
        return "".join(letters(one.text, one.kind) for one in tokens(source, 0, len(source.text)))
    return None if source is None else _letters_in(source.split("\n"), unpinned)
