"""A link that leads to itself, and a name that no system takes: told in words, wherever a user or a repository can name it."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

import pytest

from py_secure_ci.cache import surroundings
from py_secure_ci.cli import main
from py_secure_ci.commands.configuration import find_config
from py_secure_ci.commands.init import guess_host
from py_secure_ci.commands.project import open_project, within_reach
from py_secure_ci.commands.session import Session
from py_secure_ci.errors import ConfigError
from py_secure_ci.project_environment.finding import is_environment, python_of
from py_secure_ci.running.environment import safe_path

SRC = Path(__file__).parents[3] / "src" / "py_secure_ci"
LONG = "a" * 300


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path / "loop"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.py").write_text("X = 1\n", encoding="utf-8")
    return tmp_path / "root"


def told(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = main(words)
    said = capsys.readouterr().err
    assert "internal error" not in said
    return status, said


def test_a_configuration_is_a_loop(root: Path) -> None:
    (root / ".py-secure-ci.yml").symlink_to(".py-secure-ci.yml")
    with pytest.raises(ConfigError, match=r"\.py-secure-ci\.yml: cannot be read: "):
        find_config(root, None)


def test_a_configuration_leads_nowhere(root: Path) -> None:
    """Not the same as having none: somebody meant that the gate is configured."""
    (root / ".py-secure-ci.yml").symlink_to("gone.yml")
    with pytest.raises(ConfigError, match=r"\.py-secure-ci\.yml: this link leads nowhere"):
        find_config(root, None)


@pytest.mark.parametrize("target", ["loop", LONG, "gone"])
@pytest.mark.parametrize("git", [False, True])
def test_links_of_the_repository_are_no_folders_and_no_files(target: str, git: bool, root: Path) -> None:
    (root / "pkg").mkdir()
    links = ("src", "x", ".venv", "pkg/y.py", "pkg/z", "setup.py", ".github")
    for name in links:
        (root / name).symlink_to(name.rpartition("/")[2] if target == "loop" else target)
    if git:
        subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
    with Session(dict(os.environ)) as session:
        tree = open_project(str(root), None, None, session).tree
    assert tree.files == ("a.py",)
    assert {one.subject for one in tree.excluded} >= {*links} - {".venv"}
    assert surroundings.folders(root) == ["pkg"]
    assert surroundings.strays(root, frozenset({"a.py"})) == []
    assert not is_environment(python_of(root / ".venv"))
    assert guess_host(root) == "github"


def test_a_near_name_is_told_whatever_it_leads_to(root: Path) -> None:
    (root / ".py-secure-ci.yaml").symlink_to(LONG)
    with pytest.raises(ConfigError, match="this file is not read"):
        find_config(root, None)


def test_the_project_is_a_loop(loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (str(loop), str(loop / "inside"), LONG):
        assert told(["run", name], capsys)[0] == 2


@pytest.mark.parametrize("place", ["py-secure-ci-report", "../loop", "../loop/inside"])
def test_the_folder_of_the_report_is_a_loop(
    place: str, root: Path, loop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not place.startswith(".."):
        (root / place).symlink_to(place)
    words = ["run", str(root), "--stage", "test", "--output-dir", str(root / place)]
    status, said = told(words, capsys)
    assert status in (2, 3)
    assert "cannot write the report" in said or "symbolic link" in said


def test_the_folder_of_a_file_of_ours_is_a_loop(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / ".github").symlink_to(".github")
    status, said = told(["init", str(root), "--ci", "github"], capsys)
    assert status == 3
    assert ".github/workflows/" in said


def test_a_part_is_a_loop(root: Path, loop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (str(loop), LONG):
        words = ["merge", name, "--path", str(root), "--output-dir", str(tmp_path / "out")]
        assert told(words, capsys)[0] == 3


def test_earlier_reports_are_a_loop(root: Path, loop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (str(loop), LONG):
        status, said = told(["run", str(root), "--history", name], capsys)
        assert (status, "there is no such folder" in said) == (2, True)


@pytest.mark.parametrize("home", ["loop", LONG, "home"])
def test_the_users_home_is_a_loop(home: str, root: Path, loop: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    environ = {**os.environ, "PY_SECURE_CI_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path / home)}
    with Session(environ) as session:
        closed = within_reach(open_project(str(root), None, None, session), session)
    # What is no folder cannot be closed; one below /tmp, where all may write to the folder above, is.
    assert (tmp_path / home in closed) is (home == "home" and tmp_path.is_relative_to("/tmp"))


def test_an_entry_of_the_path_is_a_loop(loop: Path) -> None:
    assert safe_path(os.pathsep.join([str(loop), f"/{LONG}", "/usr/bin"]), [loop]) == "/usr/bin"


def test_nothing_is_resolved_in_the_way_that_raises_for_a_loop() -> None:
    """`Path.resolve` raises RuntimeError for one before Python 3.13; `os.path.realpath` does not."""
    found = [
        f"{path.relative_to(SRC)}:{node.lineno}"
        for path in sorted(SRC.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "resolve"
        if not node.args and ast.unparse(node.func.value) != "Path(__file__)"
    ]
    assert found == []
