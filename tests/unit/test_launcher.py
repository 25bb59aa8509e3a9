"""scripts/py-secure-ci started for real, from a small copy of the tree with a command line of its own."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STUB = "import sys\ndef main(argv=None):\n    print(sys.argv[1:], sys.prefix, sys.flags.isolated)\n    return 7\n"
STARTED = 7  # what the stub ends with

posix = pytest.mark.skipif(os.name == "nt", reason="the shell half of the launcher is for POSIX")


def _locked(*names: str) -> str:
    """The blocks of some packages, of the lock that users get."""
    lock = (ROOT / "src/py_secure_ci/locks/py-secure-ci.lock").read_text(encoding="utf-8")
    blocks = re.split(r"(?m)^(?=\S)", lock)
    return "".join(block for block in blocks if block.split("==")[0] in names)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout in a folder with a space, whose lock holds no more than it takes to install the package itself."""
    root = tmp_path / "a checkout"
    package = root / "src" / "py_secure_ci"
    (package / "locks").mkdir(parents=True)
    (root / "scripts").mkdir()
    for name in ("py-secure-ci", "_start.py", "_make.py", "_pip.py"):
        shutil.copy(ROOT / "scripts" / name, root / "scripts" / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(ROOT / "src/py_secure_ci" / name, package / name)
    (package / "cli.py").write_text(STUB, encoding="utf-8")
    (package / "locks" / "py-secure-ci.lock").write_text(_locked("flit-core"), encoding="utf-8")
    return root


def _environ(tree: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PY_SECURE_CI_CACHE": str(tree.parent / "the cache"), **more}


def _argv(tree: Path, *words: str) -> list[str]:
    return [sys.executable, str(tree / "scripts/py-secure-ci"), *words]


def _start(tree: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _argv(tree, *words), env=_environ(tree, **more), capture_output=True, text=True, timeout=300, check=False
    )


def _environments(tree: Path) -> list[Path]:
    return sorted(path for path in (tree.parent / "the cache/environments").glob("*") if path.is_dir())


@pytest.mark.network
def test_it_is_made_once_and_hands_over_words_and_status(tree: Path) -> None:
    first = _start(tree, "run", "a b", "--x=ü")
    assert first.returncode == STARTED, first.stderr
    assert "making the private environment of py-secure-ci once" in first.stderr
    assert first.stdout.startswith("['run', 'a b', '--x=ü'] ")
    assert first.stdout.rstrip().endswith(" 1")
    (environment,) = _environments(tree)
    assert str(environment) in first.stdout
    # An index that cannot be reached and an empty PATH show that the second start asks nobody for anything.
    second = _start(tree, PIP_INDEX_URL="http://127.0.0.1:9/simple", PATH="")
    assert (second.returncode, second.stderr) == (STARTED, "")
    assert not list(tree.rglob("*.pyc")), "the checkout must stay as it was"


@pytest.mark.network
def test_a_changed_source_or_lock_gets_an_environment_of_its_own(tree: Path) -> None:
    assert _start(tree).returncode == STARTED
    (tree / "src/py_secure_ci/cli.py").write_text(STUB.replace("7", "5"), encoding="utf-8")
    assert _start(tree).returncode == 5
    assert len(_environments(tree)) == 2


@pytest.mark.network
def test_starts_at_the_same_moment_make_one_environment(tree: Path) -> None:
    children = [
        subprocess.Popen(_argv(tree), env=_environ(tree), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [child.communicate(timeout=300)[1] for child in children]
    assert [child.returncode for child in children] == [STARTED] * 3, told
    assert sum("once" in text for text in told) == 1
    assert len(_environments(tree)) == 1


@pytest.mark.network
@posix
def test_an_environment_whose_making_was_killed_is_made_again(tree: Path) -> None:
    child = subprocess.Popen(_argv(tree), env=_environ(tree), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not _environments(tree) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=60)
    (half,) = _environments(tree)
    assert not (half / "made-whole.txt").exists()
    again = _start(tree)
    assert again.returncode == STARTED, again.stderr
    assert "once" in again.stderr
    assert (half / "made-whole.txt").exists()


@pytest.mark.network
@pytest.mark.parametrize("lost", ["*/made-whole.txt", "*/bin/python", "*/lib/*/site-packages/py_secure_ci/__main__.py"])
@posix
def test_a_damaged_environment_is_made_again(tree: Path, lost: str) -> None:
    assert _start(tree).returncode == STARTED
    (path,) = (tree.parent / "the cache/environments").glob(lost)
    path.unlink()
    again = _start(tree)
    assert (again.returncode, "once" in again.stderr) == (STARTED, True)
    assert _start(tree).stderr == ""


@pytest.mark.network
def test_a_wrong_hash_is_refused(tree: Path) -> None:
    lock = tree / "src/py_secure_ci/locks/py-secure-ci.lock"
    lock.write_text(re.sub(r"sha256:\w{64}", "sha256:" + "0" * 64, lock.read_text(encoding="utf-8")), encoding="utf-8")
    refused = _start(tree)
    assert refused.returncode == 3
    assert "flit-core==3.12.0 was refused" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list((tree.parent / "the cache").rglob("made-whole.txt"))


@pytest.mark.parametrize("how", ["variable", "file"])
def test_pip_is_asked_where_the_user_says(tree: Path, how: str, tmp_path: Path) -> None:
    """The address refuses connections: that pip fails there shows that it was asked there."""
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = http://127.0.0.1:9/simple\nextra-index-url =\nfind-links =\nretries = 0\n"
        "no-cache-dir = true\n",
        encoding="utf-8",
    )
    config = str(tmp_path / "pip.conf") if how == "file" else os.devnull
    said = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"} if how == "variable" else {}
    failed = _start(tree, PIP_CONFIG_FILE=config, **said)
    assert failed.returncode == 3
    assert "cannot be reached" in failed.stderr or "has no usable flit-core" in failed.stderr
    assert "PIP_INDEX_URL" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_cache_that_cannot_be_written_says_what_to_set(tree: Path) -> None:
    (tree.parent / "a file").write_text("", encoding="utf-8")
    failed = _start(tree, PY_SECURE_CI_CACHE=str(tree.parent / "a file" / "cache"))
    assert failed.returncode == 3
    assert "set PY_SECURE_CI_CACHE to a folder that can be written" in failed.stderr
    assert "Traceback" not in failed.stderr


@posix
def test_the_shell_half_names_a_missing_interpreter(tree: Path) -> None:
    failed = subprocess.run(
        [str(tree / "scripts/py-secure-ci")],
        env=_environ(tree, PY_SECURE_CI_PYTHON="no-such-python"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert failed.returncode == 3
    assert "there is no 'no-such-python' on PATH" in failed.stderr


@posix
@pytest.mark.network
def test_the_shell_half_starts_it(tree: Path) -> None:
    link = tree.parent / "a link"
    link.symlink_to(tree / "scripts/py-secure-ci")
    done = subprocess.run(
        [str(link), "x"], env=_environ(tree, PY_SECURE_CI_PYTHON=sys.executable), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == STARTED, done.stderr
    assert done.stdout.startswith("['x'] ")


def test_an_old_interpreter_can_read_as_far_as_the_message() -> None:
    source = (ROOT / "scripts/py-secure-ci").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 4))
    texts = [node for node in ast.walk(tree) if isinstance(node, (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr))]
    assert texts == []


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9"])
def test_an_old_interpreter_is_told_so(version: str) -> None:
    python = shutil.which(f"python{version}")
    asked = python and subprocess.run([python, "-c", ""], capture_output=True, check=False)
    if not python or not asked or asked.returncode:
        pytest.skip(f"no Python {version} on this machine")
    told = subprocess.run(
        [python, str(ROOT / "scripts/py-secure-ci"), "--version"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 3
    assert f"needs Python 3.10 or newer; this is {version}" in told.stderr
    assert "Traceback" not in told.stderr
