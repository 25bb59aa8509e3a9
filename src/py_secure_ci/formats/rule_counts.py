"""Findings counted by rule, for the pages where a thousand of one kind are one line; and what to do first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from py_secure_ci.formats.judged import WORDS, plural
from py_secure_ci.model import Finding, State

MAX_RULES = 20


@dataclass(frozen=True, slots=True)
class RuleCount:
    """One rule at one severity: `spread` says in which files, `standing` whether they are new or known."""

    name: str
    severity: str
    count: int
    spread: str
    standing: str


def rule_counts(findings: Iterable[Finding]) -> list[RuleCount]:
    """New before known, then the worst, then the most."""
    groups: dict[tuple[str, str, State], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.name, finding.severity.word, finding.state), []).append(finding)

    def order(group: list[Finding]) -> tuple[bool, int, int, str]:
        first = group[0]
        return (first.state is State.EXISTING, -first.severity.rank, -len(group), first.name)

    return [
        RuleCount(name, word, len(group), _spread(group), WORDS[state])
        for (name, word, state), group in sorted(groups.items(), key=lambda item: order(item[1]))
    ]


def _spread(group: list[Finding]) -> str:
    files = list(dict.fromkeys(finding.location.path for finding in group if finding.location))
    if not files:
        return "in the project"
    return f"in {files[0]}" if len(files) == 1 else f"in {plural(len(files), 'file')}"


def fixable(findings: Sequence[Finding]) -> str:
    """`settle 12 of 14 findings`: what the tools' own safe fixes are good for; empty if for none."""
    count = sum(1 for finding in findings if finding.fixable)
    return f"settle {count:,} of {plural(len(findings), 'finding')}" if count else ""


def next_step(findings: Sequence[Finding]) -> tuple[str, str]:
    """(`Fix the first`, a command or a hint) for the worst finding that has one, else how to understand the worst.

    `findings` must not be empty.
    """
    for finding in findings[:20]:
        fix = (finding.advisory.command if finding.advisory else "") or finding.fix
        if fix:
            return "Fix one", f"{fix} ({finding.name})" if not finding.advisory else fix
    return "Understand the first", f"py-secure-ci explain {findings[0].name}"
