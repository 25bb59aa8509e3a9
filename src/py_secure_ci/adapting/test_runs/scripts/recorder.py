"""A pytest plugin that writes down, line by line, what became of every test; works in the controller of pytest-xdist.

Written into the scratch folder and imported inside the project's interpreter: standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import Any

ROOT = ""  # real path of the project; set by run_pytest
PID = 0
# What a project's addopts may switch on that writes files into the tree, prints locals, stops early or measures twice.
NEUTRAL: dict[str, Any] = {
    "xmlpath": None,
    "htmlpath": None,
    "json_report": False,
    "report_log": None,
    "showlocals": False,
    "stepwise": False,
    "cov_source": [],
    "no_cov": True,
    "no_cov_should_warn": False,
}
INI = ("testpaths", "python_files", "norecursedirs")  # the settings by which files are left out
ALONE: dict[str, Any] = {"numprocesses": None, "dist": "no", "tx": []}  # no workers: they would collect the suite
# `Falsifying example: test(\n    x=0,\n)`, in a failure's text behind an E; newer versions word it in another way
EXAMPLE = re.compile(r"(?:Falsifying example|Failing test case): (\w+\(.*?(?:(?<=\()\)|\n(?:E +|[ |]*)\)))", re.DOTALL)
REMARK = re.compile(r"  # or any other generated value$")
PLACE = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>[0-9]+): ", re.MULTILINE)


def essence(event: dict[str, Any]) -> str:
    """What a seal covers of an event: all that decides, and nothing that holds a path."""
    return json.dumps([event["event"], *(event.get(key) for key in ("outcome", "when", "xfail", "raised", "status"))])


class Record:
    """One JSON document a line, each written at once: a run that dies leaves what it had told."""

    def __init__(self, path: str, echo: Any) -> None:
        self._stream = open(path, "w", encoding="ascii")
        self._echo = echo
        self._pid = os.getpid()
        self._sum = hashlib.sha256()

    def write(self, **event: Any) -> None:
        if os.getpid() == self._pid:  # not in a child that a test forked
            self._stream.write(json.dumps(event, sort_keys=True) + "\n")
            self._stream.flush()
            self._sum.update(essence(event).encode("ascii"))

    def seal(self, name: str) -> None:
        """Tell on the real output what was written: a record that somebody else wrote does not fit it."""
        self._echo.write("sealed " + name + " " + self._sum.hexdigest() + "\n")
        self._echo.flush()

    def begin(self, node: str) -> None:
        """Tell the test that starts, on the real output too: the last one told is the one that hangs."""
        self.write(event="begin", node=node)
        if os.getpid() == self._pid:
            self._echo.write("running " + node.encode("unicode_escape").decode("ascii")[:200] + "\n")
            self._echo.flush()


class Recorder:
    """The hooks. Of the request: `instead` are paths to collect in place of the project's own choice (the canary).

    `elsewhere`: test files and folders that are left to others, whatever the project says.
    """

    def __init__(self, record: Record, request: dict[str, Any]) -> None:
        self._record = record
        self._instead = list(request["instead"])
        self._elsewhere = [] if self._instead else list(request["elsewhere"])
        self._marks = frozenset(request["marks"])
        self._config: Any = None

    def pytest_load_initial_conftests(self, early_config: Any) -> Any:
        override(early_config.known_args_namespace, NEUTRAL)
        yield

    def pytest_configure(self, config: Any) -> None:
        self._config = config
        override(config.option, NEUTRAL)
        if self._instead:
            config.args = list(self._instead)
            override(config.option, ALONE)
        elif getattr(config.option, "numprocesses", None) and config.pluginmanager.hasplugin("pytest_cov"):
            # workers read the project's addopts anew, and pytest-cov would wait there for its other half
            os.environ["PYTEST_ADDOPTS"] = (os.environ.get("PYTEST_ADDOPTS", "") + " --no-cov").strip()
        found = getattr(config, "inipath", None) or getattr(config, "inifile", None)
        self._record.write(
            event="settings",
            ini=place(str(found)) if found else "",
            **{name: [str(one) for one in config.getini(name)] for name in INI},
            narrowed=_narrowed(config),
            workers=str(getattr(config.option, "numprocesses", None) or ""),
        )
        if self._elsewhere:  # after it was told what the project itself leaves out; workers of pytest-xdist get it too
            ignored = list(getattr(config.option, "ignore", None) or [])
            config.option.ignore = ignored + [os.path.join(ROOT, path) for path in self._elsewhere]

    def pytest_deselected(self, items: Any) -> None:
        self._record.write(event="deselected", nodes=[item.nodeid for item in items])

    def pytest_collection_finish(self, session: Any) -> None:
        self._record.write(event="collected", nodes=[item.nodeid for item in getattr(session, "items", [])])

    def pytest_collectreport(self, report: Any) -> None:
        told = {"event": "collect", "node": report.nodeid, "outcome": report.outcome}
        path = report.nodeid.split("::")[0]
        told["path"] = place(os.path.join(self._root(), path)) if path else ""
        if report.outcome == "failed":
            told.update(_failure(report.longrepr))
        self._record.write(**told)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._record.begin(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        path, line, _ = report.location
        told = {
            "event": "report",
            "node": report.nodeid,
            "when": str(report.when),
            "outcome": report.outcome,
            "xfail": hasattr(report, "wasxfail"),
            "path": place(os.path.join(self._root(), path)),
            "line": None if line is None else line + 1,
            "part": _part(report),
            "seconds": float(getattr(report, "duration", 0.0)),
            # folders are keywords too, but no marks
            "marks": sorted((self._marks & set(getattr(report, "keywords", ()))) - set(path.split(os.sep))),
        }
        if report.outcome == "failed":
            told.update(_failure(report.longrepr))
            told["example"] = _example(report)
        self._record.write(**told)

    def _root(self) -> str:
        return str(getattr(self._config, "rootpath", None) or self._config.rootdir)


def override(options: Any, values: dict[str, Any]) -> None:
    """Set those of the options that this pytest, with its plugins, knows."""
    for name, value in values.items():
        if hasattr(options, name):
            setattr(options, name, value)


def _narrowed(config: Any) -> list[str]:
    """The names of the options by which the project leaves tests out."""
    names = ("keyword", "markexpr", "ignore", "ignore_glob", "deselect", "lf", "collectonly", "file_or_dir")
    return [name for name in names if getattr(config.option, name, None)]


def _part(report: Any) -> str:
    """What tells the subtests of one test apart; empty for a whole test."""
    context = getattr(report, "context", None)
    if context is None:
        return ""
    words = [str(context.msg)] if getattr(context, "msg", None) else []
    return (
        " ".join(words + [f"{key}={value}" for key, value in sorted(dict(getattr(context, "kwargs", {})).items())])
        or "?"
    )


def _failure(longrepr: Any) -> dict[str, Any]:
    """Message, frames from the outermost to the innermost, and text of a failure, whatever pytest made of it."""
    text = str(longrepr)
    crash = getattr(longrepr, "reprcrash", None)
    traceback = getattr(longrepr, "reprtraceback", None)
    entries = [getattr(one, "reprfileloc", None) for one in getattr(traceback, "reprentries", [])]
    entries += [pair[0] for pair in getattr(longrepr, "reprlocation_lines", [])]  # doctest
    frames = [(one.path, one.lineno) for one in entries if one is not None]
    if not frames:
        frames = [(one.group("path"), int(one.group("line"))) for one in PLACE.finditer(text)]
    if crash is not None:
        frames.append((crash.path, crash.lineno))
    message = crash.message if crash is not None else _said(text)
    return {
        "message": str(message)[:2000],
        "frames": [[place(str(path)), line] for path, line in frames if line and line > 0],
        "text": text[:20000],
    }


def _example(report: Any) -> str:
    """The input with which hypothesis made a test fail; empty: it was none of its tests."""
    text = "\n".join([str(report.longrepr), *(str(body) for _, body in getattr(report, "sections", ()))])
    found = EXAMPLE.search(text)
    if found is None:
        return ""
    lines = [REMARK.sub("", re.sub(r"^(E +|[ |]+)", "", line)).strip() for line in found.group(1).split("\n")]
    return " ".join(lines).replace("( ", "(").replace(", )", ")")


def _said(text: str) -> str:
    """The error's own words: the first of the lines that pytest marks with an E, else the first line."""
    lines = [line for line in text.split("\n") if line.strip()]
    marked = [line[1:].strip() for line in lines if line.startswith("E  ")]
    return (marked or lines or [""])[0]


def place(path: str) -> str:
    """A path relative to the project with `/` where it lies inside, absolute elsewhere."""
    full = os.path.realpath(os.path.join(ROOT, path))
    inside = full == ROOT or full.startswith(ROOT + os.sep)
    return (os.path.relpath(full, ROOT) if inside else full).replace(os.sep, "/")


def make(pytest: Any, record: Record, request: dict[str, Any]) -> Recorder:
    """The plugin, its hooks marked by this pytest's own marker."""
    pytest.hookimpl(hookwrapper=True)(Recorder.pytest_load_initial_conftests)
    pytest.hookimpl(tryfirst=True)(Recorder.pytest_configure)
    return Recorder(record, request)
