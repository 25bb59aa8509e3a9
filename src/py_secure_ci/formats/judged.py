"""What every format asks of a verdict: which findings count, whose they are, and how they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from py_secure_ci.model import Finding, Kind, Severity, Stage, State
from py_secure_ci.report import Completed, Failed, Report, Verdict

SHOWN = 3  # names of files that were left out for one reason
# Shown for a finding: what it is to this change.
WORDS = {State.NEW: "new", State.EXISTING: "known", State.UNJUDGED: "not compared", State.FIXED: "fixed"}


def active(verdict: Verdict) -> tuple[Finding, ...]:
    """The findings that are there and that nobody suppressed, worst first."""
    return tuple(
        [finding for finding in verdict.findings if finding.suppression is None and finding.state is not State.FIXED]
    )


def suppressed(verdict: Verdict) -> tuple[Finding, ...]:
    """The findings that somebody answers for."""
    return tuple(
        finding for finding in verdict.findings if finding.suppression is not None and finding.state is not State.FIXED
    )


def blocks(verdict: Verdict) -> frozenset[str]:
    """Fingerprints of what blocks, for quick asking."""
    return frozenset(verdict.blocking)


def stages(report: Report) -> dict[str, Stage]:
    """The stage of every tool of the run."""
    return {outcome.tool.name: outcome.tool.stage for outcome in report.outcomes}


def stage_of(finding: Finding, of_tool: dict[str, Stage]) -> Stage:
    """The stage of a finding; one of a tool that is not in the run (a damaged report) is told under `sast`."""
    return of_tool.get(finding.tool, Stage.SAST)


def by_stage(findings: Iterable[Finding], report: Report) -> dict[Stage, list[Finding]]:
    """Findings by stage, in stage order, order within a stage kept; stages without findings are left out."""
    of_tool = stages(report)
    groups: dict[Stage, list[Finding]] = {stage: [] for stage in Stage}
    for finding in findings:
        groups[stage_of(finding, of_tool)].append(finding)
    return {stage: group for stage, group in groups.items() if group}


def by_severity(findings: Iterable[Finding]) -> str:
    """`2 high, 1 low`: counts by severity, worst first; empty for none."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(_counted(counts[severity], severity) for severity in Severity if counts[severity])


def _counted(count: int, severity: Severity) -> str:
    # An error is a thing, high is not.
    return plural(count, severity.word) if severity.kind is Kind.QUALITY else f"{count:,} {severity.word}"


def not_checked(report: Report) -> Iterator[tuple[str, str, str]]:
    """(who, what, why) of everything that was due and was not looked at."""
    for gap in report.gaps:
        yield "py-secure-ci", gap.subject, gap.reason
    for outcome in report.outcomes:
        if isinstance(outcome, Failed):
            why = f"{outcome.reason}. {outcome.hint}" if outcome.hint else outcome.reason
            yield outcome.tool.label, "everything", why
        elif isinstance(outcome, Completed):
            for gap in outcome.gaps:
                yield outcome.tool.label, gap.subject, gap.reason


def left_out(report: Report) -> tuple[str, ...]:
    """What nobody looked at on purpose, a line for each reason: by whose word, how much, and the first names."""
    everywhere = {(one.subject, one.by) for one in report.excluded}
    told: dict[tuple[str, str], list[str]] = {}
    for one in report.excluded:
        told.setdefault(("", one.by), []).append(one.subject)
    for outcome in report.outcomes:
        for one in () if isinstance(outcome, Failed) else outcome.excluded:
            if (one.subject, one.by) not in everywhere:
                told.setdefault((f"{outcome.tool.label}: ", one.by), []).append(one.subject)
    return tuple(f"{who}left out ({by}): {_some(names)}" for (who, by), names in told.items())


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def plural(count: int, word: str) -> str:
    """`1 finding`, `2,000 findings`."""
    return f"{count} {word}" if count == 1 else f"{count:,} {word}s"


def counted(verdict: Verdict) -> str:
    """How many findings there are and how they stand; the parts add up."""
    blocking, findings = blocks(verdict), active(verdict)
    rest = [finding for finding in findings if finding.fingerprint not in blocking]
    known = sum(finding.state is State.EXISTING for finding in rest)
    return (
        f"{plural(len(findings), 'finding')}: {len(findings) - len(rest):,} block, {len(rest) - known:,} new that do "
        f"not, {known:,} known; {len(suppressed(verdict)):,} suppressed, {len(verdict.fixed):,} fixed"
    )


def headline(verdict: Verdict) -> str:
    """The verdict in one line; what blocks is told even when the run is incomplete."""
    status, blocking = verdict.status.value, blocks(verdict)
    count = sum(finding.fingerprint in blocking for finding in active(verdict))
    if verdict.incomplete and count:
        return f"{status}: not everything was checked, and {plural(count, 'finding')} would block"
    if verdict.incomplete and verdict.failed:
        return f"{status}: not everything was checked, and a limit is exceeded"
    if verdict.incomplete:
        return f"{status}: not everything was checked"
    if verdict.failed:
        # a limit can be exceeded without any single finding that blocks
        return (
            f"{status}: {plural(count, 'finding')} block{'s' * (count == 1)}" if count else f"{status}: see why above"
        )
    return f"{status}: nothing blocks"
