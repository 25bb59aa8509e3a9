"""Which open requirements a lock answers for; the rest become gaps, and what would be told twice is told once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from posixpath import basename, dirname, join

from py_secure_ci.dependencies.entries import COMPUTED, NO_LOCK, is_build
from py_secure_ci.dependencies.manifest import unmet
from py_secure_ci.dependencies.names import exact_version
from py_secure_ci.dependencies.own_projects import without_own
from py_secure_ci.dependencies.recognise import Kind
from py_secure_ci.pins import Constraint, Declaration, Unpinned

_TOOL_LOCKS = frozenset({Kind.UV_LOCK, Kind.POETRY_LOCK, Kind.PDM_LOCK, Kind.PIPFILE_LOCK, Kind.PYLOCK})
_BUILT = frozenset({Kind.PYPROJECT, Kind.SETUP_CFG, Kind.SETUP_PY})
_PIP = frozenset({Kind.REQUIREMENTS, Kind.CONSTRAINTS})


@dataclass(frozen=True, slots=True)
class Read:
    """One file as read. `includes`: (`requirement` | `constraint` | `built`, path, line)."""

    kind: Kind
    declaration: Declaration
    includes: tuple[tuple[str, str, int], ...] = ()
    header: str = ""  # the comment that the file starts with


def settle(read: Mapping[str, Read]) -> tuple[Declaration, ...]:
    """All declarations in path order, each open requirement either answered for by a lock or a gap."""
    folders = {dirname(path) for path, one in read.items() if one.kind in _BUILT}
    names = {one.declaration.project for one in read.values()}
    read = {path: replace(one, declaration=without_own(one.declaration, folders, names)) for path, one in read.items()}
    families = _families(read)
    return tuple(_settle(path, read, families.get(path, frozenset())) for path in sorted(read))


def _settle(path: str, read: Mapping[str, Read], family: frozenset[str]) -> Declaration:
    one = read[path]
    if not one.kind.open:
        return one.declaration
    locks = [read[other] for other in sorted(_locks_for(path, read, family))]
    declaration = one.declaration
    if any(_holds(lock, declaration.project) for lock in locks) or _static_beside(path, read):
        computed = tuple(gap for gap in declaration.unpinned if gap.reason != COMPUTED)
        declaration = replace(declaration, unpinned=computed)
    declaration = _without_doubles(declaration, locks)
    answers = [_Answer.of(Read(one.kind, one.declaration)), *(_Answer.of(lock) for lock in locks)]
    gaps = [
        _gap(wanted)
        for wanted in declaration.constraints
        if not is_build(wanted.groups)
        and wanted.name != declaration.project
        and not any(answer.to(wanted) for answer in answers)
    ]
    known = {(gap.name, gap.line) for gap in declaration.unpinned}
    added = [gap for gap in dict.fromkeys(gaps) if (gap.name, gap.line) not in known]
    unpinned = sorted((*declaration.unpinned, *added), key=lambda gap: (gap.line, gap.name))
    return replace(_compiled_stale(path, declaration, read), unpinned=tuple(unpinned))


def _holds(lock: Read, project: str) -> bool:
    """Whether a tool's lock was made of the project, computed dependencies and all; uv's names its projects."""
    named = lock.kind is not Kind.UV_LOCK or not project or project in lock.declaration.members
    return lock.kind in _TOOL_LOCKS and named


def _gap(wanted: Constraint) -> Unpinned:
    why = exact_version(wanted.specifier)[1] if "||" not in wanted.specifier else "no exact version"
    reason = f"{why or 'another version is locked'}, and {NO_LOCK}"
    return Unpinned(name=wanted.name, file=wanted.file, line=wanted.line, reason=reason, groups=wanted.groups)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one file can say to a requirement. `by_name`: a tool's lock, which holds what the tool resolved."""

    versions: Mapping[str, tuple[str, ...]]
    names: frozenset[str]
    by_name: bool
    skips_markers: bool

    @classmethod
    def of(cls, read: Read) -> _Answer:
        """Index a file once, however many requirements ask it."""
        found, each = read.declaration, dict[str, dict[str, None]]()
        for pin in found.pins:
            each.setdefault(pin.name, {})[pin.version] = None
        versions = {name: tuple(pinned) for name, pinned in each.items()}
        by_name = read.kind in _TOOL_LOCKS or read.kind is Kind.SCRIPT_LOCK
        names = frozenset(versions) | {gap.name for gap in found.unpinned} | set(found.members)
        return cls(versions, names, by_name, by_name and bool(found.pins) and not found.stale)

    def to(self, wanted: Constraint) -> bool:
        """Whether it pins the requirement, or holds its name, or may leave it out for its marker.

        A requirement with a marker may be missing from a tool's lock: no platform that it locks for needs it.
        """
        if self.by_name and (wanted.name in self.names or (bool(wanted.marker) and self.skips_markers)):
            return True
        return any(wanted.allows(version) for version in self.versions.get(wanted.name, ()))


def _locks_for(path: str, read: Mapping[str, Read], family: frozenset[str]) -> set[str]:
    one, folder = read[path], dirname(path)
    if one.kind is Kind.SCRIPT:
        return {f"{path}.lock"} & read.keys()
    if one.kind is Kind.PIPFILE:
        return {join(folder, "Pipfile.lock")} & read.keys()
    if one.kind in _BUILT:
        return {other for other in read if _answers(other, read[other], folder, one.declaration.project)}
    return _pip_locks(path, read, family)


def _answers(other: str, lock: Read, folder: str, project: str) -> bool:
    """A lock in the same folder; a pinned requirements file there or in `requirements/`; a workspace's lock above."""
    if not lock.declaration.locked:
        return False
    if dirname(other) == folder:
        return lock.kind in _TOOL_LOCKS or lock.kind in _PIP
    if lock.kind in _PIP:
        return dirname(other) == join(folder, "requirements")
    above = not dirname(other) or folder.startswith(f"{dirname(other)}/")
    return lock.kind in _TOOL_LOCKS and above and bool(project) and project in lock.declaration.members


def _pip_locks(path: str, read: Mapping[str, Read], family: frozenset[str]) -> set[str]:
    """Constraints of every file that includes this one, and what `x.in` was compiled to."""
    found: set[str] = set()
    for member in {path, *family}:
        found |= {target for how, target, _ in read[member].includes if how == "constraint" and target in read}
        if read[member].kind is Kind.PYPROJECT:
            found |= {other for other in read if _answers(other, read[other], dirname(member), "")}
        compiled = re.sub(r"\.in$", ".txt", member)
        if compiled != member:
            found |= {other for other in read if other == compiled or _made_from(other, read[other], member)}
    return found - {path}


def _made_from(other: str, lock: Read, source: str) -> bool:
    """A lock in the same folder whose header names the source, or a pylock, which seldom says what it was made from."""
    if dirname(other) != dirname(source) or not lock.declaration.locked:
        return False
    made_from = {basename(word) for word in lock.header.split()}
    return lock.kind is Kind.PYLOCK or basename(source) in made_from


def _families(read: Mapping[str, Read]) -> dict[str, frozenset[str]]:
    """For every file: the files that include it, itself, and all that those include (one `pip install` sees them)."""
    families: dict[str, set[str]] = {}
    for path in read:
        reached, queue = {path}, [path]
        while queue:
            for _, target, _ in read[queue.pop()].includes:
                if target in read and target not in reached:
                    reached.add(target)
                    queue.append(target)
        if len(reached) > 1:
            for member in reached:
                families.setdefault(member, set()).update(reached)
    return {path: frozenset(members) for path, members in families.items()}


def _static_beside(path: str, read: Mapping[str, Read]) -> bool:
    """Whether a static `[project]` table beside a setup.py or setup.cfg says what theirs could."""
    beside = read.get(join(dirname(path), "pyproject.toml"))
    if read[path].kind not in (Kind.SETUP_PY, Kind.SETUP_CFG) or beside is None:
        return False
    gaps = any(gap.reason == COMPUTED for gap in beside.declaration.unpinned)
    main = any(not is_build(one.groups) for one in beside.declaration.constraints)
    return bool(beside.declaration.project) and main and not gaps


def _without_doubles(declaration: Declaration, locks: list[Read]) -> Declaration:
    """A pin or gap that a lock states as well is told there only; a member of the workspace is no pin."""
    pinned = {(pin.name, pin.version) for lock in locks for pin in lock.declaration.pins}
    local = {name for lock in locks for name in lock.declaration.members}
    open_ = {gap.name for lock in locks if lock.kind in _TOOL_LOCKS for gap in lock.declaration.unpinned}
    return replace(
        declaration,
        pins=tuple(pin for pin in declaration.pins if (pin.name, pin.version) not in pinned and pin.name not in local),
        unpinned=tuple(gap for gap in declaration.unpinned if gap.name not in open_ | local),
    )


def _compiled_stale(path: str, declaration: Declaration, read: Mapping[str, Read]) -> Declaration:
    """Stale: a compiled file that does not satisfy its `.in` file any more (of its name, or named in its header)."""
    sources = [source for source in sorted(read) if _is_source(source, path, read)] if declaration.pins else []
    versions: dict[str, list[str]] = {}
    for pin in declaration.pins:
        versions.setdefault(pin.name, []).append(pin.version)
    for gap in declaration.unpinned:
        versions.setdefault(gap.name, [])
    for source in sources:
        if reason := unmet(read[source].declaration.constraints, versions):
            return replace(declaration, stale=f"{source}: {reason}")
    return declaration


def _is_source(source: str, path: str, read: Mapping[str, Read]) -> bool:
    if not source.endswith(".in") or read[source].kind is not Kind.REQUIREMENTS or source == path:
        return False
    return source == re.sub(r"\.txt$", ".in", path) or (
        read[path].kind is Kind.REQUIREMENTS and _made_from(path, read[path], source)
    )
