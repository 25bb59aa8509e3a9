"""The tables that ship as data, and globs over rule names."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> Any:
    """The content of `data/NAME.json`. It is shared: do not change it."""
    return json.loads(files("py_secure_ci").joinpath(f"data/{name}.json").read_text(encoding="utf-8"))


def matches_any(name: str, globs: Iterable[str]) -> bool:
    """Whether a rule's name (`tool/rule`) or an advisory id matches one of the globs. Case does not count."""
    return _matches(name, tuple(globs))


@lru_cache(maxsize=1 << 16)  # few rules, few tables, and a question for every finding and row
def _matches(name: str, globs: tuple[str, ...]) -> bool:
    return any(_means(glob)(name) for glob in globs)


@lru_cache(maxsize=4096)
def _means(glob: str) -> Callable[[str], object]:
    """Whether a name matches. Most globs are plain names, and to compile hundreds of patterns would take a while."""
    if "*" in glob or "?" in glob or not glob.isascii():
        return _glob(glob).fullmatch
    plain = glob.lower()
    return lambda name: name.lower() == plain and name.isascii()


def _glob(glob: str) -> re.Pattern[str]:
    # `translate` makes patterns that never take long, whatever somebody writes; its classes are not ours
    return re.compile(fnmatch.translate(glob.replace("[", "[[]")), re.IGNORECASE)
