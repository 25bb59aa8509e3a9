"""zizmor: security of GitHub workflows and actions (https://docs.zizmor.sh/).

`--offline`, explicit inputs, and `--no-config`: a `zizmor.yml` of the project can switch audits off, so it counts only
if our YAML names it as `tools.zizmor.config`. Without `--strict-collection` zizmor drops an input that it cannot
parse with a warning and goes on (measured with 1.32.0); every input it audits it names as completed on stderr, which
is what was looked at. An input that is not UTF-8 ends the whole run, hence `text_only`.
Exit status 11 to 14 means findings, by the worst severity; the second command counts what comments hide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.selection import argument
from py_secure_ci.adapting.zizmor_report import STATUS, entries_of, finding_of, reason_of, rule_of
from py_secure_ci.model import Gap, Stage
from py_secure_ci.tool import Command, Execution, Fixer, Reading, Selection, Task, Tool

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
    entries = entries_of(main)
    findings = tuple(finding_of(one, task) for one in entries)
    log = f"\n{main.stderr}"
    looked_at = frozenset(file for file in task.files if f"\n{COMPLETED}{argument(file)}\n" in log)
    hidden = len(entries_of(executions["unhidden"])) - len(entries)
    return Reading(
        findings=findings,
        rules=tuple({one["ident"]: rule_of(one) for one in entries}.values()),
        looked_at=looked_at,
        gaps=tuple(Gap(file, reason_of(file, log)) for file in task.files if file not in looked_at),
        notes=(f"Findings hidden by `# zizmor: ignore` comments or its configuration: {hidden}.",) if hidden else (),
    )


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
