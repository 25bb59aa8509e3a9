"""Runs Django's system checks, those for deployment included, inside the project's own interpreter.

One `manage.py` each. Messages are objects there, which are written down; nothing that is printed is read. Standard
library and the project's own Django only, old syntax on purpose.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

NAMED = re.compile(r"DJANGO_SETTINGS_MODULE[\"'][^\"']{1,20}[\"']([\w.]+)[\"']")
FAILED = 3


def main(session: Any) -> int:
    """0: the checks have nothing to say; 1: they have; 3: they gave no answer, and the record says why."""
    status: int = session.run(_run)
    return status


def _run(session: Any) -> int:
    (manage,) = session.request["instead"] or session.request["files"]
    session.prepare()
    folder = os.path.join(session.root, os.path.dirname(manage))
    module = session.request["module"] or _named(os.path.join(session.root, manage))
    if session.request["instead"]:  # the planted settings
        module = os.path.basename(manage)[:-3]
    if not module:
        session.problem("settings", "manage.py names no DJANGO_SETTINGS_MODULE")
        return FAILED
    session.find_project()
    sys.path.insert(0, folder)
    os.chdir(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    try:
        django = importlib.import_module("django")
        django.setup()
        checks = importlib.import_module("django.core.checks")
        registry = importlib.import_module("django.core.checks.registry").registry
        security = [one for one in registry.deployment_checks if one.__module__.startswith("django.core.checks.")]
        messages = checks.run_checks(include_deployment_checks=True)
    except BaseException as error:  # `sys.exit()` in a settings file is its failure, not our end
        session.problem("settings", f"{module}: {type(error).__name__}: {error}")
        return FAILED
    finally:
        os.chdir(session.root)
    file, lines = _assignments(session, module)
    session.record.write(event="checks", version=django.get_version(), settings=file, deployment=len(security))
    for one in messages:
        place = lines.get(session.request["settings_of"].get(one.id or "", ""), [file, None])
        place = _model_place(session, one.obj) or place
        told = {
            "id": str(one.id or "unnamed"),
            "level": int(one.level),
            "text": str(one.msg),
            "hint": str(one.hint or ""),
        }
        about = "" if one.obj is None else str(one.obj)
        session.record.write(event="message", silenced=bool(one.is_silenced()), place=place, about=about, **told)
    return 1 if messages else 0


def _named(manage: str) -> str:
    with open(manage, encoding="utf-8", errors="replace") as stream:
        found = NAMED.search(stream.read())
    return found.group(1) if found else ""


def _assignments(session: Any, module: str) -> tuple[str, dict[str, list[Any]]]:
    """(the settings file, where each setting was last set: file and line), through `from … import *`."""
    lines: dict[str, list[Any]] = {}
    _collect(session, module, lines, set())
    return session.recorder.place(_file(module) or module), lines


def _collect(session: Any, module: str, lines: dict[str, list[Any]], seen: set[str]) -> None:
    file = _file(module)
    if file is None or module in seen:
        return
    seen.add(module)
    try:
        with open(file, encoding="utf-8") as stream:
            tree = ast.parse(stream.read())
    except (OSError, ValueError, SyntaxError):
        return
    for base in _star_imports(tree, module):
        _collect(session, base, lines, seen)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and target.id.isupper():
                    lines[target.id] = [session.recorder.place(file), node.lineno]


def _star_imports(tree: ast.Module, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names):
            base = module.rsplit(".", node.level)[0] if node.level else ""
            yield ".".join(part for part in (base, node.module or "") if part)


def _model_place(session: Any, about: Any) -> Any:
    """Where the model is that a message is about, or whose field: file and line; None: it is about something else."""
    model = getattr(about, "model", None) or about
    if not isinstance(model, type):
        return None
    try:
        place = session.recorder.place(inspect.getsourcefile(model) or "")
        return None if os.path.isabs(place) else [place, inspect.getsourcelines(model)[1] or 1]
    except (OSError, TypeError):
        return None


def _file(module: str) -> Any:
    file = getattr(sys.modules.get(module), "__file__", None)
    return file if file and file.endswith(".py") else None
