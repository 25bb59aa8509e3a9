"""Django's `check --deploy` (https://docs.djangoproject.com/en/stable/ref/checks/) in the project's environment.

It runs the project's code, so it belongs to the stage `test`. The settings are those that `manage.py` names, or
`tools.django-check.settings.module`. Planted settings, in a process of their own, have to be told of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.test_runs.django_checks import SECURITY, read_checks
from py_secure_ci.adapting.test_runs.running import CANARY, run_command
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Stage
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task, Tool

NAME = "django-check"
SETTINGS_OF = {check: setting for check, (setting, _) in SECURITY.items()}


def _select(tree: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    return Selection(tuple(path for path in tree if PurePosixPath(path).name == "manage.py"))


def _commands(task: Task) -> tuple[Command, ...]:
    more = {"module": str(task.options.settings.get("module", "")), "settings_of": SETTINGS_OF}
    commands = []
    places = {f"django-{number}": (replace(task, files=(path,)), ()) for number, path in enumerate(task.files)}
    for name, (part, instead) in {**places, **({CANARY: (task, task.canaries)} if task.canaries else {})}.items():
        command = run_command(part, NAME, "run_django.py", name, (), instead=instead)
        request = {**json.loads(command.inputs[f"{name}.json"]), **more}
        commands.append(replace(command, inputs={**command.inputs, f"{name}.json": json.dumps(request)}))
    return tuple(commands)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    names = {f"django-{number}": path for number, path in enumerate(task.files)}
    answers = {path: read_checks(NAME, executions[name], name) for name, path in names.items()}
    lost = {path: one.problem for path, one in answers.items() if one.problem}
    for path, problem in lost.items():
        raise WrongShape(
            f"{path}: Django's settings cannot be used: {problem}",
            hint="Name settings that need no variables in tools.django-check.settings.module.",
        )
    found = tuple(answers.values())
    planted = (read_checks(NAME, executions[CANARY], CANARY),) if CANARY in executions else ()
    return Reading(
        findings=tuple(finding for one in (*found, *planted) for finding in one.findings),
        rules=tuple({rule.id: rule for one in found for rule in one.rules}.values()),
        looked_at=frozenset(task.files),
        excluded=tuple(dict.fromkeys(silenced for one in found for silenced in one.silenced)),
    )


TOOL = Tool(
    name=NAME,
    stage=Stage.TEST,
    about="runs Django's own checks, those for deployment included",
    uri="https://docs.djangoproject.com/en/stable/ref/checks/",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=planted("django-check", "security.W018"),
    source="project",
    program="django-admin",
    distribution="django",
    nothing="manage.py",
    needs_environment=True,
)
