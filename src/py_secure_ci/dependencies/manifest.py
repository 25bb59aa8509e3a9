"""What a lock reader may know of the manifest that its lock belongs to, and how a stale lock is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from py_secure_ci.dependencies.entries import is_build
from py_secure_ci.dependencies.origins import Origins
from py_secure_ci.pins import Constraint, Declaration


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read: its declaration and its text. `dynamic`: its dependencies are computed elsewhere."""

    declaration: Declaration
    text: str
    dynamic: bool = False
    origins: Origins = Origins()

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """Direct requirements without those of the build system."""
        return tuple(one for one in self.declaration.constraints if not is_build(one.groups))

    def direct(self) -> dict[str, set[str]]:
        """Group -> names, as `graph.trace` wants them; requirements without version (VCS, path) included."""
        names: dict[str, set[str]] = {}
        asked = [(one.name, one.groups) for one in self.constraints]
        asked += [(one.name, one.groups) for one in self.declaration.unpinned]
        for name, groups in asked:
            for group in groups or ("",):
                names.setdefault(group, set()).add(name)
        return names


Manifests = Callable[[str], Manifest | None]
"""Manifest by project-relative path (`pkg/pyproject.toml`); None where there is none."""


def neighbour(file: str, name: str) -> str:
    """The path of a file in the same folder as another one."""
    folder, slash, _ = file.rpartition("/")
    return f"{folder}{slash}{name}"


def unmet(constraints: Iterable[Constraint], versions: Mapping[str, Iterable[str]]) -> str:
    """Why a lock does not satisfy its manifest, naming the first three misses; empty where it does.

    `versions`: every locked name, with its versions (none for VCS and paths). A requirement with a marker may be
    missing: lockers leave out what no supported platform needs.
    """
    misses = []
    for one in constraints:
        locked = versions.get(one.name)
        if locked is None:
            if not one.marker:
                misses.append(f"{one.name} is declared but not locked")
        elif (found := list(locked)) and all(one.allows(version) is False for version in found):
            misses.append(f"{one.name} {one.specifier} is declared, {', '.join(sorted(found))} is locked")
    more = f", and {len(misses) - 3} more" if len(misses) > 3 else ""
    return "; ".join(misses[:3]) + more
