"""What adapters share that ask an advisory source about exact pins: what to ask, and what the answer means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Advisory, Finding, Gap, Location, Rule, Severity
from py_secure_ci.pins import Pin
from py_secure_ci.reading import field
from py_secure_ci.tool import Canary, Command, Reading, Selection, Task

# Known-bad pins; the first whose name the project does not pin itself is asked along.
CANARY = Canary(
    pins=(
        ("jinja2", "2.4.1"),
        ("urllib3", "1.24.1"),
        ("pyyaml", "5.3"),
        ("requests", "2.19.0"),
        ("flask", "0.12.2"),
        ("django", "1.11.0"),
    )
)
# The one setting of tools that bring advisory data of their own.
DATA_FOLDER = {"cache": {"type": "string", "minLength": 1, "description": "The folder that holds its advisory data."}}
# `Task.advisory_url` is always a service of ours on this machine: a proxy could not reach it.
DIRECT = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerability:
    """One advisory of one version of one package, as a tool says it. `ids`: the tool's own first, then aliases."""

    name: str
    version: str
    ids: tuple[str, ...]
    fixed: tuple[str, ...] = ()
    severity: Severity = Severity.UNKNOWN


def select_nothing(_files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    """Pins are due, no files."""
    return Selection(())


def split(task: Task) -> tuple[Task, ...]:
    """Pieces in which no package has two versions: a list of requirements cannot hold both."""
    versions: dict[str, list[str]] = {}
    for pin in task.pins:
        known = versions.setdefault(pin.name, [])
        if pin.version not in known:
            known.append(pin.version)
    count = max((len(known) for known in versions.values()), default=1)
    piles: list[list[Pin]] = [[] for _ in range(count)]
    for pin in task.pins:
        piles[versions[pin.name].index(pin.version)].append(pin)
    return tuple(replace(task, pins=tuple(pile)) for pile in piles)


def piles(task: Task) -> dict[str, tuple[Pin, ...]]:
    """Command name -> pins to ask about: the canary goes along, or apart where its package is among the pins."""
    canary = task.canary_pin
    if canary is None:
        return {"main": task.pins} if task.pins else {}
    clash = any(pin.name == canary.name and pin.version != canary.version for pin in task.pins)
    if clash:
        return {"main": task.pins, "canary": (canary,)}
    return {"main": (*task.pins, canary)}


def each_pile(command: Callable[[Task, str, tuple[Pin, ...]], Command]) -> Callable[[Task], tuple[Command, ...]]:
    """For `Tool.commands`: one of these for each pile, of that name."""
    return lambda task: tuple(command(task, name, pins) for name, pins in piles(task).items())


def advisory(name: str, version: str, said: Mapping[str, Any], what: str) -> Vulnerability:
    """One that is told by `id`, `aliases` and `fix_versions`. Raises WrongShape."""
    aliases, fixed = (tuple(map(str, field(said, key, list, what))) for key in ("aliases", "fix_versions"))
    return Vulnerability(name=name, version=version, ids=(field(said, "id", str, what), *aliases), fixed=fixed)


def called(one: Mapping[str, Any], what: str, name: str = "name", version: str = "version") -> tuple[str, str]:
    """Name and version of a package, which stand in a record at these keys. Raises WrongShape."""
    return field(one, name, str, what), field(one, version, str, what)


def requirements(pins: Iterable[Pin]) -> str:
    """The pins as the lines of a requirements file, each once."""
    return "".join(f"{line}\n" for line in sorted({f"{pin.name}=={pin.version}" for pin in pins}))


def subject(name: str, version: str) -> str:
    """Name and version in their normal forms, in which tools give them back: `1.0.dev` comes back as `1.0.dev0`."""
    try:
        return f"{canonicalize_name(name)}=={Version(version)}"
    except InvalidVersion:
        return f"{canonicalize_name(name)}=={version}"


def skipped(task: Task, tool: str, name: str, reason: str) -> tuple[Gap, ...]:
    """The gaps of a package that the tool says it passed over."""
    said, its = f"{tool} skipped it: {reason[:200]}", canonicalize_name(name)
    pins = [pin for pin in _asked(task) if pin.name == its]
    return tuple(Gap(f"{pin.file}: {pin.name}=={pin.version}", said, pin.line) for pin in pins)


def ignored(task: Task, tool: str, count: int) -> tuple[Gap, ...]:
    """The gap for findings that the tool keeps to itself by a policy of its own."""
    return (Gap(tool, f"a policy of its own keeps {count} vulnerabilities back"),) if count and task.pins else ()


def read(
    task: Task,
    tool: str,
    audited: Iterable[tuple[str, str]],
    vulnerabilities: Iterable[Vulnerability],
    gaps: tuple[Gap, ...] = (),
) -> Reading:
    """What the tool said of our pins. `audited`: each (name, version) that it says it looked up.

    Raises `WrongShape` if that is anything that was not asked, or the same twice, or if it calls something vulnerable
    that it did not look up.
    """
    asked: dict[str, list[Pin]] = {}
    for pin in _asked(task):
        asked.setdefault(subject(pin.name, pin.version), []).append(pin)
    looked_at: set[str] = set()
    for name, version in audited:
        one = subject(name, version)
        if one not in asked or one in looked_at:
            raise WrongShape(f"{tool} reports {one}, which it was not asked about (or twice)")
        looked_at.add(one)
    findings = tuple(_findings(tool, asked, looked_at, vulnerabilities))
    return Reading(
        findings=findings,
        rules=tuple(Rule(id=rule) for rule in sorted({one.rule for one in findings})),
        looked_at=frozenset(
            f"{pin.name}=={pin.version}" for pin in task.pins if subject(pin.name, pin.version) in looked_at
        ),
        gaps=gaps,
    )


def _asked(task: Task) -> tuple[Pin, ...]:
    return (*task.pins, *([task.canary_pin] if task.canary_pin else []))


def _findings(
    tool: str, asked: Mapping[str, list[Pin]], looked_at: set[str], vulnerabilities: Iterable[Vulnerability]
) -> Iterator[Finding]:
    for one in vulnerabilities:
        which = subject(one.name, one.version)
        if which not in looked_at:
            raise WrongShape(f"{tool} says that {which} is vulnerable, which it did not look at")
        for pin in asked[which]:
            yield Finding(
                tool=tool,
                rule=one.ids[0],
                severity=one.severity,
                message=f"{pin.name} {pin.version} is vulnerable: {one.ids[0]}",
                location=Location(pin.file, pin.line),
                advisory=Advisory(package=pin.name, version=pin.version, ids=one.ids, fixed_in=one.fixed),
                anchor=f"{pin.name}:{one.ids[0]}",
            )
