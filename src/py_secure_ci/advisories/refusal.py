"""What an OSV service of our own answers by: functions, and a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Post: TypeAlias = "Callable[[str, dict[str, Any]], object]"
"""(path, body) -> answer. Raises `Refused`, `WrongShape` or `InvalidVersion`."""
Get: TypeAlias = "Callable[[str], object]"
"""path -> answer. Raises `Refused`."""


class Refused(Exception):
    """A request that is answered with a status and a reason."""

    def __init__(self, status: int, reason: str) -> None:
        """`reason` is one line, and stands in the status line too."""
        super().__init__(reason)
        self.status = status
