"""What our process was started with cannot be read from outside, not even by root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from py_secure_ci.running.request import Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.running.sandbox import Level

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc")

SECRET = "canary" + "-of-a-token"
ASK = """
import os
from pathlib import Path
from py_secure_ci.running.forgetting import forget_variables
forget_variables()
print(Path("/proc/self/environ").read_bytes())
print(os.environ["GITHUB_TOKEN"], os.environ["EMPTY"], os.environ["PATH"])
os.environ["LATER"] = "yes"
print(os.popen("echo $LATER").read())
"""
SOURCE = str(Path(__file__).parents[2] / "src")


def test_the_originals_go_and_the_copies_stay() -> None:
    environ = {"GITHUB_TOKEN": SECRET, "EMPTY": "", "PATH": os.environ["PATH"], "PYTHONPATH": SOURCE, "ODD": "a=b=c"}
    done = subprocess.run([sys.executable, "-c", ASK], env=environ, capture_output=True, text=True, check=True)
    shown, kept, later, *_ = done.stdout.splitlines()
    assert SECRET not in shown
    assert "a=b=c" not in shown
    assert f"PATH={os.environ['PATH']}" in shown
    assert kept == f"{SECRET}  {os.environ['PATH']}"
    assert later == "yes"


def test_the_program_itself_forgets() -> None:
    program = "import sys; sys.argv = ['x', '--version']; from py_secure_ci.cli import main; main(); input()"
    environ = {"GITHUB_TOKEN": SECRET, "PYTHONPATH": SOURCE, "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert "py-secure-ci" in child.stdout.readline()
        shown = Path(f"/proc/{child.pid}/environ").read_bytes()
        child.communicate("\n")
    assert SECRET.encode() not in shown
    assert b"GITHUB_TOKEN=" in shown


@pytest.mark.parametrize("level", list(Level))
def test_no_child_reads_where_we_are(level: Level, tmp_path: Path) -> None:
    """Whatever the level: our memory and our variables are closed, for root as well."""
    ask = f"for name in ('environ', 'mem', 'maps'): open('/proc/{os.getpid()}/' + name, 'rb').read(1); print(name)"
    with Runner(level=level) as runner:
        ended = runner.run(Request(argv=(sys.executable, "-c", ask), cwd=tmp_path, env={}))
    assert (ended.status, ended.stdout) == (1, b""), ended
