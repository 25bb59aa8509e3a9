"""Patterns and names that one person writes to keep the gate busy for ever."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest

from py_secure_ci.adapting.mypy_scope import select
from py_secure_ci.checking import planning
from py_secure_ci.checking.patience import within
from py_secure_ci.cli import main
from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.dependencies.read_all import read_dependencies
from py_secure_ci.errors import WrongShape
from py_secure_ci.judging.dedupe import Group
from py_secure_ci.judging.inline import native_suppressions
from py_secure_ci.judging.suppressions import suppress
from py_secure_ci.model import Finding, Location, Severity, Stage
from py_secure_ci.path_globs import fits
from py_secure_ci.report import Completed, Context, Inline, Report, ToolInfo
from py_secure_ci.source.globs import matches
from py_secure_ci.tables import matches_any

GLOBS = ("*a" * 40 + "b", "**/" * 40 + "zz", "**/" * 30 + "x" + "*a" * 30, "**a" * 30 + "z", "*a/" * 30 + "z")
NAMES = ("a" * 250, "a/" * 400 + "a" * 200, "a" * 100 + "/x.py")


@pytest.mark.parametrize("glob", GLOBS)
def test_a_glob_is_answered_at_once(glob: str) -> None:
    began = time.monotonic()
    for name in NAMES:
        assert not fits(name, [glob])
        assert not matches(name, [glob])
        assert not matches_any(f"tool/{name[:250]}", [f"tool/{glob.replace('/', '-')}"])
        assert not select((f"{name}.py",), {"mypy.ini": f"[mypy]\nfiles = {glob}x\n"}).files
        section = "*.a." * 20 + "b"
        select((f"{name}.py",), {"mypy.ini": f"[mypy]\n[mypy-{section}]\nignore_errors = True\n"})
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("glob", "path", "right"),
    [
        ("a?b", "a/b", False),
        ("a[!c]b", "a/b", False),
        ("a[!c]b", "axb", True),
        ("[z-a]", "z", False),
        ("[]a]x", "]x", True),
        ("[a&&b]", "&", True),
        ("a*b*c/d*e", "axbyc/dxe/f", True),
        ("**/x/**/y", "a/x/b/x/c/y/d", True),
        ("*b", "bab", True),
        ("x/**/*.py", "x/a/b/c.py", True),
        ("x/**/*.py", "x/c.py", True),
    ],
)
def test_a_glob_says_what_it_means(glob: str, path: str, right: bool) -> None:
    assert fits(path, [glob]) is right
    assert matches(path, [glob]) is right


def test_in_a_name_of_exclude_two_stars_are_one() -> None:
    assert not matches("srcs/deep/a.py", ["src**/a.py"])
    assert matches("srcs/a.py", ["src**/a.py"])


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(WrongShape, match=r"more than 0\.05 seconds"), within(0.05, "to wait"):
        time.sleep(5)
    with within(0.05, "to wait"):
        pass
    time.sleep(0.1)  # the timer went with it


def test_comments_without_end() -> None:
    """Each stands alone and so speaks of the next line that is no such comment, which is the same for all."""
    count = 20_000
    comments = tuple(
        Inline(path="a.py", line=line + 1, rules=("bandit/B602",), reason="x", alone=True) for line in range(count)
    )
    tool = ToolInfo(name="bandit", stage=Stage.SAST)
    findings = tuple(
        Finding(tool="bandit", rule="B602", severity=Severity.HIGH, message="x", location=Location("a.py", line + 1))
        for line in range(count, 2 * count)
    )
    outcome = Completed(tool=tool, findings=findings, looked_at=1)
    report = Report(version="1", context=Context(project="p"), outcomes=(outcome,), inline=comments)
    groups = [Group(kept=one, members=(one,)) for one in findings]
    began = time.monotonic()
    found = suppress(groups, PolicySettings(), report, date(2026, 1, 1))
    assert time.monotonic() - began < 5
    assert [answer is not None for answer in found.by_group] == [True] + [False] * (count - 1)
    assert found.unused == ()


def test_a_regular_expression_of_the_project_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(planning, "PATIENCE", 0.5)
    off = dict.fromkeys(("lint", "format", "test", "sca", "sast", "secrets", "sbom", "ci"), False)
    root = tmp_path / "project"
    root.mkdir()
    (root / ".py-secure-ci.yml").write_text(json.dumps({"stages": off}))
    (root / "mypy.ini").write_text("[mypy]\nexclude = (a+)+$\n")
    (root / f"{'a' * 60}b.py").write_text("x: int = 'a'\n")
    began = time.monotonic()
    assert main(["run", str(root), "--offline", "--no-cache", "--output-dir", str(tmp_path / "out")]) == 3
    assert time.monotonic() - began < 20
    assert "regular expression" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["pyproject.toml", "ruff.toml"])
@pytest.mark.parametrize(
    "text", ["a" + ".a" * 500_000 + " = 1\n", "[" + "a." * 500_000 + "a]\n", "a = " + "[" * 200_000]
)
def test_toml_without_end(name: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "project"
    off = dict.fromkeys(("format", "type", "test", "sca", "sast", "secrets", "sbom", "ci"), False)
    root.mkdir()
    for file, words in ((".py-secure-ci.yml", json.dumps({"stages": off})), (name, text), ("a.py", "import os\n")):
        (root / file).write_text(words)
    began = time.monotonic()
    assert main(["run", str(root), "--offline", "--no-cache", "--output-dir", str(tmp_path / "out")]) in (1, 3)
    assert time.monotonic() - began < 30
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert "internal error" not in said.err


def test_a_pin_that_is_there_a_hundred_thousand_times() -> None:
    began = time.monotonic()
    found = read_dependencies(("requirements.txt",), lambda _path: "six==1.16.0\n" * 100_000)
    assert {(pin.name, pin.version) for pin in found.pins} == {("six", "1.16.0")}
    assert time.monotonic() - began < 25


@pytest.mark.parametrize("word", ["f'{", "f'{'", 'f"{{', "f'''{", "rf'{x", "f'{}'", "f'{'}'", "f'{x}{"])
def test_strings_in_strings_without_end(word: str) -> None:
    began = time.monotonic()
    native_suppressions("a.py", f"{word * (100_000 // len(word))} # noqa")
    assert time.monotonic() - began < 5
