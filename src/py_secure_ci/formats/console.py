"""The console: what blocks with its code, the rest in a table, what was not checked, the verdict last.

Every line begins with words or marks of ours, so nothing that a repository says can be a command to a CI runner.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from py_secure_ci.formats.escaping import code_line, cut, one_line
from py_secure_ci.formats.judged import (
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
from py_secure_ci.formats.palette import COLOR, PLAIN, Paint, Palette
from py_secure_ci.formats.rule_counts import MAX_RULES, RuleCount, fixable, next_step, rule_counts
from py_secure_ci.formats.test_levels import level_rows, told_by_tests
from py_secure_ci.model import Finding, Location, State
from py_secure_ci.report import Completed, Failed, Report, Verdict

MAX_FINDINGS = 100  # in full; more than that nobody reads, and a CI log need not hold
_MAX_GAPS = 20
_MAX_NOTES = 20
_REASON = 400  # characters; what was not checked stands above in full
_PROJECT = "the project"
_SEE_MORE = "py-secure-ci render report.json --format html -o report.html"


def render(report: Report, verdict: Verdict, width: int = 100, see_more: str = _SEE_MORE) -> str:
    """Plain text; `width` columns. `see_more` is what to type or open for the rest."""
    return "".join(f"{line}\n" for line in _lines(report, verdict, width, see_more, PLAIN))


def render_color(report: Report, verdict: Verdict, width: int = 100, see_more: str = _SEE_MORE) -> str:
    """The same with ANSI colours."""
    return "".join(f"{line}\n" for line in _lines(report, verdict, width, see_more, COLOR))


def _lines(report: Report, verdict: Verdict, width: int, see_more: str, palette: Palette) -> Iterator[str]:
    findings = active(verdict)
    blocking = blocks(verdict)
    stopping = [finding for finding in findings if finding.fingerprint in blocking]
    yield from _findings(stopping[:MAX_FINDINGS], width, palette)
    yield from _table("These block too", rule_counts(stopping[MAX_FINDINGS:]), palette)
    others = [finding for finding in findings if finding.fingerprint not in blocking]
    yield from _table("Does not block", rule_counts(others), palette)
    yield from _stages(report, findings, palette)
    yield from _levels(report, palette)
    yield from _gaps(report, width, palette)
    yield from _notes(report, verdict, width, palette)
    yield from _commands(stopping, findings, see_more)
    yield from _verdict(verdict, palette)


def _findings(shown: list[Finding], width: int, palette: Palette) -> Iterator[str]:
    files: dict[str, list[Finding]] = {}
    for finding in shown:
        files.setdefault(finding.location.path if finding.location else "", []).append(finding)
    for path, group in files.items():
        yield palette.bold(f"── {one_line(path) or _PROJECT}")
        for finding in sorted(group, key=_position):
            yield from _finding(finding, width, palette)
        yield ""


def _table(title: str, counts: list[RuleCount], palette: Palette) -> Iterator[str]:
    """One line for each rule: how often, how bad, how widely spread."""
    if not counts:
        return
    total = sum(one.count for one in counts)
    yield palette.bold(f"{title}: {plural(total, 'finding')}")
    shown = counts[:MAX_RULES]
    room = min(44, max(len(one_line(one.name)) for one in shown))
    for one in shown:
        name, spread = one_line(one.name), one_line(one.spread)
        yield f"  {name:<{room}}  {one.count:>7,} {one.severity:<8} {spread} ({one.standing})"
    if rest := counts[MAX_RULES:]:
        yield f"  … {plural(len(rest), 'more rule')}: {plural(sum(one.count for one in rest), 'finding')}"
    yield ""


def _position(finding: Finding) -> tuple[int, int]:
    place = finding.location or Location("")
    return (place.line or 0, place.column or 0)


def _finding(finding: Finding, width: int, palette: Palette) -> Iterator[str]:
    place = finding.location or Location("")
    at = f"{place.line}:{place.column or 1}" if place.line else "-"
    paint = palette.level(finding.severity.level)
    yield f"  {at:<8} {paint(finding.severity.word)} {palette.bold(one_line(finding.name))} (blocks)"
    yield from _wrapped(finding.message or finding.name, width, " " * 11)
    if finding.code and not finding.secret:
        yield from _code(finding.code, place, width, paint, palette)
    if finding.fix:
        yield from _wrapped(f"fix: {finding.fix}", width, " " * 11)
    if finding.also:
        yield from _wrapped(f"also: {', '.join(finding.also)}", width, " " * 11)


def _code(code: str, place: Location, width: int, paint: Paint, palette: Palette) -> Iterator[str]:
    number = str(place.line or "")
    start = max(0, (place.column or 1) - 1)
    text, first, last = _window(code.rstrip("\r\n"), start, _end(code, place), max(20, width - 13))
    yield palette.dim(f"{number:>9} | ") + code_line(text)
    lead, under = _columns(code_line(text[:first])), _columns(code_line(text[first:last]))
    yield palette.dim(f"{'':>9} | ") + " " * lead + paint("^" * max(1, under))


def _end(code: str, place: Location) -> int:
    """Where the mark ends, in characters from 0: with the line when the finding goes on in the next."""
    if place.column is None:
        return len(code.rstrip())
    if place.end_line not in {None, place.line}:
        return len(code.rstrip())
    return place.end_column - 1 if place.end_column is not None else place.column


def _window(code: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """The part of a long line to show, and where the mark begins and ends in it."""
    indent = len(code) - len(code.lstrip())
    start = min(max(start, indent if start == 0 else start), len(code))
    offset = min(indent, start)
    if start - offset > room // 2:
        offset = start - room // 2
    return code[offset : offset + room], start - offset, max(start, min(end, offset + room)) - offset


def _columns(text: str) -> int:
    """How many columns a terminal draws: wide letters take two, marks that combine none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)


def _wrapped(text: str, width: int, indent: str) -> Iterator[str]:
    """Words in lines of at most `width`; a word longer than a line is left whole, to be copied."""
    line = ""
    for word in cut(one_line(text), 2000).split(" "):
        if line and len(indent) + len(line) + 1 + len(word) > width:
            yield _safe(indent, line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield _safe(indent, line)


def _safe(indent: str, line: str) -> str:
    # White space does not stop the runner from reading a command at the start of a line; a visible mark does.
    return f"{indent[:-2]}| {line}" if line.lstrip().startswith("::") else f"{indent}{line}"


def _stages(report: Report, findings: tuple[Finding, ...], palette: Palette) -> Iterator[str]:
    groups = by_stage(findings, report)
    for outcome in report.outcomes:
        tool, stage = outcome.tool, outcome.tool.stage
        mine = [one for one in groups.get(stage, ()) if (one.tool, one.project) == (tool.name, tool.project)]
        name = f"  {stage.value:<8} {one_line(f'{tool.label} {tool.version}'):<24}"
        if isinstance(outcome, Completed):
            known = sum(finding.state is State.EXISTING for finding in mine)
            told = by_severity(mine) or palette.good("clean")
            told += f" ({known} known)" if known else ""
            yield f"{name} {told} in {plural(outcome.looked_at, one_line(outcome.unit).removesuffix('s'))}"
        elif isinstance(outcome, Failed):
            yield f"{name} {palette.bad('failed')}: {one_line(outcome.reason)}"
        else:
            yield f"{name} skipped: {one_line(outcome.reason)}"
    yield ""


def _levels(report: Report, palette: Palette) -> Iterator[str]:
    rows = level_rows(report)
    if rows:
        yield palette.bold("Levels of tests")
        for row in rows:
            told = ", ".join(
                f"{count} {word}" for count, word in ((row.failed, "failed"), (row.skipped, "skipped")) if count
            )
            rate = f"{row.rate} passed" if row.rate else "none ran"
            yield f"  {row.level:<12} {row.tests:>6,} in {one_line(row.tool)}, {rate}{f' ({told})' * bool(told)}"
        yield ""


def _gaps(report: Report, width: int, palette: Palette) -> Iterator[str]:
    gaps = list(not_checked(report))
    if gaps:
        yield palette.bad(f"Not checked ({len(gaps)})")
        for who, what, why in gaps[:_MAX_GAPS]:
            yield from _wrapped(f"- {who}: {what}: {why}", width, "  ")
        if len(gaps) > _MAX_GAPS:
            yield f"  - and {len(gaps) - _MAX_GAPS} more: see report.json"
        yield ""


def _notes(report: Report, verdict: Verdict, width: int, palette: Palette) -> Iterator[str]:
    notes = [*verdict.warnings, *report.notes, *told_by_tests(report), *left_out(report)]
    if notes:
        yield palette.bold("Notes")
        for note in notes[:_MAX_NOTES]:
            yield from _wrapped(f"- {note}", width, "  ")
        if len(notes) > _MAX_NOTES:
            yield f"  - and {len(notes) - _MAX_NOTES} more: see report.json"
        yield ""


def _commands(stopping: list[Finding], findings: tuple[Finding, ...], see_more: str) -> Iterator[str]:
    if findings:
        yield f"See more: {one_line(see_more)}"
        if settled := fixable(findings):
            yield f"Fix many: py-secure-ci run --fix (would {settled})"
        yield from (f"{title}: {one_line(command)}" for title, command in [next_step(stopping or findings)])
        yield ""


def _verdict(verdict: Verdict, palette: Palette) -> Iterator[str]:
    yield counted(verdict)
    if verdict.compared:
        yield one_line(verdict.compared)
    for reason in (*verdict.incomplete[:_MAX_NOTES], *verdict.reasons[:_MAX_NOTES]):
        yield f"  - {cut(one_line(reason), _REASON)}"
    yield palette.verdict(verdict.status)(headline(verdict))
