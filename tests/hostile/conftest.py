"""A repository that means harm: names, texts, configurations, links, hooks and bombs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from by_path import load

PRODUCT = Path(__file__).parent.parent / "faults" / "product.py"
MARKER = "EXECUTED"
STATIC = ("lint", "format", "type", "sast", "secrets", "sca", "sbom", "ci")


product = load(PRODUCT)
COMMANDS = (
    "::error::x",
    "  ::set-output name=a::b",
    "##[add-matcher]x",
    "::stop-commands::z",
    "\x1b[31mred\x1b[0m",
    "\u202eevil\u202c",
    "zero\u200bwidth",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:x) | `a` | @everyone",
    "-rf",
    "--help",
    "@list",
    "new\nline::debug::x",
    "return\r::warning::x",
    "%0A::error::x",
    "quote'\"`$(touch EXECUTED)",
    "section_end:0:x\r\x1b[0K",
)


def write_marker(marker: Path) -> str:
    return f"import pathlib\npathlib.Path({str(marker)!r}).write_text('executed')\n"


def traps(marker: Path) -> dict[str, str | bytes]:
    """Files that leave the marker when anybody executes them."""
    code = write_marker(marker)
    shell = f"#!/bin/sh\ntouch '{marker}'\n"
    names = ("setup.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "plugin.py", "noxfile.py", "backend.py")
    modules = (
        "types.py",
        "pip.py",
        "runpy.py",
        "enum.py",
        "typing.py",
        "site.py",
        "json.py",
        "ast.py",
        "re.py",
        "subprocess.py",
        "yaml.py",
        "bandit.py",
        "mypy.py",
        "detect_secrets.py",
    )
    return {
        **dict.fromkeys((*names, *modules, "pip_audit/__init__.py", "pip_audit/__main__.py"), code),
        "evil.pth": f"import pathlib; pathlib.Path({str(marker)!r}).write_text('executed')\n",
        ".envrc": f"touch '{marker}'\n",
        **dict.fromkeys(("git", "ruff", "uv", "python", "python3", "bandit", "mypy", "syft", "zizmor", "sh"), shell),
    }


def blinders(marker: Path, elsewhere: Path) -> dict[str, str | bytes]:
    """Configuration of every tool that switches it off, runs a command, or writes somewhere else."""
    return {
        "pyproject.toml": (
            "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
            "[project]\nname = 'evil'\ndynamic = ['version', 'dependencies']\n"
            "[tool.bandit]\nskips = ['B602', 'B506']\n[tool.pip-audit]\nignore = ['x']\n"
        ),
        "ruff.toml": (
            f"fix = true\nfix-only = true\nunsafe-fixes = true\nshow-fixes = true\ncache-dir = '{elsewhere}/ruff'\n"
            "output-format = 'github'\nrespect-gitignore = true\n[lint]\nselect = ['F', 'E', 'I']\n"
        ),
        ".bandit": "[bandit]\nskips = B602,B404\nexclude = /\n",
        ".secrets.baseline": '{"version": "1.5.0", "plugins_used": [], "filters_used": [], "results": {}}\n',
        "mypy.ini": (
            f"[mypy]\nplugins = plugin.py\npython_executable = ./python\ncache_dir = {elsewhere}/mypy\n"
            f"junit_xml = {elsewhere}/junit.xml\nhtml_report = {elsewhere}/html\nsqlite_cache = True\n"
        ),
        "zizmor.yml": "rules:\n  template-injection:\n    disable: true\n",
        ".syft.yaml": f"exclude: ['**']\nfile: {elsewhere}/syft.json\n",
        "pip.conf": f"[global]\nindex-url = http://127.0.0.1:9/\nlog = {elsewhere}/pip.log\n",
        "uv.toml": f"cache-dir = '{elsewhere}/uv'\n",
        "tox.ini": f"[testenv]\ncommands = touch {marker}\n[flake8]\nexclude = *\n[pytest]\ncache_dir = {elsewhere}/pytest\n",
        "setup.cfg": "[mypy]\nignore_errors = True\n[tool:pytest]\naddopts = -p plugin\n[bandit]\nskips = B602\n",
        ".coveragerc": f"[run]\nplugins = plugin\ndata_file = {elsewhere}/coverage\n[html]\ndirectory = html\n",
        "pytest.ini": f"[pytest]\naddopts = -p plugin --junitxml={elsewhere}/junit.xml\n",
    }


def content(secret: str) -> dict[str, str | bytes]:
    """What every tool has something to say about."""
    return {
        "app/__init__.py": "",
        "app/shell.py": "import os\nimport subprocess\n\n\ndef run(x: str) -> int:\n    subprocess.call(x, shell=True)\n    return 'a'\n",
        "app/key.txt": f"aws_key = '{secret}'\n",
        "requirements.txt": "urllib3==1.24.1\n",
        ".github/workflows/ci.yml": (
            "on: pull_request_target\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: echo ${{ github.event.pull_request.title }}\n"
        ),
    }


@pytest.fixture
def hostile(tmp_path: Path) -> Callable[..., Any]:
    """`hostile()` builds the repository; `.marker`, `.elsewhere` and `.secret` belong to it."""

    def make(**more: Any) -> Any:
        one = product.Project(tmp_path / "project", inside=True)
        one.marker, one.elsewhere = tmp_path / MARKER, tmp_path / "elsewhere"
        one.elsewhere.mkdir()
        one.secret = "AKIA" + "Z3MJ5TQ7RX2WBLPK"
        one.write({**content(one.secret), **traps(one.marker), **blinders(one.marker, one.elsewhere), **more})
        for name in ("git", "ruff", "uv", "python", "python3", "bandit", "mypy", "syft", "zizmor", "sh"):
            if (one.root / name).is_file():
                (one.root / name).chmod(0o755)
        return one

    return make


@pytest.fixture
def commands() -> tuple[str, ...]:
    return COMMANDS


@pytest.fixture
def static() -> tuple[str, ...]:
    return STATIC


@pytest.fixture
def names() -> Callable[[str], str]:
    """A text as a file name that the system takes."""
    return lambda text: text.replace("/", "_") or "_"


@pytest.fixture
def kit() -> Any:
    return product


def pytest_configure() -> None:
    os.environ.pop("GITHUB_ACTIONS", None)
