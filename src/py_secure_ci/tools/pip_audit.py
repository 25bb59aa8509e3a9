"""pip-audit on exact pins that we read ourselves: it never resolves. See https://github.com/pypa/pip-audit.

`task.advisory_url` is the base URL of an OSV service of ours, over a snapshot or in front of the live one. What
pip-audit says it audited must be what it was given: `looked_at` holds `name==version`, without the canary. Findings are
one a pin and advisory, raw: `advisories.enrich.advise` merges aliases and adds severity, the way out and who asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Advisory, Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.pins import Pin
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional
from py_secure_ci.tool import Canary, Command, Execution, Reading, Selection, Task, Tool


def commands(task: Task) -> tuple[Command, ...]:
    """One call over all pins and the canary; a second one where the canary's package is among the pins."""
    piles = {"main": task.pins, "canary": ()}
    canary = task.canary_pin
    if canary is not None:
        clash = any(pin.name == canary.name and pin.version != canary.version for pin in task.pins)
        pile = "canary" if clash else "main"
        piles[pile] = (*piles[pile], canary)
    return tuple(_command(task, name, pins) for name, pins in piles.items() if pins)


def _command(task: Task, name: str, pins: tuple[Pin, ...]) -> Command:
    lines = sorted({f"{pin.name}=={pin.version}" for pin in pins})
    argv = (
        *("pip-audit", "--requirement", str(task.scratch / f"{name}.txt"), "--no-deps", "--disable-pip"),
        *("--vulnerability-service", "osv", "--osv-url", f"{task.advisory_url}/v1/query"),
        *("--format", "json", "--desc", "off", "--progress-spinner", "off"),
        *("--timeout", "120"),  # seconds for an answer: ours may have to ask the live service first
        *("--cache-dir", str(task.cache or task.scratch / "cache")),
        *task.options.args,
    )
    inputs = {f"{name}.txt": "\n".join(lines) + "\n"}
    # The service is always one of ours on this machine: a proxy could not reach it.
    env = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
    return Command(argv=argv, name=name, inputs=inputs, env=env, network=True)


def split(task: Task) -> tuple[Task, ...]:
    """Pieces in which no package has two versions: pip-audit refuses such a list."""
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


def parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    """Read the JSON. Raises `WrongShape` if it is not JSON (a service that failed), or not about our pins."""
    asked: dict[str, list[Pin]] = {}
    for pin in _asked(task):
        asked.setdefault(_subject(pin.name, pin.version), []).append(pin)
    findings: list[Finding] = []
    gaps: list[Gap] = []
    looked_at: set[str] = set()
    for entry in _entries(executions):
        name = canonicalize_name(field(entry, "name", str, "dependencies"))
        if reason := optional(entry, "skip_reason", str, name):
            gaps += [_skipped(pin, reason) for pin in _asked(task) if pin.name == name]
            continue
        subject = _subject(name, field(entry, "version", str, name))
        if subject not in asked or subject in looked_at:
            raise WrongShape(f"pip-audit reports {subject}, which it was not asked about (or twice)")
        looked_at.add(subject)
        vulnerabilities = [as_dict(vuln, subject) for vuln in field(entry, "vulns", list, subject)]
        findings += [_finding(pin, vuln) for pin in asked[subject] for vuln in vulnerabilities]
    return Reading(
        findings=tuple(findings),
        rules=tuple(Rule(id=rule) for rule in sorted({one.rule for one in findings})),
        looked_at=frozenset(
            f"{pin.name}=={pin.version}" for pin in task.pins if _subject(pin.name, pin.version) in looked_at
        ),
        gaps=tuple(gaps),
    )


def _subject(name: str, version: str) -> str:
    """pip-audit gives versions back in their normal form: `1.0.dev` comes back as `1.0.dev0`."""
    try:
        return f"{name}=={Version(version)}"
    except InvalidVersion:
        return f"{name}=={version}"


def _entries(executions: Mapping[str, Execution]) -> Iterator[dict[str, Any]]:
    for execution in executions.values():
        document = as_dict(load_json(execution.stdout, "pip-audit's report"), "pip-audit's report")
        for one in as_list(field(document, "dependencies", list, "pip-audit's report"), "dependencies"):
            yield as_dict(one, "dependencies")


def _asked(task: Task) -> tuple[Pin, ...]:
    return (*task.pins, *([task.canary_pin] if task.canary_pin else []))


def _skipped(pin: Pin, reason: str) -> Gap:
    return Gap(f"{pin.file}: {pin.name}=={pin.version}", f"pip-audit skipped it: {reason[:200]}", pin.line)


def _finding(pin: Pin, vuln: Mapping[str, Any]) -> Finding:
    id_ = field(vuln, "id", str, pin.name)
    aliases = [str(one) for one in as_list(field(vuln, "aliases", list, id_), id_)]
    fixed = tuple(str(one) for one in as_list(field(vuln, "fix_versions", list, id_), id_))
    return Finding(
        tool="pip-audit",
        rule=id_,
        severity=Severity.UNKNOWN,
        message=f"{pin.name} {pin.version} is vulnerable: {id_}",
        location=Location(pin.file, pin.line),
        advisory=Advisory(package=pin.name, version=pin.version, ids=(id_, *aliases), fixed_in=fixed),
        anchor=f"{pin.name}:{id_}",
    )


def _select(files: tuple[str, ...], settings: Mapping[str, str]) -> Selection:  # noqa: ARG001 (pins are due, no files)
    return Selection(())


TOOL = Tool(
    name="pip-audit",
    stage=Stage.SCA,
    about="finds known vulnerabilities of the exact versions that the project pins",
    uri="https://github.com/pypa/pip-audit",
    commands=commands,
    parse=parse,
    select=_select,
    split=split,
    canary=Canary(
        pins=(
            ("jinja2", "2.4.1"),
            ("urllib3", "1.24.1"),
            ("pyyaml", "5.3"),
            ("requests", "2.19.0"),
            ("flask", "0.12.2"),
            ("django", "1.11.0"),
        )
    ),
    unit="packages",
    needs_pins=True,
    depends_on=(),
    default=True,
)
