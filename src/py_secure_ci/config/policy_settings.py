"""The `policy:` part of the YAML as frozen values, and how it is built from the checked document."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from py_secure_ci.config import policy_checks as check
from py_secure_ci.errors import ConfigError
from py_secure_ci.model import Kind, Stage

Place = Callable[[tuple[str | int, ...]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRule:
    """One entry of `policy.suppressions`. `place` is `file:line` of the entry itself."""

    rule: str  # glob over `tool/rule` or an advisory id
    reason: str
    paths: tuple[str, ...] = ()  # gitignore-like globs; empty: everywhere
    package: str = ""  # `name` or a requirement such as `jinja2<3`
    fingerprint: str = ""
    expires: str = ""  # ISO date; it counts up to and including that day
    owner: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedGap:
    """One entry of `policy.accepted_gaps`: a coverage gap that somebody answers for."""

    subject: str  # glob over the gap's subject
    reason: str
    tool: str = "*"
    expires: str = ""
    owner: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which severity on a finding blocks, by kind; an empty word says nothing, `none` means never."""

    security: str = ""
    quality: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathThresholds:
    """Thresholds for some paths; of several entries that fit, the last one that says a word counts."""

    paths: tuple[str, ...]
    thresholds: Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """Thresholds are severity words, or `none`: nothing of that kind blocks."""

    fail_on_security: str = "medium"
    fail_on_quality: str = "error"
    new_only: bool = True
    strict: bool = False
    suppressions: tuple[SuppressionRule, ...] = ()
    accepted_gaps: tuple[AcceptedGap, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)  # rule glob -> severity word; the last that fits counts
    stages: Mapping[Stage, Thresholds] = field(default_factory=dict)
    paths: tuple[PathThresholds, ...] = ()
    at_most: Mapping[str, int | None] = field(default_factory=dict)  # tool or rule glob -> count; None: as the baseline
    new_rules: str = "block"  # block | warn: findings that are new because a tool changed


def build(data: Mapping[str, Any], place: Place, *, tools: Collection[str] = ()) -> PolicySettings:
    """Freeze the `policy:` mapping, which has passed its schema.

    `place` gives `file:line` of a key path inside it. With `tools`, a rule of any other tool is refused.
    Raises ConfigError for what a schema cannot see: dates, reasons, rules and thresholds that cannot be meant.
    """
    reader = _Reader(place, tools)
    fail_on = reader.thresholds(data.get("fail_on", {}), ("fail_on",))
    default = PolicySettings()
    return PolicySettings(
        fail_on_security=fail_on.security or default.fail_on_security,
        fail_on_quality=fail_on.quality or default.fail_on_quality,
        new_only=data.get("new_only", default.new_only),
        strict=data.get("strict", default.strict),
        suppressions=tuple(
            map(reader.suppression, range(len(data.get("suppressions", ()))), data.get("suppressions", ()))
        ),
        accepted_gaps=tuple(map(reader.gap, range(len(data.get("accepted_gaps", ()))), data.get("accepted_gaps", ()))),
        severity={glob: reader.severity(glob, word) for glob, word in data.get("severity", {}).items()},
        stages={
            reader.stage(name): reader.thresholds(one, ("stages", name)) for name, one in data.get("stages", {}).items()
        },
        paths=tuple(map(reader.paths, range(len(data.get("paths", ()))), data.get("paths", ()))),
        at_most={glob: reader.at_most(glob, count) for glob, count in data.get("at_most", {}).items()},
        new_rules=reader.word("new_rules", data.get("new_rules", default.new_rules), ("block", "warn")),
    )


class _Reader:
    """Builds the parts; every method raises ConfigError with the place of what it was given."""

    def __init__(self, place: Place, tools: Collection[str]) -> None:
        self.place = place
        self.tools = tools

    def wrong(self, path: tuple[str | int, ...], problem: str) -> ConfigError:
        key = "policy" + "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)
        return ConfigError(f"{self.place(path)}: {key}: {problem}")

    def suppression(self, number: int, entry: Mapping[str, Any]) -> SuppressionRule:
        at: tuple[str | int, ...] = ("suppressions", number)
        self._problem(check.rule_problem(entry["rule"], self.tools), (*at, "rule"))
        package, fingerprint = entry.get("package", ""), entry.get("fingerprint", "")
        self._problem(check.package_problem(package), (*at, "package"))
        self._problem(check.fingerprint_problem(fingerprint), (*at, "fingerprint"))
        paths = tuple(entry.get("paths", ()))
        self._globs(paths, (*at, "paths"))
        return SuppressionRule(
            rule=entry["rule"], paths=paths, package=package, fingerprint=fingerprint, **self._promise(entry, at)
        )

    def gap(self, number: int, entry: Mapping[str, Any]) -> AcceptedGap:
        at: tuple[str | int, ...] = ("accepted_gaps", number)
        self._problem(check.empty_problem(entry["subject"]), (*at, "subject"))
        self._problem(check.tool_problem(entry.get("tool", "*"), self.tools), (*at, "tool"))
        return AcceptedGap(subject=entry["subject"], tool=entry.get("tool", "*"), **self._promise(entry, at))

    def _promise(self, entry: Mapping[str, Any], at: tuple[str | int, ...]) -> dict[str, str]:
        """Reason, expiry, owner and place: what every exception has to state."""
        reason, expires = entry.get("reason", ""), check.date_text(entry.get("expires", ""))
        reason_at = (*at, "reason") if "reason" in entry else at
        self._problem(check.reason_problem(reason), reason_at)
        self._problem(check.date_problem(expires), (*at, "expires"))
        return {"reason": reason.strip(), "expires": expires, "owner": entry.get("owner", ""), "place": self.place(at)}

    def thresholds(self, entry: Mapping[str, Any], at: tuple[str | int, ...]) -> Thresholds:
        for kind in Kind:
            if kind.value in entry:
                self._problem(check.threshold_problem(kind, entry[kind.value]), (*at, kind.value))
        return Thresholds(security=entry.get("security", ""), quality=entry.get("quality", ""))

    def paths(self, number: int, entry: Mapping[str, Any]) -> PathThresholds:
        at: tuple[str | int, ...] = ("paths", number)
        paths = tuple(entry["paths"])
        self._globs(paths, (*at, "paths"))
        return PathThresholds(paths=paths, thresholds=self.thresholds(entry["fail_on"], (*at, "fail_on")))

    def severity(self, glob: str, word: str) -> str:
        self._problem(check.rule_problem(glob, self.tools), ("severity", glob))
        self._problem(check.severity_problem(word), ("severity", glob))
        return word

    def stage(self, name: str) -> Stage:
        self.word("stages", name, [stage.value for stage in Stage], ("stages", name))
        return Stage(name)

    def at_most(self, glob: str, count: int | str) -> int | None:
        glob_problem = check.rule_problem(glob, self.tools) if "/" in glob else check.tool_problem(glob, self.tools)
        self._problem(glob_problem, ("at_most", glob))
        self._problem(check.count_problem(count), ("at_most", glob))
        return count if isinstance(count, int) else None

    def word(self, key: str, word: str, known: Sequence[str], at: tuple[str | int, ...] = ()) -> str:
        self._problem(check.word_problem(word, known), at or (key,))
        return word

    def _globs(self, globs: Sequence[str], at: tuple[str | int, ...]) -> None:
        for number, glob in enumerate(globs):
            self._problem(check.glob_problem(glob), (*at, number))

    def _problem(self, problem: str, at: tuple[str | int, ...]) -> None:
        if problem:
            raise self.wrong(at, problem)
