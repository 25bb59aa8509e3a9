"""check-jsonschema: CI files against the schemas of GitHub and GitLab (https://check-jsonschema.readthedocs.io/).

Only schemas that it carries itself (`vendor.*`): nothing is downloaded. The report names each file that it checked.
A file that cannot be parsed is a gap. Messages may quote values of the file, so no more than the best one is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.selection import argument, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task, Tool

SCHEMAS = {  # name of the command -> schema
    "main": ("vendor.github-workflows",),
    "action": ("vendor.github-actions",),
    "dependabot": ("vendor.dependabot",),
    "gitlab": ("vendor.gitlab-ci", "--data-transform=gitlab-ci"),
}
RULES = {
    "main": ("github-workflow", "A workflow is not what GitHub expects"),
    "action": ("github-action", "An action is not what GitHub expects"),
    "dependabot": ("dependabot", "The file is not what Dependabot expects"),
    "gitlab": ("gitlab-ci", "The file is not what GitLab expects"),
}


def _kind(file: str) -> str:
    path = PurePosixPath(file)
    if path.suffix not in {".yml", ".yaml"}:
        return ""
    if path.parts[-3:-1] == (".github", "workflows"):
        return "main"
    names = {"action": "action", "dependabot": "dependabot", ".gitlab-ci": "gitlab"}
    return names.get(path.stem, "")


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    return Selection(tuple(file for file in files if _kind(file)))


def _commands(task: Task) -> tuple[Command, ...]:
    due = {name: [argument(file) for file in task.files if _kind(file) == name] for name in SCHEMAS}
    due["main"] += task.canaries
    base = ("check-jsonschema", "--output-format=json", "--verbose", "--color=never")
    return tuple(
        Command(name=name, argv=(*base, "--builtin-schema", *SCHEMAS[name], "--", *files))
        for name, files in due.items()
        if files
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    findings: list[Finding] = []
    gaps: dict[str, str] = {}
    looked_at: set[str] = set()
    for name, execution in executions.items():
        report = as_dict(load_json(execution.stdout, "check-jsonschema's report"), "check-jsonschema's report")
        errors = [as_dict(one, "its error") for one in field(report, "errors", list, "its report")]
        failed = field(report, "status", str, "its report") != "ok"
        unread = (
            [as_dict(one, "its error") for one in field(report, "parse_errors", list, "its report")] if failed else []
        )
        if failed != (execution.status == 1) or failed != bool(errors or unread):
            raise WrongShape(f"check-jsonschema ended with exit status {execution.status} and {len(errors)} errors")
        fine = as_list(report.get("successes" if failed else "checked_paths"), "its list of files")
        gaps |= {_path(one, task): field(one, "message", str, "its error") for one in unread}
        findings += [_finding(one, RULES[name][0], task) for one in errors]
        looked_at |= {project_path(str(path), task.root) for path in fine} | {_path(one, task) for one in errors}
    return Reading(
        findings=tuple(findings),
        rules=tuple(Rule(rule, summary=summary, uri=TOOL.uri) for rule, summary in RULES.values()),
        looked_at=frozenset(looked_at & set(task.files)),
        gaps=tuple(Gap(path, f"check-jsonschema: {said}") for path, said in gaps.items()),
    )


def _path(one: dict[str, Any], task: Task) -> str:
    return project_path(field(one, "filename", str, "its error"), task.root)


def _finding(one: dict[str, Any], rule: str, task: Task) -> Finding:
    best = optional(one, "best_match", dict, "its error") or one
    at, said = field(best, "path", str, "its error"), field(best, "message", str, "its error")
    return Finding(
        tool="check-jsonschema",
        rule=rule,
        severity=Severity.ERROR,
        message=f"{at}: {said[:300]}".strip(),
        location=Location(_path(one, task)),
        anchor=at,
    )


TOOL = Tool(
    name="check-jsonschema",
    stage=Stage.CI,
    about="checks workflows, actions, Dependabot and GitLab files against their schemas",
    uri="https://check-jsonschema.readthedocs.io/",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=planted("check-jsonschema", "github-workflow"),
    text_only=True,
)
