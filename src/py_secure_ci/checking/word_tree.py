"""Thousands of words as one quick regular expression: words that begin alike share their beginning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from os.path import commonprefix

_DEPTH = 40  # groups in groups; beyond, words stand side by side: `re` reads groups by recursion


def any_of(words: Iterable[str]) -> str:
    """An expression that fits any of the words, the longest that fits at a place; empty if there are none."""
    return _any_of(sorted(set(words)), 0)


def _any_of(words: Sequence[str], depth: int) -> str:
    """`words`: sorted, each once; an empty one is the end of a longer one."""
    rest = [word for word in words if word]
    if depth >= _DEPTH:
        found = "|".join(re.escape(word) for word in sorted(rest, key=len, reverse=True))
    else:
        alike = [list(group) for _, group in groupby(rest, key=lambda word: word[0])]
        found = "|".join(_shared(group, depth) for group in alike)
    return f"(?:{found})?" if len(rest) < len(words) else found


def _shared(words: Sequence[str], depth: int) -> str:
    start = commonprefix([words[0], words[-1]])  # noqa: RUF071 - of words, not of paths
    if len(words) == 1:
        return re.escape(start)
    inside = _any_of([word[len(start) :] for word in words], depth + 1)
    return re.escape(start) + (inside if inside.startswith("(?:") else f"(?:{inside})")
