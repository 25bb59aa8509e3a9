"""Manifests, scripts, conda files: what they declare, what a lock answers for, and what nobody can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from py_secure_ci.dependencies.poetry_tables import pep440
from py_secure_ci.dependencies.read_all import read_dependencies
from py_secure_ci.pins import Dependencies

Project = Callable[[Mapping[str, str]], Dependencies]


def gaps(found: Dependencies) -> list[tuple[str, str, int]]:
    return [(one.name, one.file, one.line) for one in found.unpinned]


def test_pyproject_tables_without_a_lock(project: Project) -> None:
    text = """\
[build-system]
requires = ["setuptools>=61", "wheel==0.40.0"]
[project]
name = "shop"
dependencies = [
  "flask>=2",
  "six==1.16.0",
  "tool @ git+https://example.com/t",
]
[project.optional-dependencies]
all = ["shop[web]"]
web = ["gunicorn"]
[dependency-groups]
a = [{include-group = "b"}]
b = ["ruff", {include-group = "a"}, {include-group = "nowhere"}]
[tool.uv]
dev-dependencies = ["black"]
"""
    found = project({"pyproject.toml": text})
    assert [(pin.name, pin.line, pin.groups) for pin in found.pins] == [
        ("wheel", 2, ("build-system",)),
        ("six", 7, ()),
    ]
    assert {(name, line) for name, _, line in gaps(found)} >= {
        ("flask", 6),
        ("tool", 8),
        ("gunicorn", 12),
        ("ruff", 15),
        ("black", 17),
        ("a", 14),
        ("b", 15),
    }
    assert any("nowhere" in one.reason for one in found.unpinned)
    assert any("includes itself" in one.reason for one in found.unpinned)
    assert not any(one.name in ("shop", "setuptools") for one in found.unpinned)
    assert "setuptools" in found.declarations[0].notes[0]


def test_dynamic_dependencies_are_a_gap_unless_a_lock_or_a_file_answers(project: Project) -> None:
    dynamic = '[project]\nname = "x"\ndynamic = ["dependencies"]\n'
    assert gaps(project({"pyproject.toml": dynamic})) == [("dependencies", "pyproject.toml", 3)]
    lock = 'version = 1\n[[package]]\nname = "x"\nversion="1"\nsource = { editable = "." }\n'
    assert not project({"pyproject.toml": dynamic, "uv.lock": lock}).unpinned
    listed = dynamic + '[tool.setuptools.dynamic]\ndependencies = {file = ["deps.list"]}\n'
    found = project({"pyproject.toml": listed, "deps.list": "six==1.0\nflask\n"})
    assert gaps(found) == [("flask", "deps.list", 2)]
    assert [pin.file for pin in found.pins] == ["deps.list"]


def test_setup_py_is_read_as_text_and_what_it_computes_is_a_gap(project: Project) -> None:
    text = """\
from setuptools import setup
open("MARKER", "w")
setup(
    name="x",
    install_requires=["flask>=1", "six==1.0", DEPS],
    extras_require={"a": ["b"], **more},
)
"""
    found = project({"setup.py": text})
    assert [(pin.name, pin.line) for pin in found.pins] == [("six", 5)]
    assert ("flask", "setup.py", 5) in gaps(found)
    assert ("install-requires", "setup.py", 5) in gaps(found)
    assert ("extras-require", "setup.py", 6) in gaps(found)


def test_a_module_called_setup_is_no_declaration(project: Project) -> None:
    assert not project({"src/x/setup.py": "def configure():\n    return 1\n"}).declarations


def test_setup_cfg(project: Project) -> None:
    text = "[metadata]\nname = x\n[options]\ninstall_requires =\n    flask>=1,<2\n    six==1.0\n[options.extras_require]\nweb = gunicorn\n"
    found = project({"setup.cfg": text})
    assert [(pin.name, pin.line) for pin in found.pins] == [("six", 6)]
    assert gaps(found) == [("flask", "setup.cfg", 5), ("gunicorn", "setup.cfg", 8)]
    assert found.declarations[0].constraints[0].specifier == "<2,>=1"


def test_setup_cfg_without_dependencies_is_quiet(project: Project) -> None:
    assert not project({"setup.cfg": "[flake8]\nmax-line-length = 100\n"}).unpinned


def test_script_and_its_lock(project: Project) -> None:
    script = '"""Doc."""\n# /// script\n# requires-python = ">=3.10"\n# dependencies = [\n#   "django==3.2.0",\n#   "flask",\n# ]\n# ///\n'
    found = project({"tools/run.py": script})
    assert [(pin.name, pin.line) for pin in found.pins] == [("django", 5)]
    assert gaps(found) == [("flask", "tools/run.py", 6)]
    lock = """version = 1
[manifest]
requirements = [{ name = "django", specifier = "==3.2.0" }, { name = "flask" }]
[[package]]
name = "django"
version = "3.2.0"
source = { registry = "INDEX" }
[[package]]
name = "flask"
version = "1.0"
source = { registry = "INDEX" }
"""
    locked = project({"tools/run.py": script, "tools/run.py.lock": lock})
    assert not locked.unpinned
    assert [(pin.name, pin.file, pin.direct) for pin in locked.pins] == [
        ("django", "tools/run.py.lock", True),
        ("flask", "tools/run.py.lock", True),
    ]


def test_script_block_without_an_end_is_a_gap(project: Project) -> None:
    assert "0 complete" in project({"a.py": "# /// script\n# dependencies = ['x']\n"}).unpinned[0].reason


def test_conda(project: Project) -> None:
    text = "name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n  - numpy=1.26\n  - pip\n  - pip:\n    - flask==1.0\n    - -r more.list\n    - django\n"
    found = project({"environment.yml": text, "more.list": "six==1.0\n"})
    assert [(pin.name, pin.file, pin.line) for pin in found.pins] == [
        ("flask", "environment.yml", 8),
        ("six", "more.list", 1),
    ]
    assert gaps(found) == [("numpy", "environment.yml", 5), ("django", "environment.yml", 10)]
    assert not project({"docker/environment.yml": "services:\n  a: 1\n"}).declarations


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\ndependencies: [*b,*b,*b,*b]\n"


@pytest.mark.parametrize(
    ("path", "text", "word"),
    [
        ("pyproject.toml", "[project\n", "not valid TOML"),
        ("pyproject.toml", "project = 3\n", "should be an object"),
        ("pyproject.toml", '[project]\ndependencies = "flask"\n', "list of strings"),
        ("pyproject.toml", "# " + "x" * 2_000_001, "larger than"),
        ("pyproject.toml", "x = " + "[" * 5000, "not valid TOML"),
        ("pyproject.toml", "a" + ".a" * 500_000 + " = 1\n", "more than 100 parts"),
        ("uv.lock", "version = 9\n", "lock version 9"),
        ("uv.lock", "[[package]\nname=", "not valid TOML"),
        ("uv.lock", "version = 1\n[[package]]\nversion = '1'\n", "has no 'name'"),
        ("poetry.lock", '[metadata]\nlock-version = "7.0"\n', "lock version 7.0"),
        ("pdm.lock", "", "lock version (none)"),
        ("pylock.toml", 'lock-version = "2.0"\n', "lock version 2.0"),
        ("Pipfile", "[packages]\nflask = 3\n", "should be an object"),
        ("Pipfile.lock", '{"_meta": {"pipfile-spec": 6}, "default": {"fl', "not valid JSON"),
        ("Pipfile.lock", '{"_meta": {"pipfile-spec": 7}}', "pipfile-spec"),
        ("Pipfile.lock", "[" * 100_000, "not valid JSON"),
        ("environment.yml", BOMB, "aliases"),
        ("environment.yml", "dependencies: [\n", "not valid YAML"),
        ("setup.cfg", "no section = 1\n", "not a valid setup.cfg"),
        ("setup.py", "from setuptools import setup\nsetup(\n", "cannot be parsed"),
        ("pixi.lock", "", "not read"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_gap_never_an_exception(
    project: Project, path: str, text: str, word: str
) -> None:
    found = project({path: text})
    assert not found.pins
    assert [one.file for one in found.unpinned] == [path]
    assert word in found.unpinned[0].reason


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x")]
)
def test_a_file_that_cannot_be_opened_is_a_gap(error: Exception) -> None:
    def read(path: str) -> str:
        raise error

    assert [one.file for one in read_dependencies(("requirements.txt", "uv.lock", "a.py"), read).unpinned] == [
        "requirements.txt",
        "uv.lock",
    ]


def test_names_that_would_be_options_never_become_pins(project: Project) -> None:
    lock = '{"_meta": {"pipfile-spec": 6}, "default": {"a\\n-r /etc/passwd": {"version": "==1"}, "b": {"version": "==1\\n-e ."}}}'
    found = project({"Pipfile.lock": lock})
    assert not found.pins
    assert len(found.unpinned) == 2
    assert not any("\n" in one.name for one in found.unpinned)


@pytest.mark.parametrize(
    ("poetry", "expected"),
    [
        ("^1.2.3", ">=1.2.3,<2"), ("^0.2.3", ">=0.2.3,<0.3"), ("^0.0.3", ">=0.0.3,<0.0.4"), ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"), ("~1.2.3", ">=1.2.3,<1.3"), ("~1", ">=1,<2"), ("1.2.*", "==1.2.*"), ("*", ""), ("1.2.3", "==1.2.3"),
        (">=1.2,<2", ">=1.2,<2"), (">=1 <2", ">=1,<2"), ("^1 || ^2.1", ">=1,<2 || >=2.1,<3"), ("~=1.4", "~=1.4"), ("!=1.5", "!=1.5"),
    ],
)  # fmt: skip
def test_poetry_constraints_as_pep_440(poetry: str, expected: str) -> None:
    assert pep440(poetry) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "flask" + " " * 1_000_000 + "x\n"),
        ("requirements.txt", "flask==" + "#" * 1_000_000),
        ("pyproject.toml", "[tool.poetry.dependencies]\nx = '^1" + " " * 900_000 + "'\n"),
        ("pyproject.toml", "[project]\ndependencies = ['x" + " " * 900_000 + "q']\n"),
        ("a.py", "# /// script\n" * 50_000),
    ],
)
def test_hostile_text_takes_no_time(project: Project, path: str, text: str) -> None:
    # Each of these took minutes with a quadratic expression; the suite would hang.
    assert len(project({path: text}).unpinned) == 1


def test_a_lock_of_another_project_does_not_answer_for_computed_dependencies(project: Project) -> None:
    dynamic = '[project]\nname = "x"\ndynamic = ["dependencies"]\n'
    lock = 'version = 1\n[[package]]\nname = "y"\nversion = "1"\nsource = { editable = "y" }\n'
    assert ("dependencies", "pyproject.toml", 3) in gaps(project({"pyproject.toml": dynamic, "uv.lock": lock}))
