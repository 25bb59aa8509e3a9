"""What is due, as work with a price; a machine's share of it; and whether shares are all of it, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from py_secure_ci.cache.costs import Costs
from py_secure_ci.checking import scheduling
from py_secure_ci.checking.planning import Plan
from py_secure_ci.checking.work import UNKNOWN
from py_secure_ci.parts.balancing import ENVIRONMENT, SETUP, Item
from py_secure_ci.parts.codec import PartError
from py_secure_ci.parts.model import Share, SharedPlan

# Seconds for each byte of a test file that was never timed.
TEST_RATE = 1e-4


def items(folder: str, plans: Iterable[Plan], root: Path, costs: Costs) -> tuple[Item, ...]:
    """A project's work, in the order of its plans."""
    return tuple(_item(folder, one, root, costs) for one in plans)


def _item(folder: str, one: Plan, root: Path, costs: Costs) -> Item:
    name = one.tool.name
    files: dict[str, float] | None = None
    if one.tool.per_file:
        rate = costs.rates.get(name, scheduling.RATE)
        files = {path: round(_size(root, path) * rate, 6) for path in one.files}
    elif one.tool.join is not None:
        files = {path: costs.tests.get(path, round(_size(root, path) * TEST_RATE, 6)) for path in one.files}
    return Item(
        project=folder,
        tool=name,
        stage=one.tool.stage.value,
        seconds=round(sum(files.values()), 6) if files is not None else costs.seconds.get(name, UNKNOWN),
        setup=ENVIRONMENT if one.tool.needs_environment else SETUP,
        files=files,
    )


def _size(root: Path, path: str) -> int:
    try:
        return (root / path).stat().st_size
    except OSError:
        return 0


def narrowed(one: Plan, share: Share) -> Plan:
    """The plan of a tool as far as a share of it goes. Raises PartError for a share that is none of it."""
    if share.files is None:
        return one
    if not _divisible(one) or not set(share.files) <= set(one.files):
        raise PartError(f"the plan shares out work of {one.tool.name} that is not due here")
    tally = replace(one.tally, due=share.files, gaps=(), excluded=())
    if one.tool.per_file:
        return replace(one, files=share.files, tally=tally)
    return replace(one, share=share.files, tally=tally)


def _divisible(one: Plan) -> bool:
    return one.tool.per_file or one.tool.join is not None


def misfits(plan: SharedPlan, due: Mapping[str, Iterable[Plan]]) -> tuple[str, ...]:
    """Why the parts of a plan are not exactly what is due in the projects, each file and each tool once."""
    told: list[str] = []
    shares: dict[tuple[str, str], list[Share]] = {}
    for part in plan.parts:
        for share in part.shares:
            shares.setdefault((share.project, share.tool), []).append(share)
    for folder, plans in due.items():
        for one in plans:
            mine = shares.pop((folder, one.tool.name), [])
            if why := _misfit(one, mine):
                told.append(f"{_named(one.tool.name, folder)} {why}")
    told += [f"{_named(tool, folder)} is not due" for folder, tool in shares]
    ids = [part.id for part in plan.parts]
    if ids != [f"{number}-of-{len(ids)}" for number in range(1, len(ids) + 1)]:
        told.append("its parts are not numbered one after the other")
    return tuple(told)


def _misfit(one: Plan, shares: list[Share]) -> str:
    if not shares:
        return "is in none of its parts"
    if [share.files for share in shares] == [None]:
        return ""
    listed = [path for share in shares for path in share.files or ()]
    if any(not share.files for share in shares) or not _divisible(one) or len(listed) != len(set(listed)):
        return "is in several of its parts"
    return "" if sorted(listed) == sorted(one.files) else "is to look at other files than are due"


def _named(tool: str, folder: str) -> str:
    return f"{tool} of {folder}" if folder else tool
