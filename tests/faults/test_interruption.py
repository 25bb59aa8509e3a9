"""A signal at any moment leaves a report that says so, or none; and no process, no half-written file, no scratch."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from py_secure_ci.serial.codec import report_from_text
from py_secure_ci.toolchain import Toolchain
from py_secure_ci.toolchain.holding import holding

pytestmark = pytest.mark.network

# Moments of a batch, how many batches there are, and when: 6 every day, 120 in all with `--all`.
BATCHES = (
    ("quick", 6, ()),
    *((f"batch-{number}", 19, (pytest.mark.slow,)) for number in range(6)),
    *((f"more-{number}", 19, (pytest.mark.exhaustive,)) for number in range(6)),
)


class Started:
    """The product at work on a project in which one tool hangs."""

    def __init__(self, lab: Any, place: Path, environ: Mapping[str, str] = MappingProxyType({}), **faults: str) -> None:
        self.product = lab.product
        self.place, self.tmp = place, place / "tmp"
        self.tmp.mkdir(parents=True)
        self.project = lab.project(place, {"ruff": "honest", "zizmor": "honest", **faults})
        self.before = self.project.hash()
        self.environ = self.project.environment(TMPDIR=str(self.tmp), **environ)
        self.start()

    def start(self) -> None:
        """Once more, where no report of an earlier run lies."""
        shutil.rmtree(self.project.output, ignore_errors=True)
        self.error = (self.place / "stderr.txt").open("wb")
        self.child = subprocess.Popen(
            self.project.argv(), cwd=self.place, env=self.environ, stdout=self.error, stderr=self.error,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def end(self, *signals: int, within: float = 15.0) -> int:
        for number in signals:
            self.child.send_signal(number)
            time.sleep(0.05)
        status: int = self.product.wait(self.child, within)[0]
        self.error.close()
        assert self.project.hash() == self.before
        return status

    @property
    def said(self) -> str:
        return (self.place / "stderr.txt").read_text("utf-8", "replace")

    def wait_for(self, word: str) -> None:
        end = time.monotonic() + 20
        while word not in self.said and time.monotonic() < end:
            time.sleep(0.02)
        assert word in self.said

    def nothing_left(self) -> None:
        assert self.product.processes_with(str(self.place)) == []
        assert list(self.tmp.iterdir()) == []
        assert [path.name for path in self.project.output.glob(".*.part")] == []
        assert "Traceback" not in self.said, self.said
        assert "internal error" not in self.said


def valid(started: Started) -> dict[str, Any]:
    text = (started.project.output / "report.json").read_text("utf-8")
    report_from_text(text)
    for path in started.project.output.glob("*.json"):
        json.loads(path.read_text("utf-8"))
    started.product.valid_sarif(json.loads((started.project.output / "py-secure-ci.sarif").read_text("utf-8")))
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@pytest.fixture(scope="module")
def lifetime(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds that a run takes here which nobody interrupts."""
    began = time.monotonic()
    assert Started(lab, tmp_path_factory.mktemp("life") / "run", bandit="honest").end(within=60) == 1
    return time.monotonic() - began


@pytest.mark.parametrize("count", [pytest.param(count, id=name, marks=marks) for name, count, marks in BATCHES])
def test_at_any_moment(lab: Any, tmp_path: Path, lifetime: float, count: int) -> None:
    """Random ones, spread over the whole life of a run and a bit beyond; in every other run a tool hangs."""
    seed = int(os.environ.get("INTERRUPTION_SEED") or random.SystemRandom().randrange(2**32))
    print(f"again: INTERRUPTION_SEED={seed}")  # noqa: T201 - shown where it fails
    chance = random.Random(seed)  # noqa: S311 - any moments will do
    sites = {fault: tmp_path / fault for fault in ("hang", "honest")}
    running: dict[str, Started] = {}
    for number in range(count):
        fault, sent = ("hang", "honest")[number % 2], chance.choice([signal.SIGTERM, signal.SIGINT])
        moment = (number + chance.random()) / count * lifetime * 1.1
        if fault in running:
            running[fault].start()
        else:
            running[fault] = Started(lab, sites[fault], bandit=fault)
        time.sleep(moment)
        try:
            cut_short(running[fault], sent)
        except AssertionError as error:
            raise AssertionError(
                f"{sent.name} after {moment:.3f} s, {fault} (INTERRUPTION_SEED={seed}): {error}"
            ) from error


def cut_short(started: Started, sent: signal.Signals) -> None:
    """The run meets the signal while it starts, plans, runs, judges, renders, writes, or has ended by itself."""
    status = started.end(sent)
    there = (started.project.output / "report.json").exists()
    if sent == signal.SIGINT and too_early(started.said):
        assert not there
        return
    started.nothing_left()
    if status == 3:
        verdict = valid(started)["verdict"]
        assert verdict["status"] == "INCOMPLETE"
        assert any(f"interrupted by {sent.name}" in one for one in verdict["incomplete"])
    elif status == 1:  # too late
        assert valid(started)["verdict"]["status"] == "FAIL"
    else:  # before the run began, or so late that it had ended but for the last breath
        assert status in (-sent, 130), started.said
        assert not there or valid(started)["verdict"]["status"] == "FAIL"


def too_early(said: str) -> bool:
    """Whether Python itself was not up when INT arrived: it tells that in its own way, and no line of ours had run."""
    return "KeyboardInterrupt" in said and not re.search(r"py_secure_ci/(?!__main__\.py|__init__\.py)", said)


def ends_at_once(started: Started) -> dict[str, Any]:
    began = time.monotonic()
    assert started.end(signal.SIGTERM) == 3
    assert time.monotonic() - began < 5
    started.nothing_left()
    document = valid(started)
    assert document["verdict"]["status"] == "INCOMPLETE"
    return document


def test_while_a_tool_is_asked_for_its_version(lab: Any, tmp_path: Path) -> None:
    started = Started(lab, tmp_path, bandit="version-hangs")
    started.wait_for("ruff: ")
    assert "bandit" in " ".join(ends_at_once(started)["verdict"]["incomplete"])


@pytest.fixture
def silent_index() -> Iterator[str]:
    """An index that takes every call and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def installing(lab: Any, place: Path, index: str) -> Started:
    """A run that has to install its bandit first."""
    started = Started(lab, place, {"PY_SECURE_CI_CACHE": str(place / "cache"), "PIP_INDEX_URL": index}, bandit="locked")
    started.wait_for("ruff: ")
    return started


def test_while_a_tool_is_installed(lab: Any, tmp_path: Path, silent_index: str) -> None:
    started = installing(lab, tmp_path, silent_index)
    time.sleep(1)
    assert started.product.processes_with(str(tmp_path / "cache"), patience=0)
    assert "bandit gave no verdict: interrupted" in " ".join(ends_at_once(started)["verdict"]["incomplete"])


def test_while_another_run_installs_the_tool(lab: Any, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    status = Toolchain(cache, {}).lookup("bandit")
    with holding(status.path.with_name(f"{status.path.name}.lock")):
        started = installing(lab, tmp_path, "http://127.0.0.1:9/simple")
        assert "bandit gave no verdict: interrupted" in " ".join(ends_at_once(started)["verdict"]["incomplete"])


def test_what_had_finished_is_in_the_report(lab: Any, tmp_path: Path) -> None:
    started = Started(lab, tmp_path, bandit="hang")
    started.wait_for("ruff: ")
    started.wait_for("zizmor: 4 findings")
    assert started.end(signal.SIGTERM) == 3
    started.nothing_left()
    document = valid(started)
    kinds = {one["tool"]["name"]: one["kind"] for one in document["report"]["outcomes"]}
    assert kinds == {"ruff": "completed", "zizmor": "completed", "bandit": "failed"}
    assert document["verdict"]["failed"]  # the findings that were there count
    assert "interrupted" in "".join(document["verdict"]["incomplete"])


def test_further_signals_change_nothing(lab: Any, tmp_path: Path) -> None:
    started = Started(lab, tmp_path, bandit="hang-deaf")
    started.wait_for("ruff: ")
    assert started.end(*[signal.SIGTERM, signal.SIGINT] * 4) == 3
    started.nothing_left()
    valid(started)


def test_killed_outright_there_is_no_report_and_nobody_is_left(lab: Any, tmp_path: Path) -> None:
    started = Started(lab, tmp_path, bandit="hang")
    started.project.output.mkdir(exist_ok=True)
    started.wait_for("ruff: ")
    assert started.end(signal.SIGKILL) == -9
    assert started.product.processes_with(str(tmp_path), patience=10) == []
    assert not (started.project.output / "report.json").exists()


def test_an_older_report_never_stands_for_a_run_that_was_cut_short(lab: Any, tmp_path: Path) -> None:
    started = Started(lab, tmp_path)
    assert started.end(within=60) == 1
    older = (started.project.output / "report.json").read_bytes()
    (started.project.output / "junit.xml").write_text("<testsuites/>", "utf-8")
    for moment in (0.3, 0.5, 0.8):
        environ = started.project.environment(TMPDIR=str(started.tmp))
        with (tmp_path / "again.txt").open("wb") as out:
            child = subprocess.Popen(started.project.argv(), cwd=tmp_path, env=environ, stdout=out, stderr=out)
            time.sleep(moment)
            child.send_signal(signal.SIGTERM)
            status = started.product.wait(child, 15)[0]
        if status == 3:
            assert (started.project.output / "report.json").read_bytes() != older
            assert not (started.project.output / "junit.xml").exists()


def test_a_full_disk_while_writing_the_report_is_told(lab: Any, tmp_path: Path) -> None:
    """No file may be larger than 2 kB: what happens to a write is what a full disk does."""
    project = lab.project(tmp_path, {"ruff": "honest"})
    words = ["import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))"]
    words.append("from py_secure_ci.cli import main; sys.exit(main(sys.argv[1:]))")
    argv = project.argv()
    done = subprocess.run(
        [argv[0], "-c", "\n".join(words), *argv[3:]], env=project.environment(), cwd=tmp_path, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "cannot write the report" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.output / "report.json").exists()
    assert list(project.output.glob(".*.part")) == []
