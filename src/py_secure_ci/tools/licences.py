"""The licence policy over the project's pins, by SPDX expressions: a check of our own, see docs/tools.md.

Where licences come from, the first that says one: the YAML (`packages`), the lock, the metadata of the same version in
the project's environment, which is read and not imported. What is not certain is unknown, and unknown is a gap unless
the YAML says otherwise.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from py_secure_ci.adapting import pinned
from py_secure_ci.adapting.licences import SCRIPT, said_by_metadata
from py_secure_ci.adapting.planting import planted
from py_secure_ci.config.licence_policy import FAIL, INCOMPLETE, LicencePolicy, canonical, licence_policy
from py_secure_ci.errors import ConfigError, WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.pins import Pin
from py_secure_ci.reading import as_dict, field, load_json_lines
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

SPDX = "https://spdx.org/licenses/"
RULES = {
    "denied": "A dependency is only to be had under a licence that the policy denies",
    "not allowed": "A dependency's licence is not among those that the policy allows",
    "unknown": "Nobody says what licence a dependency is under",
}
PLANTED = "LicenseRef-py-secure-ci-canary"  # the licence that the planted package is under


def _policy(task: Task) -> LicencePolicy:
    given = task.stage_options.get("licences")
    if not isinstance(given, Mapping):
        raise ConfigError(
            "there is no licence policy to check against",
            hint="Write one: `stages: {sca: {licences: {allow: [MIT, Apache-2.0]}}}`.",
        )
    return licence_policy(given)


def _commands(task: Task) -> tuple[Command, ...]:
    _policy(task)
    ours = task.python.parent.parent.as_posix() if task.python else ""
    planted = (task.scratch / "canary").as_posix()
    return tuple(
        Command(
            name=name,
            argv=(sys.executable, "-I", "-c", SCRIPT),
            found=frozenset({0}),
            stdin=f"{json.dumps(prefix)}\n",
        )
        for name, prefix in (("main", ours), ("canary", planted))
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    policy, stated = _policy(task), {_subject(one): said_by_metadata(one) for one in _entries(executions["main"])}
    licences = {
        pin: policy.packages.get(pin.name) or canonical(pin.licence) or stated.get(f"{pin.name}=={pin.version}", "")
        for pin in task.pins
    }
    findings = [one for pin, licence in licences.items() if (one := _finding(pin, licence, policy))]
    strict = replace(policy, deny=policy.deny | {PLANTED})
    planted = [_finding(_pin(one), said_by_metadata(one), strict) for one in _entries(executions["canary"])]
    unsure = [pin for pin, licence in licences.items() if not licence and policy.unknown == INCOMPLETE]
    return Reading(
        findings=(*findings, *(one for one in planted if one)),
        rules=tuple(
            Rule(_rule(word), summary=said, uri=SPDX)
            for word, said in RULES.items()
            if _rule(word) in {one.rule for one in findings}
        ),
        looked_at=frozenset(f"{pin.name}=={pin.version}" for pin in task.pins),
        gaps=tuple(
            Gap(f"{pin.file}: {pin.name}=={pin.version}", "nobody says what licence it is under", pin.line)
            for pin in unsure
        ),
    )


def _entries(execution: Execution) -> list[dict[str, Any]]:
    what = "the list of installed packages"
    entries = [as_dict(one, what) for one in load_json_lines(execution.stdout, what)]
    if not entries or field(entries[-1], "count", int, what) != len(entries) - 1:
        raise WrongShape(f"{what} is cut short")
    return entries[:-1]


def _subject(one: Mapping[str, Any]) -> str:
    return pinned.subject(field(one, "name", str, "a package"), field(one, "version", str, "a package"))


def _pin(one: Mapping[str, Any]) -> Pin:
    name, _, version = _subject(one).partition("==")
    return Pin(name=name, version=version, file=field(one, "path", str, "a package"), line=1)


def _rule(word: str) -> str:
    return f"licence-{word.replace(' ', '-')}"


def _finding(pin: Pin, licence: str, policy: LicencePolicy) -> Finding | None:
    word = policy.objection(licence) if licence else "unknown" if policy.unknown == FAIL else ""
    if not word:
        return None
    told = f"{licence}, which is {word}" if licence else "a licence that nobody tells"
    return Finding(
        tool="licences",
        rule=_rule(word),
        severity=Severity.ERROR,
        message=f"{pin.name} {pin.version} is under {told}.",
        location=Location(pin.file, pin.line),
        fix="Replace the package; or change the policy; or state its licence under `packages`, if you know it.",
        anchor=f"{pin.name}:{_rule(word)}",
    )


TOOL = Tool(
    name="licences",
    stage=Stage.SCA,
    about="holds the licences of the project's pins against the policy in the YAML",
    uri=SPDX,
    commands=_commands,
    parse=_parse,
    select=pinned.select_nothing,
    canary=planted("licences", "licence-denied"),
    source="ours",
    unit="packages",
    needs_pins=True,
    needs_environment=True,
)
