"""The shortest way out: the lowest clean version, whether the project allows it, and the command that gets there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from py_secure_ci.advisories.matching import Answer, evaluate
from py_secure_ci.advisories.record import Record
from py_secure_ci.advisories.upgrade_commands import Change, command
from py_secure_ci.pins import Constraint, Declaration, Dependencies, Pin

_MANIFESTS = frozenset({"pyproject.toml", "setup.cfg", "setup.py", "Pipfile"})
_MANIFEST_MANAGERS = frozenset({"uv", "poetry", "pdm", "pipenv"})


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
    here = Version(version)
    above = sorted((parsed.is_prerelease, parsed, bound) for bound, parsed in bounds.items() if parsed > here)
    return next((bound for _, parsed, bound in above if not _is_affected(known, parsed)), None)


def _is_affected(records: Iterable[Record], version: Version) -> bool:
    return any(evaluate(one, version) is Answer.AFFECTED for one in records)


def way_out(pin: Pin, records: Iterable[Record], dependencies: Dependencies) -> Upgrade:
    """How to get rid of every known vulnerability of a pin."""
    version = lowest_clean(records, pin.version)
    if version is None:
        return Upgrade(None, None, "")
    declared = constraints_on(pin, pin.name, dependencies)
    answers = {one.allows(version) for one in declared}
    allowed = False if False in answers else None if not answers or None in answers else True
    own = _declaration(pin, dependencies)
    change = Change(
        pin=pin,
        version=version,
        manager=_manager(pin.file, own.manager),
        widen=next((one for one in declared if one.allows(version) is False), None),
        root=next(iter(constraints_on(pin, pin.via[0], dependencies)), None) if pin.via else None,
        compiled_by=own.compiled_by,
        source=_source(pin, dependencies),
    )
    return Upgrade(version, allowed, command(change))


def constraints_on(pin: Pin, name: str, dependencies: Dependencies) -> tuple[Constraint, ...]:
    """What the manifests that stand behind a pin's file ask of a package.

    Those in its folder, those of the workspace's members, and what it was compiled from. A file that pins all that it
    names asks for nothing more than it holds, and neither does the line that is the pin.
    """
    own = _declaration(pin, dependencies)
    here = [one for one in dependencies.declarations if not one.locked and _stands_behind(one, own)]
    own_line = (pin.file, pin.line) if own.manager not in _MANIFEST_MANAGERS else None
    return tuple(
        one
        for declaration in here
        for one in declaration.constraints
        if one.name == name and (one.file, one.line) != own_line
    )


def _stands_behind(one: Declaration, own: Declaration) -> bool:
    folder, _, base = one.file.rpartition("/")
    if one.file in (own.file, own.file.removesuffix(".lock"), own.file.removesuffix(".txt") + ".in"):
        return True
    if own.manager == "conda" or base not in _MANIFESTS:
        return False
    return folder == own.file.rpartition("/")[0] or (base == "pyproject.toml" and one.project in own.members)


def _declaration(pin: Pin, dependencies: Dependencies) -> Declaration:
    found = next((one for one in dependencies.declarations if one.file == pin.file), None)
    return found or Declaration(file=pin.file, manager="pip", locked=False)


def _manager(file: str, manager: str) -> str:
    base = file.rpartition("/")[2]
    if base.endswith((".py", ".py.lock")) and base != "setup.py":
        return "script"
    return "pylock" if base.startswith("pylock.") else manager


def _source(pin: Pin, dependencies: Dependencies) -> str:
    """The file that a compiled requirements file was made from, if it stands beside it."""
    wanted = pin.file.removesuffix(".txt") + ".in"
    return wanted if any(one.file == wanted for one in dependencies.declarations) else ""


def _parse(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None
