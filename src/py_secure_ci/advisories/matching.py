"""Whether an advisory covers a version: PEP 440 order, OSV's evaluation, and a third answer where data is malformed.

See https://ossf.github.io/osv-schema/#evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from packaging.version import InvalidVersion, Version

from py_secure_ci.advisories.record import Record

_START = ("introduced", "0")  # before every version, pre-releases of 0 among them


class Answer(Enum):
    """Indeterminate: the record's bounds are no PEP 440 versions, so that nobody can tell."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not affected"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class Match:
    """What the advisories say of one version of one package."""

    affected: tuple[Record, ...]
    indeterminate: tuple[Record, ...]


def match(records: Iterable[Record], version: str) -> Match:
    """Evaluate every record of a package. Raises `ValueError` for a version outside PEP 440."""
    parsed = Version(version)
    answers = [(record, evaluate(record, parsed)) for record in records]
    return Match(
        tuple(record for record, answer in answers if answer is Answer.AFFECTED),
        tuple(record for record, answer in answers if answer is Answer.INDETERMINATE),
    )


def evaluate(record: Record, version: Version) -> Answer:
    """Listed versions first, then the ranges. A local part (`2.1+cu118`) names a build of the same release."""
    public = version if version.local is None else Version(version.public)
    listed = [_parse(one) for one in record.versions]
    if public in listed or version in listed:
        return Answer.AFFECTED
    unsure = not record.ranges and not record.versions
    for events in record.ranges:
        covered = _covers(events, public)
        if covered:
            return Answer.AFFECTED
        # Where bounds are malformed the list holds every version known to be affected: it speaks up to its highest.
        unsure = unsure or (covered is None and not _reaches(listed, public))
    return Answer.INDETERMINATE if unsure else Answer.NOT_AFFECTED


def _reaches(listed: Iterable[Version | None], version: Version) -> bool:
    return any(one is not None and one >= version for one in listed)


def is_malformed(events: Iterable[tuple[str, str]]) -> bool:
    """Whether a bound is no PEP 440 version (`0` as the beginning of everything is one)."""
    return any(_parse(bound) is None for _, bound in events)


def _covers(events: tuple[tuple[str, str], ...], version: Version) -> bool | None:
    """Whether a range covers a version; None if a bound is no version."""
    if (bounds := _in_order(events)) is None:
        return None
    affected = _START in events
    for bound, word in bounds:
        if word == "introduced":
            affected = affected or version >= bound
        elif word == "fixed":
            affected = affected and version < bound
        else:
            affected = affected and version <= bound
    return affected


@lru_cache(maxsize=1 << 14)  # each range is held against several versions: the pinned one, and those that fix others
def _in_order(events: tuple[tuple[str, str], ...]) -> tuple[tuple[Version, str], ...] | None:
    """The bounds from the lowest up, without the beginning of everything; None if one is no version."""
    if is_malformed(events):
        return None
    parsed = [(bound, word) for word, text in events if (word, text) != _START and (bound := _parse(text)) is not None]
    return tuple(sorted(parsed, key=lambda event: event[0]))


@lru_cache(maxsize=1 << 16)  # bounds repeat: the same releases fix many advisories
def _parse(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None
