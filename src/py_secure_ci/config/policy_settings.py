"""The `policy:` part of the YAML as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


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
class PolicySettings:
    """Thresholds are severity words, or `none`: nothing of that kind blocks."""

    fail_on_security: str = "medium"
    fail_on_quality: str = "error"
    new_only: bool = True
    strict: bool = False
    suppressions: tuple[SuppressionRule, ...] = ()
    accepted_gaps: tuple[AcceptedGap, ...] = ()
