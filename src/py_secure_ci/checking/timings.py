"""What a run cost: a table, and a file for trace viewers (chrome://tracing, Perfetto); never part of the report."""

from __future__ import annotations

import json
from collections.abc import Iterable

from py_secure_ci.checking.services import Process, Run

MEBIBYTE = 1024 * 1024
_HEAD = ("tool", "seconds", "CPU s", "peak MiB", "processes", "kept")


def table(run: Run, total: float, own_cpu: float) -> str:
    """One line for each tool, most CPU first; then our own share. `kept`: answers taken from earlier runs."""
    rows = [
        _HEAD,
        *_rows(run),
        (
            "in all",
            f"{total:.2f}",
            f"{sum(one.cpu for one in run.processes) + own_cpu:.2f}",
            "",
            str(len(run.processes)),
            "",
        ),
    ]
    rows.append(("py-secure-ci itself", "", f"{own_cpu:.2f}", "", "", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = (
        "  ".join(
            cell.ljust(width) if not at else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _rows(run: Run) -> Iterable[tuple[str, ...]]:
    costs: dict[str, list[Process]] = {name: [] for name in run.seconds}
    for one in run.processes:
        costs.setdefault(one.tool, []).append(one)
    for name, mine in sorted(costs.items(), key=lambda item: (-sum(one.cpu for one in item[1]), item[0])):
        peak = max((one.memory for one in mine), default=0) / MEBIBYTE
        yield (
            name, f"{run.seconds.get(name, 0.0):.2f}", f"{sum(one.cpu for one in mine):.2f}",
            f"{peak:.0f}" if mine else "", str(len(mine)), f"{run.kept[name]:,}" if run.kept.get(name) else "",
        )  # fmt: skip


def trace(run: Run) -> str:
    """Trace Event Format: a bar for each process, a row for each that runs beside another."""
    free: list[float] = []
    events: list[dict[str, object]] = []
    for one in sorted(run.processes, key=lambda one: (one.start, one.tool, one.name)):
        row = next((row for row, end in enumerate(free) if end <= one.start), len(free))
        free[row : row + 1] = [one.start + one.wall]
        events.append(
            {
                "name": one.tool if one.name == "main" else f"{one.tool} ({one.name})",
                "cat": one.tool,
                "ph": "X",
                "pid": 1,
                "tid": row,
                "ts": round(one.start * 1e6),
                "dur": round(one.wall * 1e6),
                "args": {"cpu_seconds": round(one.cpu, 3), "peak_bytes": one.memory},
            }
        )
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}) + "\n"
