"""Where a project's configuration switches ruff off: in folders below, and by patterns."""

from pathlib import Path

import pytest

from py_secure_ci.adapting.ruff_config import silenced, steered_folders
from py_secure_ci.tool import Task


def task(files: tuple[str, ...], settings: dict[str, str], nested: dict[str, str] | None = None) -> Task:
    return Task(root=Path("/r"), scratch=Path("/s"), files=files, settings=settings, nested=nested or {})


@pytest.mark.parametrize(
    ("pattern", "codes", "silent"),
    [
        ("a.py", "['ALL']", {"a.py", "p/a.py"}),
        ("p/*", "['E', 'F']", {"p/a.py", "p/q/b.py"}),
        ("p/**", "['F401', 'E711']", {"p/a.py", "p/q/b.py"}),
        ("*.py", "['F401']", set()),
        ("!a.py", "['ALL']", {"p/q/b.py"}),
        ("none.py", "['ALL']", set()),
    ],
)
@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("ruff.toml", "lint.per-file-ignores"),
        ("ruff.toml", "per-file-ignores"),
        ("pyproject.toml", "tool.ruff.lint.extend-per-file-ignores"),
    ],
)
def test_a_pattern_silences_a_file_if_nothing_planted_would_be_reported(
    pattern: str, codes: str, silent: set[str], name: str, table: str
) -> None:
    text = f"[{table}]\n'{pattern}' = {codes}\n"
    found = silenced(task(("a.py", "p/a.py", "p/q/b.py"), {name: text}), {"F401", "E711"})
    assert set(found) == silent


def test_the_nearest_configuration_steers() -> None:
    files = ("a.py", "p/a.py", "p/q/b.py", "r/c.py", "s/d.py")
    nested = {
        "p/ruff.toml": "",
        "p/pyproject.toml": "[tool.ruff]\n",
        "p/q/.ruff.toml": "",
        "r/pyproject.toml": "[project]\n",
        "empty/ruff.toml": "",
    }
    steered = steered_folders(task(files, {"ruff.toml": ""}, nested))
    assert steered == {"p/ruff.toml": ("p/a.py",), "p/q/.ruff.toml": ("p/q/b.py",)}
    assert steered_folders(task(files, {}, nested)) == {}  # isolated: no file has a say
