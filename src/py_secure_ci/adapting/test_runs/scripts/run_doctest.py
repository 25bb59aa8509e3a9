"""Runs the examples in docstrings and texts inside the project's own interpreter, and writes down what happened.

A module without an example is not imported. Standard library only, old syntax.
"""

from __future__ import annotations

import doctest
import os
import re
import sys
from typing import Any

FENCE = re.compile(r"^[ \t]*(```|~~~).*$", re.MULTILINE)


class Told(doctest.DocTestRunner):
    """A runner that tells each example that fails."""

    def __init__(self, session: Any, loading: Any, flags: int) -> None:
        super().__init__(verbose=False, optionflags=flags)
        self._session, self._loading = session, loading
        self.node = self.path = ""
        self.failed = False

    def report_start(self, out: Any, test: Any, example: Any) -> None:
        pass

    def report_failure(self, _out: Any, test: Any, example: Any, got: str) -> None:
        want = _short(example.want) or "nothing"
        self._tell(test, example, f"`{_short(example.source)}` gives {_short(got) or 'nothing'}, not {want}", got)

    def report_unexpected_exception(self, _out: Any, test: Any, example: Any, exc_info: Any) -> None:
        told = self._loading.failure(self._session, exc_info, "")
        self._tell(test, example, f"`{_short(example.source)}` raises {told['message']}", told["text"])

    def _tell(self, test: Any, example: Any, message: str, text: str) -> None:
        self.failed = True
        line = (test.lineno or 0) + example.lineno + 1
        part = f"example {test.examples.index(example) + 1}"
        told = {"message": message, "frames": [[self.path, line]], "text": str(text)[:20000], "line": line}
        _report(self._session, self.node, self.path, "failed", part=part, **told)


def _short(text: str) -> str:
    lines = text.strip().split("\n")
    return lines[0][:200] + (" …" if len(lines) > 1 else "")


def _report(session: Any, node: str, path: str, outcome: str, part: str = "", **told: Any) -> None:
    plain = {"event": "report", "when": "call", "xfail": False, "line": None, "seconds": 0.0, "marks": []}
    session.record.write(**{**plain, "node": node, "path": path, "outcome": outcome, "part": part, **told})


def main(session: Any) -> int:
    """Run as the request says. The exit status is one of pytest's."""
    status: int = session.run(_run)
    return status


def _run(session: Any) -> int:
    loading = session.load("loading.py")
    session.prepare()
    measure = session.start_coverage()
    session.find_project()
    loading.start(session, "doctest")
    try:
        flags = sum({doctest.OPTIONFLAGS_BY_NAME[name] for name in session.request["args"]})
    except KeyError as unknown:
        session.problem("doctest", f"there is no option {unknown}")
        return 4
    broken, tests = False, []
    for path in session.request["instead"] or session.request["files"]:
        place = session.recorder.place(path)
        found, error = _tests_of(session, loading, path)
        loading.tell_file(session, place, error)
        broken = broken or error is not None
        tests += [(f"{place}::{test.name}", place, test) for test in found]
    session.record.write(event="collected", nodes=sorted(node for node, _, _ in tests))
    failed = [node for node, place, test in tests if _run_test(session, loading, flags, node, place, test)]
    session.report_coverage(measure)
    if not tests and not broken:
        return 5
    return 1 if failed or broken else 0


def _tests_of(session: Any, loading: Any, path: str) -> tuple[list[Any], Any]:
    """(the tests of a file that hold examples, what came of loading it)."""
    try:
        with open(os.path.join(session.root, path), encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, ValueError):
        return [], sys.exc_info()
    if ">>>" not in text:
        return [], None
    if path.endswith(".py"):
        module, error = loading.module_of(session, path)
        if module is None:
            return [], error
        try:
            found = doctest.DocTestFinder(exclude_empty=True).find(module, os.path.basename(path)[:-3])
        except Exception:  # an example that cannot be read
            return [], sys.exc_info()
        return [test for test in found if test.examples], None
    if path.endswith(".md"):
        text = FENCE.sub("", text)  # a fence would be taken for output; the lines keep their numbers
    try:
        test = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, os.path.basename(path), path, 0)
    except ValueError:
        return [], sys.exc_info()
    return [test] if test.examples else [], None


def _run_test(session: Any, loading: Any, flags: int, node: str, place: str, test: Any) -> bool:
    """Whether it failed."""
    session.record.begin(node)
    runner = Told(session, loading, flags)
    runner.node, runner.path = node, place
    runner.run(test, out=lambda _text: None)
    if all(example.options.get(doctest.SKIP) for example in test.examples):
        _report(session, node, place, "skipped")
    elif not runner.failed:
        _report(session, node, place, "passed")
    return runner.failed
