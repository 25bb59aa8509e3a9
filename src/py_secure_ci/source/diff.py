"""Changed lines from a patch without context (https://git-scm.com/docs/diff-format)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from py_secure_ci.report import Hunk

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPES = {b"n": b"\n", b"t": b"\t", b'"': b'"', b"\\": b"\\", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f"}
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)


def changed_lines(patch: bytes) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Path -> (first, last) of each run of lines that the new side adds or changes; deletions add nothing."""
    runs = {
        path: tuple((one.start, one.start + one.count - 1) for one in found if one.count)
        for path, found in hunks(patch).items()
    }
    return {path: found for path, found in runs.items() if found}


def hunks(patch: bytes) -> Mapping[str, tuple[Hunk, ...]]:
    """Path on the new side -> what was replaced in it, in the order of its lines."""
    found: dict[str, list[Hunk]] = {}
    for path, hunk in _read(patch):
        found.setdefault(path, []).append(hunk)
    return {path: tuple(several) for path, several in sorted(found.items())}


def _read(patch: bytes) -> Iterator[tuple[str, Hunk]]:
    path: str | None = None
    left = 0  # lines of the current hunk that are still to come, so that a line of text is never read as a heading
    for line in patch.split(b"\n"):
        if left > 0 and line[:1] in (b"+", b"\\", b"-"):
            left -= line[:1] != b"\\"
            continue
        if line.startswith(b"+++ "):
            path = _path(line[4:])
        elif path is not None and (match := _HUNK.match(line)):
            first, count, start, more = (1 if one is None else int(one) for one in match.groups())
            left = count + more
            yield path, Hunk(first, count, start, more)


def _path(text: bytes) -> str | None:
    text = text.removesuffix(b"\t")
    if text.startswith(b'"'):
        text = _ESCAPED.sub(_unescape, text[1:].rpartition(b'"')[0])
    if not text.startswith(b"b/"):
        return None  # /dev/null: the file is gone
    return text[2:].decode("utf-8", "surrogateescape")


def _unescape(match: re.Match[bytes]) -> bytes:
    word = match.group(1)
    return bytes([int(word, 8) & 255]) if len(word) == 3 else _ESCAPES.get(word, word)
