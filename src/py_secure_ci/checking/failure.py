"""Why a tool's answer cannot be trusted."""

from __future__ import annotations

from py_secure_ci.errors import PySecureCiError


class ToolFailure(PySecureCiError):
    """Why a tool's answer cannot be trusted. `detail`: its own last words."""

    def __init__(self, reason: str, *, detail: str = "", hint: str = "") -> None:
        """`reason` is one sentence for a person; `detail` may hold anything a tool wrote."""
        super().__init__(reason, hint=hint)
        self.detail = detail


class Stopped(ToolFailure):
    """It was ended from outside."""


class TooSlow(Stopped):
    """It did not end in its time."""
