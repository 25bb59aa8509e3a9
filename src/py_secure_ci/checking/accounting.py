"""Scope accounting: what a tool was due to look at against what it says it looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from py_secure_ci.model import Edit, Excluded, Finding, Gap, Location
from py_secure_ci.report import Completed, ToolInfo
from py_secure_ci.tool import Reading, Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one tool is due to look at, over all its tasks: paths, or `name==version`."""

    root: Path
    due: tuple[str, ...]
    excluded: tuple[Excluded, ...] = ()
    gaps: tuple[Gap, ...] = ()  # known before the tool ran
    elsewhere: tuple[str, ...] = ()  # folders of other projects, which tell their own findings


def portable(tool: Tool, reading: Reading, root: Path) -> Reading:
    """The reading without this machine's folders in it: every path as the report will have it; twice is as once."""
    anchor = _Anchor(root)
    looked = None if reading.looked_at is None else frozenset(_key(tool, path, anchor) for path in reading.looked_at)
    return replace(
        reading,
        findings=tuple(_findings(reading.findings, anchor, set())[0]),
        looked_at=looked,
        gaps=tuple(replace(gap, subject=_key(tool, gap.subject, anchor)) for gap in reading.gaps),
        excluded=tuple(replace(one, subject=_key(tool, one.subject, anchor)) for one in reading.excluded),
    )


def settle(tool: Tool, reading: Reading, info: ToolInfo, tally: Tally) -> Completed:
    """The completed outcome: paths anchored, what was not looked at named."""
    anchor = _Anchor(tally.root)
    looked = None if reading.looked_at is None else {_key(tool, path, anchor) for path in reading.looked_at}
    excluded = tuple(replace(one, subject=_key(tool, one.subject, anchor)) for one in reading.excluded)
    gaps = [replace(gap, subject=_key(tool, gap.subject, anchor)) for gap in (*tally.gaps, *reading.gaps)]
    named = {gap.subject for gap in gaps} | {one.subject for one in excluded}
    if looked is not None:
        missing = [subject for subject in tally.due if subject not in looked and subject not in named]
        gaps += [Gap(subject, f"{tool.name} did not say that it looked at this") for subject in missing]
    left_out = {one.subject for one in tally.excluded}
    findings, strays = _findings(reading.findings, anchor, left_out, tally.elsewhere)
    seen = [subject for subject in tally.due if subject not in named and (looked is None or subject in looked)]
    if tally.due and not seen and not gaps:
        gaps.append(Gap(tool.name, f"its own configuration leaves out everything that was due ({_by(excluded)})"))
    notes = (*reading.notes, *_passed_over(tool, reading))
    notes = (
        *notes,
        *(
            (f"{strays} findings in {'excluded files' if not tally.elsewhere else 'files of other projects'} left out",)
            if strays
            else ()
        ),
    )
    return Completed(
        tool=info,
        findings=tuple(sorted(findings, key=order)),
        rules=tuple(sorted({rule.id: rule for rule in reading.rules}.values(), key=lambda rule: rule.id)),
        looked_at=len(seen),
        unit=tool.unit,
        gaps=tuple(sorted(dict.fromkeys(gaps), key=lambda gap: (gap.subject, gap.line or 0, gap.reason))),
        excluded=tuple(sorted({*excluded, *tally.excluded}, key=lambda one: (one.subject, one.by))),
        notes=tuple(dict.fromkeys(notes)),
        metrics=dict(sorted(reading.metrics.items())),
    )


def _passed_over(tool: Tool, reading: Reading) -> tuple[str, ...]:
    total = sum(reading.passed_over.values())
    places = ", ".join(sorted(path for path, count in reading.passed_over.items() if count)[:5])
    return (f"Lines passed over by {tool.passed_over_by}: {total} ({places}).",) if total else ()


def order(finding: Finding) -> tuple[object, ...]:
    """The order of findings in a report: path, place, rule, message."""
    at = finding.location or Location("")
    return (at.path, at.line or 0, at.column or 0, at.end_line or 0, finding.rule, finding.anchor, finding.message)


def _by(excluded: Iterable[Excluded]) -> str:
    return ", ".join(dict.fromkeys(one.by for one in excluded)) or "it does not say where"


def _key(tool: Tool, subject: str, anchor: _Anchor) -> str:
    return subject if tool.needs_pins and "==" in subject else anchor.path(subject) or subject


def _findings(
    findings: Iterable[Finding], anchor: _Anchor, excluded: set[str], elsewhere: tuple[str, ...] = ()
) -> tuple[list[Finding], int]:
    kept, strays = [], 0
    for finding in findings:
        where = finding.location
        if where is None:
            kept.append(finding)
            continue
        path = anchor.path(where.path)
        if path is None:  # outside the project: there is no line of it to show
            name = finding.anchor or where.path.rpartition("/")[2]
            kept.append(replace(finding, location=None, anchor=name, edits=()))
        elif path in excluded or (elsewhere and path.startswith(tuple(f"{folder}/" for folder in elsewhere))):
            strays += 1
        else:
            kept.append(replace(finding, location=replace(where, path=path), edits=_edits(finding.edits, anchor)))
    return kept, strays


def _edits(edits: tuple[Edit, ...], anchor: _Anchor) -> tuple[Edit, ...]:
    """Edits with their paths anchored; none at all if one leads out of the project: half a fix is no fix."""
    paths = [anchor.path(edit.location.path) for edit in edits]
    if None in paths:
        return ()
    pairs = zip(edits, paths, strict=True)
    return tuple(replace(edit, location=replace(edit.location, path=path or "")) for edit, path in pairs)


class _Anchor:
    """Whatever a tool calls a path -> relative to the root, POSIX; None outside it."""

    def __init__(self, root: Path) -> None:
        self._roots = {str(root), os.path.realpath(root)}
        self._known: dict[str, str | None] = {}

    def path(self, said: str) -> str | None:
        if said not in self._known:
            self._known[said] = self._find(said)
        return self._known[said]

    def _find(self, said: str) -> str | None:
        text = said
        if os.path.isabs(text):
            for root in self._roots:
                if text == root or text.startswith(root.rstrip(os.sep) + os.sep):
                    text = os.path.relpath(text, root)
                    break
            else:
                return None
        text = os.path.normpath(text)
        if os.sep != "/":
            text = text.replace(os.sep, "/")
        return None if text == ".." or text.startswith("../") else text
