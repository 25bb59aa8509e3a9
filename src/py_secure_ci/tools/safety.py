"""safety on exact pins, by Safety's own advisories: it needs a key (https://docs.safetycli.com/).

`safety check` over a list of ours: unlike `scan` it names each package that it looked at and uploads no project. The
key is in SAFETY_API_KEY. `GIT_DIR` leads nowhere: it would ask git about the project, and send the answer along. A
policy of ours, which ignores nothing, takes the place of `.safety-policy.yml`; what the account's own policy ignores is
counted. Exit status 64 means vulnerabilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting import pinned
from py_secure_ci.adapting.findings import agree
from py_secure_ci.adapting.pinned import Vulnerability
from py_secure_ci.errors import ToolchainError
from py_secure_ci.model import Stage
from py_secure_ci.pins import Pin
from py_secure_ci.reading import as_dict, field, load_json, optional
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

STATUSES = {
    65: "the key in SAFETY_API_KEY is not accepted",
    66: "too many requests",
    68: "its advisories cannot be fetched",
    69: "its advisories are malformed",
    72: "the account's e-mail address is not verified",
}
POLICY = "version: '2.0'\nsecurity:\n  ignore-cvss-severity-below: 0\n  ignore-vulnerabilities: {}\n"


def _commands(task: Task) -> tuple[Command, ...]:
    if task.offline:
        raise ToolchainError(
            "it can only ask its service, and --offline was given", hint="Run it online, or take it out of the YAML."
        )
    return tuple(_command(task, name, pins) for name, pins in pinned.piles(task).items())


def _command(task: Task, name: str, pins: tuple[Pin, ...]) -> Command:
    place, report = (task.scratch / name).as_posix(), f"{name}.json"
    return Command(
        name=name,
        argv=(
            *("safety", "--disable-optional-telemetry", "check", "--file", f"{place}.txt", "--no-prompt"),
            *("--policy-file", (task.scratch / "policy.yml").as_posix(), "--output", "screen"),
            *("--save-json", f"{place}.json", *task.options.args),
        ),
        found=frozenset({64}),
        statuses=STATUSES,
        inputs={f"{name}.txt": pinned.requirements(pins), "policy.yml": POLICY},
        outputs=(report,),
        env={"GIT_DIR": (task.scratch / "no-repository").as_posix(), "PYTHONWARNINGS": "ignore"},
        network=True,
        in_scratch=True,
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    what = "safety's report"
    audited: list[tuple[str, str]] = []
    found: list[Vulnerability] = []
    ignored = 0
    for name in pinned.piles(task):
        report = as_dict(load_json(executions[name].files.get(f"{name}.json", ""), what), what)
        packages = [as_dict(one, what) for one in field(report, "scanned_packages", dict, what).values()]
        audited += [pinned.called(one, what) for one in packages]
        entries = [as_dict(one, what) for one in field(report, "vulnerabilities", list, what)]
        agree("safety", executions[name].status, bool(entries), len(entries), means=64)
        found += [_vulnerability(one) for one in entries]
        ignored += len(field(report, "ignored_vulnerabilities", list, what))
    gaps = pinned.ignored(task, "safety", ignored)
    return pinned.read(task, "safety", audited, found, gaps)


def _vulnerability(one: dict[str, Any]) -> Vulnerability:
    what = "safety's vulnerability"
    name, version = pinned.called(one, what, "package_name", "analyzed_version")
    cve = optional(one, "CVE", str, what)
    return Vulnerability(
        name=name,
        version=version,
        ids=(*([cve] if cve else []), f"SFTY-{field(one, 'vulnerability_id', str, what)}"),
        fixed=tuple(str(version) for version in field(one, "fixed_versions", list, what)),
    )


TOOL = Tool(
    name="safety",
    stage=Stage.SCA,
    about="finds known vulnerabilities of the project's exact pins by Safety's advisories (with a key)",
    uri="https://docs.safetycli.com/",
    commands=_commands,
    parse=_parse,
    select=pinned.select_nothing,
    split=pinned.split,
    canary=pinned.CANARY,
    unit="packages",
    needs_pins=True,
    own_advisories=True,
    variables=("SAFETY_API_KEY",),
)
