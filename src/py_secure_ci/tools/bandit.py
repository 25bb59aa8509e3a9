"""bandit: security checks on Python syntax trees (https://bandit.readthedocs.io/).

Explicit files and never `-r`, so that bandit looks for no `.bandit` of its own (one can switch every rule off); an
empty `--ini` makes sure. The project's `.bandit` and `[tool.bandit]` count only if our YAML names the file as
`tools.bandit.config`. Exit status 0 is also what a run ends with in which no file could be parsed (measured with
1.9.4), so `errors` become gaps and the keys of `metrics` are what was looked at.
The canary asks for a shell command (B602) and for unsafe deserialisation (B506): a configuration may switch off
many rules with reason, but one that is blind to these two makes no security gate.
Its time grows with the square of a literal's length (a dictionary of 8,000 entries takes 25 s), hence `alone`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.findings import severities
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.adapting.selection import argument, pieces, project_path, with_suffix
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Confidence, Excluded, Finding, Gap, Location, Rule, Stage
from py_secure_ci.reading import as_dict, field, load_json, position, word
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task, Tool

SEVERITIES = severities("HIGH", "MEDIUM", "LOW", UNDEFINED="unknown")
CONFIDENCES = {"HIGH": Confidence.HIGH, "MEDIUM": Confidence.MEDIUM, "LOW": Confidence.LOW, "UNDEFINED": None}
# B105, B106 and B107 quote what they take for a password; it goes no further than here.
_QUOTING = re.compile(r"(?<=Possible hardcoded password): '.*'\Z", re.DOTALL)


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    # Stubs hold no code; bandit leaves them out as well when it looks for files by itself.
    return Selection(with_suffix(files, frozenset({".py", ".pyw"})))


def _commands(task: Task) -> tuple[Command, ...]:
    ini = (task.scratch / "bandit.ini").as_posix()
    config = ("-c", argument(task.options.config)) if task.options.config else ()
    files = (argument(file) for file in task.files)
    options = ("-f", "json", "-q", "--ini", ini, *config, *task.options.args)
    return (
        Command(
            argv=("bandit", *options, "--", *files, *task.canaries),
            inputs={"bandit.ini": "[bandit]\n"},
        ),
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    unknown = [line for line in main.stderr.split("\n") if "Unknown test found in profile" in line]
    if unknown:  # bandit warns, and runs without it
        raise WrongShape(f"bandit's configuration names a test that does not exist: {unknown[0].strip()}")
    report = as_dict(load_json(main.stdout, "bandit's report"), "bandit's report")
    errors = [as_dict(one, "bandit's error") for one in field(report, "errors", list, "bandit's report")]
    gaps = {
        project_path(field(one, "filename", str, "bandit's error"), task.root): field(
            one, "reason", str, "bandit's error"
        )
        for one in errors
    }
    results = [as_dict(one, "bandit's result") for one in field(report, "results", list, "bandit's report")]
    if (main.status == 1) != bool(results):
        raise WrongShape(f"bandit ended with exit status {main.status} and {len(results)} results")
    metrics = _metrics(task, report)
    looked_at = metrics.keys() - gaps.keys()
    left_out = set(task.files) - looked_at - gaps.keys() if task.options.config else set()
    return Reading(
        findings=tuple(_finding(one, task) for one in results),
        rules=tuple({one["test_id"]: _rule(one) for one in results}.values()),
        looked_at=frozenset(looked_at),
        gaps=tuple(Gap(path, f"bandit: {reason}") for path, reason in gaps.items()),
        excluded=tuple(Excluded(file, task.options.config) for file in sorted(left_out)),
        notes=_notes(task),
        passed_over={path: count for path, count in metrics.items() if count},
    )


def _metrics(task: Task, report: dict[str, Any]) -> dict[str, int]:
    """How many lines each file asks bandit to pass over (`# nosec`)."""
    metrics = field(report, "metrics", dict, "bandit's report")
    if "_totals" not in metrics:
        raise WrongShape("bandit's metrics have no '_totals'")
    passed = {}
    for path, value in metrics.items():
        if path == "_totals" or path in task.canaries:
            continue
        what = f"bandit's metrics of {path!r}"
        counts = as_dict(value, what)
        passed[project_path(path, task.root)] = field(counts, "nosec", int, what) + field(
            counts, "skipped_tests", int, what
        )
    return passed


def _notes(task: Task) -> tuple[str, ...]:
    notes = []
    for name in (".bandit", "pyproject.toml"):
        text = task.settings.get(name, "")
        present = name in task.settings if name == ".bandit" else "bandit" in text and tool_table(text, "bandit")
        if present and task.options.config != name:
            notes.append(
                f"{name} holds settings for bandit that are not used; name it in tools.bandit.config to use it."
            )
    return tuple(notes)


def _finding(result: dict[str, Any], task: Task) -> Finding:
    path = field(result, "filename", str, "bandit's result")
    what = f"bandit's result for {path!r}"
    lines = field(result, "line_range", list, what)
    line = position(result.get("line_number"), f"{what}: line_number")
    last = max(position(one, f"{what}: line_range") for one in [*lines, line])
    column = field(result, "col_offset", int, what) + 1
    end = field(result, "end_col_offset", int, what) + 1
    # -1: the check looked at no syntax node. The columns are those of the whole node, the line may be one inside it.
    known = column > 0 and line == min([*lines, line])
    return Finding(
        tool="bandit",
        rule=field(result, "test_id", str, what),
        severity=word(SEVERITIES, field(result, "issue_severity", str, what), f"{what}: issue_severity"),
        confidence=word(CONFIDENCES, field(result, "issue_confidence", str, what), f"{what}: issue_confidence"),
        message=_QUOTING.sub("", field(result, "issue_text", str, what)),
        location=Location(
            project_path(path, task.root), line, column if known else None, last, end if known and end > 0 else None
        ),
        cwe=_cwe(result, what),
    )


def _cwe(result: dict[str, Any], what: str) -> tuple[int, ...]:
    cwe = field(result, "issue_cwe", dict, what)  # empty where the check has none
    return (field(cwe, "id", int, f"{what}: issue_cwe"),) if cwe else ()


def _rule(result: dict[str, Any]) -> Rule:
    what = "bandit's result"
    return Rule(
        id=field(result, "test_id", str, what),
        name=field(result, "test_name", str, what),
        summary=field(result, "test_name", str, what).replace("_", " ").capitalize(),
        uri=field(result, "more_info", str, what),
        cwe=_cwe(result, what),
        tags=("security",),
    )


TOOL = Tool(
    name="bandit",
    stage=Stage.SAST,
    about="finds security defects in Python code",
    uri="https://bandit.readthedocs.io/",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=planted("bandit", "B506", "B602"),
    settings=(".bandit", "pyproject.toml"),
    scripts=True,
    per_file=True,
    lasting_gaps="bandit: syntax error while parsing",
    alone=128 * 1024,
    passed_over_by="`# nosec` comments",
    split=pieces,
    default=True,
    byte_columns=True,
    blinders={".bandit": r"^\s*(skips|tests|exclude)\b", "pyproject.toml": r"^\s*(skips|tests|exclude_dirs)\b"},
)
