"""The globs of `exclude`: as in `.gitignore`, a folder stands for all that is below it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from py_secure_ci.path_globs import pattern


def matches(path: str, globs: Iterable[str]) -> bool:
    """Whether a path or a folder above it fits one of the globs (`docs/**`, `*.md`, `build/`, `**/vendor/**`)."""
    return any(_pattern(glob).fullmatch(path) is not None for glob in globs)


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    # only a whole `**` leads into folders; in a name it is no more than `*`
    return pattern("/".join(part if part == "**" else re.sub(r"\*+", "*", part) for part in glob.split("/")))
