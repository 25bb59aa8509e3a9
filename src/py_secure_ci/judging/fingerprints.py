"""The identity of a finding, version 1: what stays the same when lines move. See docs/fingerprints.md."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count

from py_secure_ci.judging.code_units import Unit, call_offset, python_unit, text_unit
from py_secure_ci.judging.python_text import PYTHON, Source
from py_secure_ci.model import Advisory, Finding
from py_secure_ci.tables import matches_any, table

VERSION = "v1:"
_CONTENT, _PLACE = 20, 12  # hexadecimal digits for what it is, and for where it is
_MOST_FILES = 1000  # with one advisory, beyond which aliases are no longer known


@dataclass(frozen=True, slots=True)
class Identity:
    """What a finding on a line of Python is, and in which file: its fingerprint but for its order among equals."""

    name: str
    scope: str
    words: tuple[str, ...]
    path: str

    def fingerprints(self) -> Iterator[str]:
        """That of the first such finding in the file, of the second, and so on without end."""
        return (_fingerprint(("code", self.name, self.scope, self.words), n, self.path) for n in count())


def with_fingerprints(findings: Sequence[Finding], source: Callable[[str], str | None]) -> tuple[Finding, ...]:
    """The same findings in the same order, each with its fingerprint.

    `source` gives the text of a project-relative path, or None where there is none; it is asked once for each file
    that has findings on lines.
    """
    by_path: defaultdict[str, list[int]] = defaultdict(list)
    identities: list[tuple[object, ...]] = [()] * len(findings)
    for index, finding in enumerate(findings):
        if finding.location is not None and is_code(finding):
            by_path[finding.location.path].append(index)
        else:
            identities[index] = _anchored(finding)
    for path, indices in by_path.items():
        text = source(path)
        python = Source(text) if text is not None and path.endswith(PYTHON) else None
        for index in indices:
            unit = _unit(findings[index], text, python)
            identities[index] = ("code", findings[index].name, unit.scope, unit.words)
    return _numbered(findings, identities)


def subject(finding: Finding) -> str:
    """The file that a finding belongs to; for a package its name, for a test the file in its id."""
    if finding.advisory is not None:
        return f"package {finding.advisory.package}"
    if finding.anchor:
        return finding.anchor.partition("::")[0]
    return finding.location.path if finding.location is not None else ""


def code_identity(finding: Finding, python: Source) -> Identity:
    """The identity of a finding for which `is_code` holds, in a file with that source."""
    unit = _unit(finding, python.text, python)
    return Identity(finding.name, unit.scope, unit.words, subject(finding))


def moved(fingerprint: str, path: str) -> str:
    """The fingerprint that the same finding has in another file."""
    return fingerprint[: len(VERSION) + _CONTENT] + _hash(path, _PLACE)


def identities(finding: Finding) -> tuple[str, ...]:
    """Every fingerprint that the finding may be known by: its own, and for an advisory one for each alias."""
    if finding.advisory is None:
        return (finding.fingerprint,)
    known, where = finding.advisory, subject(finding)
    own, wanted = _anchored(finding), finding.fingerprint
    ordinal = next((n for n in range(_MOST_FILES) if _fingerprint(own, n, where) == wanted), 0)
    others = (_fingerprint(_advisory(known, alias), ordinal, where) for alias in known.ids)
    return tuple(dict.fromkeys((finding.fingerprint, *others)))


def holds_secret(finding: Finding) -> bool:
    """Whether the code at the finding holds a secret, by the tool's word or by the rule's nature."""
    return finding.secret or matches_any(finding.name, tuple(table("places")["secret"]))


def any_pin(finding: Finding) -> bool:
    """Whether the rule is about an action or image whichever version of it is used: raising that makes nothing new."""
    return matches_any(finding.name, tuple(table("places")["any_pin"]))


def _unit(finding: Finding, text: str | None, python: Source | None) -> Unit:
    place = finding.location
    if text is None or place is None or place.line is None or place.path.endswith(".ipynb"):
        # Lines of a notebook count within cells: what is left is the order.
        return Unit("", ())
    blank = holds_secret(finding)
    if python is None:
        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        return text_unit(lines, place.line, blank=blank, unpinned=any_pin(finding))
    line, column = place.line, place.column
    if column is not None and matches_any(finding.name, table("places")["argument_lines"]):
        start = call_offset(python, line, column)
        if start is not None:
            line = python.line_of(start)
    return python_unit(python, line, column, blank=blank)


def is_code(finding: Finding) -> bool:
    """Whether its identity is the code on its line: not of a package, a test, a whole file."""
    if finding.anchor or finding.advisory is not None or finding.location is None or finding.location.line is None:
        return False
    return not matches_any(finding.name, tuple(table("places")["whole_file"]))


def _anchored(finding: Finding) -> tuple[object, ...]:
    if finding.advisory is not None:
        return _advisory(finding.advisory, finding.advisory.ids[0] if finding.advisory.ids else finding.rule)
    return ("anchor", finding.name, finding.anchor.partition("::")[2]) if finding.anchor else ("file", finding.name)


def _advisory(advisory: Advisory, id_: str) -> tuple[object, ...]:
    # Neither tool nor rule: whoever reports the advisory, it is the same one.
    return ("advisory", id_, advisory.package)


def _numbered(findings: Sequence[Finding], identities: Sequence[tuple[object, ...]]) -> tuple[Finding, ...]:
    """Equal identities in one file are told apart by their order in it, an advisory's by the order of its files.

    So one advisory in a second lock is one more finding, and a lock that moves, or is of another tool now, is none.
    """
    seen: Counter[tuple[object, ...]] = Counter()
    files: defaultdict[tuple[object, ...], set[str]] = defaultdict(set)
    for finding, identity in zip(findings, identities, strict=True):
        files[identity].add(_path(finding))
    order = {identity: {path: n for n, path in enumerate(sorted(found))} for identity, found in files.items()}
    fingerprints = [""] * len(findings)
    for index in sorted(range(len(findings)), key=lambda i: _position(findings[i])):
        finding, identity = findings[index], identities[index]
        where = subject(finding)
        ordinal = seen[(where, identity)] if finding.advisory is None else order[identity][_path(finding)]
        seen[(where, identity)] += 1
        fingerprints[index] = _fingerprint(identity, ordinal, where)
    return tuple(replace(finding, fingerprint=one) for finding, one in zip(findings, fingerprints, strict=True))


def _path(finding: Finding) -> str:
    return finding.location.path if finding.location is not None else ""


def _position(finding: Finding) -> tuple[int, int]:
    place = finding.location
    return (place.line or 0, place.column or 0) if place is not None else (0, 0)


def _fingerprint(identity: Iterable[object], ordinal: int, where: str) -> str:
    return VERSION + _hash(json.dumps([*identity, ordinal]), _CONTENT) + _hash(where, _PLACE)


def _hash(text: str, digits: int) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
