from typing import Any

import pytest

from py_secure_ci.adapting.mypy_config import find, harmless
from py_secure_ci.adapting.mypy_scope import select
from py_secure_ci.errors import WrongShape


def test_precedence_is_mypys() -> None:
    settings = {"setup.cfg": "[mypy]\n", "pyproject.toml": "[tool.mypy]\nstrict = true\n"}
    assert find(settings).name == "pyproject.toml"
    assert find({**settings, ".mypy.ini": ""}).name == ".mypy.ini"
    assert find({**settings, "mypy.ini": "", ".mypy.ini": ""}).name == "mypy.ini"
    assert find({"setup.cfg": "[metadata]\n", "pyproject.toml": "[project]\n"}).name == ""


@pytest.mark.parametrize(
    "settings", [{"mypy.ini": "no section\n"}, {"pyproject.toml": "[tool.mypy\n"}, {"setup.cfg": "x\n[mypy]\n"}]
)
def test_a_broken_file_is_told(settings: dict[str, str]) -> None:
    with pytest.raises(WrongShape, match=next(iter(settings)).replace(".", r"\.")):
        find(settings)


def test_what_writes_or_runs_code_is_dropped() -> None:
    text = """[mypy]
strict = True
plugins = mine.py
cache_dir = /elsewhere
html_report = out
junit_xml = out.xml
python_executable = ./evil
install_types = True
mypy_path = $MYPY_CONFIG_FILE_DIR/stubs
[mypy-a.*,b]
ignore_errors = True
"""
    config = find({"mypy.ini": text})
    assert harmless(config, "/project", plugins=False) == (
        "[mypy]\nstrict = True\nmypy_path = /project/stubs\n[mypy-a.*,b]\nignore_errors = True\n"
    )
    assert "plugins = /project/mine.py\n" in harmless(config, "/project", plugins=True)


def test_toml_survives() -> None:
    text = """[tool.mypy]
strict = true
files = ["src"]
enable_error_code = ["redundant-expr", "a\\"b"]
txt_report = "out"
[[tool.mypy.overrides]]
module = "old.*"
ignore_missing_imports = true
"""
    assert harmless(find({"pyproject.toml": text}), "/project", plugins=False) == (
        '[tool.mypy]\n"strict" = true\n"enable_error_code" = ["redundant-expr", "a\\"b"]\n'
        '[[tool.mypy.overrides]]\n"module" = ["old.*"]\n"ignore_missing_imports" = true\n'
    )


FILES = (
    "pkg/a.py",
    "pkg/tests/test_a.py",
    "docs/conf.py",
    "setup.py",
    "old/b.py",
    "test/c.py",
    "pkg/test/d.py",
    "pkg/conftest.py",
)


@pytest.mark.parametrize(
    ("settings", "due"),
    [
        ({}, ["old/b.py", "pkg/a.py", "pkg/test/d.py"]),
        ({"mypy.ini": "[mypy]\nfiles = pkg, setup.py\n"}, ["pkg/a.py", "pkg/conftest.py", "pkg/test/d.py",
                                                          "pkg/tests/test_a.py", "setup.py"]),
        ({"mypy.ini": "[mypy]\nfiles = pkg/**/*.py\nexclude = tests?/\n"}, ["pkg/a.py", "pkg/conftest.py"]),
        ({"mypy.ini": "[mypy]\npackages = old\n"}, ["old/b.py"]),
        ({"mypy.ini": "[mypy]\n[mypy-old.*]\nignore_errors = True\n"}, ["pkg/a.py", "pkg/test/d.py"]),
        ({"pyproject.toml": "[tool.mypy]\nexclude = ['^old/', '^pkg/t']\n"}, ["pkg/a.py"]),
    ],
)  # fmt: skip
def test_what_is_due(settings: dict[str, str], due: list[str]) -> None:
    selection = select(FILES, settings)
    assert sorted(selection.files) == due
    assert sorted((*selection.files, *(one.subject for one in selection.excluded))) == sorted(FILES)
    named: Any = next(iter(settings), "mypy's default scope")
    assert all(one.by.startswith(named) or "default scope" in one.by for one in selection.excluded)
