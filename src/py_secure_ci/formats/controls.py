"""controls.md: for an auditor, which control this run exercised, on what commit, how far, and what was found."""

from __future__ import annotations

from collections.abc import Iterator

from py_secure_ci.formats.escaping import markdown, markdown_code
from py_secure_ci.formats.judged import headline, plural
from py_secure_ci.report import Report, Verdict
from py_secure_ci.taxonomies.exercised import CheckView, ControlView, Shown, category_views, control_views
from py_secure_ci.taxonomies.tables import Basis, taxonomies

_MARKS = {Shown.SHOWN: "✅", Shown.PARTLY: "🟡", Shown.NOT_SHOWN: "❌"}
_MAX_GAPS = 10


def render(report: Report, verdict: Verdict) -> str:
    """The whole control view in Markdown."""
    return "\n".join(_lines(report, verdict)) + "\n"


def _lines(report: Report, verdict: Verdict) -> Iterator[str]:
    context = report.context
    yield "# Controls"
    yield ""
    yield f"Verdict: **{markdown(headline(verdict))}**"
    yield ""
    yield f"Project {markdown_code(context.project)}, commit {markdown_code(context.commit or 'none')}."
    yield ""
    yield "*Shown* means that the checks ran over all that was due, not that they found nothing: the counts"
    yield "say that. A check that failed or did not run shows nothing."
    yield ""
    views = control_views(report, verdict)
    yield "| control | | shown | findings | block |"
    yield "| --- | --- | --- | --- | --- |"
    for view in views:
        yield f"| {markdown_code(view.control.id)} | {markdown(view.control.name)} | {_shown(view)} | {_counts(view)} |"
    yield ""
    yield from _details(views)
    yield from _owasp(verdict)


def _shown(view: ControlView) -> str:
    return f"{_MARKS[view.shown]} {view.shown.value}"


def _counts(view: ControlView) -> str:
    return f"{view.findings:,} | {view.blocking:,}"


def _details(views: tuple[ControlView, ...]) -> Iterator[str]:
    for view in views:
        control = view.control
        taxonomy = taxonomies()[control.taxonomy]
        yield f"## {control.id}: {markdown(control.name)}"
        yield ""
        yield f"{taxonomy.title} ({control.uri}): {_shown(view)}"
        yield ""
        if control.note:
            yield f"- {control.note}"
        for check in view.checks:
            yield from _check(check)
        yield ""


def _check(view: CheckView) -> Iterator[str]:
    basis = "as the control's publisher says" if view.check.basis is Basis.PUBLISHED else "in our judgement"
    who = f"{view.check.stage.value} ({markdown(view.tool)})" if view.tool else view.check.stage.value
    yield f"- {_MARKS[view.shown]} {who}: {markdown(view.scope)}. {view.check.why} ({basis})."
    for gap in view.gaps[:_MAX_GAPS]:
        yield f"  - not looked at: {markdown(gap)}"
    if len(view.gaps) > _MAX_GAPS:
        yield f"  - and {plural(len(view.gaps) - _MAX_GAPS, 'more gap')}: see report.json"


def _owasp(verdict: Verdict) -> Iterator[str]:
    views = category_views(verdict)
    if not views:
        return
    yield "## OWASP Top 10"
    yield ""
    yield "Findings whose CWE OWASP itself lists under a category. Of the other categories nothing is said."
    yield ""
    yield "| category | | findings | block |"
    yield "| --- | --- | --- | --- |"
    for view in views:
        one = view.category
        yield f"| {one.id} | [{markdown(one.name)}]({one.uri}) | {view.findings:,} | {view.blocking:,} |"
    yield ""
