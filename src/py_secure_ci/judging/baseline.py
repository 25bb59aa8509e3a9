"""The baseline: what is known already. One finding a line, no line numbers, no dates, made to merge in git.

Between the findings stand 32,768 fixed lines (`000` to `vvv`); a finding's file decides which one it follows, and its
findings stand between two lines with the file's name. So what two branches change for two files is apart by a line that
neither touched, and git merges it by itself, unless both bring (or clear) files that follow the same fixed line.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product

from py_secure_ci.errors import BaselineError
from py_secure_ci.judging.dedupe import Group, merged
from py_secure_ci.judging.fingerprints import VERSION, identities, subject
from py_secure_ci.report import Completed, Report, ToolInfo, Verdict

BASELINE_FILE = ".py-secure-ci-baseline"
TITLE = "py-secure-ci baseline 1"
_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_GUARDS = tuple("".join(one) for one in product(_DIGITS, repeat=3))


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One known defect: its file (or package), and by each tool that saw it the rule and the fingerprints."""

    subject: str
    members: tuple[tuple[str, tuple[str, ...]], ...]  # (`tool/rule`, fingerprints)
    suppressed: bool = False  # known, but by a suppression: when that goes, the finding counts

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Every fingerprint, the first member's own first."""
        return tuple(one for _, fingerprints in self.members for one in fingerprints)

    @property
    def tools(self) -> frozenset[str]:
        """The tools that saw it."""
        return frozenset(name.partition("/")[0] for name, _ in self.members)


@dataclass(frozen=True, slots=True)
class ToolState:
    """What a tool was when the baseline was made: version, digest of its lock, digest of what tunes it."""

    version: str = ""
    lock: str = ""
    config: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Known findings and the tools that gave them. Only tools that completed are in `tools`."""

    entries: tuple[Entry, ...] = ()
    tools: Mapping[str, ToolState] = field(default_factory=dict)


def of_report(report: Report, verdict: Verdict | None = None) -> Baseline:
    """A baseline that knows everything that the report's completed tools found.

    With the verdict that was given over the report, what was suppressed is remembered as that.
    """
    judged = verdict.findings if verdict is not None else ()
    suppressed = {one.fingerprint for one in judged if one.suppression is not None}
    return Baseline(tuple(sorted(_entry(group, suppressed) for group in merged(report.findings))), tool_states(report))


def _entry(group: Group, suppressed: Collection[str]) -> Entry:
    members = tuple(sorted((one.name, identities(one)) for one in group.members))
    return Entry(subject(group.kept), members, any(one.fingerprint in suppressed for one in group.members))


def tool_states(report: Report) -> dict[str, ToolState]:
    """The completed tools of a report as a baseline remembers them."""
    return {one.tool.name: state_of(one.tool) for one in report.outcomes if isinstance(one, Completed)}


def state_of(tool: ToolInfo) -> ToolState:
    """What a baseline remembers of a tool."""
    return ToolState(tool.version, tool.lock, tool.config)


def render(baseline: Baseline) -> str:
    """The file's text. The same baseline always gives the same bytes."""
    slots: dict[int, dict[str, list[str]]] = {}
    for name, state in baseline.tools.items():
        _put(slots, f"tool {name}", ["tool", name, state.version, state.lock, state.config])
    for entry in baseline.entries:
        word = "suppressed" if entry.suppressed else "finding"
        _put(slots, entry.subject, [word, entry.subject, *([name, *known] for name, known in entry.members)])
    lines = [TITLE]
    for number, guard in enumerate(_GUARDS):
        lines.append(guard)
        for key, rows in sorted(slots.get(number, {}).items()):
            lines += [json.dumps(key), *sorted(rows), json.dumps(f"end of {key}")]
    return "\n".join(lines) + "\n"


def parse(text: str, name: str) -> Baseline:
    """Read a baseline file back. `name` is how errors call it. Any line that is not understood is an error."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0] != TITLE:
        raise BaselineError(
            f"{name}:1: not a baseline of this version (its first line should be {TITLE!r})",
            hint="write it anew with `py-secure-ci baseline write`",
        )
    entries, tools = [], {}
    for number, line in enumerate(lines[1:], 2):
        if len(line) == 3 and not line.strip(_DIGITS):
            continue
        match _row(line, name, number):
            case str():
                continue  # the name of a file, which keeps its findings apart from its neighbours'
            case ["tool", str(tool), str(version), str(lock), str(config)]:
                tools[tool] = ToolState(version, lock, config)
            case ["finding" | "suppressed" as word, str(where), *members] if members:
                known = tuple(_member(one, name, number) for one in members)
                entries.append(Entry(where, known, word == "suppressed"))
            case _:
                raise _damaged(name, number)
    return Baseline(tuple(sorted(entries)), dict(sorted(tools.items())))


def _put(slots: dict[int, dict[str, list[str]]], key: str, row: list[object]) -> None:
    slots.setdefault(slot(key), {}).setdefault(key, []).append(json.dumps(row))


def slot(key: str) -> int:
    """Which of the fixed lines a file (or package, or tool) follows."""
    return int(sha256(key.encode("utf-8", "surrogatepass")).hexdigest(), 16) % len(_GUARDS)


def _row(line: str, name: str, number: int) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise _damaged(name, number) from None


def _member(value: object, name: str, number: int) -> tuple[str, tuple[str, ...]]:
    match value:
        case [str(rule), *known] if known and all(isinstance(one, str) and one.startswith(VERSION) for one in known):
            return rule, tuple(map(str, known))
    raise _damaged(name, number)


def _damaged(name: str, number: int) -> BaselineError:
    return BaselineError(
        f"{name}:{number}: this line is not part of a baseline (left over from a merge, perhaps)",
        hint="write it anew with `py-secure-ci baseline write`",
    )
