"""What ruff writes: diagnostics as JSON and, with `--verbose`, the files it opened."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Edit, Location
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional, position, word

# ruff calls nearly everything an error; our own table decides. The word is read only so that a new one is noticed.
SEVERITIES = {"error": None, "warning": None, "info": None, "fatal": None}
UNREADABLE = frozenset({"E902", "io", "io-error"})  # the file could not be opened or decoded: a gap, not a finding
SYNTAX = "invalid-syntax"
_LOGGED = re.compile(r"\[\d{4}-\d\d-\d\d\]\[")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One entry of ruff's JSON. `cell` counts a notebook's cells from 1; there `location` has no line."""

    code: str
    name: str
    message: str
    path: str
    location: Location
    uri: str
    cell: int | None
    fix: str
    edits: tuple[Edit, ...]
    safe: bool  # its fix is


def read_diagnostics(text: str) -> tuple[Diagnostic, ...]:
    """The entries of `--output-format json`, as ruff orders them."""
    entries = as_list(load_json(text, "ruff's output"), "ruff's output")
    return tuple(_diagnostic(as_dict(one, f"diagnostic {number}")) for number, one in enumerate(entries, 1))


def _diagnostic(entry: dict[str, Any]) -> Diagnostic:
    path = field(entry, "filename", str, "diagnostic")
    what = f"diagnostic of {path!r}"
    severity = optional(entry, "severity", str, what)  # came with ruff 0.14
    if severity is not None:
        word(SEVERITIES, severity, what)
    cell = optional(entry, "cell", int, what)
    location = Location(path) if cell is not None else _location(path, entry, what)
    code = optional(entry, "code", str, what) or SYNTAX  # before ruff 0.12 a syntax error had none
    fix = optional(entry, "fix", dict, what)
    return Diagnostic(
        code=code,
        name=optional(entry, "name", str, what) or "",
        message=field(entry, "message", str, what),
        path=path,
        location=location,
        uri=optional(entry, "url", str, what) or "",
        cell=cell,
        fix=(optional(fix, "message", str, what) or "") if fix else "",
        edits=() if fix is None or cell is not None else _edits(path, fix, what),
        safe=fix is not None and field(fix, "applicability", str, what) == "safe",
    )


def _location(path: str, entry: dict[str, Any], what: str) -> Location:
    start = optional(entry, "location", dict, what)  # null for a file that could not be read
    if start is None:
        return Location(path)
    end = field(entry, "end_location", dict, what)
    return Location(
        path,
        position(start.get("row"), f"{what}: row"),
        position(start.get("column"), f"{what}: column"),
        position(end.get("row"), f"{what}: end row"),
        position(end.get("column"), f"{what}: end column"),
    )


def _edits(path: str, fix: dict[str, Any], what: str) -> tuple[Edit, ...]:
    applicability = field(fix, "applicability", str, what)
    edits = [as_dict(one, f"{what}: edit") for one in field(fix, "edits", list, what)]
    if applicability != "safe":
        return ()
    return tuple(Edit(_location(path, one, f"{what}: edit"), field(one, "content", str, what)) for one in edits)


def besides_log(text: str) -> str:
    """What ruff says besides its log, whose lines hold the time of day."""
    return "\n".join(line for line in text.split("\n") if not _LOGGED.match(line)).strip()


def opened_files(log: str, *, marker: str, total: str, due: Iterable[str], root: Path, missing: int) -> frozenset[str]:
    """The due files that ruff's debug log says it opened.

    `marker` stands before each path, `total` before the number of files at the end. That number must be what we
    counted plus `missing` (files it tried to open and could not), else the log is not what we take it for. Paths
    are looked for, not cut out: a name may hold a line break, and the log does not quote it.
    """
    text = f"\n{log}"
    paths = {file: f"{marker}{root.as_posix()}/{file}\n" for file in due}
    lines = {line[line.find(marker) :] + "\n" for line in text.split("\n") if marker in line}
    opened = frozenset(file for file, said in paths.items() if said in lines or ("\n" in file and said in text))
    counts = re.findall(rf"\[DEBUG\]{total} (\d+) files? in", text)
    if len(counts) != 1:
        raise WrongShape(f"ruff does not say how many files it opened ({total.strip()} …): {besides_log(log)[-300:]}")
    if int(counts[0]) != len(opened) + missing:
        raise WrongShape(f"ruff says it opened {counts[0]} files, its log names {len(opened)} of ours")
    return opened
