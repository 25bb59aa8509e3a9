"""The verdict over a report: severities, duplicates, suppressions, baseline, thresholds, completeness. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.judging.baseline import BASELINE_FILE, Baseline
from py_secure_ci.judging.comparison import NOT_EDITED, Comparison, Edited, compare
from py_secure_ci.judging.completeness import completeness
from py_secure_ci.judging.dedupe import Group, merged
from py_secure_ci.judging.ratchets import exceeded
from py_secure_ci.judging.severities import overridden, reaches, worst_first
from py_secure_ci.judging.suppressions import Suppressed, suppress
from py_secure_ci.model import Finding, Kind, Severity, Stage, State
from py_secure_ci.path_globs import fits
from py_secure_ci.report import Context, Report, Status, Verdict

# A floor that somebody wrote down is no old debt: it counts even where it was missed before.
_FLOORS = frozenset({"coverage"})
MADE_UP = "for nothing that is found: write it anew with `py-secure-ci baseline write`"
_SOURCES = {
    "cache": "the stored result of",
    "report": "the report of",
    "baseline": "the baseline file as of",
    "worktree": "a check of",
}


@dataclass(frozen=True, slots=True)
class _Judged:
    """One defect with everything that was found out about it."""

    group: Group
    finding: Finding  # as it is shown
    blocks: bool


def judge(
    report: Report,
    settings: PolicySettings,
    *,
    baseline: Baseline | None,
    today: date,
    strict_reason: str = "",
    added: Baseline | None = None,
    edited: Edited = NOT_EDITED,
    carried: Sequence[str] = (),
) -> Verdict:
    """Give the verdict. Without a baseline everything counts as new; `strict_reason` says why there is none.

    `added` is what the change itself writes into the baseline file: it must stand for findings that there are.
    `carried`: reasons of an earlier judgement that cannot be found again from the report alone.
    `edited`: what the texts of the base say of findings.
    """
    groups = merged([overridden(one, settings.severity) for one in report.findings])
    suppressed = suppress(groups, settings, report, today)
    comparison = compare(groups, baseline, report, edited) if baseline is not None else _all_new(groups)
    judged = [
        _judge(index, group, report=report, settings=settings, suppressed=suppressed, comparison=comparison)
        for index, group in enumerate(groups)
    ]
    whole = completeness(report, settings, today)
    unused = (*suppressed.unused, *whole.unused)
    counted = [one.group for one in judged if one.finding.suppression is None]
    reasons = (
        *_reasons(judged, suppressed.lapsed | comparison.reopened, settings),
        *exceeded(counted, settings.at_most, baseline),
        *_made_up(groups, added, report),
        *carried,
        *(
            (f"strict: {len(unused)} suppression{' suppresses' if len(unused) == 1 else 's suppress'} nothing",)
            if unused and settings.strict
            else ()
        ),
    )
    findings = worst_first(one.finding for one in judged)
    return Verdict(
        status=Status.INCOMPLETE if whole.reasons else Status.FAIL if reasons else Status.PASS,
        failed=bool(reasons),
        findings=findings,
        blocking=tuple(dict.fromkeys(one.fingerprint for one in worst_first(j.finding for j in judged if j.blocks))),
        reasons=reasons,
        incomplete=whole.reasons,
        fixed=tuple(entry.fingerprints[0] for entry in comparison.fixed),
        warnings=(*suppressed.warnings, *whole.warnings, *unused, *_told(judged, comparison)),
        compared=_compared(report.context, baseline, settings, strict_reason),
    )


def _judge(
    index: int,
    group: Group,
    *,
    report: Report,
    settings: PolicySettings,
    suppressed: Suppressed,
    comparison: Comparison,
) -> _Judged:
    suppression, state = suppressed.by_group[index], comparison.states[index]
    upgrade = index in comparison.upgrades
    finding = replace(group.kept, state=state, upgrade=upgrade, suppression=suppression)
    excused = settings.new_only and state is State.EXISTING
    if index in suppressed.lapsed | comparison.reopened or any(one.anchor in _FLOORS for one in group.members):
        excused = False
    if upgrade and settings.new_rules == "warn":
        excused = True
    blocks = suppression is None and not excused and any(_reaches(one, report, settings) for one in group.members)
    return _Judged(group, finding, blocks)


def _made_up(groups: Sequence[Group], added: Baseline | None, report: Report) -> tuple[str, ...]:
    """Entries for findings that are not there yet would make the change that brings them harmless."""
    count = len(compare(groups, added, report).fixed) if added is not None else 0
    if not count:
        return ()
    one = count == 1
    return (
        f"{count:,} {'entry' if one else 'entries'} that this change adds to {BASELINE_FILE} "
        f"{'stands' if one else 'stand'} {MADE_UP}",
    )


def _all_new(groups: Sequence[Group]) -> Comparison:
    return Comparison(tuple(State.NEW for _ in groups))


def _reaches(finding: Finding, report: Report, settings: PolicySettings) -> bool:
    """Whether a tool's own word for it reaches the threshold of its path, else of its stage, else of all."""
    kind = finding.severity.kind
    stages: dict[str, Stage] = {one.tool.name: one.tool.stage for one in report.outcomes}
    word = {Kind.SECURITY: settings.fail_on_security, Kind.QUALITY: settings.fail_on_quality}[kind]
    stage = settings.stages.get(stages[finding.tool]) if finding.tool in stages else None
    layers = [stage] if stage is not None else []
    path = finding.location.path if finding.location is not None else ""
    layers += [one.thresholds for one in settings.paths if path and fits(path, one.paths)]
    for layer in layers:
        word = {Kind.SECURITY: layer.security, Kind.QUALITY: layer.quality}[kind] or word
    return reaches(finding.severity, word)


def _reasons(judged: Sequence[_Judged], lapsed: frozenset[int], settings: PolicySettings) -> list[str]:
    """Why it fails, in sentences with counts that add up to the number of blocking findings."""
    counts: Counter[tuple[int, str]] = Counter()
    for index, one in enumerate(judged):
        if not one.blocks:
            continue
        kind = one.finding.severity.kind.value
        if index in lapsed:
            counts[(3, f"{kind} {{noun}} {{level}} whose suppression ended")] += 1
        elif one.finding.upgrade:
            counts[(2, f"{kind} {{noun}} {{level}} that {{are}} new because a tool or its rules changed")] += 1
        elif one.finding.state is State.NEW:
            counts[(0, f"new {kind} {{noun}} {{level}}")] += 1
        else:
            counts[(1, f"known {kind} {{noun}} {{level}}")] += 1
    return [
        f"{count:,} "
        + words.format(
            noun=_plural("finding", count), are="are" if count > 1 else "is", level=_from(judged, words, settings)
        )
        for (_, words), count in sorted(counts.items())
    ]


def _from(judged: Sequence[_Judged], words: str, settings: PolicySettings) -> str:
    """The threshold in words; where a path or a stage has a lower one, the least severity that blocks."""
    security = Kind.SECURITY.value in words.partition("{noun}")[0]
    word = settings.fail_on_security if security else settings.fail_on_quality
    blocking = [one.finding.severity for one in judged if one.blocks]
    least = min((one for one in blocking if (one.kind is Kind.SECURITY) is security), key=lambda one: one.rank)
    return f"at {word if reaches(least, word) else least.word} or above"


def _told(judged: Iterable[_Judged], comparison: Comparison) -> list[str]:
    """What a reader should know, though it decides nothing."""
    told = []
    unknown = sum(one.finding.severity is Severity.UNKNOWN for one in judged)
    if unknown:
        told.append(f"{unknown:,} {_plural('finding', unknown)} of unknown severity: counted as high")
    excused = sum(one.finding.upgrade and not one.blocks and one.finding.suppression is None for one in judged)
    if excused:
        told.append(f"{excused:,} {_plural('finding', excused)} new because a tool or its rules changed do not block")
    if comparison.unjudged:
        count = len(comparison.unjudged)
        told.append(f"{count:,} known {_plural('finding', count)} may be fixed or not: the tool or file was left out")
    return told


def _compared(context: Context, baseline: Baseline | None, settings: PolicySettings, strict_reason: str) -> str:
    if baseline is None:
        reason = strict_reason or "there is nothing to compare with"
        return f"Every finding counts as new: {reason}."
    words = _SOURCES.get(context.base_source, "the baseline of")
    base = f"{words} {context.base[:12]}" if context.base else "the baseline file"
    known = "Known findings do not block" if settings.new_only else "Known findings block as well (new_only is off)"
    return f"New findings were told from {base}. {known}."


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
