"""Runs the adapter's commands for real, as the runner would: one process each, its files read afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from py_secure_ci.tool import Execution, Reading, Task, Tool
from py_secure_ci.tools.pytest import TOOL

Run = Callable[..., Reading]


def execute(task: Task, tool: Tool = TOOL) -> dict[str, Execution]:
    """Every command of the task, with an environment of few names."""
    executions = {}
    for command in tool.commands(task):
        for name, text in command.inputs.items():
            (task.scratch / name).parent.mkdir(exist_ok=True)
            (task.scratch / name).write_text(text, "utf-8")
        environ = {"PATH": os.defpath, "HOME": str(task.scratch), "TMPDIR": str(task.scratch), "LANG": "C.UTF-8"}
        done = subprocess.run(  # the test's own stand-in for the runner
            command.argv, cwd=task.root, env={**environ, **command.env}, capture_output=True, timeout=120, check=False
        )
        files = {name: task.scratch / name for name in command.outputs if (task.scratch / name).exists()}
        executions[command.name] = Execution(
            status=done.returncode,
            stdout=done.stdout.decode(),
            stderr=done.stderr.decode(),
            files={name: path.read_text("utf-8") for name, path in files.items()},
        )
    return executions


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Mapping[str, str]], Task]:
    """Write a project; get the task of checking it, with the canary planted."""

    def make(files: Mapping[str, str], tool: Tool = TOOL, **more: object) -> Task:
        root, scratch = tmp_path / "project", tmp_path / "scratch"
        scratch.mkdir()
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, "utf-8")
        assert tool.canary is not None
        ((name, text),) = tool.canary.files.items()
        canary = scratch / name
        canary.write_text(text, "utf-8")
        tree = tuple(sorted(files))
        return Task(
            root=root,
            scratch=scratch,
            files=tool.select(tree, dict(files)).files,
            canaries=(str(canary),),
            **{"python": Path(sys.executable), **more},  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def run() -> Run:
    """Run a task and read what came of it."""
    return lambda task, tool=TOOL: tool.parse(task, execute(task, tool))


@pytest.fixture
def executed() -> Callable[[Task], dict[str, Execution]]:
    """Run a task and give what came of each command."""
    return execute
