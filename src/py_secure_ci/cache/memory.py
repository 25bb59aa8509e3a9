"""What our own pure functions made of the same input before: by our code and everything they were given."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from py_secure_ci.cache import keys
from py_secure_ci.cache.shelf import newer, read_shelf, write_shelf
from py_secure_ci.serial.reading import Wrong, decoder
from py_secure_ci.serial.writing import writer

ENDING = ".kept"
_LAST = 3  # how many states besides the newest: a branch, its base, and the commit before
_LARGEST = 16 * 1024 * 1024  # characters of one answer; to write and read more takes longer than to make it again
T = TypeVar("T")


class Memory:
    """Answers below `folder`. Values are of the model, or built of its parts, and read back by the strict codec."""

    def __init__(self, folder: Path, label: str, product: str) -> None:
        """`label` tells projects apart; `product` is the digest of our code: without it nothing is kept."""
        self._folder, self._label, self._product = folder, label, product

    def one(
        self,
        name: str,
        tp: type[T],
        given: object,
        make: Callable[[], T],
        still: Callable[[], bool] = lambda: True,
        *,
        last: int = _LAST,
    ) -> T:
        """What `make` gives for `given` (JSON data). `still`: whether the input is yet what it was, when it is made.

        `last`: how many answers besides the newest stay.
        """
        if not self._product:
            return make()
        key, shelf = keys.digest([self._product, given])[:40], self._shelf(name)
        known = read_shelf(shelf)
        kept: T | None = _read(known[key][1], tp) if key in known else None
        if kept is not None:
            _touch(shelf)
            return kept
        made = make()
        text = _text(made, tp)
        if len(text) <= _LARGEST and still():
            others = sorted(known.items(), key=lambda one: one[1][0])
            write_shelf(shelf, newer(dict(others[max(0, len(others) - last) :]), {key: text}))
        return made

    def each(
        self,
        name: str,
        tp: type[T],
        given: Mapping[str, str],
        make: Callable[[str], T],
        still: Callable[[str], bool] = lambda _: True,
    ) -> dict[str, T]:
        """The same for many small answers, such as those about a file. `given`: name -> digest of all it depends on."""
        if not self._product:
            return {one: make(one) for one in given}
        shelf = self._shelf(f"{name}-{self._product[:16]}")
        known, used, found = read_shelf(shelf), dict[str, str](), dict[str, T]()
        plain: dict[str, T | None] = {}
        new = False
        for one, key in given.items():
            text = known[key][1] if key in known else ""
            kept = plain[text] if text in plain else plain.setdefault(text, _read(text, tp) if text else None)
            if kept is None:
                kept = make(one)
                text, new = _text(kept, tp) if still(one) else "", True
            if text:
                used[key] = text
            found[one] = kept
        if new:
            write_shelf(shelf, newer(known, used))
        else:
            _touch(shelf)
        return found

    def _shelf(self, name: str) -> Path:
        return self._folder / f"{name}-{keys.digest(self._label)[:40]}{ENDING}"


def _text(value: object, tp: Any) -> str:
    return writer(tp)(value)


def _read(text: str, tp: Any) -> Any:
    try:
        return decoder(tp)(json.loads(text))
    except (Wrong, ValueError, RecursionError):
        return None


def _touch(shelf: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(shelf)  # the shelf that was used least recently is pruned first
