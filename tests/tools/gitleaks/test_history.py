"""gitleaks over the commits since the base: recorded, and for real where the program is there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from by_path import load
from py_secure_ci.adapting.git_history import git_environment, log_options
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Gap
from py_secure_ci.tool import Execution, History
from py_secure_ci.tools.gitleaks import TOOL

BASE = "5221c72a3369eeaabc64a73a453f19f7d20d8c09"
COMMIT = "443865bdf1cb153689283f6ed9b71a7aa0f7bd39"
LOG = "1:48AM INF 3 commits scanned.\n1:48AM INF scanned ~110 bytes (110 bytes) in 224ms\n1:48AM WRN leaks found: 1\n"
LEAK = {
    "RuleID": "github-pat",
    "StartLine": 1,
    "File": "b.py",
    "Commit": COMMIT,
    "Fingerprint": f"{COMMIT}:b.py:github-pat:1",
}
# Fake, and put together here so that no scanner takes this file for one that holds secrets.
TOKEN = "token = 'ghp" + "_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'\n"
real = pytest.mark.skipif(shutil.which("gitleaks") is None, reason="gitleaks comes from PATH, and is not there")


def read(
    recorded: Callable[..., Any], history: History, leaks: list[dict[str, Any]], log: str = LOG, status: int = 77
) -> Any:
    case = recorded("gitleaks", "clean")
    answer = Execution(status=status, stdout=json.dumps(leaks), stderr=log)
    return TOOL.parse(replace(case.task, history=history), {**case.executions, "history": answer})


def test_only_a_run_with_a_base_searches_commits(recorded: Callable[..., Any]) -> None:
    task = recorded("gitleaks", "clean").task
    assert [one.name for one in TOOL.commands(task)] == ["main", "allowed", "canary"]
    *_, history = TOOL.commands(replace(task, history=History(base=BASE)))
    assert (history.name, history.argv[1]) == ("history", "git")
    assert f"--log-opts={log_options(History(base=BASE))}" in history.argv
    assert "--text" in log_options(History(base=BASE))
    assert git_environment()["GIT_CONFIG_GLOBAL"] == os.devnull


def test_what_a_commit_added_and_another_took_away_is_found(recorded: Callable[..., Any]) -> None:
    own = [one for one in read(recorded, History(base=BASE, commits=3), [LEAK]).findings if one.anchor]
    assert [(one.rule, one.location.path, one.message) for one in own] == [
        ("github-pat", "b.py", "Possible secret: github pat, added by commit 443865bdf1cb")
    ]
    assert own[0].secret


def test_a_shallow_clone_and_missing_commits_are_gaps(recorded: Callable[..., Any]) -> None:
    gaps = read(recorded, History(base=BASE, commits=5, problem="the clone is shallow"), [LEAK]).gaps
    assert gaps == (
        Gap("history", "the clone is shallow"),
        Gap("history", "gitleaks looked at 3 of the 5 commits that add lines"),
    )


def test_a_base_that_is_not_there_is_a_gap(recorded: Callable[..., Any]) -> None:
    case = recorded("gitleaks", "clean")
    reading = TOOL.parse(replace(case.task, history=History(problem="no merge base")), case.executions)
    assert reading.gaps == (Gap("history", "no merge base"),)


@pytest.mark.parametrize("log", ["", "1:48AM ERR [git] fatal: bad revision\n" + LOG, "1:48AM INF no leaks found\n"])
def test_a_log_that_tells_of_no_commits_is_refused(log: str, recorded: Callable[..., Any]) -> None:
    with pytest.raises(WrongShape):
        read(recorded, History(base=BASE, commits=3), [], log, 0)


def test_a_status_without_leaks_is_refused(recorded: Callable[..., Any]) -> None:
    with pytest.raises(WrongShape):
        read(recorded, History(base=BASE, commits=3), [])


PRODUCT = Path(__file__).parents[2] / "faults" / "product.py"
YAML = json.dumps(
    {
        "stages": {
            **dict.fromkeys(("lint", "format", "type", "test", "sast", "sca", "sbom", "ci"), False),
            "secrets": {"tools": ["gitleaks"]},
        }
    }
)


@real
def test_attributes_merges_and_folders_hide_nothing(tmp_path: Path) -> None:
    project = load(PRODUCT).Project(tmp_path / "project")
    project.write({"a.py": "X = 1\n", ".py-secure-ci.yml": YAML}).commit()
    base = project.git("rev-parse", "HEAD").strip()

    def commit(**files: str) -> None:
        project.write({name.replace("__", "/"): text for name, text in files.items()})
        project.git("add", "-A")
        project.git("commit", "-q", "-m", "more")

    project.write({".gitattributes": "*.py binary diff=evil\n"})
    project.git("config", "diff.evil.textconv", "true")
    project.git("config", "diff.noprefix", "true")
    project.git("config", "color.ui", "always")
    commit(**{"gone.py": TOKEN})
    project.git("rm", "-q", "gone.py")
    project.git("commit", "-q", "-m", "gone")
    project.git("checkout", "-q", "-b", "side", base)
    commit(**{"side.py": "Y = 2\n"})
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "--no-commit", "side")
    commit(**{"merged.py": TOKEN})
    project.git("rm", "-q", "merged.py")
    project.git("commit", "-q", "-m", "gone again")
    ran = project.run("--base", base)
    found = {one["location"]["path"] for one in ran.outcome("gitleaks")["findings"]}
    assert found == {"gone.py", "merged.py"}, ran.stdout + ran.stderr
    assert "gaps" not in ran.outcome("gitleaks")
    assert ran.status == 1
    assert TOKEN.split("'")[1] not in ran.everything()


@real
def test_a_shallow_clone_is_told(tmp_path: Path) -> None:
    kit = load(PRODUCT)
    origin = kit.Project(tmp_path / "origin")
    origin.write({"a.py": "X = 1\n", ".py-secure-ci.yml": YAML}).commit()
    for number in range(4):
        origin.write({"a.py": f"X = {number + 2}\n"})
        origin.git("commit", "-q", "-a", "-m", "more")
    origin.git("clone", "-q", "--depth", "3", f"file://{origin.root}", str(tmp_path / "project"))
    project = kit.Project(tmp_path / "project")
    near = project.git("rev-parse", "HEAD~1").strip()
    assert "shallow" in " ".join(project.run("--base", near).report["verdict"]["incomplete"])
    far = origin.git("rev-parse", "HEAD~4").strip()
    assert "shallow" in " ".join(project.run("--base", far).report["verdict"]["incomplete"])
