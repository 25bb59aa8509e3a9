"""Whole runs of the product over small projects of declarations: `sca` and `sbom` only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

# Lock files name the default index; the sources do not.
INDEX = "https://" + ".".join(("pypi", "org")) + "/simple"
FILES = "https://" + ".".join(("files", "pythonhosted", "org"))
STAGES = dict.fromkeys(("lint", "format", "type", "test", "sast", "secrets", "ci"), False)
# The live service and the public index, replaced by servers of the test.
PROGRAM = """
import sys
from py_secure_ci.commands import advice, vouching
from py_secure_ci.cli import main
advice.LIVE, vouching.INDEX, sys.argv[1:3] = sys.argv[1], sys.argv[2], []
sys.exit(main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Ran:
    status: int
    stderr: str
    output: Path
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> dict[str, Any]:
        verdict: dict[str, Any] = self.report["verdict"]
        return verdict

    @property
    def reasons(self) -> str:
        return " ".join([*self.verdict["incomplete"], *self.verdict["reasons"]])

    def outcome(self, tool: str) -> dict[str, Any]:
        (found,) = [one for one in self.report["report"]["outcomes"] if one["tool"]["name"] == tool]
        assert isinstance(found, dict)
        return found

    @property
    def gaps(self) -> dict[str, str]:
        return {one["subject"]: one["reason"] for one in self.outcome("pip-audit").get("gaps", [])}

    @property
    def findings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.outcome("pip-audit").get("findings", [])
        return found

    @property
    def advised(self) -> set[tuple[str, str]]:
        """(package, advisory) of every finding."""
        return {(one["advisory"]["package"], one["rule"]) for one in self.findings if one.get("advisory")}


@dataclass(frozen=True)
class Checked:
    """`checked(files, …)` writes a project, runs the product over it, and gives what came of it."""

    folder: Path

    def __call__(
        self,
        files: Mapping[str, str | bytes],
        *words: str,
        sca: Mapping[str, Any] | None = None,
        policy: Mapping[str, Any] | None = None,
        services: tuple[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Ran:
        root = self.folder / "project"
        sca = {"advisories": {"on_stale": "warn"}} if sca is None else sca
        yaml = {"stages": {**STAGES, "sca": sca}, "policy": dict(policy or {}), "environment": {"install": "none"}}
        for name, text in {"a.py": "X = 1\n", ".py-secure-ci.yml": json.dumps(yaml), **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.replace("INDEX", INDEX).encode() if isinstance(text, str) else text)
        return self.again(*words, services=services, environ=environ)

    def again(
        self, *words: str, services: tuple[str, str] | None = None, environ: Mapping[str, str] | None = None
    ) -> Ran:
        root, output = self.folder / "project", self.folder / "report"
        start = ["-c", PROGRAM, *services] if services else ["-m", "py_secure_ci"]
        argv = [sys.executable, *start, "run", str(root), "--output-dir", str(output), *words]
        offline = [] if services else ["--offline"]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), **(environ or {})}
        done = subprocess.run([*argv, *offline], capture_output=True, text=True, timeout=300, check=False, env=env)
        report = output / "report.json"
        text = report.read_text("utf-8") if report.is_file() else "{}"
        return Ran(done.returncode, done.stdout + done.stderr, output, json.loads(text))


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., Ran]:
    return Checked(tmp_path)
