"""The record that our pytest plugin writes (scripts/recorder.py), read strictly into tests and their results."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from py_secure_ci.adapting.test_runs.run import Result, TestRun, Trouble
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Location
from py_secure_ci.reading import as_dict, as_list, field, load_json_lines, optional, position, word

INSTALLED = frozenset({"site-packages", "dist-packages"})
UNSTEADY = (  # what differs from run to run, and what stands for it
    (re.compile(r"\b0x[0-9a-fA-F]{6,}\b"), "0x…"),
    (re.compile(r"[^\s'\"]*/pytest-of-[^/\s]+/pytest-\d+"), "<tmp>"),
)


class _Collector:
    """Takes the events in one after another."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.hide = [(f"{scratch}/", "<scratch>/"), (f"{root}/", ""), (str(root), ".")]
        self.results: dict[str, Result] = {}
        self.paths: dict[str, str] = {}
        self.troubles: list[Trouble] = []
        self.broken: dict[str, Trouble] = {}
        self.files: set[str] = set()
        self.collected: set[str] = set()
        self.deselected: set[str] = set()
        self.reruns: set[str] = set()
        self.seconds: dict[str, float] = {}
        self.marks: dict[str, tuple[str, ...]] = {}
        self.tries: dict[str, tuple[bool, ...]] = {}
        self.seeds: dict[str, str] = {}
        self.problems: list[tuple[str, str]] = []
        self.settings: dict[str, Any] = {}
        self.last = self.version = self.log = ""
        self.status: int | None = None

    def begin(self, event: dict[str, Any]) -> None:
        self.last = field(event, "node", str, "begin")

    def start(self, event: dict[str, Any]) -> None:
        self.version = field(event, "pytest", str, "start")

    def note_settings(self, event: dict[str, Any]) -> None:
        self.settings = event

    def note_seeds(self, event: dict[str, Any]) -> None:
        self.seeds = {str(name): str(seed) for name, seed in field(event, "seeds", dict, "seeds").items()}

    def note_tries(self, event: dict[str, Any]) -> None:
        raised = as_list(event.get("raised"), "tries: raised")
        self.tries[field(event, "node", str, "tries")] = tuple(one is not False for one in raised)

    def problem(self, event: dict[str, Any]) -> None:
        self.problems.append((field(event, "what", str, "problem"), self.clean(field(event, "reason", str, "problem"))))

    def end(self, event: dict[str, Any]) -> None:
        self.status = field(event, "status", int, "end")
        self.log = self.clean(field(event, "log", str, "end"))

    def collect(self, event: dict[str, Any]) -> None:
        node, path = field(event, "node", str, "collect"), field(event, "path", str, "collect")
        outcome = word({"passed": 0, "failed": 1, "skipped": 0}, field(event, "outcome", str, "collect"), "collect")
        if outcome:
            self.broken.setdefault(node, self.trouble(event, Result.ERROR, path, None))
        elif path:
            self.files.add(path)

    def nodes(self, event: dict[str, Any]) -> None:
        kept = {"collected": self.collected, "deselected": self.deselected}[event["event"]]
        kept.update(str(node) for node in as_list(event.get("nodes"), f"{event['event']}: nodes"))

    def report(self, event: dict[str, Any]) -> None:
        node, path = field(event, "node", str, "report"), field(event, "path", str, "report")
        self.files.add(path)
        self.paths.setdefault(node, path)
        if field(event, "when", str, "report") == "call":
            self.seconds[node] = self.seconds.get(node, 0.0) + field(event, "seconds", float, "report")
        self.marks[node] = tuple(str(one) for one in as_list(event.get("marks"), "report: marks"))
        result = self.result(event)
        if result is None:
            return
        if field(event, "outcome", str, "report") == "failed":
            self.troubles.append(self.trouble(event, result, path, optional(event, "line", int, "report")))
        known = self.results.get(node)
        if known not in (Result.FAILED, Result.ERROR):  # a teardown that passes does not undo what happened before
            self.results[node] = result

    def result(self, event: dict[str, Any]) -> Result | None:
        """None where the report says nothing of how the test came out (a setup that passed)."""
        when, outcome = field(event, "when", str, "report"), field(event, "outcome", str, "report")
        expected = field(event, "xfail", bool, "report")
        if outcome == "rerun":
            self.reruns.add(field(event, "node", str, "report"))
            return None
        outcomes = {"passed": Result.PASSED, "failed": Result.FAILED, "skipped": Result.SKIPPED}
        result = word(outcomes, outcome, "a test's outcome")
        if result is Result.FAILED:
            return Result.FAILED if when == "call" else Result.ERROR
        if result is Result.SKIPPED:
            return Result.XFAILED if expected else Result.SKIPPED
        if when != "call":
            return None
        return Result.XPASSED if expected else Result.PASSED

    def trouble(self, event: dict[str, Any], result: Result, path: str, line: int | None) -> Trouble:
        frames = [
            (str(as_list(one, "frame")[0]), position(as_list(one, "frame")[1], "frame"))
            for one in field(event, "frames", list, "failure")
        ]
        return Trouble(
            node=self.clean(field(event, "node", str, "failure")),
            result=result,
            message=self.clean(field(event, "message", str, "failure")),
            text=self.clean(field(event, "text", str, "failure")),
            location=_innermost(frames, path, line),
            part=self.clean(optional(event, "part", str, "failure") or ""),
            example=self.clean(optional(event, "example", str, "failure") or ""),
        )

    def clean(self, text: str) -> str:
        """Without paths of the machine and without what changes from run to run."""
        for path, word_for_it in self.hide:
            text = text.replace(path, word_for_it)
        for pattern, word_for_it in UNSTEADY:
            text = pattern.sub(word_for_it, text)
        return text


def _innermost(frames: list[tuple[str, int]], path: str, line: int | None) -> Location:
    """The failing line in the test's own file; else the innermost one in the project; else where the test stands."""
    own = [frame for frame in frames if frame[0] == path]
    project = [frame for frame in frames if _in_project(frame[0])]
    for choice in (own, project):
        if choice:
            return Location(*choice[-1])
    return Location(path, line)


def _in_project(path: str) -> bool:
    return not path.startswith("/") and ":" not in path[:3] and not INSTALLED & set(PurePosixPath(path).parts)


def _drop_parents(troubles: list[Trouble]) -> Iterator[Trouble]:
    """Leave out a test that failed only because parts of it did: each part is told by itself."""
    split = {one.node for one in troubles if one.part}
    for one in troubles:
        if one.part or one.node not in split or not re.match(r"(Failed: )?contains \d+ failed subtest", one.message):
            yield one


def _essence(event: dict[str, Any]) -> str:
    """As scripts/recorder.py has it."""
    return json.dumps([event["event"], *(event.get(key) for key in ("outcome", "when", "xfail", "raised", "status"))])


def refuse_unsealed(text: str, said: str, name: str) -> None:
    """Raise WrongShape unless what was told on the real output fits the record: code under test may have written it.

    `said`: that output. A record without an end needs no seal; it is refused for that.
    """
    events = [as_dict(one, "an event of the test run") for one in load_json_lines(text, "the record of the test run")]
    if not any(one.get("event") == "end" for one in events):
        return
    digest = hashlib.sha256("".join(_essence({"event": "", **one}) for one in events).encode()).hexdigest()
    seals = [line for line in said.splitlines() if line.startswith(f"sealed {name} ")]
    if seals != [f"sealed {name} {digest}"]:
        raise WrongShape(
            "the record of the test run is not the one that was written while the tests ran",
            hint="a test, or code that it calls, changes files in the folder of temporary files",
        )


def read_record(text: str, root: Path, scratch: Path) -> TestRun:
    """Read the events of one run; an unknown event is a wrong shape. Paths of `root` and `scratch` are taken out."""
    into = _Collector(root, scratch)
    table = {
        "begin": into.begin,
        "start": into.start,
        "settings": into.note_settings,
        "seeds": into.note_seeds,
        "tries": into.note_tries,
        "problem": into.problem,
        "end": into.end,
        "collect": into.collect,
        "collected": into.nodes,
        "deselected": into.nodes,
        "report": into.report,
    }
    for event in load_json_lines(text, "the record of the test run"):
        if into.status is not None:
            raise WrongShape("the record of the test run goes on after its end")
        told = as_dict(event, "an event of the test run")
        word(table, field(told, "event", str, "an event"), "the record of the test run")(told)
    return TestRun(
        results=into.results,
        paths=into.paths,
        troubles=tuple(_drop_parents(into.troubles)),
        broken=tuple(into.broken.values()),
        files=frozenset(into.files),
        collected=frozenset(into.collected),
        deselected=len(into.deselected),
        deselected_nodes=frozenset(into.deselected),
        reruns=tuple(sorted(into.reruns)),
        status=into.status,
        crashed_in=into.last if into.status is None else "",
        log=into.log,
        problems=tuple(into.problems),
        settings=into.settings,
        version=into.version,
        seeds=into.seeds,
        seconds=into.seconds,
        marks=into.marks,
        tries=into.tries,
    )
