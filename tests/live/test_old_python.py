"""Static tools that ask an old interpreter of the project's: no module of the project's runs for it.

Before Python 3.11 no variable keeps the folder that an interpreter starts in off its path.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from uv import find_uv_bin

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.model import Stage
from py_secure_ci.running.environment import child_environment
from py_secure_ci.tool import Task, Tool
from py_secure_ci.toolchain import Toolchain
from py_secure_ci.toolchain.places import cache_folder

pytestmark = pytest.mark.network

OLD = "3.10"
MODULES = (
    "ast collections enum functools importlib io json os pathlib platform re site subprocess sysconfig types typing"
)
ASKING = [tool for tool in TOOLS if tool.needs_environment and tool.stage is not Stage.TEST and not tool.source]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment of that age."""
    place = tmp_path_factory.mktemp("old") / "environment"
    of_pyenv = sorted(map(str, (Path.home() / ".pyenv" / "versions").glob(f"{OLD}.*/bin/python")))
    for one in (*of_pyenv, OLD):
        words = ("venv", "-q", "--no-python-downloads", "--python", one, str(place))
        if subprocess.run([find_uv_bin(), *words], check=False, capture_output=True, timeout=120).returncode == 0:
            return place / "bin" / "python"
    pytest.skip(f"there is no Python {OLD} on this machine")


def hostile(root: Path, marker: Path) -> tuple[str, ...]:
    """A tree in which each module leaves the marker; its files."""
    code = f"with open({str(marker)!r}, 'a') as file:\n    file.write(__name__ + ' ')\n"
    tree = {f"{name}.py": code for name in MODULES.split()} | {"app/__init__.py": "", "app/main.py": "x: int = 'a'\n"}
    for name, text in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return tuple(sorted(tree))


def test_which_tools_ask() -> None:
    assert {"mypy", "pyright", "ty", "pyrefly", "deptry"} <= {tool.name for tool in ASKING}


@pytest.mark.parametrize("tool", ASKING, ids=lambda tool: tool.name)
def test_no_module_of_the_project_runs(tool: Tool, python: Path, tmp_path: Path) -> None:
    root, scratch, marker = tmp_path / "project", tmp_path / "scratch", tmp_path / "ran"
    scratch.mkdir()
    files = hostile(root, marker)
    planted = {
        str(scratch / "canary" / name): text for name, text in (tool.canary.files if tool.canary else {}).items()
    }
    for name, text in planted.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    due = tool.select(files, {}).files
    task = Task(root=root, scratch=scratch, files=due, canaries=tuple(planted), python=python)
    programs = Toolchain(cache_folder(os.environ), os.environ).install(tool.lock or tool.name).bin
    environment = child_environment({"PATH": f"{programs}:/usr/bin:/bin"}, home=scratch, tmp=scratch)
    for command in tool.commands(task):
        for name, text in command.inputs.items():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            command.argv,
            cwd=scratch if command.in_scratch else root,
            env={**environment, **command.env},
            input=command.stdin.encode(),
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.stdout or done.stderr
    assert not marker.exists(), marker.read_text(encoding="utf-8")
