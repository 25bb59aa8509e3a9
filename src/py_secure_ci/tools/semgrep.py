"""semgrep with rules of our own, which need no network (https://semgrep.dev/docs/).

Version check and metrics off (each waits for a network), no `.semgrepignore` and no default excludes, no size limit;
further rules only if our YAML names them as `tools.semgrep.config`. What it scanned has to be what was due, every rule
has to be loaded, and each error (a timeout, a part that was not parsed) is a gap. It parses a file only if a rule's
words stand in it, and finds nothing in one of Python 2 without a word (measured with 1.182.0): we parse each too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.python_syntax import marked, select_modules, syntax_command, syntax_gaps, unparsable
from py_secure_ci.adapting.rules import rule_ids, rules_text
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.adapting.semgrep_report import finding_of, rule_of
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Gap, Stage
from py_secure_ci.reading import as_dict, field, load_json, optional
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

OPTIONS = (
    *("--json", "--time", "--error", "--strict", "--metrics=off", "--disable-version-check", "--oss-only", "-j1"),
    *("--no-git-ignore", "--x-ignore-semgrepignore-files", "--scan-unknown-extensions", "--max-target-bytes=0"),
    *("--no-rewrite-rule-ids", "--timeout=60", "--timeout-threshold=0", "--no-autofix"),
)


def _commands(task: Task) -> tuple[Command, ...]:
    own = ("--config", argument(task.options.config)) if task.options.config else ()
    config = ("--config", (task.scratch / "rules.yml").as_posix(), *own)
    files = (*(argument(file) for file in task.files), *task.canaries)
    home = task.scratch.as_posix()
    env = {
        "SEMGREP_SEND_METRICS": "off",
        "SEMGREP_ENABLE_VERSION_CHECK": "0",
        "SEMGREP_SETTINGS_FILE": f"{home}/semgrep-settings.yml",
        "SEMGREP_LOG_FILE": f"{home}/semgrep.log",
        "XDG_CACHE_HOME": home,
    }
    argv = ("semgrep", "scan", *OPTIONS, *config, *task.options.args, "--", *files)
    return (
        Command(argv=argv, inputs={"rules.yml": rules_text(task.frameworks)}, env=env),
        syntax_command(task, ("nosem",)),
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main, what = executions["main"], "semgrep's report"
    report = as_dict(load_json(main.stdout, what), what)
    results = [as_dict(one, what) for one in field(report, "results", list, what)]
    if (main.status == 1) != bool(results):
        raise WrongShape(f"semgrep ended with exit status {main.status} and {len(results)} results")
    loaded = field(field(report, "time", dict, what), "rules", list, what)
    lacking = [*sorted(rule_ids(task.frameworks) - set(loaded)), *field(report, "skipped_rules", list, what)]
    if lacking:
        raise WrongShape(f"semgrep did not load every rule: {sorted(map(str, lacking))}")
    if task.options.config and set(loaded) <= rule_ids(task.frameworks):
        raise WrongShape(f"{task.options.config} (tools.semgrep.config) adds no rule for Python")
    errors = dict(_error(as_dict(one, what), task) for one in field(report, "errors", list, what))
    problems = unparsable(task, executions)
    scanned = field(field(report, "paths", dict, what), "scanned", list, what)
    comments = marked(executions)
    return Reading(
        findings=tuple(finding_of(one, task) for one in results),
        rules=tuple({one["check_id"]: rule_of(one, TOOL.uri) for one in results}.values()),
        looked_at=frozenset(project_path(str(path), task.root) for path in scanned)
        & set(task.files) - problems.keys() - errors.keys(),
        gaps=(*syntax_gaps(problems), *(Gap(path, f"semgrep: {said}") for path, said in errors.items())),
        notes=(
            *((f"Comments that hide findings (`nosemgrep`): {comments}.",) if comments else ()),
            f"Rules for web frameworks: {', '.join(sorted(task.frameworks)) or 'none, as none was found'}.",
        ),
    )


def _error(one: dict[str, Any], task: Task) -> tuple[str, str]:
    said = field(one, "message", str, "semgrep's error").strip()
    path = optional(one, "path", str, "semgrep's error")
    if path is None:
        raise WrongShape(f"semgrep met an error: {said[:500]}")
    return project_path(path, task.root), said[:200]


TOOL = Tool(
    name="semgrep",
    stage=Stage.SAST,
    about="finds security defects by patterns of code, with rules for Django, FastAPI and Flask",
    uri="https://semgrep.dev/docs/",
    commands=_commands,
    parse=_parse,
    select=select_modules,
    canary=planted("semgrep", "yaml-load", "shell-command-from-values"),
    split=pieces,
    byte_columns=True,
    wants_frameworks=True,
)
