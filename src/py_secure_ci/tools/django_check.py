"""Django's `check --deploy` (https://docs.djangoproject.com/en/stable/ref/checks/) in the project's environment.

It runs the project's code, so it belongs to the stage `test`. The settings are those that `manage.py` names, or
`tools.django-check.settings.module`. Planted settings, in a process of their own, have to be told of.
"""

from __future__ import annotations

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.selection import named
from py_secure_ci.adapting.test_runs.django_runs import NAME, commands, parse
from py_secure_ci.model import Stage
from py_secure_ci.tool import Tool

TOOL = Tool(
    name=NAME,
    stage=Stage.TEST,
    about="runs Django's own checks, those for deployment included",
    uri="https://docs.djangoproject.com/en/stable/ref/checks/",
    commands=commands,
    parse=parse,
    select=named("manage.py"),
    canary=planted("django-check", "security.W018"),
    options={"module": {"type": "string", "minLength": 1, "description": "The settings that are checked."}},
    source="project",
    program="django-admin",
    distribution="django",
    nothing="manage.py",
    needs_environment=True,
)
