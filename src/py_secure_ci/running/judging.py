"""From the keeper's answer to words: what kept a program from ending by itself and alone."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path
from typing import Any

from py_secure_ci.running.request import Request

_FIRST_LINE = 256  # bytes: what the kernel looks at


def cannot_start(request: Request) -> str:
    """Why the program cannot be started at all; empty if nothing is known against it."""
    program = Path(request.argv[0]) if request.argv else Path()
    if not program.is_absolute():
        return f"could not be started: {os.fspath(program)!r} is not an absolute path"
    if any("\0" in text for text in (*request.argv, *request.env, *request.env.values())):
        return "could not be started: a NUL character in the arguments or in the environment"
    if not os.path.isdir(request.cwd):
        return f"could not be started: the folder {os.fspath(request.cwd)!r} is not there"
    try:
        return _program_trouble(program)
    except OSError as error:
        return f"could not be started: {os.fspath(program)!r}: {error.strerror}"


def problem_of(answer: dict[str, Any], request: Request) -> str:
    """What the keeper's answer tells against the program; empty if it ended by itself and alone."""
    if "step" in answer:
        return _not_started(answer, request)
    if answer.get("stuck"):
        return f"left processes behind that cannot be killed: {_names(answer['stuck'])}"
    if answer.get("signal") is not None:
        return f"killed by signal {_signal_name(answer['signal'], request)}"
    if answer.get("left"):
        return f"left processes behind: {_names(answer['left'])}"
    if not isinstance(answer.get("status"), int):
        return "was lost: the process that watched over it has ended without a word (out of memory?)"
    return ""


def notes_of(answer: dict[str, Any]) -> tuple[str, ...]:
    """What is worth telling besides the problem."""
    left, stuck = answer.get("left"), answer.get("stuck")
    return (
        *((f"killed what it had left running: {_names(left)}",) if left else ()),
        *((f"could not be killed: {_names(stuck)}",) if stuck else ()),
    )


def _program_trouble(program: Path) -> str:
    name = os.fspath(program)
    if not program.exists():
        return f"could not be started: {name!r} is not there"
    if program.is_dir():
        return f"could not be started: {name!r} is a folder"
    if not program.is_file():
        return f"could not be started: {name!r} is not a file"
    if not os.access(program, os.X_OK):
        return f"could not be started: {name!r} is not executable"
    return ""


def _not_started(answer: dict[str, Any], request: Request) -> str:
    step, number = answer["step"], answer.get("errno")
    what = os.strerror(number) if number else str(answer.get("error", ""))
    if step != "program":
        return f"could not be started: {step}: {what}"
    return f"could not be started: {request.argv[0]!r} {_exec_trouble(number or 0, Path(request.argv[0])) or what}"


def _exec_trouble(number: int, program: Path) -> str:
    if number == errno.ENOEXEC:
        return "is not a program (bad format)"
    if number in (errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ELOOP):
        interpreter = _interpreter(program)
        return f"names an interpreter that cannot be run: {interpreter!r}" if interpreter else ""
    if number == errno.E2BIG:
        return "has too long a command line"
    return ""


def _interpreter(program: Path) -> str:
    try:
        with program.open("rb") as file:
            line = file.read(_FIRST_LINE).split(b"\n")[0]
    except OSError:
        return ""
    return line[2:].strip().decode("utf-8", "replace") if line.startswith(b"#!") else ""


def _signal_name(number: int, request: Request) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return str(number)
    if name == "SIGXFSZ":
        return f"{name} (it wrote a file larger than {request.max_file} bytes)"
    return f"{name} (out of memory?)" if name == "SIGKILL" else name


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
