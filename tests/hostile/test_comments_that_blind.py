"""Comments by which a file takes itself away from a tool: the tool then has not looked at it, and that is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

LINT = "import os\n\n\ndef go(x: int) -> int:\n    unused = 1\n    return x\n"
TYPE = "x: int = 'a'\n"
# Some are none to the tool (another case, behind code): then its finding must be there.
COMMENTS = {
    ("lint", "pylint"): (
        "# pylint: skip-file",
        "import sys  # pylint: skip-file",
        "X = 1  # pylint: disable=all",
        "# why # pylint: skip-file",
        "# pylint: disable-all",
        "# pylint:disable = all",
        "# pylint: disable=W0611,all",
        "# pylint: enable=C, skip-file",
        "# PYLINT: skip-file",
    ),
    ("lint", "flake8"): ("# flake8: noqa", "# FLAKE8: NOQA", "# flake8= NoQA", "# flake8: noqa :F401", "# noqa"),
    ("lint", "ruff"): ("# ruff: noqa", "# flake8: NOQA", "# ruff: noqa F401", "# RUFF: NOQA", "# ruff: file-ignore[ALL]"),
    ("type", "mypy"): ("#type:ignore", "# type: ignore # why", "# mypy: Ignore-Errors", "# mypy: ignore_errors=True"),
    ("type", "pyright"): (
        "#type:ignore",
        "# type: ignore # why",
        "# type: ignore[assignment]",
        "# why # type: ignore",
        "# pyright: basic, reportAssignmentType=none",
        "# pyright: reportAssignmentType=false",
        "# pyright:ignore[reportAssignmentType]",
    ),
    ("type", "ty"): (
        "#type:ignore",
        "# type: ignore # why",
        "# type: ignore[assignment]",
        "#!/usr/bin/python\n\n# ty: ignore",
        "# ty: ignore[invalid-assignment]",
        "# why # ty: ignore",
    ),
    ("type", "pyrefly"): (
        "# type: ignore # why",
        "# pyrefly: ignore-errors",
        "#pyrefly:ignore-errors",
        "# pyrefly: ignore-errors[bad-assignment]",
        "# why # pyrefly: ignore-errors",
        "# pyre-ignore-all-errors",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("stage", "tool"), COMMENTS)
def test_a_file_that_takes_itself_away_is_a_gap(stage: str, tool: str, kit: Any, tmp_path: Path) -> None:
    stages: dict[str, Any] = dict.fromkeys(
        ("lint", "format", "type", "test", "sca", "sast", "secrets", "sbom", "ci"), False
    )
    yaml = {"stages": {**stages, stage: {"tools": [tool]}}, "environment": {"install": "none"}}
    body = {"lint": LINT, "type": TYPE * 3}[stage]
    files = {f"m{number}.py": f"{line}\n{body}" for number, line in enumerate(COMMENTS[stage, tool])}
    one = kit.Project(tmp_path / "project")
    one.write({".py-secure-ci.yml": json.dumps(yaml), "plain.py": body, **files}).commit()
    ran = one.run("--no-cache")
    outcome = ran.outcome(tool)
    told = {gap["subject"] for gap in outcome["gaps"]} | {found["location"]["path"] for found in outcome["findings"]}
    assert told == {"plain.py", *files}
    assert ran.status == 3


def test_comments_for_tools_are_counted_and_shown(kit: Any, tmp_path: Path) -> None:
    lines = (
        "a = 1  # noqa",
        "b = 1  # pylint: disable=W0611",
        "# ruff: file-ignore[F401]",
        "c = 1  # pyright: ignore",
        "# pyright: basic, reportAssignmentType=none",
        "d = 1  # ty: ignore[x]",
        "e = 1  # pyrefly: ignore",
        "f = '# noqa'",
    )
    off = dict.fromkeys(("format", "type", "test", "sca", "sast", "secrets", "sbom", "ci"), False)
    one = kit.Project(tmp_path / "project")
    one.write({".py-secure-ci.yml": json.dumps({"stages": off}), "a.py": "\n".join((*lines, ""))}).commit()
    ran = one.run("--no-cache")
    words = "1 `noqa`, 1 `pylint: disable`, 1 `pyrefly: ignore`, 2 `pyright: ignore`, 1 `ruff: ignore`, 1 `ty: ignore`"
    assert f"Comments that ask tools to look away: {words}." in ran.report["report"]["notes"]
    for page in ("summary.md", "report.html"):
        assert "Comments that ask tools to look away" in ran.text(page)
