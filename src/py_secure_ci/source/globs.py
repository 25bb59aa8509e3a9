"""The globs of `exclude`: as in `.gitignore`, a folder stands for all that is below it."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import lru_cache


def matches(path: str, globs: Iterable[str]) -> bool:
    """Whether a path or a folder above it fits one of the globs (`docs/**`, `*.md`, `build/`, `**/vendor/**`)."""
    return any(_pattern(glob).match(path) for glob in globs)


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    anchored = "/" in glob.rstrip("/")
    parts = glob.strip("/").split("/")
    text = "" if anchored else "(?:.*/)?"
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:.*/)?"
            continue
        text += _segment(part) + ("" if last else "/")
    return re.compile(f"(?s:{text})(?:/.*)?\\Z", re.DOTALL)


def _segment(part: str) -> str:
    translated = fnmatch.translate(part.replace("**", "*"))
    inner = re.sub(r"^\(\?s:(.*)\)\\[zZ]$", r"\1", translated, flags=re.DOTALL)
    return inner.replace(".*", "[^/]*").replace("(?>", "(?:")
