"""The job summary in GitHub Markdown: the answer on a phone's first screen, then tables; never above the limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from py_secure_ci.formats.escaping import markdown, markdown_code
from py_secure_ci.formats.judged import (
    WORDS,
    active,
    blocks,
    by_severity,
    by_stage,
    headline,
    not_checked,
    plural,
    suppressed,
)
from py_secure_ci.formats.places import Places
from py_secure_ci.model import Finding, State
from py_secure_ci.report import Completed, Failed, Outcome, Report, Status, Verdict

MAX_BYTES = 900 * 1024  # GitHub takes nothing at all of a summary above 1 MiB
_TAIL = 1024  # kept for closing what is open
_MARKS = {Status.PASS: "✅", Status.FAIL: "❌", Status.INCOMPLETE: "⚠️"}
_FEW = 3
_MAX_GAPS = 200
_MAX_NOTES = 50
_OPEN, _CLOSE = "<details>", "</details>"


def render(report: Report, verdict: Verdict) -> str:
    """The whole summary."""
    return _fitted(_lines(report, verdict), MAX_BYTES)


def _fitted(lines: Iterable[str], limit: int) -> str:
    """As many whole lines as fit; what was open is closed, and the cut is told."""
    kept: list[str] = []
    size = depth = 0
    for line in lines:
        size += len(line.encode()) + 1
        if size > limit - _TAIL:
            kept += ["", *[_CLOSE] * depth, "", "**Cut here: the rest is in `report.json`.**"]
            break
        depth += (line == _OPEN) - (line == _CLOSE)
        kept.append(line)
    return "\n".join(kept) + "\n"


def _lines(report: Report, verdict: Verdict) -> Iterator[str]:
    writer = _Writer(report, verdict)
    yield from writer.first_screen()
    yield from writer.stages()
    yield from writer.gaps()
    yield from writer.tables()
    yield from writer.notes()


class _Writer:
    """The parts of the summary, each a run of lines that ends in an empty one."""

    def __init__(self, report: Report, verdict: Verdict) -> None:
        self._report, self._verdict = report, verdict
        self._findings = active(verdict)
        self._blocking = blocks(verdict)
        self._places = Places(report)
        known = sum(finding.state is State.EXISTING for finding in self._findings)
        self._counts = (
            f"{plural(len(self._findings), 'finding')}: {len(self._findings) - known} to look at, {known} known, "
            f"{len(suppressed(verdict))} suppressed, {len(verdict.fixed)} fixed"
        )

    def first_screen(self) -> Iterator[str]:
        yield f"## {_MARKS[self._verdict.status]} {headline(self._verdict)}"
        yield ""
        yield self._counts + (f" ({severities})" if (severities := by_severity(self._findings)) else "")
        yield ""
        yield from self._list("Why", (*self._verdict.incomplete, *self._verdict.reasons))
        worst = sorted(self._findings, key=self._weight)[:_FEW]
        if worst:
            yield "**Look here first**"
            yield ""
            for finding in worst:
                yield f"- **{finding.severity.word}** {self._where(finding)} {markdown(finding.message, 200)}"
            yield ""
        yield from self._commands(worst)

    def _weight(self, finding: Finding) -> tuple[bool, bool, int]:
        blocking = finding.fingerprint in self._blocking
        return (not blocking, finding.state is State.EXISTING, -finding.severity.rank)

    def _list(self, title: str, entries: tuple[str, ...]) -> Iterator[str]:
        if entries:
            yield f"**{title}**"
            yield ""
            for entry in entries[:_FEW]:
                yield f"- … {markdown(entry)}"
            if len(entries) > _FEW:
                yield f"- … and {len(entries) - _FEW} more, below"
            yield ""

    def _commands(self, worst: list[Finding]) -> Iterator[str]:
        place = f" {self._report.context.prefix}" if self._report.context.prefix else ""
        yield f"See more: {markdown_code(f'py-secure-ci run{place}')}"
        fixes = (finding.advisory.command or finding.fix if finding.advisory else finding.fix for finding in worst)
        if fix := next((fix for fix in fixes if fix), ""):
            yield ""
            yield f"Fix the first: {markdown_code(fix)}"
        elif worst:
            yield ""
            yield f"Understand the first: {markdown_code(f'py-secure-ci explain {worst[0].name}')}"
        yield ""

    def stages(self) -> Iterator[str]:
        yield "### Stages"
        yield ""
        yield "| stage | tool | looked at | result |"
        yield "| --- | --- | --- | --- |"
        groups: dict[str, list[Finding]] = {}
        for finding in self._findings:
            groups.setdefault(finding.tool, []).append(finding)
        for outcome in self._report.outcomes:
            tool = markdown(f"{outcome.tool.name} {outcome.tool.version}".strip())
            looked, told = _told(outcome, groups.get(outcome.tool.name, []))
            yield f"| {outcome.tool.stage.value} | {tool} | {looked} | {told} |"
        yield ""

    def gaps(self) -> Iterator[str]:
        gaps = list(not_checked(self._report))
        if not gaps:
            return
        yield f"### Not checked ({len(gaps)})"
        yield ""
        yield "| by | what | why |"
        yield "| --- | --- | --- |"
        for who, what, why in gaps[:_MAX_GAPS]:
            yield f"| {markdown(who)} | {markdown_code(what)} | {markdown(why)} |"
        yield ""
        if len(gaps) > _MAX_GAPS:
            yield f"… and {len(gaps) - _MAX_GAPS} more: see `report.json`."
            yield ""

    def tables(self) -> Iterator[str]:
        for stage, group in by_stage(self._findings, self._report).items():
            yield f"### {stage.value}: {by_severity(group)}"
            yield ""
            yield _OPEN
            yield f"<summary>{plural(len(group), 'finding')}</summary>"
            yield ""
            yield "| severity | | rule | where | what |"
            yield "| --- | --- | --- | --- | --- |"
            for finding in group:
                yield self._row(finding)
            yield ""
            yield _CLOSE
            yield ""

    def _row(self, finding: Finding) -> str:
        standing = "blocks" if finding.fingerprint in self._blocking else WORDS[finding.state]
        what = markdown(finding.message or finding.name)
        if finding.fix:
            what += f"<br>fix: {markdown(finding.fix)}"
        if finding.also:
            what += f"<br>also: {markdown(', '.join(finding.also))}"
        rule = markdown_code(finding.name, 100)
        return f"| {finding.severity.word} | {standing} | {rule} | {self._where(finding)} | {what} |"

    def _where(self, finding: Finding) -> str:
        place = finding.location
        if place is None:
            return "the project"
        path = self._places.shown(place.path) or place.path
        return markdown_code(f"{path}:{place.line}" if place.line else path)

    def notes(self) -> Iterator[str]:
        verdict = self._verdict
        why = (*verdict.incomplete, *verdict.reasons)[_FEW:]
        entries = (*why, *verdict.warnings, *self._report.notes)
        if self._verdict.compared:
            entries = (f"Compared: {self._verdict.compared}", *entries)
        if entries:
            yield "### Notes"
            yield ""
            for entry in entries[:_MAX_NOTES]:
                yield f"- … {markdown(entry)}"
            if len(entries) > _MAX_NOTES:
                yield f"- … and {len(entries) - _MAX_NOTES} more: see `report.json`"
            yield ""


def _told(outcome: Outcome, findings: list[Finding]) -> tuple[str, str]:
    """(what it looked at, how that ended)."""
    if isinstance(outcome, Completed):
        gaps = f", {plural(len(outcome.gaps), 'gap')}" if outcome.gaps else ""
        return f"{outcome.looked_at} {markdown(outcome.unit, 40)}", (by_severity(findings) or "clean") + gaps
    if isinstance(outcome, Failed):
        return "nothing", f"**failed**: {markdown(outcome.reason)}"
    return "nothing", f"skipped: {markdown(outcome.reason)}"
