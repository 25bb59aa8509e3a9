"""Real ruff and bandit for the property tests, read just far enough to place their findings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from py_secure_ci.errors import ToolchainError
from py_secure_ci.model import Finding, Location, Severity
from py_secure_ci.toolchain import Toolchain
from py_secure_ci.toolchain.places import cache_folder

Scan = Callable[[Path], tuple[Finding, ...]]


def program(name: str) -> str:
    """A tool beside this interpreter, or the locked one; a test is skipped when it cannot be installed."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    try:
        return found or str(Toolchain(cache_folder(os.environ), os.environ).install(name).bin / name)
    except ToolchainError as error:
        pytest.skip(f"{name} cannot be installed: {error.message}")


def run(*argv: str, cwd: Path) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def ruff_findings(root: Path) -> tuple[Finding, ...]:
    text = run(program("ruff"), "check", "--isolated", "--no-cache", "--select=E4,E7,E9,F,S,B,PL,D1,C4,UP,RUF,ARG,SIM",
               "--output-format=json", ".", cwd=root)  # fmt: skip
    return tuple(
        Finding(
            tool="ruff",
            rule=one["code"] or "invalid-syntax",
            severity=Severity.WARNING,
            message=one["message"],
            location=Location(
                Path(one["filename"]).relative_to(root.resolve()).as_posix(),
                one["location"]["row"],
                one["location"]["column"],
                one["end_location"]["row"],
                one["end_location"]["column"],
            ),
        )
        for one in json.loads(text)
    )


def bandit_findings(root: Path) -> tuple[Finding, ...]:
    text = run(program("bandit"), "-q", "-r", "-f", "json", ".", cwd=root)
    return tuple(
        Finding(
            tool="bandit",
            rule=one["test_id"],
            severity={"LOW": Severity.LOW, "MEDIUM": Severity.MEDIUM, "HIGH": Severity.HIGH}[one["issue_severity"]],
            message=one["issue_text"],
            location=Location(
                Path(one["filename"]).as_posix(), one["line_number"], one["col_offset"] + 1, max(one["line_range"])
            ),
        )
        for one in json.loads(text)["results"]
    )


@pytest.fixture
def scan_ruff() -> Scan:
    return ruff_findings


@pytest.fixture
def scan_bandit() -> Scan:
    return bandit_findings


@pytest.fixture
def ruff() -> str:
    return program("ruff")
