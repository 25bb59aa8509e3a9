"""The parts that arrived, sorted into those that can be believed and reasons why the others cannot."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from py_secure_ci.parts.codec import PartError, from_text, read_file
from py_secure_ci.parts.model import PartReport, SharedPlan

PLAN_FILE = "plan.json"
PART_NAME = re.compile(r"part-[0-9]{1,5}-of-[0-9]{1,5}\.json", re.ASCII)
_MAX_FILES = 10_000
_MAX_DEPTH = 3


@dataclass(slots=True)
class Collected:
    """`parts`: by id, believed. `problems`: by id, why there is none. `strays`: files that are nobody's part."""

    parts: dict[str, PartReport] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    strays: dict[str, str] = field(default_factory=dict)


def part_files(given: Iterable[str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """(parts, plans) among the given files and inside the given folders. A file that is named is a part."""
    parts: list[Path] = []
    plans: list[Path] = []
    for name in given:
        path = Path(name)
        if not os.path.isdir(name):
            (plans if path.name == PLAN_FILE else parts).append(path)
            continue
        for inside in _inside(path):
            if PART_NAME.fullmatch(inside.name):
                parts.append(inside)
            elif inside.name == PLAN_FILE:
                plans.append(inside)
    return tuple(parts), tuple(plans)


def _inside(folder: Path) -> list[Path]:
    """Files of a folder and of those below it, as artifacts are unpacked into."""
    found: list[Path] = []
    for at, names, files in os.walk(folder):
        if len(Path(at).relative_to(folder).parts) >= _MAX_DEPTH:
            names.clear()
        names.sort()
        found += [Path(at, name) for name in sorted(files)]
        if len(found) > _MAX_FILES:
            raise PartError(f"{folder}: there are more than {_MAX_FILES:,} files in this folder")
    return found


def collect(files: Iterable[Path], plan: SharedPlan) -> Collected:
    """Read the parts of a plan. Whatever is wrong with one is told; nothing is raised."""
    found = Collected()
    known = {part.id: part for part in plan.parts}
    for path in files:
        try:
            report = from_text(read_file(path), PartReport)
            _belongs(report, plan, known)
        except PartError as error:
            found.strays[str(path)] = error.message
            continue
        earlier = found.parts.get(report.part)
        if earlier is not None and earlier != report:
            found.problems[report.part] = "it is there twice, and the two do not say the same"
        found.parts[report.part] = report
    for name, part in known.items():
        if name in found.problems:
            found.parts.pop(name, None)
        elif name not in found.parts and part.shares:
            found.problems[name] = _damaged(name, found.strays) or "it is missing"
    return found


def _belongs(report: PartReport, plan: SharedPlan, known: Mapping[str, object]) -> None:
    if report.plan != plan.id:
        raise PartError(f"it was made for another plan ({report.plan[:12]}; this is {plan.id[:12]})")
    if report.part not in known:
        raise PartError("the plan has no such part")
    shares = next(part.shares for part in plan.parts if part.id == report.part)
    if len(report.answers) != len(shares):
        raise PartError(f"it has {len(report.answers)} answers for {len(shares)} shares of work")
    if {one.folder for one in report.projects} != {share.project for share in shares}:
        raise PartError("it speaks of other projects than it was to look at")
    if len(report.projects) != len({one.folder for one in report.projects}):
        raise PartError("it speaks of a project twice")
    for answer, share in zip(report.answers, shares, strict=True):
        if (answer.info.name, answer.info.stage.value) != (share.tool, share.stage):
            raise PartError(f"it answers for {answer.info.name!r} where it was asked for {share.tool}")


def _damaged(part: str, strays: Mapping[str, str]) -> str:
    """Why the file that bears the part's name is no such part."""
    names = [reason for path, reason in strays.items() if Path(path).name == f"part-{part}.json"]
    return f"its file cannot be believed: {names[0]}" if names else ""
