"""What a type checker can see beyond the tree is part of its key, or there is no key."""

from __future__ import annotations

from pathlib import Path

import pytest

from py_secure_ci.cache.surroundings import folders, installed, strays


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    (site / "attrs-1.0.dist-info").mkdir(parents=True)
    (site / "attrs-1.0.dist-info" / "RECORD").write_text("attr/__init__.py,sha256=abc,10\n")
    (site / "_virtualenv.pth").write_text("import _virtualenv\n")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    return tmp_path / "venv"


def key(venv: Path) -> list[str] | None:
    return installed(venv / "bin" / "python", venv.parent / "project")


def site(venv: Path) -> Path:
    return venv / "lib" / "python3.11" / "site-packages"


def test_what_is_installed_makes_the_key(venv: Path) -> None:
    first = key(venv)
    assert first == key(venv)
    (site(venv) / "attrs-1.0.dist-info" / "RECORD").write_text("attr/__init__.py,sha256=def,10\n")
    second = key(venv)
    (site(venv) / "loose.py").write_text("")
    assert len({str(one) for one in (first, second, key(venv))}) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("__editable___lib_finder.pth", "import __editable___lib_finder\n"),
        ("__editable__.lib-1.pth", "import __editable___lib_finder; __editable___lib_finder.install()\n"),
        ("lib.pth", "/somewhere/else\n"),
        ("lib.egg-link", "/somewhere/else\n"),
    ],
)
def test_code_from_elsewhere_means_no_key(venv: Path, name: str, text: str) -> None:
    (site(venv) / name).write_text(text)
    assert key(venv) is None


def test_an_editable_install_of_the_project_itself_is_covered_by_the_tree(venv: Path) -> None:
    (site(venv) / "__editable__.shop-1.pth").write_text(f"{venv.parent / 'project' / 'src'}\n")
    assert key(venv) is not None


def test_system_packages_mean_no_key(venv: Path) -> None:
    (venv / "pyvenv.cfg").write_text("include-system-site-packages = true\n")
    assert key(venv) is None


def test_modules_that_git_ignores_count(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "a.py").write_text("x = 1\n")
    (tmp_path / "pkg" / "_version.py").write_text("v = 1\n")
    known = frozenset({"pkg/a.py"})
    first = strays(tmp_path, known)
    assert first is not None
    assert [one.split()[0] for one in first] == ["pkg/_version.py"]
    (tmp_path / "pkg" / "_version.py").write_text("v = 2\n")
    assert strays(tmp_path, known) != first
    for ignored in (".venv/lib", "node_modules/x", "env/lib"):
        (tmp_path / ignored).mkdir(parents=True)
        (tmp_path / ignored / "x.py").write_text("")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    assert len(strays(tmp_path, known) or ()) == 1
    (tmp_path / "linked").symlink_to(tmp_path / "pkg")
    assert strays(tmp_path, known) is None


def test_folders_that_look_like_packages(tmp_path: Path) -> None:
    for name in ("src/shop", "docs", ".git", "__pycache__"):
        (tmp_path / name).mkdir(parents=True)
    assert folders(tmp_path) == ["docs", "src", "src/shop"]
