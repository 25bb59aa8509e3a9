"""The job summary in GitHub Markdown: the answer on a phone's first screen, then tables; never above the limit."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from py_secure_ci.formats.escaping import markdown, markdown_code
from py_secure_ci.formats.judged import (
    WORDS,
    active,
    blocks,
    by_severity,
    by_stage,
    counted,
    headline,
    left_out,
    not_checked,
    plural,
)
from py_secure_ci.formats.places import Places
from py_secure_ci.formats.rule_counts import fixable, next_step, rule_counts
from py_secure_ci.formats.test_levels import flaky_count, level_rows, told_by_tests
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
    yield from writer.levels()
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

    def first_screen(self) -> Iterator[str]:
        yield f"## {_MARKS[self._verdict.status]} {headline(self._verdict)}"
        yield ""
        yield counted(self._verdict)
        yield ""
        yield from self._list("Why", (*self._verdict.reasons, *self._verdict.incomplete))
        worst = sorted(self._findings, key=self._weight)[:_FEW]
        if worst:
            yield "**Look here first**"
            yield ""
            for finding in worst:
                yield f"- **{finding.severity.word}** {self._where(finding)} {markdown(finding.message, 120)}"
            yield ""
        yield from self._not_checked()
        yield from self._commands(worst)

    def _weight(self, finding: Finding) -> tuple[bool, bool, int]:
        blocking = finding.fingerprint in self._blocking
        return (not blocking, finding.state is State.EXISTING, -finding.severity.rank)

    def _list(self, title: str, entries: tuple[str, ...]) -> Iterator[str]:
        if entries:
            yield f"**{title}**"
            yield ""
            for entry in entries[:_FEW]:
                yield f"- … {markdown(entry, 160)}"
            if len(entries) > _FEW:
                yield f"- … and {len(entries) - _FEW} more, below"
            yield ""

    def _not_checked(self) -> Iterator[str]:
        gaps = list(not_checked(self._report))
        if gaps:
            who = ", ".join(dict.fromkeys(who for who, _, _ in gaps))
            yield f"**Not checked: {len(gaps)}** (by {markdown(who, 80)}; listed below)"
            yield ""

    def _commands(self, worst: list[Finding]) -> Iterator[str]:
        place = f" {shlex.quote(self._report.context.prefix)}" if self._report.context.prefix else ""
        more = markdown_code(f"py-secure-ci run{place}")
        yield f"See more: <code>report.html</code> in the artifact, or {more}"
        yield ""
        if settled := fixable(self._findings):
            yield f"{markdown_code(f'py-secure-ci run{place} --fix')} would {settled}."
            yield ""
        if worst:
            title, command = next_step(worst)
            yield f"{title}: {markdown_code(command, 160)}"
            yield ""

    def stages(self) -> Iterator[str]:
        yield "### Stages"
        yield ""
        yield "| stage | tool | looked at | result |"
        yield "| --- | --- | --- | --- |"
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self._findings:
            groups.setdefault((finding.tool, finding.project), []).append(finding)
        for outcome in self._report.outcomes:
            tool = markdown(f"{outcome.tool.label} {outcome.tool.version}".strip())
            looked, told = _told(outcome, groups.get((outcome.tool.name, outcome.tool.project), []))
            yield f"| {outcome.tool.stage.value} | {tool} | {looked} | {told} |"
        yield ""

    def levels(self) -> Iterator[str]:
        rows, flaky = level_rows(self._report), flaky_count(self._report)
        if flaky:
            yield f"**Flaky tests: {flaky}** (they passed only when they were run again)"
            yield ""
        if rows:
            yield "### Levels of tests"
            yield ""
            yield "| level | by | tests | passed | failed | skipped | pass rate |"
            yield "| --- | --- | --- | --- | --- | --- | --- |"
            for row in rows:
                counts = " | ".join(f"{count:,}" for count in (row.tests, row.passed, row.failed, row.skipped))
                yield f"| {row.level} | {markdown(row.tool)} | {counts} | {row.rate or 'none ran'} |"
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
            stopping = [finding for finding in group if finding.fingerprint in self._blocking]
            others = [finding for finding in group if finding.fingerprint not in self._blocking]
            yield from self._full(stopping)
            yield from self._counted(others)

    def _full(self, group: list[Finding]) -> Iterator[str]:
        if not group:
            return
        yield _OPEN
        yield f"<summary>{plural(len(group), 'finding')} that block{'s' * (len(group) == 1)}</summary>"
        yield ""
        yield "| severity | | rule | where | what |"
        yield "| --- | --- | --- | --- | --- |"
        for finding in group:
            yield self._row(finding)
        yield from ("", _CLOSE, "")

    def _counted(self, group: list[Finding]) -> Iterator[str]:
        if not group:
            return
        yield _OPEN
        yield f"<summary>{plural(len(group), 'finding')} that {'does' if len(group) == 1 else 'do'} not block</summary>"
        yield ""
        yield "| severity | | rule | how many | where |"
        yield "| --- | --- | --- | --- | --- |"
        for one in rule_counts(group):
            where = markdown(one.spread)
            yield f"| {one.severity} | {one.standing} | {markdown_code(one.name, 100)} | {one.count:,} | {where} |"
        yield from ("", _CLOSE, "")

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
        why = (*verdict.reasons, *verdict.incomplete)[_FEW:]
        entries = (*why, *verdict.warnings, *self._report.notes, *told_by_tests(self._report), *left_out(self._report))
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
        return plural(outcome.looked_at, markdown(outcome.unit.removesuffix("s"), 40)), (
            by_severity(findings) or "clean"
        ) + gaps
    if isinstance(outcome, Failed):
        return "nothing", f"**failed**: {markdown(outcome.reason)}"
    return "nothing", f"skipped: {markdown(outcome.reason)}"
