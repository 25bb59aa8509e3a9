"""One file of kept texts by key: written whole, signed with its own digest and name; anything odd reads as empty."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

HEAD = b"py-secure-ci kept 1"
MAX_BYTES = 128 * 1024 * 1024
# Texts that the last runs did not ask for stay as long as there are fewer of them than this, or than are in use.
SPARE = 20_000

Texts = Mapping[str, tuple[int, str]]  # key -> (the shelf's generation when it was last asked for, text)


def read_shelf(path: Path) -> Texts:
    """What a shelf holds. A missing, cut, foreign, oversized or otherwise odd file holds nothing."""
    raw = _bytes(path)
    head, _, body = raw.partition(b"\n")
    if head != _head(path.name, body):
        return {}
    try:
        parts = (line.split(" ", 2) for line in body.decode("ascii").split("\n") if line)
        return {key: (int(generation), text) for key, generation, text in parts}
    except ValueError:
        return {}


def write_shelf(path: Path, texts: Texts) -> bool:
    """Put a shelf in place of the old one at once. False if that cannot be done: then the old one stays."""
    body = "".join(f"{key} {generation} {text}\n" for key, (generation, text) in sorted(texts.items())).encode("ascii")
    if len(body) > MAX_BYTES:
        return False
    return write_file(path, _head(path.name, body) + b"\n" + body)


def newer(old: Texts, used: Mapping[str, str]) -> Texts:
    """The next state of a shelf: what this run used, and of the rest what was used last."""
    generation = max((one for one, _ in old.values()), default=0) + 1
    rest = sorted(((one, key) for key, (one, _) in old.items() if key not in used), reverse=True)
    spare = [key for _, key in rest[: max(SPARE, len(used))]]
    return {**{key: old[key] for key in spare}, **{key: (generation, text) for key, text in used.items()}}


def write_file(path: Path, data: bytes) -> bool:
    """Write a file whole; False if the disk is full or the folder cannot be written."""
    temporary = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            if temporary:
                Path(temporary).unlink()
        return False
    return True


def _head(name: str, body: bytes) -> bytes:
    return HEAD + b" " + name.encode("utf-8", "surrogateescape") + b" " + hashlib.sha256(body).hexdigest().encode()


def _bytes(path: Path) -> bytes:
    """The bytes of a plain file; a link, a pipe or a file of an impossible size counts as empty."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES + 4096:
                return b""
            return stream.read(MAX_BYTES + 4096)
    except OSError:
        return b""
