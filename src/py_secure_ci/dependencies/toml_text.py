"""Where the values of a TOML file stand, and what shape they have."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_dict, as_list, field


def table(value: dict[str, Any], *path: str) -> dict[str, Any]:
    """The table at a path, empty where there is none. Raises `WrongShape` where something else is there."""
    for number, key in enumerate(path, 1):
        value = as_dict(value.get(key, {}), ".".join(path[:number]))
    return value


def locked_packages(value: object, key: str, text: str) -> tuple[list[dict[str, Any]], list[int]]:
    """The packages that a lock holds in its `[[key]]` tables, each with a name, and the lines of these names.

    Raises `WrongShape`.
    """
    packages = [as_dict(one, key) for one in as_list(value, key)]
    return packages, Lines(text).entries(key, [field(one, "name", str, key) for one in packages])


def strings(value: object, what: str) -> list[str]:
    """A list of strings. Raises `WrongShape` otherwise."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise WrongShape(f"{what} should be a list of strings")
    return value


_STRING = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_KEY = re.compile(r"""^[ \t]*(?:"([^"]+)"|'([^']+)'|([^\s"'=.\[\]#:]+))[ \t]*[=.:]""")
_SEARCHES = 200  # slow ones a file: values that no line holds in quotes


class Lines:
    """Where things stand in a text; lines count from 1."""

    def __init__(self, text: str) -> None:
        """Split the text once."""
        self._lines = text.split("\n")
        self._searches = 0

    def entries(self, key: str, names: Sequence[str]) -> list[int]:
        """The lines of the `name` keys of the `[[key]]` tables, in order; a guess where they are inline."""
        header = re.compile(rf"\s*\[\[\s*{re.escape(key)}\s*\]\]")
        heads = [number for number, line in enumerate(self._lines, 1) if header.match(line)]
        if len(heads) == len(names):
            return [self._name_line(head) for head in heads]
        return [self.quoted(name) for name in names]

    def _name_line(self, head: int) -> int:
        for number in range(head + 1, min(head + 12, len(self._lines)) + 1):
            line = self._lines[number - 1].lstrip()
            if line.startswith("["):
                break
            if re.match(r"name\s*=", line):
                return number
        return head

    def table(self, *path: str) -> int:
        """The line of a `[table]` header; 1 where the table is not written as one."""
        keys = r"\s*\.\s*".join(f"[\"']?{re.escape(key)}[\"']?" for key in path)
        header = re.compile(rf"\s*\[\s*{keys}\s*\]")
        return next((number for number, line in enumerate(self._lines, 1) if header.match(line)), 1)

    def quoted(self, value: str, start: int = 1) -> int:
        """The first line from `start` that holds the value in quotes, else one that holds it at all, else `start`."""
        found = self._from(self._strings, value, start)
        if found is None and self._searches < _SEARCHES:
            self._searches += 1
            lines = enumerate(self._lines[start - 1 :], start)
            found = next((number for number, line in lines if value in line), None)
        return found or start

    def key(self, name: str, start: int = 1) -> int:
        """The first line from `start` that assigns the key, else `start`."""
        return self._from(self._keys, name, start) or start

    @cached_property
    def _strings(self) -> dict[str, list[int]]:
        return self._index(_STRING)

    @cached_property
    def _keys(self) -> dict[str, list[int]]:
        return self._index(_KEY)

    def _index(self, pattern: re.Pattern[str]) -> dict[str, list[int]]:
        """Text -> the lines that it stands on, so that many look-ups stay cheap in a large file."""
        found: dict[str, list[int]] = {}
        for number, line in enumerate(self._lines, 1):
            for match in pattern.finditer(line):
                found.setdefault(match[match.lastindex or 0], []).append(number)
        return found

    @staticmethod
    def _from(index: dict[str, list[int]], value: str, start: int) -> int | None:
        lines = index.get(value, [])
        place = bisect_left(lines, start)
        return lines[place] if place < len(lines) else None
