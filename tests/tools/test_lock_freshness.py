"""The locks' own checks: fresh, stale or no answer, and nothing of the project that could be run is near them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.adapting.lock_freshness import MIRROR
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.errors import WrongShape
from py_secure_ci.tool import Task

NAMES = ("uv-lock", "poetry-lock", "pdm-lock")
each = pytest.mark.parametrize("name", NAMES)


def tool(name: str) -> Any:
    return next(one for one in TOOLS if one.name == name)


@each
def test_a_stale_lock_is_a_finding_at_the_manifest(name: str, recorded: Callable[..., Any]) -> None:
    (found,) = recorded(name, "findings").findings()
    assert (found.rule, found.location.path) == ("stale-lock", "pyproject.toml")
    assert found.anchor.endswith(".lock")


def test_uv_names_the_reason(recorded: Callable[..., Any]) -> None:
    (found,) = recorded("uv-lock", "findings").findings()
    assert found.message.endswith("mismatched requirements for: `shop==1`")


@each
def test_words_that_are_cut_short_never_read_as_a_fresh_lock(name: str, recorded: Callable[..., Any]) -> None:
    case = recorded(name, "findings")
    text = case.executions["main"].stderr
    assert text
    for part in range(8):
        cut = case.change(stderr=text[: len(text) * part // 8])
        try:
            assert cut.findings() or cut.read().gaps, part
        except WrongShape:
            continue


@each
def test_the_exit_status_alone_is_not_believed(name: str, recorded: Callable[..., Any]) -> None:
    with pytest.raises(WrongShape):
        recorded(name, "findings").change(status=0).read()


@each
def test_bytes_that_are_no_text_are_no_answer(name: str, recorded: Callable[..., Any]) -> None:
    case = recorded(name, "findings")
    with pytest.raises(WrongShape, match="UTF-8"):
        case.change(stderr=f"\ufffd{case.executions['main'].stderr}").read()


def test_what_uv_could_not_find_out_is_a_gap_whatever_it_says(recorded: Callable[..., Any]) -> None:
    case = recorded("uv-lock", "findings").change(status=2)
    assert case.read().gaps
    assert not case.findings()


def test_no_other_status_is_an_answer() -> None:
    for name, answers in (("uv-lock", {0, 1, 2}), ("poetry-lock", {0, 1}), ("pdm-lock", {0, 1})):
        task = Task(root=Path("/p"), scratch=Path("/s"), files=("x.lock",))
        assert [one.clean | one.found for one in tool(name).commands(task)[1:]] == [answers] * 2, name


def test_a_project_that_would_have_to_be_built_is_a_gap(recorded: Callable[..., Any]) -> None:
    gaps = recorded("uv-lock", "broken").read().gaps
    assert {gap.subject for gap in gaps} == {"pyproject.toml", "uv.lock"}
    assert all("without a build" in gap.reason for gap in gaps)


def test_poetry_may_miss_a_readme(recorded: Callable[..., Any]) -> None:
    said = "Error: Declared README file does not exist: README.md\n"
    assert recorded("poetry-lock", "clean").change(status=1, stdout="", stderr=said).read().gaps == ()
    gone = "Error: poetry.lock was not found.\n"
    assert recorded("poetry-lock", "clean").change(status=1, stdout="", stderr=gone).read().gaps


def test_each_lock_is_a_piece_of_its_own_with_its_manifest() -> None:
    due = ("a/pyproject.toml", "a/uv.lock", "b/c/uv.lock", "pyproject.toml")
    uv = tool("uv-lock")
    assert uv.select(due, {}).files == ("a/pyproject.toml", "a/uv.lock", "b/c/uv.lock")
    pieces = uv.split(Task(root=Path("/p"), scratch=Path("/s"), files=uv.select(due, {}).files))
    assert [piece.files for piece in pieces] == [("a/pyproject.toml", "a/uv.lock"), ("b/c/uv.lock",)]
    assert "/s/mirror/b/c" in uv.commands(pieces[1])[1].argv


def test_only_manifests_and_locks_are_copied(tmp_path: Path) -> None:
    root, target = tmp_path / "project", tmp_path / "mirror"
    kept = {"pyproject.toml", "uv.lock", "member/pyproject.toml"}
    left = {"backend.py", "setup.py", ".venv/bin/python", "env/pyvenv.cfg", "env/pyproject.toml", "uv.toml"}
    for name in (*kept, *left, "secret.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    (root / "linked").mkdir()
    os.symlink(root / "secret.txt", root / "linked" / "uv.lock")
    asked = json.dumps([["pyproject.toml", "uv.lock"], str(target), []])
    subprocess.run([sys.executable, "-I", "-c", MIRROR], cwd=root, input=asked.encode(), check=True)
    assert {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()} == kept
