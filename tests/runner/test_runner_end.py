"""Crashes, floods, hangs and processes left behind: named, bounded, and nothing survives."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from py_secure_ci.running.request import Ended

Run = Callable[..., Ended]
MIB = 1024 * 1024


@pytest.mark.parametrize("name", ["SEGV", "ABRT", "KILL", "TERM", "ILL", "HUP"])
def test_killed_by_a_signal(shell: Run, name: str) -> None:
    ended = shell(f"echo before; kill -{name} $$; sleep 5")
    assert ended.problem.startswith(f"killed by signal SIG{name}")
    assert (ended.status, ended.stdout) == (None, b"before\n")


def test_a_real_crash(python: Run) -> None:
    assert python("import ctypes; ctypes.string_at(0)").problem == "killed by signal SIGSEGV"


def test_status_139_is_no_crash(shell: Run) -> None:
    assert (shell("exit 139").status, shell("exit 139").problem) == (139, "")


def test_much_on_stderr_before_stdout(python: Run) -> None:
    ended = python("import sys; sys.stderr.write('e' * 200_000); sys.stderr.flush(); print('out')")
    assert (ended.problem, len(ended.stderr), ended.stdout) == ("", 200_000, b"out\n")


def test_bytes_are_kept(shell: Run) -> None:
    assert shell(r"printf '\377\376\000\r\n\033[31m'").stdout == b"\xff\xfe\0\r\n\x1b[31m"


@pytest.mark.parametrize(("stream", "name"), [(1, "stdout"), (2, "stderr")])
def test_endless_output(shell: Run, stream: int, name: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ended = shell(f"trap '' TERM; yes >&{stream}", max_output=8 * MIB)
    assert ended.problem == f"wrote more than 8 MiB to {name}"
    assert len(ended.stdout) + len(ended.stderr) <= MIB
    assert ended.wall < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # KiB


def test_output_up_to_the_limit(shell: Run) -> None:
    ended = shell("head -c 1048576 /dev/zero", max_output=MIB)
    assert (ended.problem, len(ended.stdout)) == ("", MIB)
    assert shell("head -c 1048577 /dev/zero", max_output=MIB).problem == "wrote more than 1 MiB to stdout"


def test_hang(shell: Run) -> None:
    ended = shell("echo started; exec sleep 100", timeout=0.3)
    assert (ended.problem, ended.stdout, ended.status) == ("timed out after 0.3 s", b"started\n", None)
    assert 0.3 <= ended.wall < 3


def test_hang_with_sigterm_ignored(shell: Run) -> None:
    ended = shell("trap '' TERM INT HUP; sleep 100 & wait; sleep 100", timeout=0.3)
    assert ended.problem == "timed out after 0.3 s"
    assert ended.wall < 4


def test_hang_that_stops_itself(shell: Run) -> None:
    assert shell("kill -STOP $$", timeout=0.3).problem == "timed out after 0.3 s"


def test_sigterm_leaves_time_to_say_goodbye(shell: Run) -> None:
    ended = shell("trap 'echo bye; exit 0' TERM; sleep 100 & wait", timeout=0.3)
    assert (ended.problem, ended.stdout) == ("timed out after 0.3 s", b"bye\n")


GRANDCHILDREN = {
    "plain": "subprocess.Popen(sleep, stdout=null, stderr=null)",
    "keeps stdout open": "subprocess.Popen(sleep)",
    "session of its own": "subprocess.Popen(sleep, start_new_session=True, stdout=null, stderr=null)",
    "no environment": "subprocess.Popen(sleep, env={}, start_new_session=True, stdout=null, stderr=null)",
    "ignores signals": "subprocess.Popen(['/bin/sh', '-c', 'trap \"\" TERM HUP INT; sleep 100; : ' + token])",
    "double fork": """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 100)
        os.execv('/bin/sleep', sleep)
    os._exit(0)
""",
}


@pytest.mark.parametrize("way", GRANDCHILDREN)
def test_grandchild_left_running(python: Run, way: str) -> None:
    prelude = "import os, subprocess, sys; null = subprocess.DEVNULL; token = sys.argv[-1]\n"
    prelude += "sleep = ['/bin/sh', '-c', 'sleep 100; : ' + token]\n"
    source = GRANDCHILDREN[way].replace("execv('/bin/sleep'", "execv('/bin/sh'")
    ended = python(f"{prelude}{source}\nprint('done', flush=True)\nos._exit(0)")
    assert ended.problem.startswith("left processes behind: s")
    assert (ended.status, ended.stdout) == (0, b"done\n")
    assert ended.wall < 5
    assert ended.notes[0].startswith("killed what it had left running: s")


def test_a_helper_that_ends_soon_is_no_problem(shell: Run) -> None:
    ended = shell("(sleep 0.1; echo late) & exit 3")
    assert (ended.problem, ended.status, ended.stdout) == ("", 3, b"late\n")


@pytest.mark.parametrize("session", ["0", "1"], ids=["one session", "a session each"])
def test_a_chain_of_short_lived_orphans(python: Run, session: str) -> None:
    source = """
import os, sys, time
end = time.monotonic() + 4  # in case that nobody kills us
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        while time.monotonic() < end:
            if os.fork():
                os._exit(0)
            if sys.argv[1] == "1":
                os.setsid()
            time.sleep(0.002)
        os._exit(0)
"""
    ended = python(source, session)
    assert ended.problem.startswith("left processes behind: ")
    assert ended.wall < 3.5


def test_the_names_of_processes_are_made_harmless(python: Run) -> None:
    source = """
import os, time
if os.fork() == 0:
    open("/proc/self/comm", "w").write("a)\\n::x \\x1b[1m")
    time.sleep(100)
time.sleep(0.05)
os._exit(0)
"""
    assert python(source).problem == "left processes behind: a)?::x??[1m"


def test_file_that_grows_too_large(shell: Run, tmp_path: Path) -> None:
    ended = shell("exec head -c 2000000 /dev/zero > big", max_file=MIB)
    assert ended.problem == "killed by signal SIGXFSZ (it wrote a file larger than 1048576 bytes)"
    assert (tmp_path / "big").stat().st_size == MIB


def test_disk_full(shell: Run) -> None:
    ended = shell("cat /bin/sh > /dev/full")
    assert (ended.problem, ended.status) == ("", 1)
    assert b"No space left" in ended.stderr


def test_memory_limit(python: Run) -> None:
    ended = python("x = 'x' * (1 << 30); print(len(x))", max_memory=512 * MIB)
    assert (ended.problem, ended.status) == ("", 1)
    assert b"MemoryError" in ended.stderr


def test_no_core_dump(shell: Run) -> None:
    assert shell("ulimit -c").stdout == b"0\n"


def test_cost_is_measured(python: Run) -> None:
    source = """
import subprocess, sys
subprocess.run([sys.executable, "-I", "-S", "-c", "x = 'x' * (60 << 20); [i * i for i in range(2_000_000)]"])
"""
    began = time.monotonic()
    ended = python(source)
    assert 60 * MIB < ended.peak < 600 * MIB
    assert 0.02 < ended.cpu < 30
    assert 0.02 < ended.wall <= time.monotonic() - began
