"""A second pytest plugin, which stands nearest to each test: did it raise, was it tried again, how long was it.

What a hook of the project makes of a failure afterwards is held against this. It also sets what must not differ from
run to run (seeds) and how many processes share the work. Standard library only, old syntax.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import os
from typing import Any

SEEDS = (("hypothesis_seed", (None,)), ("randomly_seed", ("default", None)), ("random_order_seed", (None,)))
EXPECTED = frozenset({"Skipped", "XFailed", "Exit"})  # what pytest raises by itself, and what a test asks for


class Witness:
    """The hooks, and what they saw. In a run with workers they see the reports alone."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._raised: dict[str, list[bool]] = {}
        self._results: dict[str, str] = {}
        self._seconds: dict[str, float] = {}
        self._root = session.root

    @property
    def failed(self) -> list[str]:
        """Where the tests are that failed, in the order in which they ran."""
        return [self._place(node) for node, outcome in self._results.items() if outcome == "failed"]

    @property
    def slowest(self) -> str:
        """Where the slowest of the tests is that passed; empty: none passed."""
        passed = [node for node, outcome in self._results.items() if outcome == "passed" and node in self._seconds]
        return self._place(max(passed, key=lambda node: self._seconds[node])) if passed else ""

    def still_failing(self, name: str, tried: list[str]) -> list[str]:
        """Which of those that were tried again did not pass: read from that run's record."""
        passed = set()
        try:
            with open(os.path.join(self._session.scratch, name + ".jsonl"), encoding="ascii") as stream:
                events = [json.loads(line) for line in stream]
        except (OSError, ValueError):
            return tried
        for event in events:
            if event["event"] == "report" and event["when"] == "call" and event["outcome"] == "passed":
                passed.add(self._place(event["node"]))
        return [one for one in tried if one not in passed]

    def _place(self, node: str) -> str:
        return os.path.join(self._root, node)

    def hooks(self, pytest: Any) -> Witness:
        """Itself, marked by this pytest's own marker."""
        pytest.hookimpl(hookwrapper=True, trylast=True)(Witness.pytest_runtest_call)
        pytest.hookimpl(hookwrapper=True)(Witness.pytest_cmdline_main)
        pytest.hookimpl(tryfirst=True)(Witness.pytest_configure)
        pytest.hookimpl(optionalhook=True)(Witness.pytest_xdist_node_collection_finished)
        return self

    def pytest_cmdline_main(self, config: Any) -> Any:
        self._share_work(config)
        yield

    def pytest_configure(self, config: Any) -> None:
        self._root = str(getattr(config, "rootpath", None) or config.rootdir)
        chosen = {}
        for name, unset in SEEDS:
            if hasattr(config.option, name):
                if getattr(config.option, name) in unset:
                    setattr(config.option, name, _as_their_type(name, self._session.request["seed"]))
                chosen[name] = str(getattr(config.option, name))
        self._session.record.write(event="seeds", seeds=chosen)

    def _share_work(self, config: Any) -> None:
        """`-n` as our request has it: `off`, `auto` (by cores) or a number; empty: as the project has it."""
        wanted = self._session.request["parallel"]
        if wanted == "off":
            for name, value in (("numprocesses", None), ("dist", "no"), ("tx", [])):
                if hasattr(config.option, name):
                    setattr(config.option, name, value)
        elif wanted and not hasattr(config.option, "numprocesses"):
            self._session.problem("parallel", "pytest-xdist is not installed in the project's environment")
        elif wanted:
            config.option.numprocesses = _cores() if wanted == "auto" else int(wanted)

    def pytest_xdist_node_collection_finished(self, ids: Any) -> None:
        self._session.record.write(event="collected", nodes=list(ids))

    def pytest_runtest_call(self, item: Any) -> Any:
        profiler = _profiler() if self._session.request.get("profiler") else None
        outcome = yield
        if profiler is not None:
            _write_profile(self._session, item.nodeid, profiler)
        excinfo = getattr(outcome, "excinfo", None)
        raised = excinfo is not None and excinfo[0].__name__ not in EXPECTED
        hidden = [one for one in getattr(item, "_excinfo", None) or () if one.type.__name__ not in EXPECTED]
        self._raised.setdefault(item.nodeid, []).append(raised or bool(hidden))  # `_excinfo`: of unittest's tests

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.outcome == "rerun" or getattr(report, "context", None) is not None:
            return
        known = self._results.get(report.nodeid)
        if known != "failed" and (report.when == "call" or report.outcome != "passed"):
            self._results[report.nodeid] = report.outcome
        if report.when == "call":
            self._seconds[report.nodeid] = float(getattr(report, "duration", 0.0))
            tries = self._raised.pop(report.nodeid, None) or list(getattr(report, "tries", ()))
            if report.outcome == "passed" and any(tries):
                self._session.record.write(event="tries", node=report.nodeid, raised=tries)


def _as_their_type(name: str, seed: int) -> Any:
    return seed if name == "randomly_seed" else str(seed)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def _profiler() -> Any:
    if importlib.util.find_spec("pyinstrument") is not None:
        profiler = importlib.import_module("pyinstrument").Profiler()
        profiler.start()
        return profiler
    profiler = importlib.import_module("cProfile").Profile()
    profiler.enable()
    return profiler


def _write_profile(session: Any, node: str, profiler: Any) -> None:
    if hasattr(profiler, "disable"):
        profiler.disable()
        text = io.StringIO()
        importlib.import_module("pstats").Stats(profiler, stream=text).sort_stats("cumulative").print_stats(60)
        said = "cProfile, by cumulative time\n" + text.getvalue()
    else:
        profiler.stop()
        said = "pyinstrument\n" + profiler.output_text(unicode=False, color=False)
    with open(os.path.join(session.scratch, "profile.txt"), "w", encoding="utf-8") as stream:
        stream.write("The slowest test: " + node.encode("unicode_escape").decode("ascii") + "\n\n" + said)
