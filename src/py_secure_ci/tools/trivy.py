"""trivy on exact pins: `trivy fs` over a list of ours that holds them (https://trivy.dev/).

It finds files by name and passes over those that it does not know (pdm.lock, pylock.toml) without a word, so the pins
of every declaration are put into one requirements.txt, and `--list-all-pkgs` has to give each of them back. The program
and its database are the user's: the database is kept in our cache, or where `tools.trivy.settings.cache` says; without
`--offline` it is updated first. A second command tells how old it is. Its own configuration and its `.trivyignore` are
files of ours, which are empty. It ends with exit status 0 whatever it finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting import pinned
from py_secure_ci.adapting.advisory_age import aged
from py_secure_ci.adapting.findings import severities
from py_secure_ci.adapting.pinned import Vulnerability
from py_secure_ci.model import Stage
from py_secure_ci.pins import Pin
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional, word
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

SEVERITIES = severities("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
STATUSES = {1: "an error: with --offline it needs a database that was fetched before"}
EMPTY = {"trivy.yaml": "", "trivyignore": ""}


def _commands(task: Task) -> tuple[Command, ...]:
    scans = pinned.each_pile(_scan)(task)
    argv = ("trivy", "version", "--format", "json", *_common(task))
    return (*scans, Command(name="database", argv=argv, found=frozenset({0}), inputs=EMPTY))


def _scan(task: Task, name: str, pins: tuple[Pin, ...]) -> Command:
    argv = (
        *("trivy", "filesystem", "--scanners", "vuln", "--list-all-pkgs", "--format", "json", "--offline-scan"),
        *("--no-progress", "--skip-java-db-update", *(("--skip-db-update",) if task.offline else ())),
        *("--ignorefile", (task.scratch / "trivyignore").as_posix(), *_common(task), *task.options.args),
        (task.scratch / name).as_posix(),
    )
    inputs = {**EMPTY, f"{name}/requirements.txt": pinned.requirements(pins)}
    network = not task.offline
    return Command(argv=argv, name=name, found=frozenset({0}), statuses=STATUSES, inputs=inputs, network=network)


def _common(task: Task) -> tuple[str, ...]:
    cache = task.options.settings.get("cache") or (task.cache or task.scratch / "cache").as_posix()
    return ("--cache-dir", str(cache), "--config", (task.scratch / "trivy.yaml").as_posix())


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    what = "trivy's report"
    reports = [as_dict(load_json(executions[name].stdout, what), what) for name in pinned.piles(task)]
    results = [as_dict(one, what) for report in reports for one in field(report, "Results", list, what)]
    packages = [as_dict(one, what) for result in results for one in field(result, "Packages", list, what)]
    audited = [pinned.called(one, "trivy's package", "Name", "Version") for one in packages]
    found = [as_dict(one, what) for result in results for one in as_list(result.get("Vulnerabilities") or [], what)]
    reading = pinned.read(task, "trivy", audited, (_vulnerability(one) for one in found))
    version = as_dict(load_json(executions["database"].stdout, "trivy's version"), "trivy's version")
    updated = field(field(version, "VulnerabilityDB", dict, "trivy's version"), "UpdatedAt", str, "trivy's database")
    return aged(reading, task, "trivy", updated, field(reports[0], "CreatedAt", str, what))


def _vulnerability(one: dict[str, Any]) -> Vulnerability:
    what = "trivy's vulnerability"
    name, version = pinned.called(one, what, "PkgName", "InstalledVersion")
    fixed = optional(one, "FixedVersion", str, what) or ""
    return Vulnerability(
        name=name,
        version=version,
        ids=(field(one, "VulnerabilityID", str, what),),
        fixed=tuple(version.strip() for version in fixed.split(",") if version.strip()),
        severity=word(SEVERITIES, field(one, "Severity", str, what), f"{what}: Severity"),
    )


TOOL = Tool(
    name="trivy",
    stage=Stage.SCA,
    about="finds known vulnerabilities of the exact versions that the project pins, by its own database",
    uri="https://trivy.dev/",
    commands=_commands,
    parse=_parse,
    select=pinned.select_nothing,
    split=pinned.split,
    canary=pinned.CANARY,
    options=pinned.DATA_FOLDER,
    source="path",
    unit="packages",
    needs_pins=True,
    own_cache=True,
    own_advisories=True,
)
