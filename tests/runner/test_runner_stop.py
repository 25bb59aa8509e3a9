"""Stopping at any moment: every call comes back, nothing is left, and nothing starts any more."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from py_secure_ci.running.request import Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.running.sandbox import Level

BUSY = "trap '' TERM INT; sleep 50 & (sleep 50 &) ; setsid sleep 50 & echo started; sleep 50; : $0"


def carriers(word: str) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"TOKEN={word}".encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


def eventually(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    return true()


@pytest.fixture(params=list(Level), ids=lambda level: level.value)
def level(request: pytest.FixtureRequest, runner_levels: frozenset[Level]) -> Level:
    if request.param not in runner_levels:
        pytest.skip("this machine does not allow it")
    found: Level = request.param
    return found


@pytest.mark.parametrize("seed", range(8))
def test_stop_at_a_random_moment(level: Level, seed: int, tmp_path: Path) -> None:
    word = uuid.uuid4().hex
    request = Request(argv=("/bin/sh", "-c", BUSY), cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "TOKEN": word})
    with Runner(level=level) as runner, ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(runner.run, request) for _ in range(6)]
        time.sleep(random.Random(seed).uniform(0, 0.05))  # noqa: S311
        began = time.monotonic()
        runner.stop("SIGTERM")
        ended = [future.result(timeout=10) for future in futures]
        assert time.monotonic() - began < 4
        assert [item.problem for item in ended] == ["interrupted"] * 6
        assert {item.notes[0] for item in ended} == {"stopped: SIGTERM"}
        assert carriers(word) == []
        assert runner.run(request).problem == "interrupted"


def test_close_kills(level: Level, tmp_path: Path) -> None:
    word = uuid.uuid4().hex
    request = Request(argv=("/bin/sh", "-c", BUSY), cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "TOKEN": word})
    runner = Runner(level=level)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(runner.run, request)
        assert eventually(lambda: bool(carriers(word)))
        runner.close()
        assert future.result(timeout=5).problem == "interrupted"
    assert carriers(word) == []


HOST = """
import signal, sys, threading
from pathlib import Path
from py_secure_ci.running.request import Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.running.sandbox import Level
runner = Runner(level=Level(sys.argv[1]))
signal.signal(signal.SIGTERM, lambda number, frame: runner.stop("SIGTERM"))
env = {"PATH": "/usr/bin:/bin", "TOKEN": sys.argv[2]}
request = Request(argv=("/bin/sh", "-c", sys.argv[3]), cwd=Path("/"), env=env)
other = threading.Thread(target=lambda: print(runner.run(request).problem))
other.start()
print(runner.run(request).problem)
other.join()
runner.close()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_we_are_killed_ourselves(level: Level, number: int) -> None:
    word = uuid.uuid4().hex
    argv = [sys.executable, "-c", HOST, level.value, word, BUSY]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as host:
        assert eventually(lambda: len(carriers(word)) >= 6)
        host.send_signal(number)
        said, _ = host.communicate(timeout=10)
    # two threads say it, and may get in each other's way within a line
    assert sorted(said) == sorted(b"interrupted\ninterrupted\n" if number == signal.SIGTERM else b"")
    assert eventually(lambda: carriers(word) == [])


def test_a_killed_launcher_is_replaced(level: Level, tmp_path: Path) -> None:
    request = Request(argv=("/bin/sh", "-c", "exit 5"), cwd=tmp_path, env={})
    with Runner(level=level) as runner:
        assert runner.run(request).status == 5
        launcher = runner._launchers._current._process
        launcher.kill()
        launcher.wait()
        assert runner.run(request).status == 5


def test_no_file_is_left_open(level: Level, tmp_path: Path) -> None:
    request = Request(argv=("/bin/sh", "-c", "exit 5"), cwd=tmp_path, env={}, stdin=b"x")
    with Runner(level=level) as runner:
        for problem in (request, Request(argv=("/nothing",), cwd=tmp_path, env={})):
            runner.run(problem)
            before = len(list(Path("/proc/self/fd").iterdir()))
            for _ in range(5):
                runner.run(problem)
            assert len(list(Path("/proc/self/fd").iterdir())) == before
