"""uv audit on exact pins: a lock of ours that holds them and nothing else (https://docs.astral.sh/uv/).

It reads locks only, so the pins of every declaration are put into one; the project's own is not touched, and nothing is
resolved. The index of that lock is an empty folder: else uv would ask an index about each package. It is experimental
(the schema says `preview`) and names only what is vulnerable: how many packages it audited must be how many it was
given. A service that gives fewer answers than it was asked reads as clean (exit status 0): the canary shows that. One
that pages for ever ends at the time limit, a minute unless the YAML says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting import pinned
from py_secure_ci.adapting.pinned import Vulnerability
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Stage
from py_secure_ci.pins import Pin
from py_secure_ci.reading import as_dict, field, load_json
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

NAME = "py-secure-ci-audited"
SCHEMA = "preview"
PROJECT = '[project]\nname = "{name}"\nversion = "0"\nrequires-python = ">=3.8"\ndependencies = [{asked}]\n'
LOCK = """\
version = 1
revision = 1
requires-python = ">=3.8"

[[package]]
name = "{name}"
version = "0"
source = {{ virtual = "." }}
dependencies = [{asked}]
"""
PACKAGE = '\n[[package]]\nname = "{0.name}"\nversion = "{0.version}"\nsource = {{ registry = "index" }}\n'


def _command(task: Task, name: str, pins: tuple[Pin, ...]) -> Command:
    packages = {pin.name: pin for pin in pins}
    lock = LOCK.format(name=NAME, asked=", ".join(f'{{ name = "{one}" }}' for one in sorted(packages)))
    lock += "".join(PACKAGE.format(packages[one]) for one in sorted(packages))
    inputs = {
        f"{name}/pyproject.toml": PROJECT.format(name=NAME, asked=", ".join(f'"{one}"' for one in sorted(packages))),
        f"{name}/uv.lock": lock,
        f"{name}/index/.keep": "",
    }
    argv = (
        *("uv", "--directory", (task.scratch / name).as_posix(), "--no-config", "--no-cache", "--no-progress"),
        *("--preview-features", "audit-command,json-output", "audit", "--frozen", "--output-format", "json"),
        *("--service-url", task.advisory_url, *task.options.args),
    )
    return Command(argv=argv, name=name, inputs=inputs, env={"UV_HTTP_RETRIES": "1", **pinned.DIRECT}, network=True)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    audited: dict[tuple[str, str], None] = {}
    found: list[Vulnerability] = []
    for name, pins in pinned.piles(task).items():
        asked = {(pin.name, pin.version) for pin in pins}
        found += _read(executions[name], len(asked))
        audited |= dict.fromkeys(sorted(asked))
    return pinned.read(task, "uv-audit", audited, found)


def _read(execution: Execution, asked: int) -> list[Vulnerability]:
    what = "uv's report"
    report = as_dict(load_json(execution.stdout, what), what)
    if (version := field(field(report, "schema", dict, what), "version", str, what)) != SCHEMA:
        raise WrongShape(f"{what} has the schema {version!r}; {SCHEMA!r} is what is read here")
    summary = field(report, "summary", dict, what)
    entries = [as_dict(one, what) for one in field(report, "vulnerabilities", list, what)]
    counts = field(summary, "audited_packages", int, what), field(summary, "vulnerabilities", int, what)
    if counts != (asked, len(entries)) or (execution.status == 1) != bool(entries):
        raise WrongShape(
            f"uv ended with exit status {execution.status}, {len(entries)} of {counts[1]} vulnerabilities and "
            f"{counts[0]} of {asked} packages"
        )
    return [_vulnerability(one) for one in entries]


def _vulnerability(one: dict[str, Any]) -> Vulnerability:
    what = "uv's vulnerability"
    return pinned.advisory(*pinned.called(field(one, "dependency", dict, what), what), one, what)


TOOL = Tool(
    name="uv-audit",
    stage=Stage.SCA,
    about="finds known vulnerabilities of the exact versions that the project pins (experimental)",
    uri="https://docs.astral.sh/uv/",
    commands=pinned.each_pile(_command),
    parse=_parse,
    select=pinned.select_nothing,
    split=pinned.split,
    canary=pinned.CANARY,
    lock="uv-program",  # not `uv.lock`: that would be taken for one of its own
    program="uv",
    distribution="uv",
    unit="packages",
    needs_pins=True,
    timeout=60.0,
    depends_on=(),
)
