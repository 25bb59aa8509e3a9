"""What the YAML says of the stage `test`, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from py_secure_ci.adapting.test_runs.levels import LEVELS, Level

DEFAULT_COVERAGE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOptions:
    """`coverage`: per cent, None: not measured. `parallel`: auto | off | a number | empty (as the project has it)."""

    __test__ = False  # pytest would otherwise take the name for a test class

    coverage: float | None
    parallel: str
    reruns: int
    seed: int
    profile: bool
    levels: tuple[Level, ...]


def read_options(given: Mapping[str, Any]) -> TestOptions:
    """The options of the stage; the schema has checked them."""
    coverage = given.get("coverage", DEFAULT_COVERAGE)
    measured = isinstance(coverage, (int, float)) and not isinstance(coverage, bool)
    return TestOptions(
        coverage=float(coverage) if measured else None,
        parallel=_parallel(given.get("parallel", "")),
        reruns=int(given.get("reruns", 0)),
        seed=int(given.get("seed", 0)),
        profile=given.get("profile", False) is True,
        levels=tuple(one.changed(given.get("levels", {}).get(one.name, {})) for one in LEVELS),
    )


def _parallel(value: object) -> str:
    return "off" if value is False else str(value)  # YAML reads `off` as false
