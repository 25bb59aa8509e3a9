"""Our own variables, where the system shows them to others: /proc/PID/environ (man 5 proc)."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from pathlib import Path

# What C libraries ask for by themselves, and nobody keeps a secret in.
_KEPT = frozenset({b"PATH", b"HOME", b"LANG", b"TZ", b"TMPDIR", b"SSL_CERT_FILE", b"SSL_CERT_DIR"})
_START, _END = 47, 48  # of the variables, among the words of /proc/self/stat after the program's name


def forget_variables() -> None:
    """Overwrite the values that the process was started with; `os.environ` has copies of its own and stays as it is.

    For the program alone: a child that were started without an environment of its own would inherit what is left. Where
    the system does not say where they are, nothing happens.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, ValueError, IndexError):
        words = Path("/proc/self/stat").read_bytes().rpartition(b") ")[2].split()
        start, end = int(words[_START]), int(words[_END])
        if start and start < end:
            for offset, length in _values(ctypes.string_at(start, end - start)):
                ctypes.memset(start + offset, 0, length)


def _values(block: bytes) -> list[tuple[int, int]]:
    """Offset and length of each value that is not kept."""
    found, offset = [], 0
    for entry in block.split(b"\0"):
        name, _, value = entry.partition(b"=")
        if value and name not in _KEPT and not name.startswith(b"LC_"):
            found.append((offset + len(name) + 1, len(value)))
        offset += len(entry) + 1
    return found
