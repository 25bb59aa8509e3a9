"""`doctor` lists every tool with its version, and loads nothing that only a run needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from py_secure_ci import cli
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.toolchain.places import LOCKS
from py_secure_ci.version import VERSION

NEEDED_BY_A_RUN_ALONE = {"http.client", "ssl", "urllib.request", "xml.sax", "py_secure_ci.checking.pipeline"}


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """Name -> words of its line, where nothing is installed and no tool is on PATH."""
    monkeypatch.setenv("PY_SECURE_CI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SAFETY_API_KEY", raising=False)
    (tmp_path / "project").mkdir()
    assert cli.main(["doctor", str(tmp_path / "project")]) == 0
    lines = [line.removeprefix("*").split() for line in capsys.readouterr().out.splitlines()]
    return {words[1]: words for words in lines if len(words) > 3 and words[0] in {one.stage.value for one in TOOLS}}


def test_every_tool_has_its_line_in_the_order_of_stages(rows: dict[str, list[str]]) -> None:
    assert list(rows) == [tool.name for tool in TOOLS]
    assert [words[0] for words in rows.values()] == [tool.stage.value for tool in TOOLS]


def test_a_locked_tool_has_the_version_that_its_lock_names(rows: dict[str, list[str]]) -> None:
    locked = [tool for tool in TOOLS if not tool.source and not tool.of_python and not tool.variables]
    assert len(locked) > 25
    for tool in locked:
        text = (LOCKS / f"{tool.lock or tool.name}.lock").read_text(encoding="utf-8")
        assert f"=={rows[tool.name][2]}" in text, tool.name
        assert rows[tool.name][3:] == ["locked", "installed", "on", "first", "need"]


def test_what_cannot_be_installed_is_told(rows: dict[str, list[str]]) -> None:
    assert "SAFETY_API_KEY" in rows["safety"]
    assert rows["trivy"][2:4] == ["-", "path"]
    assert " ".join(rows["gitleaks"]).endswith("its official release is fetched on first need")
    assert {rows[tool.name][2] for tool in TOOLS if tool.source == "ours"} == {VERSION}


def test_nothing_is_loaded_that_only_a_run_needs() -> None:
    code = "import sys; from py_secure_ci.commands import diagnosis; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert set(said.split()) & NEEDED_BY_A_RUN_ALONE == set()
