"""A tool's reading as one line of text and back: strict, so that what is not ours is nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from py_secure_ci.adapting.selection import project_path
from py_secure_ci.model import Excluded, Finding, Gap, Location, Rule
from py_secure_ci.pins import Component
from py_secure_ci.serial.reading import Wrong, decoder
from py_secure_ci.serial.writing import writer
from py_secure_ci.tool import Reading, Task, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A reading to keep. `looked_at` is None for a file's own reading: it looked at it, or `gaps` say why not."""

    findings: tuple[Finding, ...] = ()
    rules: tuple[Rule, ...] = ()
    looked_at: tuple[str, ...] | None = None
    gaps: tuple[Gap, ...] = ()  # only such as follow from the content alone
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    artifacts: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)


def to_text(kept: Kept) -> str:
    """One line of ASCII."""
    return writer(Kept)(kept)


def from_text(text: str, tool: Tool) -> Kept | None:
    """What `to_text` wrote for that tool, or None."""
    try:
        kept: Kept = decoder(Kept)(json.loads(text))
    except (Wrong, ValueError, RecursionError):
        return None
    fits = all(one.tool == tool.name for one in kept.findings) and all(lasts(gap, tool) for gap in kept.gaps)
    return kept if fits else None


def lasts(gap: Gap, tool: Tool) -> bool:
    """Whether the same bytes will give this gap again."""
    return bool(tool.lasting_gaps and re.match(tool.lasting_gaps, gap.reason))


def whole(reading: Reading, task: Task, tool: Tool) -> Kept | None:
    """A whole reading to keep, or None for one that may not be kept: it has gaps that another run may not have."""
    if not all(lasts(gap, tool) for gap in reading.gaps):
        return None
    return Kept(
        findings=tuple(_relative(one, task) for one in reading.findings),
        rules=reading.rules,
        looked_at=None if reading.looked_at is None else tuple(sorted(reading.looked_at)),
        gaps=tuple(replace(gap, subject=project_path(gap.subject, task.root)) for gap in reading.gaps),
        excluded=reading.excluded,
        notes=reading.notes,
        artifacts=reading.artifacts,
        metrics=reading.metrics,
        components=reading.components,
        passed_over=reading.passed_over,
    )


def as_reading(kept: Kept) -> Reading:
    """The whole reading again."""
    return Reading(
        findings=kept.findings,
        rules=kept.rules,
        looked_at=None if kept.looked_at is None else frozenset(kept.looked_at),
        gaps=kept.gaps,
        excluded=kept.excluded,
        notes=kept.notes,
        artifacts=kept.artifacts,
        metrics=kept.metrics,
        components=kept.components,
        passed_over=kept.passed_over,
    )


def by_file(reading: Reading, task: Task, tool: Tool) -> Mapping[str, Kept]:
    """A reading of several files, taken apart; files with a gap that may not last, or not looked at, are left out.

    Empty if anything in it belongs to no single file of the task.
    """
    files = set(task.files)
    found: dict[str, list[Finding]] = {}
    for one in reading.findings:
        path = project_path(one.location.path, task.root) if one.location else ""
        if path not in files:
            return {}
        found.setdefault(path, []).append(_relative(one, task))
    if reading.looked_at is None or reading.artifacts or reading.metrics or reading.components:
        return {}
    rules = {rule.id: rule for rule in reading.rules}
    excluded = {one.subject: one for one in reading.excluded}
    gaps: dict[str, list[Gap]] = {}
    for gap in reading.gaps:
        gaps.setdefault(gap.subject, []).append(gap)
    if not (excluded.keys() | gaps.keys() | reading.passed_over.keys()) <= files:
        return {}
    return {
        path: Kept(
            findings=tuple(found.get(path, ())),
            rules=tuple(rules[name] for name in sorted({one.rule for one in found.get(path, ())}) if name in rules),
            gaps=tuple(gaps.get(path, ())),
            excluded=(excluded[path],) if path in excluded else (),
            notes=reading.notes,
            passed_over={path: reading.passed_over[path]} if path in reading.passed_over else {},
        )
        for path in task.files
        if (path in gaps or path in reading.looked_at or path in excluded)
        and all(lasts(gap, tool) for gap in gaps.get(path, ()))
    }


def joined(parts: Iterable[tuple[str, Kept]]) -> Reading:
    """The reading of several files from the readings of each."""
    pairs = tuple(parts)
    rules = {rule.id: rule for _, kept in pairs for rule in kept.rules}
    return Reading(
        findings=tuple(one for _, kept in pairs for one in kept.findings),
        rules=tuple(rules.values()),
        looked_at=frozenset(path for path, kept in pairs if not (kept.excluded or kept.gaps)),
        gaps=tuple(one for _, kept in pairs for one in kept.gaps),
        excluded=tuple(one for _, kept in pairs for one in kept.excluded),
        notes=tuple(dict.fromkeys(note for _, kept in pairs for note in kept.notes)),
        passed_over={path: count for _, kept in pairs for path, count in kept.passed_over.items()},
    )


def is_of(kept: Kept, path: str) -> bool:
    """Whether every part of a file's reading speaks of that file."""
    return (
        kept.looked_at is None
        and all(one.location is not None and one.location.path == path for one in kept.findings)
        and {path}.issuperset(one.subject for one in kept.excluded)
        and {path}.issuperset(one.subject for one in kept.gaps)
        and kept.passed_over.keys() <= {path}
        and not (kept.artifacts or kept.metrics or kept.components)
    )


def _relative(finding: Finding, task: Task) -> Finding:
    """The finding without the root in its paths."""
    where = finding.location
    edits = tuple(replace(one, location=_below(one.location, task)) for one in finding.edits)
    return replace(finding, location=_below(where, task) if where else None, edits=edits)


def _below(where: Location, task: Task) -> Location:
    return replace(where, path=project_path(where.path, task.root))
