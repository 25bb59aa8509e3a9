"""What is asked of the runner, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024
HEAD = 10  # on its way to the keeper a request starts with its size, in so many digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One process to start. `argv[0]` is the program's absolute path; `env` is its whole environment.

    `readonly`: trees that the child must not change (`/` means everything); `writable`: what it may change
    nevertheless. `timeout` in seconds of wall time; `max_output` in bytes, for each stream; `max_memory` in bytes of
    address space, for each process of the tree; `max_file` in bytes, for each file that it writes.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    stdin: bytes = b""
    timeout: float = 600.0
    network: bool = False
    readonly: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    max_output: int = 64 * MEBIBYTE
    max_memory: int | None = None
    max_file: int = 2048 * MEBIBYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of a request. Only when `problem` is empty did the program end by itself and alone.

    `status` is the exit status (0-255), or None when it never started or was killed. `wall` and `cpu` in seconds and
    `peak` in bytes (the largest process) cover the whole process tree as far as it was waited for.
    """

    status: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    problem: str = ""
    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    notes: tuple[str, ...] = ()
