"""check-jsonschema: CI files against the schemas of GitHub and GitLab (https://check-jsonschema.readthedocs.io/).

Only schemas that it carries itself (`vendor.*`): nothing is downloaded. The report names each file that it checked.
A file that cannot be parsed is a gap. Messages may quote values of the file, so no more than the best one is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from py_secure_ci.adapting.findings import Record, agree, answer, records, value
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.selection import argument, project_path, project_paths
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.reading import load_json, optional
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task, Tool

KINDS = {  # what a kind of file is checked against, the rule, its summary
    "main": ("vendor.github-workflows", "github-workflow", "A workflow is not what GitHub expects"),
    "action": ("vendor.github-actions", "github-action", "An action is not what GitHub expects"),
    "dependabot": ("vendor.dependabot", "dependabot", "The file is not what Dependabot expects"),
    "gitlab": ("vendor.gitlab-ci", "gitlab-ci", "The file is not what GitLab expects"),
}
NAMES = {"action": "action", "dependabot": "dependabot", ".gitlab-ci": "gitlab"}
BASE = ("check-jsonschema", "--output-format=json", "--verbose", "--color=never", "--builtin-schema")
TRANSFORM = {"gitlab": ("--data-transform=gitlab-ci",)}


def _kind(file: str) -> str:
    path = PurePosixPath(file)
    if path.suffix not in {".yml", ".yaml"}:
        return ""
    return "main" if path.parts[-3:-1] == (".github", "workflows") else NAMES.get(path.stem, "")


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    return Selection(tuple(file for file in files if _kind(file)))


def _commands(task: Task) -> tuple[Command, ...]:
    due = {name: [argument(file) for file in task.files if _kind(file) == name] for name in KINDS}
    due["main"] += task.canaries
    argv = {name: (*BASE, KINDS[name][0], *TRANSFORM.get(name, ()), "--", *files) for name, files in due.items()}
    return tuple(Command(name=name, argv=argv[name]) for name, files in due.items() if files)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    what, findings, looked_at = "check-jsonschema's report", [], set()
    gaps: dict[str, str] = {}
    for name, execution in executions.items():
        report = load_json(execution.stdout, what)
        errors = records(execution.stdout, what, "errors")
        failed = value(report, "status", str, what) != "ok"
        unread = records(execution.stdout, what, "parse_errors") if failed else []
        agree("check-jsonschema", execution.status, failed, len(errors))
        if failed != bool(errors or unread):
            raise WrongShape(f"{what} says {report['status']!r}, with {len(errors)} errors")
        gaps |= {_path(one, task): value(one, "message", str, what) for one in unread}
        findings += [_finding(one, KINDS[name][1], task) for one in errors]
        fine = value(report, "successes" if failed else "checked_paths", list, what)
        looked_at |= {*project_paths(map(str, fine), task.root), *(_path(one, task) for one in errors)}
    return answer(
        task,
        findings,
        [Rule(rule, summary=summary, uri=TOOL.uri) for _, rule, summary in KINDS.values()],
        said=looked_at,
        instead=[Gap(path, f"check-jsonschema: {said}") for path, said in gaps.items()],
    )


def _path(one: Record, task: Task) -> str:
    return project_path(value(one, "filename", str, "its error"), task.root)


def _finding(one: Record, rule: str, task: Task) -> Finding:
    best = optional(one, "best_match", dict, "its error") or one
    at, said = value(best, "path", str, "its error"), value(best, "message", str, "its error")
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
