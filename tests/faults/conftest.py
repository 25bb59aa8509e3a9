"""The laboratory: one small project with a finding for every tool, the real tools, and programs that misbehave."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from by_path import load
from py_secure_ci.model import Stage
from py_secure_ci.tool import Tool
from py_secure_ci.toolchain import Toolchain
from py_secure_ci.toolchain.places import cache_folder

HERE = Path(__file__).parent
# What comes from PATH only (gitleaks, actionlint) cannot be installed here. What it said, once, on a machine that has it,
# is kept in this folder; `FAULTS_RECORD=1 scripts/test tests/faults -k reference` writes it anew.
KEPT = HERE / "recorded"


product = load(HERE / "product.py")
players = load(HERE / "players.py")
TOOLS: tuple[Tool, ...] = players.TOOLS

SECRET = "AKIA" + "Z3MJ5TQ7RX2WBLPK"
FILES = {
    "app/__init__.py": "",
    "app/orders.py": (
        "import subprocess\n\n\ndef  pay(command: str, total: int = None) -> int:\n    if total == None:\n"
        '        return "none"\n    subprocess.call(command, shell=True)\n    return total + 1\n'
    ),
    "app/clean.py": '"""Limits.\n\n>>> LIMIT + 1\n5\n"""\n\nLIMIT = 3\n',
    "app/settings.txt": f"aws_key = '{SECRET}'\n",
    "tests/test_orders.py": (
        "import unittest\n\n\nclass Orders(unittest.TestCase):\n    def test_that_fails(self):\n        assert 1 == 2\n\n"
        "    def test_that_passes(self):\n        assert True\n"
    ),
    "benchmarks/bench_sum.py": "def test_sum(benchmark):\n    assert benchmark(sum, [1, 2]) == 4\n",
    "web/manage.py": "import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'website.settings')\n",
    "web/website/__init__.py": "",
    "web/website/settings.py": "import os\n\nDEBUG = True\nSECRET_KEY = os.urandom(64).hex()\n",
    "requirements.txt": "urllib3==1.22\nsix==1.16.0\n",
    ".github/workflows/ci.yml": (
        "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
        "      - run: echo ${{ github.event.head_commit.message }}\n"
    ),
    ".gitignore": "__pycache__/\n",
    # For the tools that are not on by default.
    "app/more.py": (
        "import sys\nimport os\nimport requests\nimport yaml\n\nexec('1')\nyaml.load('x')\n\n\ndef knot(one):\n"
        + "".join(f"    if one == {n}:\n        return {n}\n" for n in range(12))
    ),
    "app/token.txt": "token = 'ghp" + "_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'\n",
    ".gitlab-ci.yml": "test:\n  script: {a: 1}\n",
    ".pre-commit-config.yaml": (
        "repos:\n- repo: local\n  hooks:\n  - {id: never, name: never, language: fail, entry: never, files: settings}\n"
        "  - {id: tidy, name: tidy, language: system, entry: sh -c 'echo >> app/clean.py', pass_filenames: false}\n"
    ),
    **{f"stale/{path.name}": path.read_text("utf-8") for path in sorted((HERE.parent / "data" / "stale").iterdir())},
    "example/pyproject.toml": '[project]\nversion = "1"\n',
}
PATIENT = {**os.environ, "SEMGREP_ENABLE_VERSION_CHECK": "0"}  # it would wait for a network, a minute and more
RECORDING = bool(os.environ.get("FAULTS_RECORD"))
# A proxy that nobody listens at: no cell depends on what the machine could have fetched, nor does it fetch anything.
CLOSED = "http://127.0.0.1:9"
NO_WAY_OUT = {
    **{name: CLOSED for one in ("http_proxy", "https_proxy", "all_proxy") for name in (one, one.upper())},
    **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
}
LICENCES = {"deny": ["MIT"], "unknown": "fail"}
OWN = ("pytest", "coverage", "pytest-benchmark", "django")
PINNED = "six==1.16.0"  # says MIT in its metadata


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
        one = by_name(tool)
        given = [answer["status"] for answer in players.told(tool).values()]
        said = [
            json.loads(path.read_text("utf-8")) for path in self.recordings.glob("*.json") if ".blind" not in path.name
        ]
        return {0} if one.source == "ours" else {*given, *(one["status"] for one in said if one["player"] == tool)}

    def real_or_kept(self, tool: Tool) -> str:
        """Where the honest program is; empty where only its recordings are."""
        return "" if tool.name in players.TOLD or (players.kept(tool) and not RECORDING) else str(self.real[tool.name])

    def project(self, place: Path, faults: dict[str, str], **more: Any) -> Any:
        """A project that runs `faults` (tool -> fault, or fault:argument)."""
        names = [tool.name for tool in TOOLS if tool.name in faults]
        programs = place / "programs"
        programs.mkdir(parents=True)
        for name, fault in faults.items():
            if fault != "locked":  # the real one, by its lock
                self.misbehave(programs, by_name(name), fault)
        environ = {**NO_WAY_OUT, "PATH": f"{programs}{os.pathsep}{self.path(place)}", players.KEY: "no-key-at-all"}
        environ["PY_SECURE_CI_CACHE"] = str(place / "cache")  # nothing that an earlier run fetched or kept
        one = product.Project(place / "project", environ, offline=False)
        if "licences" in faults:
            one.interpreter = str(programs / players.program_of(by_name("licences")))
        one.write({**FILES, ".py-secure-ci.yml": self.yaml(programs, names, faults, **more)}).commit()
        return one

    def keep(self) -> None:
        """Put what was recorded of tools that cannot be installed where the next run looks for it."""
        for tool in TOOLS:
            if players.kept(tool):
                shutil.rmtree(KEPT / tool.name, ignore_errors=True)
                (KEPT / tool.name).mkdir(parents=True)
                for path in sorted(self.recordings.iterdir()):
                    data = path.read_text("utf-8")
                    if path.name == f"{tool.name}.version" or f'"player": "{tool.name}"' in data:
                        shutil.copy(path, KEPT / tool.name)

    def path(self, place: Path) -> str:
        """A PATH with git and next to nothing else: no tool is found but those that the test provides."""
        folder = place / "path"
        folder.mkdir()
        for name in ("git", "sh", "uname"):  # semgrep asks the last one
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
            licences = {"licences": LICENCES} if "licences" in names else {}
            advisories = {"source": "snapshot", "on_stale": "warn"}
            stages[Stage.SCA.value] = {**stages["sca"], "advisories": advisories, **licences}
        if stages[Stage.TEST.value]:
            stages[Stage.TEST.value] = {**stages["test"], "coverage": 0}
        tools: dict[str, Any] = {}
        for name in (one for one, fault in faults.items() if fault != "locked"):
            tools[name] = {} if by_name(name).source else {"source": "path"}
            if players.in_environment(by_name(name)):
                tools[name] = {"source": "project"}
            if name in more.get("timeouts", {}):
                tools[name]["timeout"] = more["timeouts"][name]
        fake = any(players.in_environment(by_name(name)) for name in faults)
        python = str(programs / "venv") if fake else str(self.python)
        environment = {"python": python, "install": "none"}
        return json.dumps({"stages": stages, "tools": tools, "environment": environment})

    def misbehave(self, programs: Path, tool: Tool, fault: str) -> None:
        name, _, argument = fault.partition(":")
        folder, program = programs, players.program_of(tool)
        only: tuple[str, ...] = ()
        if players.in_environment(tool):
            folder, only, real = self.environment(programs, name), ("/run_",), str(self.python)
        elif tool.source == "ours":
            only, real = ("METADATA",), sys.executable
        else:
            real = self.real_or_kept(tool)
        plan = {
            "fault": name,
            "argument": argument,
            "tool": tool.name,
            "real": real,
            "recordings": str(self.recordings),
            "state": str(programs),
            "only": list(only),
            "players": players.players(program),
        }
        path = folder / program
        if path.exists() or (name == "missing" and not players.in_environment(tool)):
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
        for name in OWN:
            metadata = packages / f"{name.replace('-', '_')}-9.0.0.dist-info"
            metadata.mkdir(parents=True, exist_ok=True)
            (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.0.0\n", "utf-8")
        six = packages / "six-1.16.0.dist-info"
        six.mkdir(exist_ok=True)
        (six / "METADATA").write_text("Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nLicense: MIT\n", "utf-8")
        (folder / "pyvenv.cfg").write_text("home = /nowhere\n", "utf-8")
        (folder / "bin").mkdir(exist_ok=True)
        if fault != "missing":
            for program in ("pytest", "django-admin"):
                (folder / "bin" / program).write_text("#!/bin/false\n", "utf-8")
                (folder / "bin" / program).chmod(0o755)
        return folder / "bin"


def by_name(name: str) -> Tool:
    return next(tool for tool in TOOLS if tool.name == name)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The real tools, and what they say of the project, recorded once through the product itself."""
    folder = tmp_path_factory.mktemp("lab")
    toolchain = Toolchain(cache_folder(os.environ), os.environ)
    real = {tool.name: place_of(tool, toolchain) for tool in TOOLS if players.locked(tool)}
    real["flake8"] = real["dlint"]  # one program, of which only this copy has the plugin
    python = own_environment(folder / "own")
    recordings = folder / "recordings"
    recordings.mkdir()
    for tool in TOOLS:
        if players.kept(tool):
            lend(tool, real, recordings)
        if tool.name in players.TOLD:
            (recordings / f"{tool.name}.version").write_text(players.VERSIONS[tool.name], "utf-8")
        if tool.name in real or players.in_environment(tool):
            asked = [python if players.in_environment(tool) else real[tool.name], "--version"]
            said = subprocess.run(asked, env=PATIENT, capture_output=True, check=True).stdout
            (recordings / f"{tool.name}.version").write_bytes(said)
    made = Lab(folder, real, python, recordings, product)
    ran = made.project(folder / "recording", {tool.name: how_to_record(tool) for tool in TOOLS}).run(timeout=300)
    assert ran.status == 1, ran.stdout + ran.stderr
    made.reference = ran
    if RECORDING:
        made.keep()
    return made


def place_of(tool: Tool, toolchain: Toolchain) -> Path:
    folder: Path = toolchain.install(tool.lock or tool.name).bin
    return folder / (tool.program or tool.name)


def own_environment(place: Path) -> Path:
    """The interpreter of an environment such as a project has that uses its own copies of tools."""
    python = place / "bin" / "python"
    for words in (("venv", "-q", str(place)), ("pip", "install", "-q", "--python", str(python), *OWN, PINNED)):
        subprocess.run([find_uv_bin(), *words], check=True, timeout=300)
    return python


def how_to_record(tool: Tool) -> str:
    played = tool.name in players.TOLD or tool.source == "ours" or (players.kept(tool) and not RECORDING)
    return "honest" if played else "record"


def lend(tool: Tool, real: dict[str, Path], recordings: Path) -> None:
    """A tool that cannot be installed here: its recordings, or a place for them and the program itself."""
    kept = KEPT / tool.name
    if RECORDING:
        found = shutil.which(tool.program or tool.name)
        assert found is not None, f"recording needs {tool.name} on PATH"
        real[tool.name] = Path(found)
        return
    assert kept.is_dir(), f"{kept}: no recordings; make them where {tool.name} is (FAULTS_RECORD=1)"
    shutil.copytree(kept, recordings, dirs_exist_ok=True)
