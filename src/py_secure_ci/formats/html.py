"""report.html: one file that asks nothing of a network; the answer first, then what is not checked, then the findings.

The policy in its head allows this page's own style and script by their hashes, and nothing else. Whatever tools or
repositories say is text: escaped here, and put in as text by the script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

from py_secure_ci.formats.history import Point, in_order, point
from py_secure_ci.formats.html_data import page_data, web_link
from py_secure_ci.formats.html_parts import bullets, table, tag, text, trend
from py_secure_ci.formats.judged import active, blocks, by_severity, counted, headline, left_out, not_checked, plural
from py_secure_ci.formats.test_levels import level_rows, told_by_tests
from py_secure_ci.model import Finding, Severity, Stage
from py_secure_ci.report import Completed, Failed, Outcome, Report, Verdict
from py_secure_ci.taxonomies.exercised import CheckView, ControlView, category_views, control_views
from py_secure_ci.taxonomies.tables import Basis, taxonomies

_MAX_GAPS = 500
_MAX_PLAIN = 50  # findings shown where no script runs
_SHOWS = {
    "blocks": "what blocks",
    "new": "new",
    "active": "all that stand",
    "known": "known",
    "suppressed": "suppressed",
    "fixed": "fixed",
}


def render(report: Report, verdict: Verdict, history: Iterable[Point] = ()) -> str:
    """The whole page. `history`: earlier reports; with them the page shows a trend that ends in this report."""
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'"
    )
    title = f"{verdict.status.value}: {report.context.project}"
    return "".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n',
            f"{tag('title', title)}\n<style>{style}</style>\n</head>\n<body>\n",
            *_body(report, verdict, tuple(history)),
            f'<script type="application/json" id="data">{page_data(report, verdict)}</script>\n',
            f"<script>{script}</script>\n</body>\n</html>\n",
        )
    )


@cache
def _asset(name: str) -> str:
    return files("py_secure_ci").joinpath(f"data/{name}").read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _body(report: Report, verdict: Verdict, history: tuple[Point, ...]) -> Iterator[str]:
    gaps = list(not_checked(report))
    yield '<a class="skip" href="#findings">Skip to the findings</a>\n<header>\n'
    yield from _header(report, verdict, len(gaps), bool(history))
    yield "</header>\n<main>\n"
    yield from _gaps(gaps)
    yield from _findings(report, verdict)
    yield from _checks(report, verdict)
    yield from _levels(report)
    yield from _controls(report, verdict)
    if history:
        yield f'<section><h2 id="trend">Trend</h2>{trend(in_order((*history, point(report, verdict))))}</section>\n'
    notes = (*verdict.warnings, *report.notes, *told_by_tests(report), *left_out(report))
    if notes:
        yield f'<section><h2 id="notes">Notes</h2>{bullets(notes)}</section>\n'
    yield f"</main>\n<footer><p>py-secure-ci {text(report.version)}. The same in data: report.json.</p></footer>\n"


def _header(report: Report, verdict: Verdict, gaps: int, history: bool) -> Iterator[str]:
    context = report.context
    yield tag("h1", f"{context.project}{f' ({context.prefix})' if context.prefix else ''}")
    yield f'<p class="verdict {verdict.status.value}">{text(headline(verdict))}</p>'
    if why := (*verdict.reasons, *verdict.incomplete):
        yield bullets(why)
    yield tag("p", counted(verdict))
    facts = {
        "commit": context.commit[:12],
        "of": context.time and f"{context.time} UTC",
        "branch": context.branch,
        "Python": context.python,
        "advisories": context.advisories,
        "configuration": context.config_file,
    }
    told = " · ".join(f"{name} {value}" for name, value in facts.items() if value)
    yield tag("p", told, "facts") + (tag("p", verdict.compared, "facts") if verdict.compared else "")
    links = {"#gaps": f"Not checked ({gaps})"} if gaps else {}
    links |= {"#findings": "Findings", "#checks": "Checks", "#controls": "Controls"}
    links |= {"#trend": "Trend"} if history else {}
    items = "".join(f'<li><a href="{link}">{text(name)}</a></li>' for link, name in links.items())
    yield f'<nav aria-label="On this page"><ul>{items}</ul></nav>\n'


def _gaps(gaps: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    if not gaps:
        return
    rows = ((text(who), tag("code", what), text(why)) for who, what, why in gaps[:_MAX_GAPS])
    yield f'<section class="gaps"><h2 id="gaps">Not checked ({len(gaps):,})</h2>'
    yield table("What was not checked", ("by", "what", "why"), rows)
    if len(gaps) > _MAX_GAPS:
        yield tag("p", f"… and {len(gaps) - _MAX_GAPS:,} more: see report.json.")
    yield "</section>\n"


def _findings(report: Report, verdict: Verdict) -> Iterator[str]:
    first = "blocks" if blocks(verdict) else "active"
    present = {one.severity for one in verdict.findings}
    severities = {"": "any", **{one.word: one.word for one in Severity if one in present}}
    ran = {outcome.tool.stage for outcome in report.outcomes}
    stages = {"": "any", **{one.value: one.value for one in Stage if one in ran}}
    groups = {"rule": "rule", "file": "file", "package": "package", "severity": "severity"}
    yield '<section><h2 id="findings" tabindex="-1">Findings</h2><div id="explorer" hidden><div class="controls">'
    yield '<label class="wide">Search (press /)<input id="search" type="search" autocomplete="off"></label>'
    yield _select("show", "Show", _SHOWS, first) + _select("severity", "Severity", severities, "")
    yield _select("stage", "Stage", stages, "") + _select("group", "Group by", groups, "rule")
    yield '</div><p id="count" role="status"></p><div id="list"></div></div>'
    yield f"<noscript>{_plain(active(verdict), blocks(verdict))}</noscript></section>\n"


def _select(name: str, label: str, options: dict[str, str], chosen: str) -> str:
    body = "".join(
        f'<option value="{text(value)}"{" selected" * (value == chosen)}>{text(word)}</option>'
        for value, word in options.items()
    )
    return f'<label>{text(label)}<select id="{name}">{body}</select></label>'


def _plain(findings: Sequence[Finding], blocking: frozenset[str]) -> str:
    first = sorted(findings, key=lambda one: one.fingerprint not in blocking)[:_MAX_PLAIN]
    rows = (
        (text(one.severity.word), tag("code", one.name), tag("code", one.location.path if one.location else ""),
         text(one.message)) for one in first
    )  # fmt: skip
    return tag("p", "Without scripts only the first are shown.") + table(
        "Findings", ("", "rule", "where", "what"), rows
    )


def _checks(report: Report, verdict: Verdict) -> Iterator[str]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in active(verdict):
        groups.setdefault((finding.tool, finding.project), []).append(finding)
    rows = (
        _check_row(outcome, groups.get((outcome.tool.name, outcome.tool.project), [])) for outcome in report.outcomes
    )
    heads = ("stage", "tool", "looked at", "result", "lock")
    yield f'<section><h2 id="checks">Checks</h2>{table("Every tool of the run", heads, rows)}</section>\n'


def _levels(report: Report) -> Iterator[str]:
    rows = [
        (text(row.level), text(row.tool), *(f"{n:,}" for n in (row.tests, row.passed, row.failed, row.skipped)),
         text(row.rate or "none ran")) for row in level_rows(report)
    ]  # fmt: skip
    if rows:
        heads = ("level", "by", "tests", "passed", "failed", "skipped", "pass rate")
        yield f'<section><h2 id="levels">Levels of tests</h2>{table("Levels of tests", heads, rows)}</section>\n'


def _check_row(outcome: Outcome, findings: list[Finding]) -> tuple[str, ...]:
    tool = outcome.tool
    first = (text(tool.stage.value), text(f"{tool.label} {tool.version}"))
    lock = tag("code", tool.lock.removeprefix("sha256:")[:12] or tool.source)
    if isinstance(outcome, Completed):
        gaps = f", {plural(len(outcome.gaps), 'gap')}" if outcome.gaps else ""
        told = text((by_severity(findings) or "clean") + gaps)
        return (*first, text(plural(outcome.looked_at, outcome.unit.removesuffix("s"))), told, lock)
    if isinstance(outcome, Failed):
        return (*first, "nothing", tag("strong", f"failed: {outcome.reason}", "error"), lock)
    return (*first, "nothing", text(f"skipped: {outcome.reason}"), lock)


def _controls(report: Report, verdict: Verdict) -> Iterator[str]:
    yield '<section><h2 id="controls">Controls</h2>'
    yield tag("p", "What this run shows of each control. A check that failed or did not run shows nothing.", "quiet")
    heads = ("control", "shown", "found", "by")
    yield table("Controls and techniques", heads, (_control_row(view) for view in control_views(report, verdict)))
    if views := category_views(verdict):
        rows = (
            (text(f"{view.category.id} {view.category.name}"), f"{view.findings:,}", f"{view.blocking:,}")
            for view in views
        )
        yield "<h2>OWASP Top 10</h2>" + tag("p", "Findings whose CWE OWASP lists under the category.", "quiet")
        yield table("OWASP Top 10", ("category", "findings", "block"), rows)
    yield "</section>\n"


def _control_row(view: ControlView) -> tuple[str, ...]:
    control = view.control
    list_name = taxonomies()[control.taxonomy].title
    link = f'<a href="{text(web_link(control.uri))}" rel="noopener noreferrer">{text(control.id)}</a>'
    name = f"<strong>{link}</strong> {text(control.name)} <span class='quiet'>({text(list_name)})</span>"
    found = f"{view.findings:,}" + (f", {view.blocking:,} block" if view.blocking else "")
    by = bullets(map(_check_text, view.checks)) if view.checks else text(control.note)
    classes = {"shown": "good", "shown in part": "warning", "not shown": "error"}
    return (name, tag("strong", view.shown.value, classes[view.shown.value]), found, by)


def _check_text(view: CheckView) -> str:
    basis = "" if view.check.basis is Basis.PUBLISHED else " (our judgement)"
    gaps = f", {plural(len(view.gaps), 'gap')}" if view.gaps else ""
    return f"{view.tool or view.check.stage.value}: {view.scope}{gaps}. {view.check.why}{basis}"
