"""Which findings are suppressed, by whose word and until when; which suppressions have lapsed or match nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from py_secure_ci.config.policy_settings import PolicySettings, SuppressionRule
from py_secure_ci.dedupe import Group
from py_secure_ci.fingerprints import identities
from py_secure_ci.model import Finding, Stage, Suppression
from py_secure_ci.path_globs import fits
from py_secure_ci.report import Completed, Failed, Inline, Outcome, Report
from py_secure_ci.tables import matches_any


@dataclass(frozen=True, slots=True)
class Suppressed:
    """One answer for each group, in their order, and what there is to say about the suppressions themselves.

    `lapsed` are groups that a suppression was meant for which has expired, or whose package has moved on.
    """

    by_group: tuple[Suppression | None, ...]
    lapsed: frozenset[int]
    warnings: tuple[str, ...]  # expired
    unused: tuple[str, ...]  # match nothing, or are malformed


def suppress(groups: Sequence[Group], settings: PolicySettings, report: Report, today: date) -> Suppressed:
    """Match the suppressions of the YAML first, then those in comments."""
    answers: list[Suppression | None] = [None] * len(groups)
    lapsed: set[int] = set()
    warnings: list[str] = []
    unused: list[str] = []
    for rule in settings.suppressions:
        hit = [index for index, group in enumerate(groups) if _means(rule, group)]
        valid = [index for index in hit if _version_fits(rule, groups[index])]
        expired = bool(rule.expires) and date.fromisoformat(rule.expires) < today
        if expired:
            warnings.append(f"{rule.place}: the suppression of {rule.rule} expired on {rule.expires}{_again(valid)}")
        elif not valid and _decided(rule.rule, report.outcomes):
            unused.append(f"{rule.place}: the suppression of {rule.rule} {_nothing(hit, rule)}")
        for index in hit:
            if expired or index not in valid:
                lapsed.add(index)
            elif answers[index] is None:
                answers[index] = _from_rule(rule)
    for comment, places in _spoken(report.inline):
        place = f"{comment.path}:{comment.line}"
        hit = [index for index, group in enumerate(groups) if not comment.problem and _covers(comment, places, group)]
        if comment.problem:
            unused.append(f"{place}: this py-secure-ci comment suppresses nothing: {comment.problem}")
        elif not hit and all(_decided(rule, report.outcomes) for rule in comment.rules):
            unused.append(f"{place}: the suppression of {', '.join(comment.rules)} matches nothing: remove the comment")
        for index in hit:
            answers[index] = answers[index] or Suppression(source="inline", reason=comment.reason, place=place)
    still = frozenset(index for index in lapsed if answers[index] is None)
    return Suppressed(tuple(answers), still, tuple(warnings), tuple(unused))


def names(group: Group) -> tuple[str, ...]:
    """Everything that a rule glob may match of a defect: each tool's rule, and each id of its advisory."""
    found: dict[str, None] = {}
    for one in group.members:
        found |= dict.fromkeys((one.name, *one.also))
        if one.advisory is not None:
            found |= dict.fromkeys(name for id_ in one.advisory.ids for name in (id_, f"{one.tool}/{id_}"))
    return tuple(found)


def _from_rule(rule: SuppressionRule) -> Suppression:
    return Suppression(source="config", reason=rule.reason, place=rule.place, owner=rule.owner, expires=rule.expires)


def _means(rule: SuppressionRule, group: Group) -> bool:
    """Whether the entry is about this defect, its version range and expiry left aside."""
    if not any(matches_any(name, (rule.rule,)) for name in names(group)):
        return False
    if rule.paths and not any(
        one.location is not None and fits(one.location.path, rule.paths) for one in group.members
    ):
        return False
    if rule.fingerprint and not any(rule.fingerprint in identities(one) for one in group.members):
        return False
    return not rule.package or any(_package(rule) == _package_of(one) for one in group.members)


def _version_fits(rule: SuppressionRule, group: Group) -> bool:
    if not rule.package:
        return True
    return any(one.advisory is not None and _allows(rule.package, one.advisory.version) for one in group.members)


def _allows(requirement: str, version: str) -> bool:
    try:
        return Requirement(requirement).specifier.contains(version, prereleases=True)
    except (InvalidRequirement, InvalidVersion):
        return False


def _package(rule: SuppressionRule) -> str:
    return canonicalize_name(Requirement(rule.package).name)


def _package_of(finding: Finding) -> str:
    return canonicalize_name(finding.advisory.package) if finding.advisory is not None else ""


def _spoken(comments: Sequence[Inline]) -> Iterable[tuple[Inline, tuple[int, ...]]]:
    """Each comment with the lines it speaks of: its own, and if it stands alone the next that is not such a comment."""
    alone = {(comment.path, comment.line) for comment in comments if comment.alone}
    for comment in comments:
        line = comment.line + 1
        while (comment.path, line) in alone:
            line += 1
        yield comment, (comment.line, line) if comment.alone else (comment.line,)


def _covers(comment: Inline, lines: tuple[int, ...], group: Group) -> bool:
    if not any(matches_any(name, comment.rules) for name in names(group)):
        return False
    for one in group.members:
        place = one.location
        if place is None or place.path != comment.path or place.line is None:
            continue
        if any(place.line <= line <= max(place.line, place.end_line or 0) for line in lines):
            return True
    return False


def _decided(rule: str, outcomes: Sequence[Outcome]) -> bool:
    """Whether every tool that could have reported the rule did look, so that "matches nothing" can be said."""
    tool, slash, _ = rule.partition("/")
    meant = [one for one in outcomes if (matches_any(one.tool.name, (tool,)) if slash else one.tool.stage is Stage.SCA)]
    if rule == "*":
        meant = list(outcomes)
    return any(isinstance(one, Completed) for one in meant) and not any(isinstance(one, Failed) for one in meant)


def _again(hit: Sequence[int]) -> str:
    if not hit:
        return " and matches nothing: remove it"
    return f": {len(hit)} finding{'s count' if len(hit) > 1 else ' counts'} again"


def _nothing(hit: Sequence[int], rule: SuppressionRule) -> str:
    if hit:
        return f"holds for {rule.package} only, and another version is installed now"
    return "matches nothing: remove it"
