"""pip-audit on exact pins that we read ourselves: it never resolves. See https://github.com/pypa/pip-audit.

`task.advisory_url` is the base URL of an OSV service of ours, over a snapshot or in front of the live one. What
pip-audit says it audited must be what it was given: `looked_at` holds `name==version`, without the canary. Findings are
one a pin and advisory, raw: `advisories.enrich.advise` merges aliases and adds severity, the way out and who asked.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting import pinned
from py_secure_ci.adapting.findings import all_records
from py_secure_ci.model import Gap, Stage
from py_secure_ci.pins import Pin
from py_secure_ci.reading import as_dict, field, optional
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool


def _command(task: Task, name: str, pins: tuple[Pin, ...]) -> Command:
    argv = (
        *("pip-audit", "--requirement", str(task.scratch / f"{name}.txt"), "--no-deps", "--disable-pip"),
        *("--vulnerability-service", "osv", "--osv-url", f"{task.advisory_url}/v1/query"),
        # Seconds for an answer: ours may have to ask the live service first.
        *("--format", "json", "--desc", "off", "--progress-spinner", "off", "--timeout", "120"),
        *("--cache-dir", str(task.cache or task.scratch / "cache"), *task.options.args),
    )
    inputs = {f"{name}.txt": pinned.requirements(pins)}
    return Command(argv=argv, name=name, inputs=inputs, env=pinned.DIRECT, network=True, in_scratch=True)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    """Raises WrongShape if it is not JSON (a service that failed), or not about our pins."""
    audited: list[tuple[str, str]] = []
    found: list[pinned.Vulnerability] = []
    gaps: list[Gap] = []
    for entry in all_records(executions, "pip-audit's report", "dependencies"):
        name = field(entry, "name", str, "dependencies")
        if reason := optional(entry, "skip_reason", str, name):
            gaps += pinned.skipped(task, "pip-audit", name, reason)
            continue
        audited.append(pinned.called(entry, name))
        found += [pinned.advisory(*audited[-1], as_dict(one, name), name) for one in field(entry, "vulns", list, name)]
    return pinned.read(task, "pip-audit", audited, found, tuple(gaps))


TOOL = Tool(
    name="pip-audit",
    stage=Stage.SCA,
    about="finds known vulnerabilities of the exact versions that the project pins",
    uri="https://github.com/pypa/pip-audit",
    commands=pinned.each_pile(_command),
    parse=_parse,
    select=pinned.select_nothing,
    split=pinned.split,
    canary=pinned.CANARY,
    unit="packages",
    needs_pins=True,
    pins_each=200,  # it asks one by one, some 1.3 ms each, and takes a third of a second to start
    depends_on=(),
    default=True,
)
