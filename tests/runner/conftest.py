"""Runners of every level that this machine allows, and small programs for them to run."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.running.request import Ended, Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.running.sandbox import Level, strongest

GRACE, LINGER = 0.3, 0.3


@pytest.fixture(scope="module", params=list(Level), ids=lambda level: level.value)
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    """A runner of each level."""
    with Runner(grace=GRACE, linger=LINGER, level=request.param) as started:
        best = strongest(started._abilities)
        if list(Level).index(request.param) < list(Level).index(best):
            pytest.skip(f"this machine does not allow {request.param.value}: {started._abilities.get('why')}")
        yield started


@pytest.fixture
def token() -> Iterator[str]:
    """A word in the environment and arguments of a test's processes; none of them may be left at the end."""
    word = f"token-{uuid.uuid4().hex}"
    yield word
    end = time.monotonic() + 2  # a killed process is still listed until its parent has noticed
    while carriers(word) and time.monotonic() < end:
        time.sleep(0.02)
    assert carriers(word) == []


def carriers(word: str) -> list[str]:
    """The processes (but this one) that carry the word."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in text:
                found.append(folder.name)
    return found


Run = Callable[..., Ended]


@pytest.fixture
def python(runner: Runner, tmp_path: Path, token: str) -> Run:
    """Run a Python program: `python(source, *arguments, **request)`."""

    def run(source: str, *arguments: str, **more: Any) -> Ended:
        argv = (sys.executable, "-I", "-S", "-c", source, *arguments, token)
        env = {"PATH": "/usr/bin:/bin", "TOKEN": token, **more.pop("env", {})}
        return runner.run(Request(argv=argv, **{"cwd": tmp_path, "timeout": 20, "env": env, **more}))

    return run


@pytest.fixture
def shell(runner: Runner, tmp_path: Path, token: str) -> Run:
    """Run a shell command: `shell(text, **request)`."""

    def run(text: str, **more: Any) -> Ended:
        env = {"PATH": "/usr/bin:/bin", "TOKEN": token}
        return runner.run(Request(argv=("/bin/sh", "-c", text), **{"cwd": tmp_path, "timeout": 20, "env": env, **more}))

    return run


@pytest.fixture
def begin(runner: Runner, tmp_path: Path, token: str) -> Run:
    """Run a program by its path: `begin(path, *arguments)`."""

    def run(path: Path | str, *arguments: str) -> Ended:
        return runner.run(Request(argv=(os.fspath(path), *arguments), cwd=tmp_path, env={"TOKEN": token}, timeout=20))

    return run


@pytest.fixture(scope="session")
def runner_levels() -> frozenset[Level]:
    """The levels that this machine allows."""
    with Runner() as runner:
        levels = list(Level)
        return frozenset(levels[levels.index(strongest(runner._abilities)) :])
