"""hygiene: layout and hygiene of the project itself, checks of our own (docs/hygiene.md).

No process is started: the checks look at the names of all files, and at the few texts that `texts` names, which the
pipeline hands over. The canary goes through the same function. Off are those that are about taste rather than security;
`tools.hygiene.settings.checks` names the wanted ones, or says `all`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from py_secure_ci.adapting.findings import answer
from py_secure_ci.adapting.hygiene import DOCS, NAMES, OPTIONS, SECURITY, TEXTS, Seen, inspect, rules
from py_secure_ci.adapting.planting import planted
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Location, Stage
from py_secure_ci.tool import Execution, Reading, Selection, Task, Tool

CANARY = planted("hygiene", "lock-hashed", "security-policy")


def _wanted(task: Task) -> tuple[str, ...]:
    said = task.options.settings.get("checks", list(SECURITY))
    named = NAMES if said == "all" else tuple(map(str, said)) if isinstance(said, list) else ()
    if unknown := sorted(set(named) - set(NAMES)) or (() if named else [str(said)]):
        raise WrongShape(f"tools.hygiene.settings.checks: no check {unknown[0]!r}; there are {', '.join(NAMES)}")
    return named


def _parse(task: Task, _executions: Mapping[str, Execution]) -> Reading:
    wanted, names = _wanted(task), tuple(CANARY.files)
    found = inspect(Seen(task.files, task.texts), wanted)
    places = dict(zip(names, task.canaries, strict=False))
    canaries = [
        replace(one, location=Location(places[one.location.path]))
        for one in inspect(Seen(names, CANARY.files), NAMES)
        if one.location and places
    ]
    return answer(task, (*found, *canaries), rules(wanted))


TOOL = Tool(
    name="hygiene",
    stage=Stage.CI,
    about="checks layout and hygiene of the project: locks, pins, permissions, what is ignored",
    uri=DOCS,
    commands=lambda _task: (),
    parse=_parse,
    select=lambda files, _settings: Selection(files),
    canary=CANARY,
    texts=TEXTS,
    options=OPTIONS,
    source="ours",
    default=True,
)
