"""`scripts/install-clients`: tried again is only what was run and failed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from by_path import load

SCRIPT = Path(__file__).parents[2] / "scripts" / "install-clients"
CODE = "import pathlib, sys; path = pathlib.Path(sys.argv[1]); told = path.read_text() + 'x'; path.write_text(told)"


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Any, int]]:
    """`attempt(code)`: what comes of a client that is installed by that code, and how often it ran."""
    script, log = load(SCRIPT), tmp_path / "log"
    monkeypatch.setattr(script, "PAUSE", 0)

    def tried(code: str) -> tuple[Any, int]:
        log.write_text("")
        script.STEPS["demo"] = lambda _name: script.run(sys.executable, "-c", f"{CODE}\n{code}", str(log))
        return script.attempt("demo"), len(log.read_text())

    tried.script = script  # type: ignore[attr-defined]
    return tried


@pytest.mark.parametrize(
    ("code", "missing", "times"),
    [("", False, 1), ("sys.exit(len(told) < 3)", False, 3), ("sys.exit('no answer')", True, 3)],
)
def test_a_step_that_failed_is_tried_again(attempt: Any, code: str, missing: bool, times: int) -> None:
    error, ran = attempt(code)
    assert (error is not None, ran) == (missing, times)
    assert not missing or "no answer" in str(error)


def test_what_cannot_be_run_here_is_not_tried_again(attempt: Any) -> None:
    script, asked = attempt.script, []

    def needs_root(name: str) -> None:
        asked.append(name)
        raise script.Missing("needs root and apt-get")

    script.STEPS["demo"] = needs_root
    assert str(script.attempt("demo")) == "needs root and apt-get"
    script.STEPS["demo"] = lambda name: (asked.append(name), script.run("/nowhere/program"))
    assert "/nowhere/program" in str(script.attempt("demo"))
    assert asked == ["demo", "demo"]
