"""A pytest plugin for the workers of pytest-xdist: whether a test raised goes along with its report.

Copied into a folder of its own, from which each worker imports it by name. Standard library only, old syntax.
"""

from __future__ import annotations

from typing import Any

import pytest

EXPECTED = frozenset({"Skipped", "XFailed", "Exit"})  # what pytest raises by itself, and what a test asks for
_TRIES: dict[str, list[bool]] = {}


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_call(item: Any) -> Any:
    """Nearest to the test: what it raised, before any hook of the project has a say."""
    outcome = yield
    excinfo = getattr(outcome, "excinfo", None)
    raised = excinfo is not None and excinfo[0].__name__ not in EXPECTED
    hidden = [one for one in getattr(item, "_excinfo", None) or () if one.type.__name__ not in EXPECTED]
    _TRIES.setdefault(item.nodeid, []).append(raised or bool(hidden))


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    """Farthest from the test: the report travels with what was seen."""
    outcome = yield
    if call.when == "call":
        outcome.get_result().tries = list(_TRIES.get(item.nodeid, ()))
