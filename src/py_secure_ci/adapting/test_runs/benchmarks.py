"""pytest-benchmark's JSON, read strictly, and held against an earlier one.

A test is slower when its median grew by more than the threshold and the middle halves of the two measurements lie apart
(the first quartile now is above the third one before): what spreads that widely is not told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Location, Rule, Severity
from py_secure_ci.reading import as_dict, field, load_json

RULES = (Rule(id="slower", name="A benchmark got slower", summary="Its median grew beyond the threshold."),)
MACHINE = ("system", "machine", "python_implementation", "python_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Of one benchmark, in seconds."""

    median: float
    q1: float
    q3: float
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All benchmarks of a run, by their full names, and what they were measured on."""

    machine: Mapping[str, str]
    benchmarks: Mapping[str, Stats]


def read_benchmarks(text: str, what: str) -> Measured:
    """pytest-benchmark's own JSON, or the `benchmarks.json` that we make of it."""
    data = as_dict(load_json(text, what), what)
    if "machine" in data:
        machine = {str(key): str(value) for key, value in field(data, "machine", dict, what).items()}
        found = field(data, "benchmarks", dict, what)
        return Measured(machine=machine, benchmarks={str(name): _stats(one, what) for name, one in found.items()})
    info = field(data, "machine_info", dict, what)
    cpu = field(info, "cpu", dict, what)
    machine = {key: field(info, key, str, what) for key in MACHINE}
    machine["python_version"] = ".".join(machine["python_version"].split(".")[:2])
    machine |= {"cpu": str(cpu.get("brand_raw", "")), "cores": str(cpu.get("count", ""))}
    benchmarks = {}
    for value in field(data, "benchmarks", list, what):
        one = as_dict(value, what)
        benchmarks[field(one, "fullname", str, what)] = _stats(field(one, "stats", dict, what), what)
    return Measured(machine=machine, benchmarks=benchmarks)


def _stats(value: object, what: str) -> Stats:
    data = as_dict(value, what)
    median, q1, q3 = (_seconds(data.get(key), key, what) for key in ("median", "q1", "q3"))
    if not q1 <= median <= q3:
        raise WrongShape(f"{what}: a median of {median} lies outside of its quartiles")
    return Stats(median=median, q1=q1, q3=q3, rounds=field(data, "rounds", int, what))


def _seconds(value: object, key: str, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
        raise WrongShape(f"{what}: {key} should be seconds, not {value!r}")
    return float(value)


def as_text(measured: Measured) -> str:
    """`benchmarks.json`: what a later run is held against."""
    benchmarks: dict[str, Any] = {
        name: {"median": one.median, "q1": one.q1, "q3": one.q3, "rounds": one.rounds}
        for name, one in sorted(measured.benchmarks.items())
    }
    return json.dumps({"machine": dict(measured.machine), "benchmarks": benchmarks}, indent=1) + "\n"


def _slower(tool: str, now: Measured, before: Measured, threshold: float) -> Iterator[Finding]:
    """One for each benchmark that got slower by more than `threshold` per cent."""
    for name, one in sorted(now.benchmarks.items()):
        base = before.benchmarks.get(name)
        if base and one.median > base.median * (1 + threshold / 100) and one.q1 > base.q3:
            grown = 100 * (one.median / base.median - 1) if base.median else float("inf")
            yield Finding(
                tool=tool,
                rule="slower",
                severity=Severity.ERROR,
                message=f"{name} takes {grown:.0f} % longer than before ({one.median:.3g} s in the median, not"
                f" {base.median:.3g} s; {threshold:g} % are allowed)",
                location=Location(name.split("::")[0]),
                anchor=name,
            )


def measured(text: str, ran: set[str]) -> Measured:
    """What a run measured. `ran`: the tests that it told of. Raises WrongShape for nothing, and for what never ran."""
    if not text.strip():
        raise WrongShape("pytest-benchmark wrote no measurements: is it installed, and does a test use `benchmark`?")
    now = read_benchmarks(text, "pytest-benchmark's JSON")
    strangers = sorted(set(now.benchmarks) - ran)
    if strangers or not now.benchmarks:
        raise WrongShape(f"pytest-benchmark measured {strangers[0] if strangers else 'nothing'}, which no test ran")
    return now


def compared(
    tool: str, now: Measured, before: Measured | None, threshold: float
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """(what got slower, what people should know). Another machine's numbers are not held against ours."""
    if before is None:
        return (), ("benchmarks: nothing to compare with; keep benchmarks.json of this run as the baseline",)
    other = sorted(key for key in {*now.machine, *before.machine} if now.machine.get(key) != before.machine.get(key))
    if other:
        told = "; ".join(f"{key}: {before.machine.get(key, '?')}, now {now.machine.get(key, '?')}" for key in other)
        return (), (f"benchmarks: not compared, as the baseline was measured on another machine ({told})",)
    gone, new = (sorted(set(one.benchmarks) - set(two.benchmarks)) for one, two in ((before, now), (now, before)))
    said = ((gone, "no longer measured"), (new, "not in the baseline yet"))
    notes = tuple(f"benchmarks {words}: {', '.join(names[:5])}" for names, words in said if names)
    return tuple(_slower(tool, now, before, threshold)), notes
