"""zizmor: security of GitHub workflows and actions (https://docs.zizmor.sh/).

`--offline`, explicit inputs, and `--no-config`: a `zizmor.yml` of the project can switch audits off, so it counts only
if our YAML names it as `tools.zizmor.config`. Without `--strict-collection` zizmor drops an input that it cannot
parse with a warning and goes on (measured with 1.32.0); every input it audits it names as completed on stderr, which
is what was looked at. An input that is not UTF-8 ends the whole run, hence `text_only`.
Exit status 11 to 14 means findings, by the worst severity; the second command counts what comments hide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from py_secure_ci.adapting.findings import severities
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.selection import argument, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Confidence, Finding, Gap, Location, Rule, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, word
from py_secure_ci.tool import Command, Execution, Fixer, Reading, Selection, Task, Tool

SEVERITIES = severities("Low", "Medium", "High", "Unknown", Informational="info")
CONFIDENCES = {"Low": Confidence.LOW, "Medium": Confidence.MEDIUM, "High": Confidence.HIGH, "Unknown": None}
STATUS = {"Unknown": 10, "Informational": 11, "Low": 12, "Medium": 13, "High": 14}
FIXES = {"safe": "safe", "unsafe": "unsafe"}
COMPLETED = " INFO audit: zizmor: 🌈 completed "


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    return Selection(tuple(file for file in files if _is_input(PurePosixPath(file))))


def _is_input(path: PurePosixPath) -> bool:
    if path.suffix not in {".yml", ".yaml"}:
        return False
    # Only the folders at the root are GitHub's, but an example below is copied sooner or later.
    return (
        path.stem == "action"
        or path.parts[-3:-1] == (".github", "workflows")
        or (path.stem == "dependabot" and path.parts[-2:-1] == (".github",))
    )


def _command(task: Task, name: str, *words: str) -> Command:
    config = ("--config", argument(task.options.config)) if task.options.config else ("--no-config",)
    options = ("--offline", *config, "--no-progress", "--color=never", "--collect=all", "--format=json-v1")
    inputs = ("--", *(argument(file) for file in task.files), *task.canaries)
    argv = ("zizmor", *options, *task.options.args, *words, *inputs)
    return Command(name=name, argv=argv, found=frozenset(STATUS.values()))


def _commands(task: Task) -> tuple[Command, ...]:
    return (_command(task, "main"), _command(task, "unhidden", "--no-ignores"))


def _fixes(task: Task) -> tuple[Command, ...]:
    return (replace(_command(task, "main", "--fix=safe"), clean=frozenset({0, *STATUS.values()})),)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    entries = _entries(main)
    findings = tuple(_finding(one, task) for one in entries)
    log = f"\n{main.stderr}"
    looked_at = frozenset(file for file in task.files if f"\n{COMPLETED}{argument(file)}\n" in log)
    hidden = len(_entries(executions["unhidden"])) - len(entries)
    return Reading(
        findings=findings,
        rules=tuple({one["ident"]: _rule(one) for one in entries}.values()),
        looked_at=looked_at,
        gaps=tuple(Gap(file, _reason(file, log)) for file in task.files if file not in looked_at),
        notes=(f"Findings hidden by `# zizmor: ignore` comments or its configuration: {hidden}.",) if hidden else (),
    )


def _entries(execution: Execution) -> list[dict[str, Any]]:
    entries = as_list(load_json(execution.stdout, "zizmor's report"), "zizmor's report")
    read = [as_dict(one, f"zizmor's finding {number}") for number, one in enumerate(entries, 1)]
    worst = max((STATUS[_determination(one, "severity", SEVERITIES)] for one in read), default=0)
    if execution.status != worst:
        raise WrongShape(f"zizmor ended with exit status {execution.status}, its findings mean {worst}")
    return read


def _determination(entry: dict[str, Any], key: str, table: Mapping[str, object]) -> str:
    said = field(field(entry, "determinations", dict, "zizmor's finding"), key, str, "zizmor's finding")
    word(table, said, f"zizmor's {key}")
    return said


def _finding(entry: dict[str, Any], task: Task) -> Finding:
    what = f"zizmor's finding {field(entry, 'ident', str, 'zizmor')!r}"
    places = [as_dict(one, what) for one in field(entry, "locations", list, what)]
    primary = [one for one in places if field(field(one, "symbolic", dict, what), "kind", str, what) == "Primary"]
    if not primary:
        raise WrongShape(f"{what} has no primary location")
    fixes = _titles(entry, what)
    annotation = field(field(primary[0], "symbolic", dict, what), "annotation", str, what)
    return Finding(
        tool="zizmor",
        rule=entry["ident"],
        severity=SEVERITIES[_determination(entry, "severity", SEVERITIES)],
        confidence=CONFIDENCES[_determination(entry, "confidence", CONFIDENCES)],
        message=f"{field(entry, 'desc', str, what)}: {annotation}",
        location=_location(primary[0], task, what),
        fix="; ".join(fixes),
        fixable="safe" in fixes.values(),
    )


def _location(place: dict[str, Any], task: Task, what: str) -> Location:
    key = field(field(place, "symbolic", dict, what), "key", dict, what)
    path = project_path(field(field(key, "Local", dict, what), "verbatim_path", str, what), task.root)
    span = field(field(place, "concrete", dict, what), "location", dict, what)
    start, end = (field(span, name, dict, what) for name in ("start_point", "end_point"))
    line, column = (field(start, name, int, what) + 1 for name in ("row", "column"))
    end_line, end_column = (field(end, name, int, what) + 1 for name in ("row", "column"))
    if end_column == 1 and end_line > line:  # the span ends with its last line's break
        return Location(path, line, column, end_line - 1)
    return Location(path, line, column, end_line, end_column)


def _titles(entry: dict[str, Any], what: str) -> dict[str, str]:
    """Its fixes, and whether each is safe or unsafe."""
    fixes = [as_dict(one, what) for one in field(entry, "fixes", list, what)]
    return {field(one, "title", str, what): word(FIXES, field(one, "disposition", str, what), what) for one in fixes}


def _rule(entry: dict[str, Any]) -> Rule:
    what = "zizmor's finding"
    return Rule(
        id=field(entry, "ident", str, what),
        summary=field(entry, "desc", str, what),
        uri=field(entry, "url", str, what),
        tags=("security",),
    )


def _reason(file: str, log: str) -> str:
    said = re.search(rf"failed to \w+ file://{re.escape(argument(file))} as [^\n]*", log)
    if said:
        return f"zizmor: {said[0].replace(f'file://{argument(file)}', 'it')}"
    parse = re.search(r"failed to parse input: ([^\n]*)", log)  # zizmor does not say which
    return f"zizmor did not audit it{f' ({parse[1]})' if parse else ''}"


TOOL = Tool(
    name="zizmor",
    stage=Stage.CI,
    about="finds security defects in GitHub workflows and actions",
    uri="https://docs.zizmor.sh/",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=planted("zizmor", "template-injection", "dangerous-triggers"),
    fixer=Fixer(turn=5, commands=_fixes),
    default=True,
    depends_on=(".yml", ".yaml"),
    text_only=True,
    byte_columns=True,
)
