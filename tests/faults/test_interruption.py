"""A signal at any moment leaves a report that says so, or none; and no process, no half-written file, no scratch."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.serial.codec import report_from_text

pytestmark = pytest.mark.network

QUICK = [0.15, 0.3, 0.45, 0.6, 0.9, 1.4]
MOMENTS = random.Random(7)  # noqa: S311 - any moments will do
SLOW = [pytest.param(round(MOMENTS.uniform(0.05, 3.0), 3), marks=pytest.mark.exhaustive) for _ in range(60)]


class Started:
    """The product at work on a project in which one tool hangs."""

    def __init__(self, lab: Any, place: Path, **faults: str) -> None:
        self.product = lab.product
        self.place, self.tmp = place, place / "tmp"
        self.tmp.mkdir(parents=True)
        self.project = lab.project(place, {"ruff": "honest", "zizmor": "honest", **faults})
        self.before = self.project.hash()
        environ = self.project.environment(TMPDIR=str(self.tmp))
        self.error = (place / "stderr.txt").open("wb")
        self.child = subprocess.Popen(
            self.project.argv(), cwd=place, env=environ, stdout=self.error, stderr=self.error, stdin=subprocess.DEVNULL
        )

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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
@pytest.mark.parametrize("moment", [*QUICK, *SLOW])
def test_at_any_moment(lab: Any, tmp_path: Path, moment: float, number: int) -> None:
    started = Started(lab, tmp_path, bandit="hang")
    time.sleep(moment)
    status = started.end(number)
    started.nothing_left()
    if status == 3:
        document = valid(started)
        assert document["verdict"]["status"] == "INCOMPLETE"
        assert any("interrupted by SIG" in one for one in document["verdict"]["incomplete"])
    else:  # before the run began
        assert status in (-number, 130)
        assert not started.project.output.exists() or not (started.project.output / "report.json").exists()


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
