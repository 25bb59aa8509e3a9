"""The reading that most adapters give: findings, their rules, what was looked at, and a gap for each other file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from py_secure_ci.adapting.python_syntax import syntax_gaps
from py_secure_ci.model import Excluded, Finding, Gap, Rule
from py_secure_ci.tool import Reading, Task


def answer(
    task: Task,
    findings: Iterable[Finding],
    rules: Iterable[Rule],
    *,
    said: Iterable[str] | None = None,
    gaps: Iterable[Gap] = (),
    problems: Mapping[str, str] | None = None,
    excluded: Iterable[Excluded] = (),
    notes: Iterable[str] = (),
) -> Reading:
    """`said`: the files that the tool names (None: it was made sure that it took all); `problems`: unparsable ones."""
    told = (*gaps, *syntax_gaps(problems or {}))
    looked_at = set(task.files) if said is None else set(task.files) & set(said)
    return Reading(
        findings=tuple(findings),
        rules=tuple(rules),
        looked_at=frozenset(looked_at - {one.subject for one in told}),
        gaps=told,
        excluded=tuple(excluded),
        notes=tuple(notes),
    )


def rules_of(findings: Iterable[Finding], uri: str, summary: Callable[[str], str] = str) -> tuple[Rule, ...]:
    """A rule for each id that was found; `uri` may hold `{rule}`, `summary` makes words of the id."""
    ids = sorted({one.rule for one in findings})
    return tuple(Rule(one, summary=summary(one), uri=uri.replace("{rule}", one)) for one in ids)


def in_words(rule: str) -> str:
    """`unused-import` -> `Unused import`."""
    return rule.replace("-", " ").capitalize()


def unread(tool: str, findings: Iterable[Finding], is_unread: Callable[[Finding], bool]) -> tuple[Gap, ...]:
    """A gap for each finding that means that its file was not looked at."""
    gaps = {one.location.path: one.message for one in findings if one.location and is_unread(one)}
    return tuple(Gap(path, f"{tool}: {message}") for path, message in gaps.items())
