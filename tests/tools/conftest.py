"""Recorded cases: a small tree in one text file, and what the real tool said about it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.dependencies.frameworks import FRAMEWORKS
from py_secure_ci.model import Finding
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

HERE = Path(__file__).parent
ROOT, SCRATCH = Path("/project"), Path("/scratch")  # stand in recordings for the folders of the day


def unpack(text: str) -> dict[str, bytes]:
    """A tree from text: `-- path --` starts a file, a path in quotes is JSON, `@@` is nothing.

    `@@` cuts words apart that scanners would take for secrets; `(latin-1)` before the last dashes gives the encoding.
    """
    tree: dict[str, bytes] = {}
    for part in text.split("\n-- ")[1:] if not text.startswith("-- ") else ("\n" + text).split("\n-- ")[1:]:
        head, _, body = part.partition("\n")
        name, encoding = head.removesuffix(" --"), "utf-8"
        if name.endswith(" (latin-1)"):
            name, encoding = name.removesuffix(" (latin-1)"), "latin-1"
        path = json.loads(name) if name.startswith('"') else name
        body = body if not body or body.endswith("\n") else body + "\n"
        tree[path] = body.replace("@@", "").encode(encoding)
    return tree


@dataclass(frozen=True)
class Case:
    """One recorded case of one tool."""

    tool: Tool
    task: Task
    executions: Mapping[str, Execution]

    def read(self) -> Reading:
        return self.tool.parse(self.task, self.executions)

    def change(self, name: str = "main", **changes: Any) -> Case:
        """The same case with another status, stdout, stderr or files of one command."""
        return replace(self, executions={**self.executions, name: replace(self.executions[name], **changes)})

    def findings(self) -> list[Finding]:
        """What is said about the tree, the canary left out."""
        return [one for one in self.read().findings if one.location is None or not self.planted(one.location.path)]

    def seen(self) -> set[str]:
        """The rules that were reported of the canary."""
        return {one.rule for one in self.read().findings if one.location and self.planted(one.location.path)}

    def planted(self, path: str) -> bool:
        return path in self.task.canaries


def make_task(tool: Tool, tree: Mapping[str, bytes], root: Path, scratch: Path) -> Task:
    """What the pipeline would hand over."""
    settings = {name: tree[name].decode() for name in tool.settings if name in tree}
    canaries = tuple((scratch / "canary" / name).as_posix() for name in (tool.canary.files if tool.canary else ()))
    due = tool.select(tuple(sorted(tree)), settings).files
    frameworks = frozenset(FRAMEWORKS) if tool.wants_frameworks else frozenset()
    return Task(root=root, scratch=scratch, files=due, canaries=canaries, settings=settings, frameworks=frameworks)


def plant(tree: Mapping[str, bytes], root: Path) -> None:
    for name, data in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def execute(task: Task, command: Command, programs: str) -> Execution:
    """Run one command for real. `programs` is the PATH."""
    for name, text in command.inputs.items():
        (task.scratch / name).parent.mkdir(parents=True, exist_ok=True)
        (task.scratch / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        command.argv,
        cwd=task.scratch if command.in_scratch else task.root,
        env={"PATH": programs, "HOME": str(task.scratch), "LANG": "C.UTF-8", **command.env},
        input=command.stdin.encode(),
        capture_output=True,
        check=False,
    )
    files = {name: task.scratch / name for name in command.outputs}
    return Execution(
        status=done.returncode,
        stdout=done.stdout.decode(),
        stderr=done.stderr.decode(),
        files={name: path.read_text(encoding="utf-8") for name, path in files.items() if path.exists()},
    )


def run_for_real(tool: Tool, task: Task, programs: str) -> dict[str, Execution]:
    """Plant the canaries and run every command, as the pipeline does; a status that is not allowed is an error."""
    texts = list(tool.canary.files.values()) if tool.canary else []
    plant({path: text.encode() for path, text in zip(task.canaries, texts, strict=True)}, Path("/"))
    executions = {}
    for command in tool.commands(task):
        executions[command.name] = done = execute(task, command, programs)
        assert done.status in command.clean | command.found, (done.status, done.stdout, done.stderr)
    return executions


def load(tool: Tool, name: str) -> Case:
    folder = HERE / tool.name / name
    task = make_task(tool, unpack((folder / "input.txt").read_text(encoding="utf-8")), ROOT, SCRATCH)
    recorded = json.loads((folder / "recorded.json").read_text(encoding="utf-8"))
    return Case(
        tool,
        task,
        {
            command: Execution(
                status=said["status"],
                stdout="\n".join(said["stdout"]),
                stderr="\n".join(said["stderr"]),
                files={file: "\n".join(lines) for file, lines in said["files"].items()},
            )
            for command, said in recorded.items()
        },
    )


@pytest.fixture
def recorded() -> Callable[[str, str], Case]:
    """`recorded(tool, case)` loads a recorded case."""
    tools = {tool.name: tool for tool in TOOLS}
    return lambda name, case: load(tools[name], case)


@pytest.fixture
def programs() -> str:
    """The PATH on which tests look for the real tools."""
    return os.environ.get("PATH", os.defpath)
