"""Makes a private environment from a hashed lock, once, whoever else is at it. Standard library only.

Order: take the lock file, clear away what an earlier try left, venv, pip, write the marker. Only the marker makes an
environment count as made, so one that was left half-way is made again.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

import _start
from _pip import explain, installer_environment, pick_pip

UNUSED_DAYS = 30  # environments that nobody started for so long are cleared away when a new one is made


@dataclass(frozen=True)
class Recipe:
    """What goes into an environment: a lock, and py-secure-ci itself, as a copy or (`editable`) as it lies here."""

    lock: str
    what: str  # how the progress line calls it
    proof: str  # pattern, below the environment, of the file that must be there afterwards
    editable: bool = False


PRODUCT = Recipe("py-secure-ci", "the private environment of py-secure-ci", "**/site-packages/py_secure_ci/__main__.py")
DEVELOPMENT = Recipe("dev", "the environment for tests and lint", "**/site-packages/pytest/__init__.py", editable=True)


def fail(what: str, hint: str) -> NoReturn:
    """Tell a person what went wrong and what to do, and end."""
    sys.stderr.write("py-secure-ci: %s\n  %s\n" % (what, hint))
    sys.exit(_start.FAILED)


def make(environment: str, recipe: Recipe) -> None:
    """Make `environment` unless another process did meanwhile. Ends the process, with a message, on failure."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # unwinds, so pip is ended as well
    try:
        with _alone(Path(environment + ".lock")) as holder:
            if _start.ready(environment):
                return
            sys.stderr.write("py-secure-ci: making %s once, in %s\n" % (recipe.what, environment))
            _fill(Path(environment), recipe, holder)
            _clear_unused(Path(environment).parent)
    except KeyboardInterrupt:
        sys.stderr.write("py-secure-ci: interrupted while making its environment; the next start makes it again.\n")
        sys.exit(128 + signal.SIGINT)
    except OSError as error:
        fail(
            "cannot make its private environment: %s" % error,
            "Free some room there, or set PY_SECURE_CI_CACHE to a folder that can be written.",
        )


@contextmanager
def _alone(path: Path) -> Iterator[IO[bytes]]:
    """Hold the lock file `path`; says so when that means waiting for somebody else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if not _try_lock(file):
            sys.stderr.write("py-secure-ci: waiting for another start that is making the same environment\n")
            while not _try_lock(file):
                time.sleep(0.2)
        yield file


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _fill(environment: Path, recipe: Recipe, holder: IO[bytes]) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    if environment.exists():
        fail("cannot clear away what an earlier start left half-made in %s" % environment, "Remove that folder.")
    pip = pick_pip(environment)
    _step(pip.make_environment, holder, environment, "make a virtual environment")
    lock = Path(_start.LOCKS) / (recipe.lock + ".lock")
    _step(pip.install("--require-hashes", "--only-binary=:all:", "-r", str(lock)), holder, environment, "install")
    itself = ["--editable", _start.ROOT] if recipe.editable else [_start.ROOT]
    local = ("--no-index", "--no-deps", "--no-build-isolation", *itself)
    _step(pip.install(*local), holder, environment, "install py-secure-ci itself")
    proof = next(environment.glob(recipe.proof), None)
    if proof is None:
        fail("pip said it was done, but %s is not below %s" % (recipe.proof, environment), "Please report this.")
    _write_whole(environment / _start.MARKER, str(proof.relative_to(environment)))


def _step(argv: list[str], holder: IO[bytes], environment: Path, doing: str) -> None:
    """Run one process. It inherits the lock, so that a pip which outlives a killed start still keeps others out."""
    inherited = () if sys.platform == "win32" else (holder.fileno(),)
    done = subprocess.run(
        argv,
        env=installer_environment(os.environ),
        cwd=environment.parent,  # `python -m pip` puts its folder on the import path: it must be ours
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=inherited,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        reason, hint = explain(done.stdout)
        told = "".join("\n  | " + line for line in _tail(done.stdout))
        fail("could not %s in %s: %s%s" % (doing, environment, reason, told), hint)


def _tail(text: str, lines: int = 12) -> list[str]:
    kept = [line for line in text.splitlines() if line.strip()][-lines:]
    return [re.sub(r"(//[^/@\s:]*):[^/@\s]*@", r"\1:****@", line) for line in kept]


def _write_whole(path: Path, text: str) -> None:
    temporary = path.with_suffix(".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _clear_unused(folder: Path) -> None:
    """Clear away environments of earlier versions of the lock or the source."""
    long_ago = time.time() - UNUSED_DAYS * 86400
    for marker in folder.glob("*/" + _start.MARKER):
        if marker.stat().st_mtime < long_ago:
            marker.unlink()
            shutil.rmtree(marker.parent, ignore_errors=True)
