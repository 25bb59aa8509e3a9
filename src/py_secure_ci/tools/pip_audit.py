"""pip-audit on exact pins that we read ourselves: it never resolves. See https://github.com/pypa/pip-audit.

`task.advisory_url` is the base URL of an OSV service of ours, over a snapshot or in front of the live one. What
pip-audit says it audited must be what it was given: `looked_at` holds `name==version`, without the canary. Findings are
one a pin and advisory, raw: `advisories.enrich.advise` merges aliases and adds severity, the way out and who asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from py_secure_ci.adapting import pinned
from py_secure_ci.adapting.pinned import Vulnerability, split
from py_secure_ci.model import Gap, Stage
from py_secure_ci.pins import Pin
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool


def commands(task: Task) -> tuple[Command, ...]:
    """One call over all pins and the canary; a second one where the canary's package is among the pins."""
    return tuple(_command(task, name, pins) for name, pins in pinned.piles(task).items())


def _command(task: Task, name: str, pins: tuple[Pin, ...]) -> Command:
    argv = (
        *("pip-audit", "--requirement", str(task.scratch / f"{name}.txt"), "--no-deps", "--disable-pip"),
        *("--vulnerability-service", "osv", "--osv-url", f"{task.advisory_url}/v1/query"),
        *("--format", "json", "--desc", "off", "--progress-spinner", "off"),
        *("--timeout", "120"),  # seconds for an answer: ours may have to ask the live service first
        *("--cache-dir", str(task.cache or task.scratch / "cache")),
        *task.options.args,
    )
    inputs = {f"{name}.txt": pinned.requirements(pins)}
    return Command(argv=argv, name=name, inputs=inputs, env=pinned.DIRECT, network=True, in_scratch=True)


def parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    """Read the JSON. Raises `WrongShape` if it is not JSON (a service that failed), or not about our pins."""
    audited: list[tuple[str, str]] = []
    found: list[Vulnerability] = []
    gaps: list[Gap] = []
    for entry in _entries(executions):
        name = canonicalize_name(field(entry, "name", str, "dependencies"))
        if reason := optional(entry, "skip_reason", str, name):
            gaps += pinned.skipped(task, "pip-audit", name, reason)
            continue
        version = field(entry, "version", str, name)
        audited.append((name, version))
        found += [_vulnerability(name, version, as_dict(one, name)) for one in field(entry, "vulns", list, name)]
    return pinned.read(task, "pip-audit", audited, found, tuple(gaps))


def _entries(executions: Mapping[str, Execution]) -> Iterator[dict[str, Any]]:
    for execution in executions.values():
        document = as_dict(load_json(execution.stdout, "pip-audit's report"), "pip-audit's report")
        for one in as_list(field(document, "dependencies", list, "pip-audit's report"), "dependencies"):
            yield as_dict(one, "dependencies")


def _vulnerability(name: str, version: str, vuln: Mapping[str, Any]) -> Vulnerability:
    id_ = field(vuln, "id", str, name)
    aliases = [str(one) for one in as_list(field(vuln, "aliases", list, id_), id_)]
    fixed = tuple(str(one) for one in as_list(field(vuln, "fix_versions", list, id_), id_))
    return Vulnerability(name=name, version=version, ids=(id_, *aliases), fixed=fixed)


TOOL = Tool(
    name="pip-audit",
    stage=Stage.SCA,
    about="finds known vulnerabilities of the exact versions that the project pins",
    uri="https://github.com/pypa/pip-audit",
    commands=commands,
    parse=parse,
    select=pinned.select_nothing,
    split=split,
    canary=pinned.CANARY,
    unit="packages",
    needs_pins=True,
    depends_on=(),
    default=True,
)
