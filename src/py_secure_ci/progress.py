"""How far a run is, on standard error: a live table on a terminal, plain lines in CI."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from py_secure_ci.report import Completed, Failed, Outcome

if TYPE_CHECKING:
    from rich.live import Live


def sentence(outcome: Outcome, seconds: float) -> str:
    """`ruff: 3 findings in 120 files (0.4 s)`, without any text that a tool wrote."""
    name = outcome.tool.name
    if isinstance(outcome, Completed):
        count = len(outcome.findings)
        unit = outcome.unit.removesuffix("s") if outcome.looked_at == 1 else outcome.unit
        what = f"{count:,} finding{'' if count == 1 else 's'} in {outcome.looked_at:,} {unit}"
        gaps = f", {len(outcome.gaps):,} not looked at" if outcome.gaps else ""
        return f"{name}: {what}{gaps} ({seconds:.1f} s)"
    if isinstance(outcome, Failed):
        return f"{name}: gave no answer ({seconds:.1f} s)"
    return f"{name}: {outcome.reason}"


class PlainProgress:
    """One line when a tool ends."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """`write` puts one line on standard error."""
        self._write = write

    def planned(self, tools: tuple[str, ...]) -> None:
        """Name the tools."""
        self._write(f"running {', '.join(tools)}" if tools else "nothing to run")

    def started(self, tool: str) -> None:
        """Say nothing: lines are for ends."""

    def finished(self, outcome: Outcome, seconds: float) -> None:
        """One line."""
        self._write(sentence(outcome, seconds))


class PartProgress(PlainProgress):
    """One line when a tool's share of the work ends, without a word that could be taken for a result."""

    def finished(self, outcome: Outcome, seconds: float) -> None:
        """One line."""
        what = "gave no answer" if isinstance(outcome, Failed) else "its share is done"
        self._write(f"{outcome.tool.name}: {what} ({seconds:.1f} s)")


class LiveProgress:
    """A table that changes in place; rich draws it."""

    def __init__(self) -> None:
        """Nothing is drawn before `planned`."""
        self._lines: dict[str, str] = {}
        self._lock = threading.Lock()
        self._live: Live | None = None

    def planned(self, tools: tuple[str, ...]) -> None:
        """Start drawing."""
        from rich.console import Console
        from rich.live import Live

        self._lines = {tool: f"[dim]· {tool}[/dim]" for tool in tools}
        self._live = Live(
            console=Console(stderr=True), get_renderable=self._table, refresh_per_second=8, transient=True
        )
        self._live.start()

    def started(self, tool: str) -> None:
        """Mark a tool as running."""
        with self._lock:
            self._lines[tool] = f"[cyan]▸ {tool}[/cyan]"

    def finished(self, outcome: Outcome, seconds: float) -> None:
        """Replace the tool's line."""
        mark = {Completed: "[green]✓[/green]", Failed: "[red]✗[/red]"}.get(type(outcome), "[dim]–[/dim]")
        with self._lock:
            self._lines[outcome.tool.name] = f"{mark} {sentence(outcome, seconds)}"

    def close(self) -> None:
        """Take the table away."""
        if self._live is not None:
            self._live.stop()

    def _table(self) -> str:
        with self._lock:
            return "\n".join(self._lines.values())
