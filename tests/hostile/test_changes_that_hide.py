"""A change that keeps git from telling what it changes: what it brings is new all the same."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

OFF = dict.fromkeys(("lint", "format", "type", "test", "sca", "secrets", "sbom", "ci"), False)
YAML = json.dumps({"stages": OFF, "policy": {"fail_on": {"security": "low"}}})
OLD, NEW = 'password = "correct horse' + ' battery"\n', 'password = "another staple' + ' altogether"\n'


@pytest.fixture
def project(kit: Any, tmp_path: Path) -> Any:
    one = kit.Project(tmp_path / "project")
    one.write({".py-secure-ci.yml": YAML, "a.py": OLD, "b.py": "X = 1\n"}).commit()
    one.git("checkout", "-q", "-b", "change")
    return one


def commit(project: Any) -> None:
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "change")


def by_attribute(project: Any) -> None:
    project.write({"a.py": NEW, ".gitattributes": "* -diff binary\n"})
    commit(project)


def by_attribute_of_the_clone(project: Any) -> None:
    project.write({"a.py": NEW, ".git/info/attributes": "* -diff\n"})
    commit(project)


def by_size(project: Any) -> None:
    """More of a patch than is ever read."""
    project.write({"a.py": NEW, **{f"{n}.bin": b"\0" + os.urandom(17 * 1024 * 1024) for n in range(4)}})
    commit(project)


def by_a_setting_that_stops_git(project: Any) -> None:
    project.write({"a.py": NEW})
    commit(project)
    project.git("config", "diff.renames", "no such word")


def not_committed(project: Any) -> None:
    project.write({"b.py": "X = 2\n"})
    commit(project)
    project.write({"a.py": NEW})


def untracked(project: Any) -> None:
    project.git("rm", "-q", "--cached", "a.py")
    project.write({"b.py": "X = 2\n"})
    project.git("commit", "-q", "-a", "-m", "change")
    project.write({"a.py": NEW})


WAYS = [by_attribute, by_attribute_of_the_clone, by_size, by_a_setting_that_stops_git, not_committed, untracked]


@pytest.mark.parametrize("way", WAYS, ids=lambda one: str(one.__name__))
def test_another_password_in_the_same_place_is_new(way: Callable[[Any], None], project: Any, kit: Any) -> None:
    way(project)
    ran = project.run("--no-cache", "--base", "main")
    kit.no_traceback(ran)
    assert ran.status in (1, 3), ran.stdout
    if ran.status == 1:
        assert {one["state"] for one in ran.report["verdict"]["findings"]} == {"new"}


def test_line_ends_alone_change_nothing(project: Any) -> None:
    project.write({"b.py": "X = 2\n"})
    commit(project)
    project.write({"a.py": OLD.replace("\n", "\r\n")})
    ran = project.run("--no-cache", "--base", "main")
    assert (ran.status, {one["state"] for one in ran.report["verdict"]["findings"]}) == (0, {"existing"})


@pytest.mark.parametrize("text", [YAML.replace('"low"', '"high"'), None], ids=["loosened", "taken away"])
def test_a_change_of_the_settings_is_told(text: str | None, project: Any) -> None:
    """Even one that only takes lines away."""
    pretty = json.dumps({**json.loads(YAML), "exclude": ["c"]}, indent=1)
    project.write({".py-secure-ci.yml": pretty})
    commit(project)
    project.git("branch", "before")
    if text is None:
        (project.root / ".py-secure-ci.yml").unlink()
    else:
        project.write({".py-secure-ci.yml": pretty.replace(' "exclude": [\n  "c"\n ]', "").replace("},\n\n}", "}\n}")})
    commit(project)
    ran = project.run("--no-cache", "--base", "before", "--stage", "sast")
    assert "the change edits what it is judged by: .py-secure-ci.yml" in ran.report["report"]["notes"]
