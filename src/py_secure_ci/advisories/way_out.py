"""The shortest way out: the lowest clean version, whether the project allows it, and the command that gets there."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from py_secure_ci.advisories.matching import match
from py_secure_ci.advisories.record import Record
from py_secure_ci.pins import Constraint, Dependencies, Pin


@dataclass(frozen=True, slots=True)
class Upgrade:
    """`allowed`: by the declared constraints; None where the project declares none for the package."""

    version: str | None
    allowed: bool | None
    command: str


def lowest_clean(records: Iterable[Record], version: str) -> str | None:
    """The lowest version above `version` that an advisory names as fixed and no other advisory covers.

    The snapshot knows no list of releases: a clean version that no advisory names is not seen. Final releases win
    over pre-releases unless only those are left.
    """
    known = tuple(records)
    bounds = {bound: parsed for one in known for bound in one.fixed if (parsed := _parse(bound)) is not None}
    above = sorted((parsed, bound) for bound, parsed in bounds.items() if parsed > Version(version))
    clean = [(parsed, bound) for parsed, bound in above if not match(known, bound).affected]
    final = [bound for parsed, bound in clean if not parsed.is_prerelease]
    return next(iter([*final, *(bound for _, bound in clean)]), None)


def way_out(pin: Pin, records: Iterable[Record], dependencies: Dependencies) -> Upgrade:
    """How to get rid of every known vulnerability of a pin."""
    version = lowest_clean(records, pin.version)
    if version is None:
        return Upgrade(None, None, "")
    declared = constraints_on(pin, dependencies)
    answers = {one.allows(version) for one in declared}
    allowed = False if False in answers else None if not answers or None in answers else True
    manager = next((one.manager for one in dependencies.declarations if one.file == pin.file), "pip")
    place = next((one for one in declared if one.allows(version) is False), None)
    widen = place if place is not None and place.file != pin.file else None
    return Upgrade(version, allowed, _command(manager, pin, version, widen, dependencies))


def constraints_on(pin: Pin, dependencies: Dependencies) -> tuple[Constraint, ...]:
    """What the files in the pin's folder (and the file itself) ask of the package."""
    folder = pin.file.rpartition("/")[0]
    here = [one for one in dependencies.declarations if one.file.rpartition("/")[0] == folder]
    if any(one.file == pin.file and one.manager in ("pip", "conda") for one in here):
        here = [one for one in here if one.file == pin.file]
    return tuple(one for declaration in here for one in declaration.constraints if one.name == pin.name)


def _command(manager: str, pin: Pin, version: str, widen: Constraint | None, dependencies: Dependencies) -> str:
    table = _WIDEN if widen else _UPGRADE
    if pin.file.endswith(".py.lock"):
        manager = "script"
    make = table.get(manager) or _UPGRADE.get(manager) or _edit
    return make(pin, version, _source(pin, dependencies))


def _source(pin: Pin, dependencies: Dependencies) -> str:
    """The file that a compiled requirements file was made from, if it stands beside it."""
    wanted = pin.file.removesuffix(".txt") + ".in"
    return wanted if any(one.file == wanted for one in dependencies.declarations) else ""


def _edit(pin: Pin, version: str, _: str) -> str:
    return f"write {pin.name}=={version} in {pin.file}:{pin.line}"


def _group(pin: Pin, option: str) -> str:
    return f" {option} {shlex.quote(pin.groups[0])}" if pin.groups else ""


def _quoted(pin: Pin, version: str) -> str:
    return shlex.quote(f"{pin.name}>={version}")


def _pip_tools(pin: Pin, version: str, source: str) -> str:
    made_from = f" {shlex.quote(source)}" if source else ""
    return f"pip-compile -P {pin.name}=={version} -o {shlex.quote(pin.file)}{made_from}"


def _uv_pip(pin: Pin, version: str, source: str) -> str:
    made_from = f" {shlex.quote(source)}" if source else ""
    return f"uv pip compile -P {pin.name}=={version} -o {shlex.quote(pin.file)}{made_from}"


_Make = Callable[[Pin, str, str], str]
_UPGRADE: dict[str, _Make] = {
    "uv": lambda pin, _, __: f"uv lock --upgrade-package {pin.name}",
    "script": lambda pin, _, __: (
        f"uv lock --script {shlex.quote(pin.file.removesuffix('.lock'))} --upgrade-package {pin.name}"
    ),
    "poetry": lambda pin, _, __: f"poetry update {pin.name}",
    "pdm": lambda pin, _, __: f"pdm update {pin.name}",
    "pipenv": lambda pin, _, __: f"pipenv update {pin.name}",
    "pip-tools": _pip_tools,
    "uv-pip": _uv_pip,
}
# Where the manifest's own constraint stands in the way, the manager has to widen it.
_WIDEN: dict[str, _Make] = {
    "uv": lambda pin, version, _: f"uv add{_group(pin, '--group')} {_quoted(pin, version)}",
    "script": lambda pin, version, _: (
        f"uv add --script {shlex.quote(pin.file.removesuffix('.lock'))} {_quoted(pin, version)}"
    ),
    "poetry": lambda pin, version, _: f"poetry add{_group(pin, '--group')} {_quoted(pin, version)}",
    "pdm": lambda pin, version, _: f"pdm add{_group(pin, '-dG')} {_quoted(pin, version)}",
    "pipenv": lambda pin, version, _: f"pipenv install{' --dev' if pin.groups else ''} {_quoted(pin, version)}",
}


def _parse(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None
