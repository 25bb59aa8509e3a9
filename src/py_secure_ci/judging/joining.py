"""The reports of a repository's projects as one: paths from the root, one verdict; nothing is judged again."""

from __future__ import annotations

import hashlib
import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from py_secure_ci.judging.severities import worst_first
from py_secure_ci.model import Excluded, Finding, Gap, Suppression
from py_secure_ci.pins import Constraint, Dependencies, Pin, Unpinned
from py_secure_ci.report import Context, Failed, Outcome, Report, Skipped, Status, Verdict

T = TypeVar("T", Pin, Unpinned, Constraint)
ROOT = "."  # what the root project is called where a name is due


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One project's report and verdict. `folder`: below the root project; empty: the root project itself."""

    folder: str
    report: Report
    verdict: Verdict


def joined(parts: Sequence[Judgement]) -> tuple[Report, Verdict]:
    """One report and one verdict over all of them, the root project's first: INCOMPLETE before FAIL before PASS."""
    trees = tree_over((one.folder, one.report.context.tree) for one in parts)
    whole = parts[0].report.context  # the root's, even where it has nothing to say: paths are from its folder
    parts = _worth_telling(parts)
    moved = [(one, _Mover(one)) for one in parts]
    root = parts[0].report
    native = Counter[str]()
    for one in parts:
        native.update(one.report.native_suppressions)
    report = Report(
        version=root.version,
        context=_context(whole, parts, trees),
        outcomes=tuple(move.outcome(outcome) for one, move in moved for outcome in one.report.outcomes),
        gaps=tuple(move.gap(gap) for one, move in moved for gap in one.report.gaps),
        excluded=tuple(move.excluded(each) for one, move in moved for each in one.report.excluded),
        notes=tuple(dict.fromkeys(move.said(note) for one, move in moved for note in one.report.notes)),
        dependencies=Dependencies(
            tuple(each for one, move in moved for each in move.dependencies(one.report.dependencies).declarations)
        ),
        components=tuple(
            replace(each, paths=tuple(map(move.path, each.paths)))
            for one, move in moved
            for each in one.report.components
        ),
        changed={move.path(path): lines for one, move in moved for path, lines in one.report.changed.items()},
        renames={move.path(now): move.path(old) for one, move in moved for now, old in one.report.renames.items()},
        inline=tuple(replace(each, path=move.path(each.path)) for one, move in moved for each in one.report.inline),
        native_suppressions=dict(sorted(native.items())),
    )
    return report, _verdict(moved)


def tree_over(trees: Iterable[tuple[str, str]]) -> str:
    """One digest over the trees of several projects, each with its folder."""
    listed = "".join(f"{folder}\0{tree}\n" for folder, tree in trees)
    return hashlib.sha256(listed.encode("utf-8", "surrogatepass")).hexdigest()


def _context(root: Context, parts: Sequence[Judgement], trees: str) -> Context:
    """The root project's, and what is common to all."""
    contexts = [one.report.context for one in parts]
    return replace(
        root,
        tree=trees,
        python=", ".join(dict.fromkeys(one.python for one in contexts if one.python)),
        advisories=", ".join(dict.fromkeys(one.advisories for one in contexts if one.advisories)),
        base_source=", ".join(dict.fromkeys(one.base_source for one in contexts if one.base_source)),
        projects=tuple(one.folder or ROOT for one in parts),
    )


def _verdict(moved: Sequence[tuple[Judgement, _Mover]]) -> Verdict:
    verdicts = [one.verdict for one, _ in moved]
    statuses = {one.status for one in verdicts}
    return Verdict(
        status=next(one for one in (Status.INCOMPLETE, Status.FAIL, Status.PASS) if one in statuses),
        failed=any(one.failed for one in verdicts),
        findings=worst_first(move.finding(each) for one, move in moved for each in one.verdict.findings),
        blocking=tuple(move.fingerprint(each) for one, move in moved for each in one.verdict.blocking),
        reasons=tuple(move.said(each) for one, move in moved for each in one.verdict.reasons),
        incomplete=tuple(move.said(each) for one, move in moved for each in one.verdict.incomplete),
        fixed=tuple(move.fingerprint(each) for one, move in moved for each in one.verdict.fixed),
        warnings=tuple(dict.fromkeys(move.said(each) for one, move in moved for each in one.verdict.warnings)),
        compared=" ".join(dict.fromkeys(one.compared for one in verdicts)),
    )


class _Mover:
    """Puts what is said of one project in the words of the whole repository."""

    def __init__(self, one: Judgement) -> None:
        self.folder = one.folder
        declarations = one.report.dependencies.declarations
        self._files = frozenset(each.file for each in declarations)

    def path(self, path: str) -> str:
        """From the root project's folder."""
        return posixpath.normpath(f"{self.folder}/{path}") if self.folder and path else path

    def said(self, sentence: str) -> str:
        """A sentence, and which project it is about."""
        return f"{self.folder}: {sentence}" if self.folder else sentence

    def fingerprint(self, text: str) -> str:
        """The same code may stand in two projects under the same path."""
        return f"{text}@{self.folder}" if self.folder and text else text

    def gap(self, gap: Gap) -> Gap:
        """With its subject below the project's folder, whatever it is."""
        return replace(gap, subject=self.path(gap.subject))

    def excluded(self, one: Excluded) -> Excluded:
        """The same."""
        return replace(one, subject=self.path(one.subject))

    def outcome(self, one: Outcome) -> Outcome:
        """With its tool marked as the project's."""
        tool = replace(one.tool, project=self.folder)
        if isinstance(one, Failed):
            return replace(one, tool=tool)
        excluded = tuple(map(self.excluded, one.excluded))
        if isinstance(one, Skipped):
            return replace(one, tool=tool, excluded=excluded)
        findings, gaps = tuple(map(self.finding, one.findings)), tuple(map(self.gap, one.gaps))
        return replace(one, tool=tool, findings=findings, gaps=gaps, excluded=excluded)

    def finding(self, one: Finding) -> Finding:
        """With its places below the project's folder."""
        if not self.folder:
            return one
        where, advisory, suppression = one.location, one.advisory, one.suppression
        edits = (
            replace(each, location=replace(each.location, path=self.path(each.location.path))) for each in one.edits
        )
        return replace(
            one,
            location=replace(where, path=self.path(where.path)) if where else None,
            edits=tuple(edits),
            anchor=self.path(one.anchor) if one.anchor in self._files else one.anchor,
            advisory=replace(advisory, imported_at=tuple(map(self.path, advisory.imported_at))) if advisory else None,
            suppression=self._suppression(suppression) if suppression else None,
            fingerprint=self.fingerprint(one.fingerprint),
            project=self.folder,
        )

    def _suppression(self, one: Suppression) -> Suppression:
        return replace(one, place=self.path(one.place))

    def dependencies(self, one: Dependencies) -> Dependencies:
        """With every file below the project's folder."""

        def below(entries: Iterable[T]) -> tuple[T, ...]:
            return tuple(replace(each, file=self.path(each.file)) for each in entries)

        return Dependencies(
            tuple(
                replace(
                    each,
                    file=self.path(each.file),
                    pins=below(each.pins),
                    unpinned=below(each.unpinned),
                    constraints=below(each.constraints),
                )
                for each in one.declarations
            )
        )


def _worth_telling(parts: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """All but a root project that has nothing for any tool: the other projects may be all there is."""
    root, *others = parts
    idle = all(isinstance(one, Skipped) for one in root.report.outcomes) and not root.report.gaps
    return tuple(others) if others and idle else tuple(parts)
