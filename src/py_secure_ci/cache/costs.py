"""How long each tool took last time, for deciding who goes first; never for deciding anything else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from py_secure_ci.cache.shelf import read_shelf, write_shelf

_KEY = "costs"
_LEAST_BYTES = 200_000  # a rate measured on less says more about starting than about scanning
_RATES = (1e-8, 1e-3)
_MOST_TESTS = 20_000


@dataclass(slots=True)
class Costs:
    """`seconds` of a tool that runs as a whole, `rates` (seconds for a byte) of one that goes file by file."""

    path: Path
    seconds: dict[str, float] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    tests: dict[str, float] = field(default_factory=dict)  # seconds of each test file

    def learn_whole(self, tool: str, seconds: float) -> None:
        """A tool ran as a whole."""
        self.seconds[tool] = round(seconds, 3)

    def learn_files(self, tool: str, seconds: float, size: int) -> None:
        """A tool looked at files of so many bytes."""
        if size >= _LEAST_BYTES:
            self.rates[tool] = min(max(seconds / size, _RATES[0]), _RATES[1])

    def learn_tests(self, durations: Mapping[str, float]) -> None:
        """Test files ran for so long. The project's own clock says it, so that odd numbers are left out."""
        known = {**self.tests, **_numbers({path: round(spent, 3) for path, spent in durations.items()})}
        self.tests = dict(list(known.items())[-_MOST_TESTS:])

    def adopt(self, rates: Mapping[str, float], seconds: Mapping[str, float]) -> None:
        """What other machines learned. Odd numbers are left out."""
        self.rates.update({name: rate for name, rate in _numbers(rates).items() if rate <= _RATES[1]})
        self.seconds.update(_numbers(seconds))

    def save(self) -> None:
        """Write them down, if that is possible."""
        text = json.dumps({"seconds": self.seconds, "rates": self.rates, "tests": self.tests}, sort_keys=True)
        write_shelf(self.path, {_KEY: (1, text)})


def read_costs(path: Path) -> Costs:
    """What is remembered; nothing if the file is odd."""
    costs = Costs(path)
    _, text = read_shelf(path).get(_KEY, (0, "{}"))
    try:
        said = json.loads(text)
        costs.seconds.update(_numbers(said.get("seconds")))
        costs.tests.update(_numbers(said.get("tests")))
        costs.rates.update({name: rate for name, rate in _numbers(said.get("rates")).items() if rate <= _RATES[1]})
    except (ValueError, AttributeError, RecursionError):
        pass
    return costs


def _numbers(said: object) -> Mapping[str, float]:
    if not isinstance(said, dict):
        return {}
    return {
        name: float(value)
        for name, value in said.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    }
