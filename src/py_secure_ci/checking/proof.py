"""Exit status against report, and the canary: what is believed of a tool, and the proof that it can see."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace

from py_secure_ci.checking.failure import ToolFailure
from py_secure_ci.model import Finding
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

CANARY_FOLDER = "canary"


def proved(
    tool: Tool, task: Task, commands: tuple[Command, ...], executions: Mapping[str, Execution], reading: Reading
) -> Reading:
    """Exit status against report, and the canary; the planted findings go out here."""
    planted = str(task.scratch / CANARY_FOLDER) + os.sep
    canaries: list[Finding] = []
    own: list[Finding] = []
    for one in reading.findings:  # one pass: there may be a hundred thousand of each
        (canaries if one.location and one.location.path.startswith(planted) else own).append(one)
    apart = any(command.name == "canary" for command in commands)
    for command in commands:
        seen = len(canaries) if command.name == "canary" else len(own) + (0 if apart else len(canaries))
        told = reading.told_as_gaps if command.name == "main" else 0
        if command.name in ("main", "canary"):
            _check_status(command, executions[command.name], seen, told)
    _check_canary(tool, task, {one.rule for one in canaries})
    if not tool.per_file:
        return replace(reading, findings=tuple(own))
    # Of which rules there is word must not depend on how the files were cut, nor on the canary.
    said = {one.rule for one in own}
    return replace(reading, findings=tuple(own), rules=tuple(rule for rule in reading.rules if rule.id in said))


def _check_status(command: Command, execution: Execution, seen: int, told: int) -> None:
    """`told`: gaps that stand for findings (imports that cannot be looked up, say). Any other explains no status."""
    status = execution.status
    if status in command.found - command.clean and not seen and not told:
        raise ToolFailure(
            f"ended with exit status {status}, which means findings, but reported none", detail=execution.stderr
        )
    if status in command.clean - command.found and seen:
        raise ToolFailure(
            f"ended with exit status {status}, which means no findings, but reported {seen}", detail=execution.stderr
        )


def _check_canary(tool: Tool, task: Task, seen: set[str]) -> None:
    canary = tool.canary
    if canary is None:
        return
    missing = canary.expect - seen
    if missing or ((canary.any_rule or canary.pins) and not seen):
        what = f"rule {', '.join(sorted(missing))} did" if missing else "it did"
        why = blinder(tool, task)
        raise ToolFailure(
            f"is blind: {what} not report the known-bad input that was planted for it{why}",
            hint="Take the setting that switches it off out of the tool's configuration."
            if why
            else f"Look for settings that switch {tool.name} off, or for a broken installation.",
        )


def blinder(tool: Tool, task: Task) -> str:
    """` (setup.cfg:12: ignore_errors = True)` where a setting that can blind the tool is found, else nothing."""
    for name, pattern in tool.blinders.items():
        text = task.settings.get(name, "")
        match = re.search(pattern, text, re.MULTILINE)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            shown = text.splitlines()[line - 1].strip()[:120] if text.splitlines() else ""
            return f" ({name}:{line}: {shown})"
    return ""
