"""A few ANSI colours, or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from py_secure_ci.model import Level
from py_secure_ci.report import Status

Paint = Callable[[str], str]
_LEVELS = {Level.ERROR: "31", Level.WARNING: "33", Level.NOTE: "36"}
_STATUSES = {Status.PASS: "1;30;42", Status.FAIL: "1;37;41", Status.INCOMPLETE: "1;30;43"}


@dataclass(frozen=True, slots=True)
class Palette:
    """How words are painted; without `on` they are left as they are."""

    on: bool

    def _paint(self, code: str) -> Paint:
        return (lambda text: f"\x1b[{code}m{text}\x1b[0m") if self.on else (lambda text: text)

    def bold(self, text: str) -> str:
        """For headings and names."""
        return self._paint("1")(text)

    def dim(self, text: str) -> str:
        """For line numbers and frames."""
        return self._paint("2")(text)

    def good(self, text: str) -> str:
        """For what is clean."""
        return self._paint("32")(text)

    def bad(self, text: str) -> str:
        """For what failed or was not checked."""
        return self._paint("1;31")(text)

    def level(self, level: Level) -> Paint:
        """The colour of a level."""
        return self._paint(_LEVELS[level])

    def verdict(self, status: Status) -> Paint:
        """The colour of the answer."""
        return self._paint(_STATUSES[status])


PLAIN = Palette(on=False)
COLOR = Palette(on=True)
