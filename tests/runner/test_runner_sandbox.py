"""What a child can see, reach and change, at every level of the sandbox."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from py_secure_ci.running.filters import around
from py_secure_ci.running.request import Ended, Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.running.sandbox import Level, describe, strongest
from py_secure_ci.running.tree_guard import changed_since, tree_state

Run = Callable[..., Ended]

SPY = """
import glob, os
print(dict(os.environ))
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/task/*/environ"):
    try:
        print(open(path, "rb").read())
    except OSError:
        pass
for path in glob.glob("/proc/[0-9]*/mem"):
    try:
        open(path, "rb"); print("memory of", path.split("/")[2], "me" if path.split("/")[2] == str(os.getpid()) else "")
    except OSError:
        pass
print("parents", os.getppid(), len(glob.glob("/proc/[0-9]*")))
"""

# A whole interpreter that carries a secret and runs the spy, as the command line does.
HOST = """
import os, sys
from pathlib import Path
from py_secure_ci.running.request import Request
from py_secure_ci.running.runner import Runner
from py_secure_ci.running.sandbox import Level
with Runner(level=Level(sys.argv[1])) as runner:
    argv = (sys.executable, "-I", "-S", "-c", sys.argv[2])
    ended = runner.run(Request(argv=argv, cwd=Path("/"), env={"MINE": "visible"}, timeout=20))
    assert not ended.problem, ended
    assert os.environ["CANARY"] not in str(runner.sandbox)
    sys.stdout.buffer.write(ended.stdout)
"""


def test_our_environment_is_out_of_reach(runner: Runner) -> None:
    level = runner.sandbox.level
    canary = "canary-" + os.urandom(8).hex()
    seen = subprocess.run(
        [sys.executable, "-c", HOST, level.value, SPY],
        env={"CANARY": canary, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert "visible" in seen
    assert canary not in seen
    if runner.sandbox.processes:
        assert "parents 1 2\n" in seen


def test_no_network(runner: Runner, python: Run) -> None:
    source = """
import socket, sys
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
except OSError as error:
    print("refused", error)
else:
    print("reached")
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert python(source, port, network=True).stdout == b"reached\n"
        if runner.sandbox.no_network:
            assert python(source, port).stdout.startswith(b"refused")
        else:
            assert "network cannot be cut off" in runner.sandbox.why


def test_other_ways_to_the_network(runner: Runner, python: Run) -> None:
    if runner.sandbox.level is not Level.FILTERS or not runner.sandbox.no_network:
        pytest.skip("a filter is not what keeps the network away here")
    source = """
import ctypes, socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_PACKET, 40, 38):
    try:
        socket.socket(family, socket.SOCK_DGRAM)
        print("open", family)
    except OSError:
        pass
print(socket.socketpair()[0].family == socket.AF_UNIX)
print(ctypes.CDLL(None).syscall(425, 1, 0))
"""
    assert python(source).stdout == b"True\n-1\n"


def test_a_loopback_of_its_own(runner: Runner, python: Run) -> None:
    if not runner.sandbox.own_loopback:
        pytest.skip("not at this level")
    source = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(socket.create_connection(server.getsockname(), timeout=5).getpeername()[0])
"""
    assert python(source).stdout == b"127.0.0.1\n"


CHANGES = {
    "write": "open(tree + '/file', 'w').write('x')",
    "append": "open(tree + '/file', 'a').write('x')",
    "truncate": "os.truncate(tree + '/file', 0)",
    "create": "open(tree + '/new', 'w')",
    "create deep": "open(tree + '/folder/new', 'w')",
    "remove": "os.remove(tree + '/file')",
    "rename": "os.rename(tree + '/file', tree + '/folder/file')",
    "replace": "open(scratch + '/x', 'w').write('x'); os.replace(scratch + '/x', tree + '/file')",
    "folder": "os.mkdir(tree + '/made')",
    "link": "os.symlink('/etc', tree + '/link')",
    "through a link": "os.symlink(tree, scratch + '/l'); open(scratch + '/l/file', 'w').write('x')",
    "hard link": "os.link(tree + '/file', scratch + '/hard'); open(scratch + '/hard', 'a').write('x')",
    "through proc": "open('/proc/self/cwd/file', 'w').write('x')",
    "mode": "os.chmod(tree + '/file', 0o777)",
}


@pytest.mark.parametrize("way", CHANGES)
def test_a_readonly_tree(runner: Runner, python: Run, tmp_path: Path, way: str) -> None:
    tree, scratch = tmp_path / "tree", tmp_path / "scratch"
    (tree / "folder").mkdir(parents=True)
    scratch.mkdir()
    (tree / "file").write_text("text")
    before = tree_state(tree, ["file", "folder/other"])
    source = f"import os, sys; tree, scratch = sys.argv[1:3]; os.chdir(tree)\n{CHANGES[way]}"
    ended = python(source, str(tree), str(scratch), readonly=(tree,), writable=(scratch,))
    if runner.sandbox.readonly and not (way == "mode" and runner.sandbox.level is Level.FILTERS):
        assert ended.status == 1
        assert (tree / "file").read_text() == "text"
        assert changed_since(before, tree) == ()
    else:
        assert changed_since(before, tree) != ()


def test_files_move_from_folder_to_folder(python: Run, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "file").touch()
    ended = python("import os; os.rename('one/file', 'two/file')")
    assert (tmp_path / "two" / "file").exists(), ended.stderr


@pytest.mark.parametrize("everything", [False, True], ids=["tree", "everything"])
def test_a_writable_folder_in_a_readonly_tree(runner: Runner, python: Run, tmp_path: Path, everything: bool) -> None:
    if not runner.sandbox.readonly:
        pytest.skip("nothing is read-only at this level")
    tree = tmp_path / "tree"
    scratch = tree / "cache" / "scratch"
    scratch.mkdir(parents=True)
    source = """
import os, sys
tree, scratch = sys.argv[1:3]
os.mkdir(scratch + "/a"); open(scratch + "/a/f", "w").write("x"); os.rename(scratch + "/a/f", scratch + "/g")
print("kept", file=open("/dev/null", "w"))
for name in (tree + "/x", tree + "/cache/x", "/var/tmp/py-secure-ci-x"):
    try:
        open(name, "w"); os.remove(name); print("wrote", name[:5])
    except OSError as error:
        print(error.errno in (13, 30))
"""
    readonly = (Path("/"),) if everything else (tree,)
    ended = python(source, str(tree), str(scratch), readonly=readonly, writable=(scratch,))
    last = b"True" if everything else b"wrote /var/"
    assert (ended.stderr, ended.stdout) == (b"", b"True\nTrue\n" + last + b"\n")
    assert (scratch / "g").read_text() == "x"


def test_a_readonly_tree_stays_so_for_root(runner: Runner, shell: Run, tmp_path: Path) -> None:
    if runner.sandbox.level is not Level.NAMESPACES:
        pytest.skip("no mounts at this level")
    command = (
        f"mount -o remount,rw,bind {tmp_path}; umount {tmp_path}; unshare -Urm mount -o remount,rw,bind {tmp_path}"
    )
    ended = shell(f"({command}) 2>&1; touch {tmp_path}/x", readonly=(tmp_path,))
    assert ended.status == 1
    assert not (tmp_path / "x").exists()


def test_no_way_to_more_rights(runner: Runner, shell: Run) -> None:
    if runner.sandbox.level is Level.PLAIN:
        pytest.skip("not at this level")
    status = shell("cat /proc/self/status").stdout.decode()
    assert "NoNewPrivs:\t1" in status
    bounding = int(status.split("CapEff:\t")[1].split()[0], 16)
    assert bounding & (1 << 21 | 1 << 19 | 1 << 27 | 1 << 2) == 0  # admin, ptrace, mknod, read search


def test_a_child_cannot_kill_its_keeper(runner: Runner, python: Run) -> None:
    source = """
import os, signal, subprocess, sys, time
subprocess.Popen(["/bin/sh", "-c", "sleep 100; : " + sys.argv[-1]], start_new_session=True)
if os.getppid() > 1:
    os.kill(os.getppid(), signal.SIGKILL)
else:
    os.kill(1, signal.SIGKILL)
time.sleep(0.2)
"""
    ended = python(source, timeout=5)
    assert ended.problem.startswith(("was lost", "left processes behind"))  # never an ordinary end


def test_children_side_by_side_do_not_mix(runner: Runner, tmp_path: Path) -> None:
    results: dict[int, Ended] = {}

    def one(number: int) -> None:
        argv = ("/bin/sh", "-c", f"cat; echo {number}; echo {number} >&2; exit {number}")
        results[number] = runner.run(Request(argv=argv, cwd=tmp_path, env={}, stdin=str(number).encode() * 1000))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, ended in results.items():
        assert (ended.status, ended.problem) == (number, "")
        assert ended.stdout == str(number).encode() * 1000 + f"{number}\n".encode()
        assert ended.stderr == f"{number}\n".encode()


def test_the_sandbox_says_what_is_missing() -> None:
    abilities = {"namespaces": False, "why": "Operation not permitted", "landlock": True, "seccomp": False}
    assert strongest(abilities) is Level.FILTERS
    said = describe(abilities, Level.FILTERS)
    assert (said.readonly, said.no_network, said.processes) == (True, False, False)
    assert said.why.startswith("Namespaces are not available here (Operation not permitted): the network cannot be")
    assert strongest({"why": "darwin has no namespaces"}) is Level.PLAIN
    assert describe({"namespaces": True}, Level.NAMESPACES).why == ""


def test_around_a_tree(tmp_path: Path) -> None:
    for name in ("a/b/tree/x", "a/b/other", "a/c", "d"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a" / "link").symlink_to(tmp_path / "a" / "b" / "tree")
    inside = {path for path in around((str(tmp_path / "a/b/tree"), str(tmp_path / "d"))) if str(tmp_path) in path}
    assert inside == {str(tmp_path / name) for name in ("a/b/other", "a/c")}
    assert list(around(("/",))) == []
    assert "/usr" in set(around((str(tmp_path),)))
