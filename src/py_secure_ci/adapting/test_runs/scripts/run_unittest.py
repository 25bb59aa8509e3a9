"""Runs unittest tests inside the project's own interpreter, without pytest, and writes down what happened.

Every due file is loaded by its own path, so that none is left out by the rules of discovery. Standard library only, and
old syntax on purpose: the project picks the Python.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import time
import types
import unittest
from typing import Any

HOLDER = re.compile(r"(?P<what>(?:setUp|tearDown)(?:Class|Module)) \((?P<name>.+)\)")


class Told(unittest.TestResult):
    """A result that tells each event as it happens."""

    def __init__(self, session: Any, loading: Any) -> None:
        super().__init__()
        self._session, self._loading = session, loading
        self.nodes: dict[int, tuple[str, str]] = {}  # by the identity of a test: node, path
        self._kept: list[Any] = []  # a test that is gone would leave its identity to another object
        self._began = time.perf_counter()
        self.groups: dict[str, list[str]] = {}  # by the name of a class or module, as unittest words it

    def know(self, test: Any, path: str, module: str) -> str:
        """Give the test its name."""
        owner = type(test)
        method = getattr(test, "_testMethodName", None) or test.id()
        node = f"{path}::{owner.__qualname__}::{method}"
        self.nodes[id(test)] = (node, path)
        self._kept.append(test)
        for group in (unittest.util.strclass(owner), owner.__module__, module):  # type: ignore[attr-defined]
            self.groups.setdefault(group, []).append(node)
        return node

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self._session.record.begin(self._name(test)[0])
        self._began = time.perf_counter()

    def addSuccess(self, test: Any) -> None:
        self._tell(test, "passed")

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._tell(test, "failed", err)

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._tell(test, "failed", err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._tell(test, "failed", err, part=subtest._subDescription())

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        held = HOLDER.fullmatch(str(getattr(test, "description", "")))
        for node in dict.fromkeys(self.groups.get(held.group("name"), [])) if held else [self._name(test)[0]]:
            self._write(node, node.split("::")[0], "skipped", "setup")

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        self._tell(test, "skipped", xfail=True)

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        self._tell(test, "failed", words="unexpected success")

    def _name(self, test: Any) -> tuple[str, str]:
        known = self.nodes.get(id(test))
        if known:
            return known
        held = HOLDER.fullmatch(str(getattr(test, "description", "")))
        nodes = self.groups.get(held.group("name"), []) if held else []
        path = nodes[0].split("::")[0] if nodes else ""
        return f"{path}::{held.group('what')}" if held else str(test), path

    def _tell(self, test: Any, outcome: str, err: Any = None, **more: Any) -> None:
        node, path = self._name(test)
        when = "call" if id(test) in self.nodes else "setup"
        self._write(node, path, outcome, when, err, **more)

    def _write(self, node: str, path: str, outcome: str, when: str, err: Any = None, **more: Any) -> None:
        words, part, xfail = more.get("words", ""), more.get("part", ""), more.get("xfail", False)
        told: dict[str, Any] = {"node": node, "path": path, "outcome": outcome, "when": when}
        told.update(xfail=xfail, part=part)
        failure = {} if outcome != "failed" else self._loading.failure(self._session, err, words)
        told["seconds"] = time.perf_counter() - self._began
        self._session.record.write(event="report", line=None, marks=[], **told, **failure)


def main(session: Any) -> int:
    """Run as the request says. The exit status is one of pytest's."""
    status: int = session.run(_run)
    return status


def _run(session: Any) -> int:
    loading = session.load("loading.py")
    session.prepare()
    measure = session.start_coverage()
    session.find_project()
    loading.start(session, "unittest")
    result = Told(session, loading)
    suite, broken = _collected(session, loading, result)
    if "hypothesis" in sys.modules:
        importlib.import_module("hypothesis.core").global_force_seed = session.request["seed"]  # type: ignore[attr-defined]
        session.record.write(event="seeds", seeds={"hypothesis_seed": str(session.request["seed"])})
    session.record.write(event="collected", nodes=sorted({node for node, _ in result.nodes.values()}))
    suite.run(result)
    session.report_coverage(measure)
    if not result.nodes and not broken:
        return 5
    return 0 if result.wasSuccessful() and not broken else 1


def _collected(session: Any, loading: Any, result: Told) -> tuple[unittest.TestSuite, bool]:
    suite, broken, loader = unittest.TestSuite(), False, unittest.TestLoader()
    for path in session.request["instead"] or session.request["files"]:
        place = session.recorder.place(path)
        module, error = loading.module_of(session, path)
        if module is None:
            skipped = isinstance(error[1], unittest.SkipTest)
            loading.tell_file(session, place, error, skipped)
            broken = broken or not skipped
            continue
        tests = loader.loadTestsFromModule(module)
        for test in _flat(tests):
            result.know(test, place, module.__name__)
        suite.addTests(tests)
        loading.tell_file(session, place)
        if _holds_functions(module):
            session.problem("functions", place)
    return suite, broken


def _holds_functions(module: Any) -> bool:
    """Whether it holds tests for pytest, which do not run here."""
    own = [one for one in vars(module).values() if isinstance(one, types.FunctionType)]
    return any(one.__name__.startswith("test") and one.__module__ == module.__name__ for one in own)


def _flat(suite: Any) -> Any:
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from _flat(one)
        else:
            yield one
