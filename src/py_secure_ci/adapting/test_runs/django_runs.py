"""How Django's checks are run, for each project of a tree, and put together (scripts/run_django.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from py_secure_ci.adapting.test_runs.django_checks import SECURITY, read_checks
from py_secure_ci.adapting.test_runs.running import CANARY, run_command
from py_secure_ci.errors import WrongShape
from py_secure_ci.tool import Command, Execution, Reading, Task

NAME = "django-check"
SETTINGS_OF = {check: setting for check, (setting, _) in SECURITY.items()}


def commands(task: Task) -> tuple[Command, ...]:
    """A process for each `manage.py`, and one for the planted settings."""
    more = {"module": str(task.options.settings.get("module", "")), "settings_of": SETTINGS_OF}
    commands = []
    places = {f"django-{number}": (replace(task, files=(path,)), ()) for number, path in enumerate(task.files)}
    for name, (part, instead) in {**places, **({CANARY: (task, task.canaries)} if task.canaries else {})}.items():
        command = run_command(part, NAME, "run_django.py", name, (), instead=instead)
        request = {**json.loads(command.inputs[f"{name}.json"]), **more}
        commands.append(replace(command, inputs={**command.inputs, f"{name}.json": json.dumps(request)}))
    return tuple(commands)


def parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    """The answers together. Raises WrongShape where settings could not be used, or a record not be believed."""
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
