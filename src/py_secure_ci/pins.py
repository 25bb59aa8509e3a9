"""Dependencies as the project declares them: pins, what could not be pinned, and who asked for whom."""

from __future__ import annotations

from dataclasses import dataclass, field

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One exact version of one package, as one declaration file states it."""

    name: str  # PEP 503 normalised
    version: str
    file: str  # project-relative POSIX path of the declaration
    line: int  # counts from 1
    hashes: tuple[str, ...] = ()  # `sha256:…`
    direct: bool | None = None  # asked for by the project itself; None: the file does not say
    groups: tuple[str, ...] = ()  # extras and groups that ask for it; empty: the main set
    marker: str = ""  # PEP 508 marker; it never hides a pin
    via: tuple[str, ...] = ()  # shortest path from a direct dependency to this one, both ends included
    requires: tuple[str, ...] = ()  # names of the packages that it asks for itself
    licence: str = ""  # SPDX expression where the file states one
    source: str = ""  # index that it comes from where that is not the default one, without credentials
    public: bool = False  # the lock itself says that the default index has the package; False: it does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpinned:
    """A declared dependency that no exact version can be had for, and why."""

    name: str
    file: str
    line: int
    reason: str
    groups: tuple[str, ...] = ()
    path: str = ""  # where a local project lies, as the file writes it; from the file's folder or from the root


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """What the project allows: a direct requirement with its specifier (`>=2,<3`, or empty).

    Alternatives, which only legacy Poetry tables can state, are parted by ` || `.
    """

    name: str
    specifier: str
    file: str
    line: int
    groups: tuple[str, ...] = ()
    marker: str = ""  # PEP 508
    extra: bool = False  # whether `groups` names an extra of `[project]`, not a group

    def allows(self, version: str) -> bool | None:
        """Whether a version satisfies the constraint; None: it cannot be told."""
        answers = [_contains(part.strip(), version) for part in self.specifier.split("||")]
        if any(answers):
            return True
        return None if None in answers else False


def _contains(specifier: str, version: str) -> bool | None:
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """All that was read of one declaration file. `manager`: pip | uv | poetry | pdm | pipenv | conda | …."""

    file: str
    manager: str
    locked: bool  # whether this is a lock file (or a fully pinned requirements file)
    pins: tuple[Pin, ...] = ()
    unpinned: tuple[Unpinned, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    stale: str = ""  # why the lock is older than its manifest; empty: it is not, or cannot be told
    notes: tuple[str, ...] = ()
    project: str = ""  # name of the project that the file belongs to, where it says so
    project_version: str = ""
    compiled_by: tuple[str, ...] = ()  # the folder it ran in, then the words of the command that compiled the file
    members: tuple[str, ...] = ()  # other local projects whose dependencies a lock holds too (workspaces, paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A package that an SBOM tool saw in the tree itself, beyond what the declarations say."""

    name: str
    version: str
    purl: str
    kind: str  # `python`, `npm`, `github-action`, …: the tool's own word
    licences: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()  # where it was seen, root-relative


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Every declaration of a project, in path order."""

    declarations: tuple[Declaration, ...] = field(default=())

    @property
    def pins(self) -> tuple[Pin, ...]:
        """All pins of all declarations, in (file, line, name) order, none merged."""
        return tuple(pin for declaration in self.declarations for pin in declaration.pins)

    @property
    def unpinned(self) -> tuple[Unpinned, ...]:
        """Everything that could not be pinned, in the same order."""
        return tuple(one for declaration in self.declarations for one in declaration.unpinned)
