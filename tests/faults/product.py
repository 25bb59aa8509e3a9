"""The whole product as a user starts it, and what a test wants to know of a run. Loaded by path from conftest files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}
REPORT = "report"
# The live advisory service replaced by one of the test, which is the first word.
ASKING = (
    "import sys; from py_secure_ci.commands import advice; advice.LIVE = sys.argv.pop(1); "
    "from py_secure_ci.cli import main; sys.exit(main(sys.argv[1:]))"
)
# What the installed program does: unlike `python -m`, it does not look for modules in the current folder.
PROGRAM = "import sys; sys.path[:] = sys.path[1:]; from py_secure_ci.cli import main; sys.exit(main(sys.argv[1:]))"
# The script that reads installed metadata is run by an interpreter of the test's, which is the first word.
READING = (
    "import sys, types; from py_secure_ci.tools import licences; "
    "licences.sys = types.SimpleNamespace(executable=sys.argv.pop(1)); "
    "from py_secure_ci.cli import main; sys.exit(main(sys.argv[1:]))"
)


@dataclass(frozen=True)
class Ran:
    """One run of the product. `memory`: bytes, the largest process of ours or of a child that was waited for."""

    status: int
    stdout: str
    stderr: str
    output: Path
    wall: float = 0.0
    memory: int = 0

    @cached_property
    def report(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.output / "report.json").read_text("utf-8"))
        return loaded

    @property
    def status_word(self) -> str:
        word: str = self.report["verdict"]["status"]
        return word

    def outcome(self, tool: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = [one for one in self.report["report"]["outcomes"] if one["tool"]["name"] == tool]
        assert len(found) == 1, (tool, self.report)
        return found[0]

    def text(self, name: str) -> str:
        return (self.output / name).read_text("utf-8")

    def sarif(self, name: str = "py-secure-ci.sarif") -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.text(name))
        return loaded

    def everything(self) -> str:
        """All that anybody gets to see of the run."""
        texts = [path.read_bytes().decode("utf-8", "replace") for path in self.output.rglob("*") if path.is_file()]
        return "\n".join([self.stdout, self.stderr, *texts])


@dataclass
class Project:
    """A repository in a folder of its own, with the report beside it."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    service: str = ""  # address of the live advisory service to ask; empty: nobody is asked
    interpreter: str = ""  # what reads the metadata of installed packages for `licences`; empty: our own
    offline: bool = True
    inside: bool = False  # started in the project's own folder, as in CI, by the installed program

    @property
    def output(self) -> Path:
        return self.root.parent / REPORT

    def write(self, files: Mapping[str, str | bytes]) -> Project:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return self

    def commit(self) -> Project:
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "-m", "all")
        return self

    def git(self, *words: str) -> str:
        path = os.environ.get("PATH", os.defpath)
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={"PATH": path, **GIT}, capture_output=True, check=True, text=True
        )
        return done.stdout

    def hash(self) -> str:
        """Every file and link of the tree with mode, and git's own folder too (its index and object times apart)."""
        digest = hashlib.sha256()
        for path in sorted(self.root.rglob("*")):
            stat = path.lstat()
            digest.update(repr((str(path.relative_to(self.root)), stat.st_mode)).encode("utf-8", "surrogateescape"))
            if path.is_symlink():
                digest.update(os.fsencode(os.readlink(path)))
            elif path.is_file():
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def argv(self, *words: str) -> list[str]:
        where = (str(self.root), "--output-dir", str(self.output))
        if self.service:
            return [sys.executable, "-c", ASKING, self.service, "run", *where, *words]
        started: tuple[str, ...] = ("-c", PROGRAM) if self.inside else ("-m", "py_secure_ci")
        if self.interpreter:
            started = ("-c", READING, self.interpreter)
        return [sys.executable, *started, "run", *where, *(("--offline",) if self.offline else ()), *words]

    def environment(self, **more: str) -> dict[str, str]:
        kept = ("PATH", "HOME", "PY_SECURE_CI_CACHE", "XDG_CACHE_HOME", "TMPDIR", "PYTHONPATH")
        environ = {name: os.environ[name] for name in kept if name in os.environ}
        source = str(Path(__file__).resolve().parents[2] / "src")
        return {**environ, "PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1", **self.environ, **more}

    def run(self, *words: str, timeout: float = 120.0, **environ: str) -> Ran:
        """Run and wait. The tree must be afterwards what it was before."""
        before = self.hash()
        began = time.monotonic()
        logs = [self.root.parent / name for name in ("stdout.txt", "stderr.txt")]
        with logs[0].open("wb") as out, logs[1].open("wb") as err:
            child = subprocess.Popen(
                self.argv(*words), cwd=self.root if self.inside else self.root.parent, env=self.environment(**environ), stdout=out, stderr=err,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
            status, memory = wait(child, timeout)
        assert self.hash() == before, "the tree was changed"
        return Ran(
            status=status,
            stdout=logs[0].read_bytes().decode("utf-8", "replace"),
            stderr=logs[1].read_bytes().decode("utf-8", "replace"),
            output=self.output,
            wall=time.monotonic() - began,
            memory=memory,
        )


def wait(child: subprocess.Popen[bytes], timeout: float) -> tuple[int, int]:
    """Exit status and peak memory; a run that does not end in time is killed, and that is a failure."""
    end = time.monotonic() + timeout
    while True:
        if child.returncode is not None:  # it was noticed while a signal was sent
            return child.returncode, 0
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return child.returncode, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        if time.monotonic() > end:
            child.send_signal(signal.SIGKILL)
            child.wait()
            raise AssertionError(f"the run did not end within {timeout} s")
        time.sleep(0.02)


def processes_with(word: str, patience: float = 1.0) -> list[str]:
    """Command lines of processes that name `word`; those that are just ending get a moment."""
    end = time.monotonic() + patience
    while found := _processes_with(word):
        if time.monotonic() > end:
            return found
        time.sleep(0.05)
    return []


def _processes_with(word: str) -> list[str]:
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit() and int(name) != os.getpid():
            try:
                line = Path("/proc", name, "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if word in line and "pytest" not in line.split(word)[0]:
                found.append(line)
    return found


def no_traceback(ran: Ran) -> None:
    for text in (ran.stdout, ran.stderr):
        assert not re.search(r"^Traceback \(most recent call last\)", text, re.MULTILINE), text[-3000:]
        assert "internal error" not in text, text[-3000:]


def valid_sarif(document: dict[str, Any]) -> None:
    """The parts of SARIF 2.1.0 that a reader cannot do without."""
    assert document["version"] == "2.1.0"
    assert document["$schema"].startswith("https://")
    for run in document["runs"]:
        driver = run["tool"]["driver"]
        assert driver["name"]
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(set(ids)) == len(ids)
        for result in run["results"]:
            assert result["message"]["text"]
            assert result["level"] in ("none", "note", "warning", "error")
            assert ids[result["ruleIndex"]] == result["ruleId"]
            for place in result.get("locations", ()):
                at = place["physicalLocation"]
                assert not re.match(r"^(/|[a-z]+:)", at["artifactLocation"]["uri"])
                assert at.get("region", {}).get("startLine", 1) >= 1
        for one in run["invocations"]:
            for told in one.get("toolExecutionNotifications", ()):
                assert told["message"]["text"]
