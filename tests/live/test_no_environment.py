"""An environment that cannot be made: what a type checker could not look up is a gap, not a defect of the project's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from py_secure_ci import cli
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.model import Stage

pytestmark = pytest.mark.network

CHECKERS = [tool.name for tool in TOOLS if tool.stage is Stage.TYPE]
MODULE = "a_package_of_nowhere"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("none")
    root = folder / "project"
    (root / "app").mkdir(parents=True)
    (root / "app" / "__init__.py").write_text("", encoding="utf-8")
    (root / "app" / "main.py").write_text(
        f"import {MODULE}\nfrom .gone import one\n\nprint({MODULE}, one)\n", encoding="utf-8"
    )
    stages = {one.value: {"tools": CHECKERS} if one is Stage.TYPE else False for one in Stage}
    yaml = json.dumps({"version": 1, "stages": stages, "environment": {"install": ["false"]}})
    (root / ".py-secure-ci.yml").write_text(yaml, encoding="utf-8")
    assert cli.main(["run", str(root), "--output-dir", str(folder / "report")]) == 3
    document = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    return {one["tool"]["name"]: one for one in document["report"]["outcomes"]}


@pytest.mark.parametrize("name", CHECKERS)
def test_the_module_is_a_gap(name: str, outcomes: dict[str, Any]) -> None:
    outcome = outcomes[name]
    assert outcome["kind"] == "completed"
    (gap,) = [one for one in outcome["gaps"] if one["subject"] == "imports"]
    assert gap["reason"].startswith("no environment of the project to look up: ")
    assert MODULE in gap["reason"]
    assert [one for one in outcome.get("findings", ()) if MODULE in one["message"]] == []


@pytest.mark.parametrize("name", sorted(set(CHECKERS) - {"mypy"}))
def test_a_module_of_the_project_that_is_not_there_is_a_finding(name: str, outcomes: dict[str, Any]) -> None:
    assert [one for one in outcomes[name].get("findings", ()) if one["location"].get("line") == 2]
