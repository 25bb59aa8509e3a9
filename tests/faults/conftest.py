"""The laboratory: one small project with a finding for every tool, the real tools, and programs that misbehave."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci import all_tools
from py_secure_ci.model import Stage
from py_secure_ci.tool import Tool
from py_secure_ci.toolchain import Toolchain
from py_secure_ci.toolchain.places import cache_folder

HERE = Path(__file__).parent
# What comes from PATH only cannot be installed here; semgrep starts a second program, which it looks for beside itself.
TOOLS = tuple(tool for tool in all_tools.TOOLS if not tool.source and tool.name != "semgrep")


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


product = load(HERE / "product.py")

SECRET = "AKIA" + "Z3MJ5TQ7RX2WBLPK"
FILES = {
    "app/__init__.py": "",
    "app/orders.py": (
        "import subprocess\n\n\ndef  pay(command: str, total: int = None) -> int:\n    if total == None:\n"
        '        return "none"\n    subprocess.call(command, shell=True)\n    return total + 1\n'
    ),
    "app/clean.py": "LIMIT = 3\n",
    "app/settings.txt": f"aws_key = '{SECRET}'\n",
    "tests/test_orders.py": (
        "import unittest\n\n\nclass Orders(unittest.TestCase):\n    def test_that_fails(self):\n"
        "        self.assertEqual(1, 2)\n\n    def test_that_passes(self):\n        self.assertTrue(True)\n"
    ),
    "docs/example.txt": ">>> 1 + 1\n3\n",
    "requirements.txt": "urllib3==1.24.1\nsix==1.16.0\n",
    ".github/workflows/ci.yml": (
        "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
        "      - run: echo ${{ github.event.head_commit.message }}\n"
    ),
    ".gitignore": "__pycache__/\n",
    # For the tools that are not on by default.
    "app/more.py": (
        "import sys\nimport os\nimport requests\n\nexec('1')\n\n\ndef knot(one):\n"
        + "".join(f"    if one == {n}:\n        return {n}\n" for n in range(12))
    ),
    "app/token.txt": "token = 'ghp" + "_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'\n",
    ".gitlab-ci.yml": "test:\n  script: {a: 1}\n",
    "example/pyproject.toml": '[project]\nversion = "1"\n',
}
BLINDFOLDS = {"pip-audit": "no vulnerability"}
OUTCOMES = r'("outcome": ")\w+'
RUNNERS = ("run_pytest.py", "run_unittest.py", "run_doctest.py")
WORDS = {"pytest": OUTCOMES, "unittest": OUTCOMES, "doctest": OUTCOMES, "detect-secrets": r'("type": ")[^"]+'}
USUAL_WORDS = r'("[a-z_]*severity": ")[^"]+'


def in_environment(tool: Tool) -> bool:
    """Runs by the project's own interpreter: that is then the program which misbehaves."""
    return tool.stage is Stage.TEST


@dataclass
class Lab:
    """Makes projects whose tools are replaced."""

    folder: Path
    real: dict[str, Path]
    python: Path  # an interpreter that has pytest
    recordings: Path
    product: Any
    reference: Any = None  # the honest run

    def statuses(self, tool: str) -> set[int]:
        """Every exit status that the honest tool's calls ended with."""
        program = "python" if in_environment(by_name(tool)) else by_name(tool).program or tool
        said = [json.loads(path.read_text("utf-8")) for path in self.recordings.glob("*.json")]
        return {one["status"] for one in said if one["program"] == program}

    def project(self, place: Path, faults: dict[str, str], companions: tuple[str, ...] = (), **more: Any) -> Any:
        """A project that runs `faults` (tool -> fault, or fault:argument) and honest `companions`."""
        names = [tool.name for tool in TOOLS if tool.name in (*faults, *companions)]
        programs = place / "programs"
        programs.mkdir(parents=True)
        for name, fault in faults.items():
            self.misbehave(programs, by_name(name), fault)
        one = product.Project(place / "project", {"PATH": f"{programs}{os.pathsep}{self.path(place)}"})
        one.write({**FILES, ".py-secure-ci.yml": self.yaml(programs, names, faults, **more)}).commit()
        return one

    def path(self, place: Path) -> str:
        """A PATH with git and nothing else: no tool is found but those that the test provides."""
        folder = place / "path"
        folder.mkdir()
        for name in ("git", "sh"):
            found = shutil.which(name)
            assert found is not None
            (folder / name).symlink_to(found)
        return str(folder)

    def yaml(self, programs: Path, names: list[str], faults: dict[str, str], **more: Any) -> str:
        stages: dict[str, Any] = {}
        for stage in Stage:
            chosen = [name for name in names if by_name(name).stage is stage]
            stages[stage.value] = {"tools": chosen} if chosen else False
        if stages[Stage.SCA.value]:
            stages[Stage.SCA.value] = {**stages["sca"], "advisories": {"source": "snapshot", "on_stale": "warn"}}
        if stages[Stage.TEST.value]:
            stages[Stage.TEST.value] = {**stages["test"], "coverage": 0}
        tools: dict[str, Any] = {}
        for name in faults:
            tools[name] = {"source": "project" if in_environment(by_name(name)) else "path"}
            if "timeout" in more:
                tools[name]["timeout"] = more["timeout"]
        fake = any(in_environment(by_name(name)) for name in faults)
        python = str(programs / "venv") if fake else str(self.python)
        environment = {"python": python, "install": "none"}
        return json.dumps({"stages": stages, "tools": tools, "environment": environment})

    def misbehave(self, programs: Path, tool: Tool, fault: str) -> None:
        name, _, argument = fault.partition(":")
        folder, program, real = programs, tool.program or tool.name, self.real[tool.name]
        only: tuple[str, ...] = ()
        if in_environment(tool):
            folder, program, only, real = self.environment(programs, name), "python", RUNNERS, self.python
        plan = {
            "fault": name,
            "argument": argument,
            "real": str(real),
            "recordings": str(self.recordings),
            "state": str(programs),
            "only": list(only),
            "blindfold": BLINDFOLDS.get(tool.name, "files"),
            "words": WORDS.get(tool.name, USUAL_WORDS),
        }
        if name == "missing" and not in_environment(tool):
            return
        path = folder / program
        if path.exists():
            return  # two tools of one program
        text = (HERE / "misbehaving.py").read_text("utf-8")
        path.write_text(f"#!{sys.executable} -IS\n{text}", "utf-8")
        path.chmod(0o644 if name == "not-executable" else 0o755)
        (folder / f"{program}.json").write_text(json.dumps(plan), "utf-8")

    def environment(self, programs: Path, fault: str) -> Path:
        """What looks like the project's environment with pytest in it."""
        folder = programs / "venv"
        version = self.python.resolve().name.removeprefix("python") or "3"
        packages = folder / "lib" / f"python{version}" / "site-packages"
        metadata = packages / "pytest-9.0.0.dist-info"
        metadata.mkdir(parents=True, exist_ok=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest\nVersion: 9.0.0\n", "utf-8")
        (folder / "pyvenv.cfg").write_text("home = /nowhere\n", "utf-8")
        (folder / "bin").mkdir(exist_ok=True)
        if fault != "missing":
            (folder / "bin" / "pytest").write_text("#!/bin/false\n", "utf-8")
            (folder / "bin" / "pytest").chmod(0o755)
        return folder / "bin"


def by_name(name: str) -> Tool:
    return next(tool for tool in TOOLS if tool.name == name)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The real tools, and what they say of the project, recorded once through the product itself."""
    folder = tmp_path_factory.mktemp("lab")
    toolchain = Toolchain(cache_folder(os.environ), os.environ)
    installed = {tool.name: toolchain.install(tool.lock or tool.name) for tool in TOOLS}
    real = {tool.name: installed[tool.name].bin / (tool.program or tool.name) for tool in TOOLS}
    real["flake8"] = real["dlint"]  # one program, of which only this copy has the plugin
    python = next(installed[tool.name].python for tool in TOOLS if in_environment(tool))
    assert python is not None
    recordings = folder / "recordings"
    recordings.mkdir()
    made = Lab(folder, real, python, recordings, product)
    ran = made.project(folder / "recording", {tool.name: "record" for tool in TOOLS}).run()
    assert ran.status == 1, ran.stdout + ran.stderr
    made.reference = ran
    return made
