"""Programs that cannot be started are told as such, and never taken for a program that ran."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from py_secure_ci.running.request import Ended, Request
from py_secure_ci.running.runner import Runner

Run = Callable[..., Ended]


def made(path: Path, content: bytes, mode: int) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_missing_program(begin: Run, tmp_path: Path) -> None:
    ended = begin(tmp_path / "nothing")
    assert ended.problem == f"could not be started: '{tmp_path}/nothing' is not there"
    assert ended.status is None


def test_not_executable(begin: Run, tmp_path: Path) -> None:
    assert begin(made(tmp_path / "plain", b"#!/bin/sh\n", 0o644)).problem.endswith("plain' is not executable")


def test_a_folder(begin: Run, tmp_path: Path) -> None:
    assert begin(tmp_path).problem.endswith("is a folder")


def test_relative_path(begin: Run) -> None:
    assert "is not an absolute path" in begin("sh").problem


def test_no_program_at_all(runner: Runner, tmp_path: Path) -> None:
    assert runner.run(Request(argv=(), cwd=tmp_path, env={})).problem.startswith("could not be started")


@pytest.mark.parametrize("line", [b"#!/no/such/interpreter\n", b"#!/etc\n"])
def test_bad_interpreter(begin: Run, tmp_path: Path, line: bytes) -> None:
    ended = begin(made(tmp_path / "script", line, 0o755))
    assert "names an interpreter that cannot be run: '/" in ended.problem
    assert ended.status is None


@pytest.mark.parametrize("content", [b"", b"just words\n", b"\x7fELF\x02\x01\x01"])
def test_bad_format(begin: Run, tmp_path: Path, content: bytes) -> None:
    ended = begin(made(tmp_path / "words", content, 0o755))
    assert ended.problem.endswith("is not a program (bad format)")


def test_missing_folder(runner: Runner, tmp_path: Path) -> None:
    ended = runner.run(Request(argv=("/bin/true",), cwd=tmp_path / "gone", env={}))
    assert ended.problem == f"could not be started: the folder '{tmp_path}/gone' is not there"


def test_nul_in_arguments(begin: Run) -> None:
    assert "NUL" in begin("/bin/echo", "a\0b").problem


def test_command_line_too_long(begin: Run) -> None:
    assert begin("/bin/echo", "x" * 5_000_000).problem.endswith("has too long a command line")


def test_long_command_line(begin: Run) -> None:
    ended = begin("/bin/echo", *(["x" * 1000] * 1000))
    assert (ended.problem, len(ended.stdout)) == ("", 1_001_000)


def test_every_exit_status(runner: Runner, tmp_path: Path) -> None:
    def status(number: int) -> tuple[int | None, str]:
        request = Request(argv=("/bin/sh", "-c", f"exit {number}"), cwd=tmp_path, env={})
        ended = runner.run(request)
        return ended.status, ended.problem

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(status, range(256))) == [(number, "") for number in range(256)]


def test_environment_arguments_and_folder_arrive(python: Run, tmp_path: Path) -> None:
    ended = python(
        "import os, sys; print(os.getcwd(), sys.argv[1].encode('utf-8', 'surrogateescape'), os.environb[b'ODD'])",
        "a\udcff\n*",
        env={"ODD": "\udcfe é"},
    )
    assert ended.stdout.decode() == f"{tmp_path} b'a\\xff\\n*' b'\\xfe \\xc3\\xa9'\n"


def test_child_starts_with_default_signals_and_three_files(python: Run) -> None:
    source = """
import os, signal
print(sorted(os.listdir("/proc/self/fd"))[:4], os.getsid(0) == os.getpid())
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status"))
print(status["SigBlk"].strip(), signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
      signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL, signal.getsignal(signal.SIGHUP) == signal.SIG_DFL)
"""
    assert python(source).stdout == b"['0', '1', '2', '3'] True\n0000000000000000 True True True\n"


def test_standard_input(python: Run) -> None:
    data = bytes(range(256)) * 40_000
    ended = python("import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)", stdin=data)
    assert (ended.problem, ended.stdout == data) == ("", True)


def test_standard_input_that_nobody_reads(shell: Run) -> None:
    assert shell("exit 4", stdin=b"x" * 10_000_000).status == 4


def test_no_standard_input_is_empty(shell: Run) -> None:
    assert shell("cat; echo end").stdout == b"end\n"
