"""What a format is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from py_secure_ci.report import Report, Verdict

Render = Callable[[Report, Verdict], str]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to tell a report and its verdict. Pure: same values in, same text out, always valid UTF-8.

    `filename` is where it goes inside the output folder; empty: it is for the console, never for a file.
    """

    name: str
    filename: str
    render: Render
