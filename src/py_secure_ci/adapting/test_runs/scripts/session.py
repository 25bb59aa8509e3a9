"""What every run of tests shares: the request, the record and its seal, quiet output, coverage.

Written into the scratch folder and imported inside the project's interpreter: standard library only, old syntax.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

OK, FAILURES, INTERRUPTED, INTERNAL_ERROR, USAGE_ERROR, NO_TESTS = range(6)  # pytest's words, for every runner
NOT_OURS = ("*/test_*.py", "*/*_test.py", "*/tests/*", "*/test/*", "*/conftest.py", "*/setup.py", "*/noxfile.py")


class Session:
    """One run. `load` imports another of our own files by its path."""

    def __init__(self, request_file: str, runner: str, load: Callable[[str], Any]) -> None:
        with open(request_file, encoding="utf-8") as stream:
            self.request: dict[str, Any] = json.load(stream)
        self.runner = runner
        self.scratch = os.path.dirname(os.path.abspath(request_file))
        self.root = os.getcwd()
        own = os.path.realpath(self.scratch)
        sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != own]
        self.load: Callable[[str], Any] = lambda name: load(os.path.join(self.scratch, name))
        self.recorder = self.load("recorder.py")
        self.recorder.ROOT, self.recorder.PID = os.path.realpath(self.root), os.getpid()
        self.name: str = self.request["name"]
        self.echo = _quiet(self.scratch, self.name)
        self.record = self.recorder.Record(os.path.join(self.scratch, self.name + ".jsonl"), self.echo)
        self.owner = os.getpid()

    def run(self, work: Callable[[Session], int]) -> int:
        """Do the work, and tell its end. The exit status is one of pytest's documented six."""
        try:
            status = work(self)
        except Exception as error:  # our own runner, over a project that nobody foresaw
            self.problem("runner", error)
            status = INTERNAL_ERROR
        if os.getpid() != self.owner:  # a test forked and its child came out at our end
            os._exit(INTERNAL_ERROR)
        self.record.write(event="end", status=status, log=_tail(os.path.join(self.scratch, self.name + ".log")))
        self.record.seal(self.name)
        return status if OK <= status <= NO_TESTS else INTERNAL_ERROR

    def prepare(self) -> None:
        """The environment's programs and our overlay within reach, as in a shell where the environment is active."""
        os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
        if sys.prefix != sys.base_prefix:
            os.environ["VIRTUAL_ENV"] = sys.prefix
        sys.path.extend(self.request["overlay"])
        os.environ["COVERAGE_FILE"] = os.path.join(self.scratch, "coverage", "data")

    def find_project(self) -> None:
        """Put the project on the path: its root first, as `python -m` does; `src` last, for one not installed."""
        sys.path.insert(0, self.root)
        if os.path.isdir(os.path.join(self.root, "src")):
            sys.path.append(os.path.join(self.root, "src"))

    def problem(self, what: str, error: BaseException | str) -> None:
        """Tell what went wrong around the tests."""
        said = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        self.record.write(event="problem", what=what, reason=said[:500])

    def again(self, name: str, **changes: Any) -> None:
        """Run once more in a process of its own, with another request; its record and seal bear its name."""
        path = os.path.join(self.scratch, name + ".json")
        plain = {"name": name, "coverage": False, "reruns": 0, "profile": False, "parallel": "off"}
        with open(path, "w", encoding="utf-8") as stream:
            json.dump({**self.request, **plain, **changes}, stream)
        start = os.path.join(self.scratch, "start.py")
        argv = [sys.executable, start, path, self.runner]
        subprocess.call(argv, stdout=self.echo.fileno(), cwd=self.root)

    def start_coverage(self) -> Any:
        """A running measurement, or None where none is wanted or possible (which is told)."""
        if not self.request["coverage"]:
            return None
        os.mkdir(os.path.join(self.scratch, "coverage"))
        settings = {"root": self.root, "data": os.environ["COVERAGE_FILE"], "omit": NOT_OURS, "python": sys.version}
        try:
            measuring = self.load("measuring.py")
            cover, resolved = measuring.make(settings)
            measuring.follow_children(resolved, self.scratch)
            cover.start()
        except Exception as error:  # coverage's own plugins and any broken setting of the project end here
            self.problem("coverage", error)
            return None
        return cover

    def report_coverage(self, cover: Any) -> None:
        """Write coverage.json. A file that coverage cannot read is told, and the number is made without it."""
        os.chdir(self.root)
        if cover is None or os.getpid() != self.owner:
            return
        for ignore_errors in (None, True):
            try:
                cover.stop()
                cover.save()
                cover.combine()
            except Exception as error:
                if type(error).__name__ not in ("NoDataError", "CoverageException"):  # nothing to combine: no trouble
                    self.problem("coverage", error)
            try:
                cover.json_report(outfile=os.path.join(self.scratch, "coverage.json"), ignore_errors=ignore_errors)
                return
            except Exception as error:
                self.problem("coverage", error)


def _quiet(scratch: str, name: str) -> Any:
    """Send everything that tests print into a log of ours; give the real standard output for our own lines."""
    real = os.fdopen(os.dup(1), "w", encoding="ascii", errors="backslashreplace")
    log = os.open(os.path.join(scratch, name + ".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    return real


def _tail(path: str) -> str:
    sys.stdout.flush()
    sys.stderr.flush()
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()[-10000:]
