"""The control view: for every control, which checks ran, over what, with what gaps, and what they found.

A check that failed, or that was not run, shows nothing: its control is "not shown", whatever else was found clean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from py_secure_ci.model import Finding, Stage, State
from py_secure_ci.report import Completed, Failed, Outcome, Report, Verdict
from py_secure_ci.taxonomies.tables import Category, Check, Control, categories, controls


class Shown(Enum):
    """How far a run shows that a control is exercised; the later word wins over the earlier."""

    SHOWN = "shown"
    PARTLY = "shown in part"
    NOT_SHOWN = "not shown"


_ORDER = tuple(Shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """One tool's part. `scope` says what it looked at, or why it did not."""

    check: Check
    tool: str
    shown: Shown
    scope: str
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlView:
    """One control: `findings` count those that stand (not suppressed, not fixed), `blocking` those that block."""

    control: Control
    shown: Shown
    checks: tuple[CheckView, ...]
    findings: int
    blocking: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryView:
    """One OWASP category with the findings whose CWE OWASP lists under it."""

    category: Category
    findings: int
    blocking: int


def control_views(report: Report, verdict: Verdict) -> tuple[ControlView, ...]:
    """Every control, in the order of the table."""
    counts = _by_stage(report, verdict)
    return tuple(_view(control, report, counts) for control in controls())


def category_views(verdict: Verdict) -> tuple[CategoryView, ...]:
    """The OWASP categories in which something was found. Nothing is said of the others: that would need a proof."""
    blocking = frozenset(verdict.blocking)
    weak = [one for one in _standing(verdict) if one.cwe]
    views = []
    for category in categories():
        found = [one for one in weak if not category.cwe.isdisjoint(one.cwe)]
        stopping = sum(one.fingerprint in blocking for one in found)
        if found:
            views.append(CategoryView(category=category, findings=len(found), blocking=stopping))
    return tuple(views)


def _by_stage(report: Report, verdict: Verdict) -> dict[Stage, tuple[int, int]]:
    """How many findings stand in each stage, and how many of them block."""
    of_tool = {outcome.tool.name: outcome.tool.stage for outcome in report.outcomes}
    blocking = frozenset(verdict.blocking)
    found, stopping = Counter[Stage](), Counter[Stage]()
    for one in _standing(verdict):
        if one.tool in of_tool:
            found[of_tool[one.tool]] += 1
            stopping[of_tool[one.tool]] += one.fingerprint in blocking
    return {stage: (found[stage], stopping[stage]) for stage in Stage}


def _view(control: Control, report: Report, counts: Mapping[Stage, tuple[int, int]]) -> ControlView:
    checks = tuple(view for check in control.checks for view in _checks(check, report))
    stages = {check.stage for check in control.checks}
    shown = _worst((view.shown for view in checks), Shown.NOT_SHOWN)
    if report.gaps and shown is Shown.SHOWN:
        shown = Shown.PARTLY
    return ControlView(
        control=control,
        shown=shown,
        checks=checks,
        findings=sum(counts[stage][0] for stage in stages),
        blocking=sum(counts[stage][1] for stage in stages),
    )


def _checks(check: Check, report: Report) -> list[CheckView]:
    mine = [outcome for outcome in report.outcomes if outcome.tool.stage is check.stage]
    if not mine:
        return [CheckView(check=check, tool="", shown=Shown.NOT_SHOWN, scope=_not_run(check.stage))]
    return [_check(check, outcome) for outcome in mine]


def _not_run(stage: Stage) -> str:
    return f"the stage {stage.value} was not run"


def _check(check: Check, outcome: Outcome) -> CheckView:
    tool = f"{outcome.tool.name} {outcome.tool.version}".strip()
    if isinstance(outcome, Failed):
        return CheckView(check=check, tool=tool, shown=Shown.NOT_SHOWN, scope=f"failed: {outcome.reason}")
    if not isinstance(outcome, Completed):
        return CheckView(check=check, tool=tool, shown=Shown.NOT_SHOWN, scope=f"skipped: {outcome.reason}")
    gaps = tuple(f"{gap.subject}: {gap.reason}" for gap in outcome.gaps)
    shown = Shown.PARTLY if gaps else Shown.SHOWN
    scope = f"looked at {outcome.looked_at:,} {outcome.unit}"
    return CheckView(check=check, tool=tool, shown=shown, scope=scope, gaps=gaps)


def _worst(words: Iterable[Shown], empty: Shown) -> Shown:
    return max(words, key=_ORDER.index, default=empty)


def _standing(verdict: Verdict) -> list[Finding]:
    return [one for one in verdict.findings if one.suppression is None and one.state is not State.FIXED]
