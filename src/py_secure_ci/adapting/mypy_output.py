"""What mypy writes: a line of JSON for each message, and a log of what it does."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Location, Rule, Severity
from py_secure_ci.reading import as_dict, field, load_json_lines, optional, word
from py_secure_ci.tool import Execution, Task

# Notes that mypy writes once in a run, with whichever error comes first: which one that is depends on its own cache.
_ONCE = re.compile(
    r"See https?://\S+#(?:missing-imports|code-\S+ for more info)$"
    r'|Hint: "python3? -m pip install |\(or run "mypy --install-types"'
)
SEVERITIES = {"error": Severity.ERROR, "note": Severity.NOTE}


def entries_of(execution: Execution, task: Task) -> list[dict[str, Any]]:
    """The lines of JSON, checked; anything on stderr that is not its log is a reason to stop."""
    log = execution.stderr
    for part in {part for file in task.files for part in PurePosixPath(file).parts if "\n" in part}:
        log = log.replace(part.removesuffix(".py"), "?")
    strange = [line for line in log.split("\n") if line.strip() and not line.startswith("LOG:")]
    if strange:
        raise WrongShape(f"mypy complains: {' '.join(strange)[:500]}")
    if "\nLOG:  Build finished in " not in f"\n{log}":
        raise WrongShape("mypy's log does not say that the build was finished")
    entries = [as_dict(one, "mypy's line") for one in load_json_lines(execution.stdout, "mypy's output")]
    for one in entries:
        what = f"mypy's error in {field(one, 'file', str, 'mypy')!r}"
        one["code"] = optional(one, "code", str, what) or ""
        word(SEVERITIES, field(one, "severity", str, what), f"{what}: severity")
        field(one, "message", str, what)
    if (execution.status != 0) != any(one["severity"] == "error" for one in entries):
        raise WrongShape(f"mypy ended with exit status {execution.status} and {len(entries)} messages")
    return entries


def merged(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A note belongs to the error before it, if that is at the same line; what mypy says only once is left out."""
    together: list[dict[str, Any]] = []
    for one in entries:
        if one["severity"] != "note":
            together.append(dict(one))
        elif said := _lasting(one["message"]):
            last = together[-1] if together else None
            if last and (last["file"], last["line"]) == (one["file"], one["line"]):
                last["message"] += f"\n{said}"
            else:
                together.append({**one, "message": said})
    return together


def _lasting(notes: str) -> str:
    return "\n".join(line for line in notes.split("\n") if not _ONCE.match(line))


def message_of(entry: dict[str, Any]) -> str:
    """What it says, with the hint that goes along."""
    hint = _lasting(optional(entry, "hint", str, "mypy's error") or "")
    return f"{entry['message']}\n{hint}" if hint else str(entry["message"])


def finding_of(entry: dict[str, Any]) -> Finding:
    """The finding of a checked entry. Raises WrongShape."""
    what = f"mypy's error in {entry['file']!r}"
    shift = 0 if entry["code"] == "syntax" else 1  # columns count from 0, but those of syntax errors from 1
    line, column = field(entry, "line", int, what), field(entry, "column", int, what) + shift
    end_line, end_column = (optional(entry, key, int, what) for key in ("end_line", "end_column"))
    whole = line < 1  # -1: about the whole file
    end = (end_line or line, (end_column or 0) + shift)
    ends = not whole and column > 0 and end > (line, column)
    return Finding(
        tool="mypy",
        rule=entry["code"] or entry["severity"],
        severity=SEVERITIES[entry["severity"]],
        message=message_of(entry),
        location=Location(
            entry["file"],
            None if whole else line,
            None if whole or column < 1 else column,
            end[0] if ends else None,
            end[1] if ends else None,
        ),
    )


def rule_of(code: str) -> Rule:
    """The rule of an error code."""
    page = "running_mypy.html#missing-imports" if code.startswith("import") else "error_codes.html"
    uri = f"https://mypy.readthedocs.io/en/stable/{page}"
    return Rule(code, name=code, summary=code.replace("-", " ").capitalize(), uri=uri)
