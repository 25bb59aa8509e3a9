"""What a tool said over its files, before anything is concluded from it: what one machine can hand to another."""

from __future__ import annotations

from dataclasses import dataclass

from py_secure_ci.model import Gap
from py_secure_ci.report import Failed, ToolInfo
from py_secure_ci.tool import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`said`: all that the tool reported, read and proved; or why that cannot be trusted.

    `gaps`: what could not be looked at whatever the tool said (an environment that cannot be made).
    """

    info: ToolInfo
    said: Reading | Failed
    gaps: tuple[Gap, ...] = ()
