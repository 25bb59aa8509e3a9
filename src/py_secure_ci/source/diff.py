"""Changed lines from a patch without context (https://git-scm.com/docs/diff-format)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_ESCAPES = {b"n": b"\n", b"t": b"\t", b'"': b'"', b"\\": b"\\", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f"}
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)


def changed_lines(patch: bytes) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Path -> (first, last) of each run of lines that the new side adds or changes; deletions add nothing."""
    found: dict[str, list[tuple[int, int]]] = {}
    path: str | None = None
    left = 0  # lines of the current hunk that are still to come, so that a line of text is never read as a heading
    for line in patch.split(b"\n"):
        if left > 0 and line[:1] in (b"+", b"\\", b"-"):
            left -= line[:1] == b"+"
            continue
        if line.startswith(b"+++ "):
            path = _path(line[4:])
        elif path is not None and (match := _HUNK.match(line)):
            first, count = int(match.group(1)), int(match.group(2) or 1)
            left = count
            if count:
                found.setdefault(path, []).append((first, first + count - 1))
    return {path: tuple(runs) for path, runs in sorted(found.items())}


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
