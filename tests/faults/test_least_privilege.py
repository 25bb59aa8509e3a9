"""Secrets of our own environment: no tool can read them anywhere, and no output shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.all_tools import TOOLS as REGISTRY

TOOLS = tuple(tool for tool in REGISTRY if tool.default and tool.source != "ours")
pytestmark = pytest.mark.network

NAMES = (
    "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CI_JOB_TOKEN", "INPUT_TOKEN", "PGPASSWORD",
    "AWS_SECRET_ACCESS_KEY", "PIP_INDEX_URL", "SOME_VARIABLE", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY", "SSH_AUTH_SOCK", "PYTHONPATH", "LD_PRELOAD", "PYTEST_ADDOPTS",
)  # fmt: skip


def secret(name: str) -> str:
    return "canary" + "-of-" + name.lower()


def environment(tmp_path: Path) -> dict[str, str]:
    values = {name: secret(name) for name in NAMES if name not in ("PYTHONPATH", "LD_PRELOAD", "GITHUB_STEP_SUMMARY")}
    for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
        values[name] = str(tmp_path / secret(name))
    return {
        **values,
        "GITHUB_ACTIONS": "true",
        "PIP_INDEX_URL": f"https://user:{secret('PIP_INDEX_URL')}@127.0.0.1:9/simple",
    }


def test_no_tool_can_read_a_secret(lab: Any, tmp_path: Path) -> None:
    project = lab.project(tmp_path, {tool.name: "dump" for tool in TOOLS if tool.name != "ruff-format"})
    ran = project.run(**environment(tmp_path))
    assert ran.status == 3
    dumps = [path.read_text("utf-8") for path in (tmp_path / "programs").rglob("dump-*.txt")]
    assert len(dumps) >= len(TOOLS) - 1
    for text in (*dumps, ran.everything()):
        for name in NAMES:
            assert secret(name) not in text, name
    for text in dumps:
        assert "'PATH'" in text  # it did look
        assert "environ: " in text
    for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"):
        assert not (tmp_path / secret(name)).exists()


def test_what_a_tool_says_to_the_runner_does_not_reach_it(lab: Any, tmp_path: Path) -> None:
    project = lab.project(tmp_path, {"bandit": "commands", "ruff": "commands", "zizmor": "honest"})
    ran = project.run(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / "step.md"))
    assert ran.status == 3
    for text in (ran.stdout, ran.stderr):
        assert "\x1b" not in text
        assert "##[" not in text
        for line in text.replace("\r", "\n").split("\n"):
            assert not line.lstrip().startswith(("::stop-commands", "::set-output", "::debug")), line
