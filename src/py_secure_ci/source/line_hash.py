"""GitHub's `primaryLocationLineHash` of every line of a file, bit for bit (github/codeql-action, fingerprints.ts)."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections import Counter

_FACTOR = 37
_WINDOW = 100  # how many UTF-16 units, blanks not counted, a line's hash looks at
_MASK = (1 << 64) - 1
_LEAVING = pow(_FACTOR, _WINDOW, 1 << 64)
_END_OF_FILE = 65535
_LINE_FEED = 10
_UTF16 = f"utf-16-{sys.byteorder[0]}e"


def line_hashes(data: bytes) -> tuple[str, ...]:
    """The hash of each line, `<hex>:<n>`, where n counts equal hashes from the top of the file.

    A line ends at CR LF, CR or LF and at nothing else, so there is always one more line than line ends. Spaces and
    tabs do not count; bytes that are not UTF-8 count as U+FFFD. Takes about 0.2 s and 20 MB for each MB of `data`:
    the caller decides from which size on a file goes without.
    """
    units = _units(data)
    starts = [0, *(index + 1 for index, unit in enumerate(units) if unit == _LINE_FEED)]
    units.append(_END_OF_FILE)
    units.extend([0] * _WINDOW)
    # hash(window at s) = prefix(s + 100) - 37^100 * prefix(s); prefixes are needed at these positions only
    positions = sorted({*starts, *(start + _WINDOW for start in starts)})
    prefixes = _prefixes(units, positions)
    seen: Counter[str] = Counter()
    result = []
    for start in starts:
        begin = prefixes[bisect_left(positions, start)]
        end = prefixes[bisect_left(positions, start + _WINDOW)]
        word = f"{(end - _LEAVING * begin) & _MASK:x}"
        seen[word] += 1
        result.append(f"{word}:{seen[word]}")
    return tuple(result)


class LineHashes:
    """The hashes of single lines of a file, for when few of them are asked for: the rest is only counted.

    Lines count as equal when their windows are, not when their hashes are; only a text that was made to collide has
    the two differ.
    """

    def __init__(self, data: bytes) -> None:
        """`data`: the file's bytes."""
        units = _units(data)
        self._starts = _starts(units.tobytes())
        units.append(_END_OF_FILE)
        units.extend([0] * _WINDOW)
        self._bytes = units.tobytes()
        seen: dict[bytes, int] = {}
        self._ordinals = []
        for start in self._starts:
            window = self._bytes[start : start + 2 * _WINDOW]
            seen[window] = ordinal = seen.get(window, 0) + 1
            self._ordinals.append(ordinal)

    def of(self, line: int) -> str:
        """`<hex>:<n>` of a line, counted from 1; empty for a line that is not there."""
        if not 1 <= line <= len(self._starts):
            return ""
        start = self._starts[line - 1]
        value = 0
        for unit in array("H", self._bytes[start : start + 2 * _WINDOW]):
            value = (value * _FACTOR + unit) & _MASK
        return f"{value:x}:{self._ordinals[line - 1]}"


def _starts(data: bytes) -> list[int]:
    """Offsets in bytes of the lines of UTF-16 text."""
    end = array("H", [_LINE_FEED]).tobytes()
    starts, at = [0], data.find(end)
    while at >= 0:
        if at % 2 == 0:
            starts.append(at + 2)
        at = data.find(end, at + 1)
    return starts


def _units(data: bytes) -> array[int]:
    # The order matters: CR, blank, LF is two line ends upstream, so line ends are joined before blanks go.
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    units = array("H")
    units.frombytes(text.replace(" ", "").replace("\t", "").encode(_UTF16))
    return units


def _prefixes(units: array[int], positions: list[int]) -> list[int]:
    value = done = 0
    result = []
    for position in positions:
        for unit in units[done:position]:
            value = (value * _FACTOR + unit) & _MASK
        result.append(value)
        done = position
    return result
