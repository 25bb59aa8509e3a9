"""Lock files: pins, lines, groups, paths, foreign sources, stale locks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

import pytest

from py_secure_ci.dependencies.poetry_lock import content_hashes
from py_secure_ci.pins import Dependencies, Pin
from py_secure_ci.toml_values import load_toml

Project = Callable[[Mapping[str, str]], Dependencies]

PYPROJECT = """\
[project]
name = "shop"
version = "1.0"
dependencies = ["flask>=1"]
[project.optional-dependencies]
async = ["gevent"]
[dependency-groups]
dev = [{include-group = "test"}, "ruff"]
test = ["pytest>=7"]
"""
UV = """\
version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "flask"
version = "1.0"
source = { registry = "INDEX" }
dependencies = [{ name = "jinja2" }]
sdist = { url = "x", hash = "sha256:aa" }
wheels = [{ url = "y", hash = "sha256:bb" }]

[[package]]
name = "gevent"
version = "2.0"
source = { registry = "INDEX" }

[[package]]
name = "jinja2"
version = "2.0"
source = { registry = "https://me:hunter2@pkgs.example.com/simple" }

[[package]]
name = "pytest"
version = "7.0"
source = { git = "https://example.com/pytest?rev=1" }

[[package]]
name = "ruff"
version = "0.1"
source = { registry = "INDEX" }
dependencies = [{ name = "jinja2" }]

[[package]]
name = "shop"
version = "1.0"
source = { editable = "." }
dependencies = [{ name = "flask" }]

[package.optional-dependencies]
async = [{ name = "gevent" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }, { name = "ruff" }]
test = [{ name = "pytest" }]

[package.metadata]
requires-dist = [
    { name = "flask", specifier = ">=1" },
    { name = "gevent", marker = "extra == 'async'" },
]

[package.metadata.requires-dev]
dev = [{ name = "pytest", specifier = ">=7" }, { name = "ruff" }]
test = [{ name = "pytest", specifier = ">=7" }]
"""


def by_name(found: Dependencies) -> dict[str, Pin]:
    return {pin.name: pin for pin in found.pins}


def test_uv_lock(project: Project) -> None:
    found = project({"pyproject.toml": PYPROJECT, "uv.lock": UV})
    pins = by_name(found)
    assert set(pins) == {"flask", "gevent", "jinja2", "ruff"}
    assert (pins["flask"].line, pins["flask"].direct, pins["flask"].via) == (6, True, ("flask",))
    assert pins["flask"].hashes == ("sha256:aa", "sha256:bb")
    assert (pins["jinja2"].direct, pins["jinja2"].via, pins["jinja2"].groups) == (False, ("flask", "jinja2"), ())
    assert pins["jinja2"].source == "https://pkgs.example.com/simple"
    assert pins["gevent"].groups == ("async",)
    assert pins["ruff"].groups == ("dev",)
    assert [(one.name, one.file, one.groups) for one in found.unpinned] == [("pytest", "uv.lock", ("dev", "test"))]
    assert not any(one.stale for one in found.declarations)
    assert found.declarations[1].project == "shop"


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('"flask>=1"', '"flask>=2"', "flask>=2"),
        ('"flask>=1"', '"flask>=1", "django"', "django"),
        ('"gevent"', "", "gevent"),
        ('"pytest>=7"', '"pytest"', "pytest"),
    ],
)
def test_uv_lock_older_than_its_manifest(project: Project, old: str, new: str, word: str) -> None:
    found = project({"pyproject.toml": PYPROJECT.replace(old, new), "uv.lock": UV})
    assert word in found.declarations[1].stale
    assert found.declarations[1].stale.startswith("pyproject.toml: ")


def test_uv_workspace_members_are_no_pins_and_their_manifests_are_answered_for(project: Project) -> None:
    lock = """version = 1
[manifest]
members = ["shop", "part"]
[[package]]
name = "part"
version = "0.1"
source = { editable = "packages/part" }
dependencies = [{ name = "six" }]
[package.metadata]
requires-dist = [{ name = "six" }]
[[package]]
name = "elsewhere"
version = "0.1"
source = { directory = "../elsewhere" }
[[package]]
name = "shop"
version = "0.1"
source = { virtual = "." }
dependencies = [{ name = "part" }]
[package.metadata]
requires-dist = [{ name = "part", editable = "packages/part" }]
[[package]]
name = "six"
version = "1.0"
source = { registry = "INDEX" }
"""
    files = {
        "pyproject.toml": '[project]\nname="shop"\nversion="0.1"\ndependencies=["part"]\n[tool.uv.sources]\n',
        "packages/part/pyproject.toml": '[project]\nname="part"\nversion="0.1"\ndependencies=["six"]\n',
        "uv.lock": lock,
    }
    found = project(files)
    assert [pin.name for pin in found.pins] == ["six"]
    assert [(one.name, one.file) for one in found.unpinned] == [("elsewhere", "uv.lock")]
    assert not any(one.stale for one in found.declarations)
    stranger = project({**files, "examples/pyproject.toml": '[project]\nname="stranger"\ndependencies=["six"]\n'})
    assert ("six", "examples/pyproject.toml") in [(one.name, one.file) for one in stranger.unpinned]


POETRY_TABLES = """\
[tool.poetry]
name = "shop"
version = "1.0"
[tool.poetry.dependencies]
python = "^3.10"
flask = "^1.0"
tool = {git = "https://example.com/tool"}
[tool.poetry.group.dev.dependencies]
pytest = {version = "~7.1", extras = ["x"]}
"""
POETRY = """\
[[package]]
name = "Flask"
version = "1.0.2"
optional = false
groups = ["main"]
files = [{file = "f", hash = "sha256:cc"}]

[package.dependencies]
Jinja2 = ">=2"

[[package]]
name = "jinja2"
version = "2.11"
optional = false
groups = ["main", "dev"]
files = []

[[package]]
name = "pytest"
version = "7.1.1"
optional = false
groups = ["dev"]
files = []
[package.source]
type = "legacy"
url = "https://pkgs.example.com/simple"
reference = "corp"

[[package]]
name = "tool"
version = "0.1"
groups = ["main"]
files = []
[package.source]
type = "git"
url = "https://example.com/tool"

[metadata]
lock-version = "2.1"
python-versions = "^3.10"
content-hash = "HASH"
"""


def poetry_hash(manifest: str) -> str:
    return min(content_hashes(load_toml(manifest)))


def test_poetry_lock(project: Project) -> None:
    lock = POETRY.replace("HASH", poetry_hash(POETRY_TABLES))
    found = project({"poetry.lock": lock, "pyproject.toml": POETRY_TABLES})
    pins = by_name(found)
    assert {name: (pin.version, pin.line, pin.direct, pin.via, pin.groups) for name, pin in pins.items()} == {
        "flask": ("1.0.2", 2, True, ("flask",), ()),
        "jinja2": ("2.11", 12, False, ("flask", "jinja2"), ()),
        "pytest": ("7.1.1", 19, True, ("pytest",), ("dev",)),
    }
    assert pins["pytest"].source == "https://pkgs.example.com/simple"
    assert [(one.name, one.file, one.line) for one in found.unpinned] == [("tool", "poetry.lock", 30)]
    assert found.declarations[0].stale == ""


def test_poetry_content_hash_as_poetry_computes_it() -> None:
    # Poetry 1.x: the four keys, present or not, sorted.
    content = {"dependencies": {"python": "^3.10"}, "source": None, "extras": None, "dev-dependencies": None}
    expected = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    assert expected in content_hashes({"tool": {"poetry": {"dependencies": {"python": "^3.10"}}}})


def test_poetry_lock_older_than_its_manifest(project: Project) -> None:
    lock = POETRY.replace("HASH", poetry_hash(POETRY_TABLES))
    changed = POETRY_TABLES.replace('"^1.0"', '"^2.0"')
    assert (
        "flask >=2.0,<3 is declared, 1.0.2 is locked"
        in project({"poetry.lock": lock, "pyproject.toml": changed}).declarations[0].stale
    )
    other = POETRY_TABLES.replace('"^3.10"', '"^3.11"')
    assert "content-hash" in project({"poetry.lock": lock, "pyproject.toml": other}).declarations[0].stale


def test_pdm_lock(project: Project) -> None:
    lock = """\
[metadata]
groups = ["default", "test"]
strategy = []
lock_version = "4.5.0"
content_hash = "sha256:00"

[[package]]
name = "coverage"
version = "7.0"
groups = ["test"]
dependencies = ["tomli; python_version < '3.11'"]
files = [{file = "a", hash = "sha256:dd"}]

[[package]]
name = "coverage"
version = "7.0"
extras = ["toml"]
groups = ["test"]
dependencies = ["coverage==7.0", "tomli"]
files = []

[[package]]
name = "local"
version = "0.1"
groups = ["default"]
path = "./local"

[[package]]
name = "tomli"
version = "2.0"
groups = ["test"]
files = []
"""
    manifest = '[project]\nname="x"\ndependencies=["absent"]\n[dependency-groups]\ntest=["coverage[toml]"]\nother=["unlocked"]\n'
    found = project({"pdm.lock": lock, "pyproject.toml": manifest})
    pins = by_name(found)
    assert len(found.pins) == 2
    assert pins["coverage"].groups == ("test",)
    assert pins["tomli"].via == ("coverage", "tomli")
    assert found.declarations[0].stale == "pyproject.toml: absent is declared but not locked"
    assert {(one.name, one.file) for one in found.unpinned} == {
        ("local", "pdm.lock"),
        ("absent", "pyproject.toml"),
        ("unlocked", "pyproject.toml"),
    }


PIPFILE = '[[source]]\nname = "pypi"\nurl = "INDEX"\nverify_ssl = true\n[packages]\nflask = "*"\n[dev-packages]\npytest = "==7.0"\n'


def test_pipfile_lock_reads_every_section(project: Project) -> None:
    lock = {
        "_meta": {"hash": {"sha256": "0"}, "pipfile-spec": 6, "sources": [{"name": "pypi", "url": "INDEX"}]},
        "default": {"flask": {"version": "==1.0", "hashes": ["sha256:ee"], "index": "pypi"}},
        "develop": {"pytest": {"version": "==7.0"}, "vcs": {"git": "https://example.com/x", "ref": "1"}},
        "docs": {"sphinx": {"version": "==5.0", "index": "corp"}},
    }
    found = project({"Pipfile": PIPFILE, "Pipfile.lock": json.dumps(lock, indent=4)})
    pins = by_name(found)
    assert {name: (pin.line, pin.groups, pin.direct) for name, pin in pins.items()} == {
        "flask": (15, (), True),
        "pytest": (24, ("develop",), True),
        "sphinx": (33, ("docs",), False),
    }
    assert pins["sphinx"].source == "corp"
    assert pins["flask"].source == ""
    assert [(one.name, one.file) for one in found.unpinned] == [("vcs", "Pipfile.lock")]
    assert "hash differs" in found.declarations[1].stale


def test_pipfile_lock_that_matches_is_not_stale(project: Project) -> None:
    pipfile = '[[source]]\nname = "corp"\nurl = "https://pkgs.example.com/simple"\nverify_ssl = true\n[packages]\nflask = "*"\n'
    content = {
        "_meta": {
            "requires": {},
            "sources": [{"name": "corp", "url": "https://pkgs.example.com/simple", "verify_ssl": True}],
        },
        "default": {"flask": "*"},
        "develop": {},
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    lock = {
        "_meta": {"hash": {"sha256": digest}, "pipfile-spec": 6, "sources": []},
        "default": {"flask": {"version": "==1"}},
    }
    found = project({"Pipfile": pipfile, "Pipfile.lock": json.dumps(lock)})
    assert found.declarations[1].stale == ""
    assert not found.unpinned


def test_pylock(project: Project) -> None:
    lock = """\
lock-version = "1.0"
created-by = "uv"
[[packages]]
name = "flask"
version = "1.0"
index = "INDEX"
dependencies = [{name = "jinja2"}]
wheels = [{url = "x", hashes = {sha256 = "ab"}}]
[[packages]]
name = "jinja2"
version = "2.0"
[[packages]]
name = "vcs"
vcs = {type = "git", url = "x", commit-id = "1"}
[[packages]]
name = "shop"
directory = {path = "."}
"""
    found = project({"pylock.dev.toml": lock, "pyproject.toml": '[project]\nname="shop"\ndependencies=["flask"]\n'})
    pins = by_name(found)
    assert {name: (pin.line, pin.via, pin.hashes) for name, pin in pins.items()} == {
        "flask": (4, ("flask",), ("sha256:ab",)),
        "jinja2": (10, ("flask", "jinja2"), ()),
    }
    assert [one.name for one in found.unpinned] == ["vcs"]


def test_empty_pylock_is_a_gap(project: Project) -> None:
    assert project({"pylock.toml": 'lock-version = "1.0"\ncreated-by = "x"\npackages = []\n'}).unpinned


@pytest.mark.parametrize("spelling", [">=1.0", ">= 1.0.0", ">=1"])
def test_uv_lock_is_not_stale_for_another_spelling_of_the_same_version(project: Project, spelling: str) -> None:
    found = project({"pyproject.toml": PYPROJECT.replace("flask>=1", f"flask{spelling}"), "uv.lock": UV})
    assert found.declarations[1].stale == ""


def test_uv_lock_with_a_damaged_specifier_is_a_gap(project: Project) -> None:
    damaged = UV.replace('specifier = ">=1"', 'specifier = "at least 1"')
    found = project({"pyproject.toml": PYPROJECT, "uv.lock": damaged})
    assert any(one.file == "uv.lock" and "cannot be read" in one.reason for one in found.unpinned)


def test_uv_groups_of_a_workspace_root_that_is_no_project(project: Project) -> None:
    lock = """version = 1
[manifest]
members = []
[manifest.dependency-groups]
dev = [{ name = "six" }]
[[package]]
name = "six"
version = "1.0"
source = { registry = "INDEX" }
"""
    (pin,) = project({"uv.lock": lock}).pins
    assert (pin.direct, pin.groups, pin.via) == (True, ("dev",), ("six",))
