"""Which findings are suppressed, by whose word and until when; which suppressions have lapsed or match nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from py_secure_ci.config.policy_settings import PolicySettings, SuppressionRule
from py_secure_ci.judging.dedupe import Group
from py_secure_ci.judging.fingerprints import identities
from py_secure_ci.model import Finding, Stage, Suppression
from py_secure_ci.path_globs import fits
from py_secure_ci.report import Completed, Failed, Inline, Outcome, Report
from py_secure_ci.tables import matches_any

_MANY = 50  # lines of one finding that are listed one by one
# What is written for people may show such a comment; one that suppresses nothing there is no mistake.
_PROSE = (".md", ".markdown", ".rst", ".txt", ".adoc")


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
    matching = _Matching(groups, report)
    matching.tell_own()
    for rule in settings.suppressions:
        matching.rule(rule, today)
    for comment, lines in _spoken(report.inline):
        matching.comment(comment, lines)
    still = frozenset(index for index in matching.lapsed if matching.answers[index] is None)
    return Suppressed(tuple(matching.answers), still, tuple(matching.warnings), tuple(matching.unused))


class _Matching:
    """Gathers the answers while suppressions are matched one after another; the first that fits is kept."""

    def __init__(self, groups: Sequence[Group], report: Report) -> None:
        self.groups = groups
        self.report = report
        self.answers: list[Suppression | None] = [_by_its_tool(group) for group in groups]
        self.lapsed: set[int] = set()
        self.warnings: list[str] = []
        self.unused: list[str] = []
        self._names = [names(group) for group in groups]
        self._at, self._wide = _places(groups)

    def tell_own(self) -> None:
        """How many findings the baselines of single tools know."""
        files = Counter(one.place.rpartition(":")[0] for one in self.answers if one)
        for file, count in sorted(files.items()):
            said = "1 finding is" if count == 1 else f"{count} findings are"
            self.warnings.append(f"{said} known to {file}, so suppressed")

    def rule(self, rule: SuppressionRule, today: date) -> None:
        hit = [index for index in self._named((rule.rule,)) if _means(rule, self.groups[index])]
        valid = [index for index in hit if _version_fits(rule, self.groups[index])]
        expired = bool(rule.expires) and date.fromisoformat(rule.expires) < today
        what = f"{rule.place}: the suppression of {rule.rule}"
        if expired:
            self.warnings.append(f"{what} expired on {rule.expires}{_again(valid)}")
        elif not valid and _decided(rule.rule, self.report.outcomes):
            self.unused.append(f"{what} {_nothing(hit, rule)}")
        self.lapsed.update(hit if expired else set(hit) - set(valid))
        suppression = Suppression(
            source="config", reason=rule.reason, place=rule.place, owner=rule.owner, expires=rule.expires
        )
        self._answer(() if expired else valid, suppression)

    def comment(self, comment: Inline, lines: tuple[int, ...]) -> None:
        place = f"{comment.path}:{comment.line}"
        prose = comment.path.lower().endswith(_PROSE)
        if comment.problem and prose:
            return
        if comment.problem:
            self.unused.append(f"{place}: this py-secure-ci comment suppresses nothing: {comment.problem}")
            return
        near = self._near(comment.path, lines)
        hit = [i for i in near if any(matches_any(name, comment.rules) for name in self._names[i])]
        if not hit and not prose and all(_decided(rule, self.report.outcomes) for rule in comment.rules):
            rules = ", ".join(comment.rules)
            self.unused.append(f"{place}: the suppression of {rules} matches nothing: remove the comment")
        self._answer(hit, Suppression(source="inline", reason=comment.reason, place=place))

    def _near(self, path: str, lines: tuple[int, ...]) -> list[int]:
        """The defects that are on one of these lines."""
        found = {index for line in lines for index in self._at.get((path, line), ())}
        found |= {i for i, first, last in self._wide.get(path, ()) if any(first <= one <= last for one in lines)}
        return sorted(found)

    def _named(self, globs: Sequence[str]) -> list[int]:
        return [i for i, found in enumerate(self._names) if any(matches_any(name, globs) for name in found)]

    def _answer(self, hit: Iterable[int], suppression: Suppression) -> None:
        for index in hit:
            self.answers[index] = self.answers[index] or suppression


def _by_its_tool(group: Group) -> Suppression | None:
    """What a tool's own baseline says of a defect; one that another tool sees without such a word counts."""
    own = [one.suppression for one in group.members]
    return own[0] if all(own) else None


def names(group: Group) -> tuple[str, ...]:
    """Everything that a rule glob may match of a defect: each tool's rule, and each id of its advisory."""
    found: dict[str, None] = {}
    for one in group.members:
        found |= dict.fromkeys((one.name, *one.also))
        if one.advisory is not None:
            found |= dict.fromkeys(name for id_ in one.advisory.ids for name in (id_, f"{one.tool}/{id_}"))
    return tuple(found)


def _means(rule: SuppressionRule, group: Group) -> bool:
    """Whether the entry is about a defect whose rule fits, its version range and expiry left aside."""
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
    below: dict[tuple[str, int], int] = {}
    for path, line in sorted({(comment.path, comment.line) for comment in comments if comment.alone}, reverse=True):
        below[path, line] = below.get((path, line + 1), line + 1)
    for comment in comments:
        yield comment, (comment.line, below[comment.path, comment.line]) if comment.alone else (comment.line,)


def _places(
    groups: Sequence[Group],
) -> tuple[Mapping[tuple[str, int], Sequence[int]], Mapping[str, Sequence[tuple[int, int, int]]]]:
    """Which defects (by index) are on a line of a file; and those, with first and last line, that take up many."""
    at: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    wide: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for index, group in enumerate(groups):
        for place in {one.location for one in group.members if one.location is not None}:
            if place.line is None:
                continue
            last = max(place.line, place.end_line or 0)
            if last - place.line > _MANY:
                wide[place.path].append((index, place.line, last))
                continue
            for line in range(place.line, last + 1):
                at[place.path, line].append(index)
    return at, wide


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
