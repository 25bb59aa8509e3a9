"""A test run as values: which tests there were, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from enum import Enum
from typing import Any

from py_secure_ci.model import Location


class Result(Enum):
    """What became of a test."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A test that failed, or a file that could not be collected. `part` tells subtests apart."""

    node: str
    result: Result
    message: str
    text: str
    location: Location
    part: str = ""
    example: str = ""  # the input with which hypothesis made it fail


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """A whole run. `results` by node id; `crashed_in` is the test that ran when a record without an end stopped."""

    __test__ = False  # pytest would otherwise take the name for a test class

    results: Mapping[str, Result]
    paths: Mapping[str, str]
    troubles: tuple[Trouble, ...]
    broken: tuple[Trouble, ...]  # files that could not be collected
    files: frozenset[str]  # that were collected, or that a test came from
    collected: frozenset[str]
    deselected: int = 0
    deselected_nodes: frozenset[str] = frozenset()
    reruns: tuple[str, ...] = ()  # tests that a plugin of the project ran again
    status: int | None = None  # pytest's own; None: the record has no end
    crashed_in: str = ""
    log: str = ""
    problems: tuple[tuple[str, str], ...] = ()
    settings: Mapping[str, Any] = default(default_factory=dict)
    seeds: Mapping[str, str] = default(default_factory=dict)  # pytest's option -> what it was set to
    version: str = ""
    seconds: Mapping[str, float] = default(default_factory=dict)  # each test's own, without setup
    marks: Mapping[str, tuple[str, ...]] = default(default_factory=dict)  # of those that were asked for
    tries: Mapping[str, tuple[bool, ...]] = default(default_factory=dict)  # told as passed: which tries raised
    flaky: Mapping[str, Trouble | None] = default(default_factory=dict)  # passed only when run again: how it failed

    def count(self, result: Result) -> int:
        """How many tests came out so."""
        return sum(1 for one in self.results.values() if one is result)
