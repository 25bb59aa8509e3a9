"""OSV-Scanner on exact pins: a list of ours that holds them (https://google.github.io/osv-scanner/).

It passes over files that it does not know, so the pins of every declaration are put into one requirements.txt, and
`--all-packages` has to give each of them back. `--no-resolve`: nothing is asked about what they depend on. With
`--offline` it matches by its local database, below `tools.osv-scanner.settings.cache` (its own choice otherwise).
Written for version 2 by its documentation: the program is not to be had from a package index. Exit status 0 means
that there are packages without vulnerabilities, 1 that there are vulnerabilities, anything else that it did not look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from py_secure_ci.adapting import pinned
from py_secure_ci.adapting.findings import agree, records
from py_secure_ci.adapting.pinned import Vulnerability
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Severity, Stage
from py_secure_ci.pins import Pin
from py_secure_ci.reading import as_dict, as_list, field, optional
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

STATUSES = {
    127: "a general error",
    128: "it found no packages",
    129: "it could not read what it was given",
    130: "it found no lock file that it knows",
}
STEPS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))  # CVSS, section 5
CACHE = "OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY"


def _command(task: Task, name: str, pins: tuple[Pin, ...]) -> Command:
    listed = (task.scratch / name / "requirements.txt").as_posix()
    argv = (
        *("osv-scanner", "scan", "source", "--format", "json", "--all-packages", "--no-resolve"),
        *("--config", (task.scratch / "osv-scanner.toml").as_posix(), *(("--offline",) if task.offline else ())),
        *(*task.options.args, "--lockfile", f"requirements.txt:{listed}"),
    )
    cache = task.options.settings.get("cache")
    inputs = {"osv-scanner.toml": "", f"{name}/requirements.txt": pinned.requirements(pins)}
    env = {CACHE: str(cache)} if cache else {}
    return Command(argv=argv, name=name, statuses=STATUSES, inputs=inputs, env=env, network=not task.offline)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    entries = [entry for name in pinned.piles(task) for entry in _entries(executions[name])]
    audited = [pinned.called(field(entry, "package", dict, "a package"), "a package") for entry in entries]
    found = [one for package, entry in zip(audited, entries, strict=True) for one in _found(*package, entry)]
    return pinned.read(task, "osv-scanner", audited, found)


def _entries(execution: Execution) -> list[dict[str, Any]]:
    what = "osv-scanner's report"
    results = records(execution.stdout, what, "results")
    entries = [as_dict(one, what) for result in results for one in field(result, "packages", list, what)]
    agree("osv-scanner", execution.status, any(entry.get("vulnerabilities") for entry in entries), len(entries))
    return entries


def _found(name: str, version: str, entry: dict[str, Any]) -> Iterator[Vulnerability]:
    """One for each group: a vulnerability under all its ids, with the score of the worst of its vectors."""
    reported = {field(one, "id", str, name) for one in as_list(entry.get("vulnerabilities") or [], name)}
    for group in (as_dict(one, name) for one in as_list(entry.get("groups") or [], name)):
        own = [str(one) for one in field(group, "ids", list, name)]
        aliases = [str(one) for one in as_list(group.get("aliases") or [], name)]
        reported -= {*own, *aliases}
        score = _score(optional(group, "max_severity", str, name) or "")
        yield Vulnerability(name=name, version=version, ids=tuple(dict.fromkeys((*own, *aliases))), severity=score)
    for one in sorted(reported):
        yield Vulnerability(name=name, version=version, ids=(one,))


def _score(said: str) -> Severity:
    try:
        score = float(said) if said else None
    except ValueError:
        raise WrongShape(f"osv-scanner names the severity {said!r}") from None
    return Severity.UNKNOWN if score is None else next((word for step, word in STEPS if score >= step), Severity.INFO)


TOOL = Tool(
    name="osv-scanner",
    stage=Stage.SCA,
    about="finds known vulnerabilities of the exact versions that the project pins, by osv.dev or its local copy",
    uri="https://google.github.io/osv-scanner/",
    commands=pinned.each_pile(_command),
    parse=_parse,
    select=pinned.select_nothing,
    split=pinned.split,
    canary=pinned.CANARY,
    options=pinned.DATA_FOLDER,
    source="path",
    unit="packages",
    needs_pins=True,
    own_advisories=True,
)
