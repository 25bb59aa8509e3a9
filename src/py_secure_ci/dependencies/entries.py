"""Collects what a reader finds in one file; nothing with a bad name or version gets past it as a pin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement

from py_secure_ci.dependencies.names import exact_version, is_name, is_version, normalise
from py_secure_ci.dependencies.origins import Origins
from py_secure_ci.pins import Constraint, Declaration, Pin, Unpinned

_VCS = re.compile(r"(git|hg|svn|bzr)(\+|://)", re.IGNORECASE)
_PROJECT_ROOT = "${PROJECT_ROOT}"  # PDM's word for the folder of the manifest
_BUILD = "build-system"
NO_LOCK = "no lock pins it"
COMPUTED = "computed when the project is built or run, which is never done here"


@dataclass(slots=True)
class Entries:
    """The pins, gaps and constraints of one declaration file, in the order of the file."""

    file: str
    pins: list[Pin] = field(default_factory=list)
    unpinned: list[Unpinned] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    origins: Origins = Origins()

    def pin(
        self,
        name: str,
        version: str,
        line: int,
        *,
        hashes: Iterable[str] = (),
        direct: bool | None = None,
        groups: tuple[str, ...] = (),
        marker: str = "",
        via: tuple[str, ...] = (),
        requires: Iterable[str] = (),
        source: str = "",
        public: bool = False,
    ) -> None:
        """Add a pin; a name or version that the standards do not allow becomes a gap instead."""
        if not is_name(name):
            self.gap(_shown(name), line, "the name is not a valid package name", groups)
        elif not is_version(version):
            self.gap(normalise(name), line, f"version {_shown(version)!r} is not a PEP 440 version", groups)
        else:
            self.pins.append(
                Pin(
                    name=normalise(name),
                    version=version.strip(),
                    file=self.file,
                    line=line,
                    hashes=tuple(sorted(set(hashes))),
                    direct=direct,
                    groups=groups,
                    marker=marker,
                    via=via,
                    requires=tuple(sorted({normalise(one) for one in requires})),
                    source=source,
                    public=public,
                )
            )

    def gap(self, name: str, line: int, reason: str, groups: tuple[str, ...] = (), path: str = "") -> None:
        """Add something that no exact version can be had for. `path`: where a local project lies."""
        shown = normalise(name) if is_name(name) else _shown(name)
        self.unpinned.append(Unpinned(name=shown, file=self.file, line=line, reason=reason, groups=groups, path=path))

    def constraint(self, name: str, specifier: str, line: int, groups: tuple[str, ...] = (), marker: str = "") -> None:
        """Add what the project allows of a direct dependency."""
        self.constraints.append(
            Constraint(
                name=normalise(name), specifier=specifier, file=self.file, line=line, groups=groups, marker=marker
            )
        )

    def requirement(
        self,
        text: str,
        line: int,
        groups: tuple[str, ...] = (),
        *,
        hashes: Iterable[str] = (),
        source: str | None = None,
    ) -> None:
        """Add one PEP 508 requirement: a constraint, and a pin if it allows one version only."""
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            self.gap(_shown(text), line, "not a valid requirement (PEP 508)", groups)
            return
        if wanted.url is not None:
            self.gap(wanted.name, line, url_reason(wanted.url), groups, local_path(wanted.url))
            return
        marker = str(wanted.marker) if wanted.marker else ""
        self.wanted(wanted.name, str(wanted.specifier), line, groups, marker=marker, hashes=hashes, source=source)

    def wanted(
        self,
        name: str,
        specifier: str,
        line: int,
        groups: tuple[str, ...] = (),
        *,
        marker: str = "",
        hashes: Iterable[str] = (),
        source: str | None = None,
    ) -> None:
        """Add a direct dependency by name and specifier. `source`: its foreign index; None: as `origins` say."""
        if elsewhere := self.origins.elsewhere.get(normalise(name)):
            self.gap(name, line, elsewhere, groups, self.origins.paths.get(normalise(name), ""))
            return
        self.constraint(name, specifier, line, groups, marker)
        version = exact_version(specifier)[0]
        if version:
            self.pin(
                name,
                version,
                line,
                hashes=hashes,
                direct=True,
                groups=groups,
                marker=marker,
                via=(normalise(name),),
                source=self.origins.of(normalise(name)) if source is None else source,
            )

    def declaration(
        self, manager: str, *, locked: bool, stale: str = "", project: str = "", project_version: str = ""
    ) -> Declaration:
        """Everything that was added, frozen; pins in (line, name) order."""
        return Declaration(
            file=self.file,
            manager=manager,
            locked=locked,
            pins=tuple(sorted(self.pins, key=lambda pin: (pin.line, pin.name, pin.version))),
            unpinned=tuple(sorted(dict.fromkeys(self.unpinned), key=lambda one: (one.line, one.name))),
            constraints=tuple(self.constraints),
            stale=stale,
            notes=tuple(self.notes),
            project=project,
            project_version=project_version,
            members=tuple(sorted({normalise(name) for name in self.members})),
        )


def unreadable(file: str, reason: str, line: int = 1, manager: str = "") -> Declaration:
    """A declaration file that could not be read: one gap that names it, never an empty one."""
    entries = Entries(file)
    entries.unpinned.append(Unpinned(name=file.rsplit("/", 1)[-1], file=file, line=line, reason=reason))
    return entries.declaration(manager or "unknown", locked=False)


def url_reason(url: str) -> str:
    """Why a URL requirement cannot be audited. The URL is not shown: it may carry a token."""
    if "${" in url.replace(_PROJECT_ROOT, ""):
        return "an address from an environment variable"
    if _VCS.match(url):
        return "installed from version control: advisories name released versions only"
    if url.startswith("file:") or "://" not in url:
        return "a local path: advisories name released versions only"
    return "installed from a URL: advisories name released versions only"


def local_path(url: str) -> str:
    """The folder that a local requirement names, without extras; empty if it is not relative to a file or the root."""
    if _VCS.match(url):
        return ""
    plain = re.split(r"[?#;\[]|\s", url.strip())[0]
    for start in (f"file:///{_PROJECT_ROOT}", f"file://{_PROJECT_ROOT}", _PROJECT_ROOT):
        if plain.startswith(start):
            return f".{plain.removeprefix(start)}"
    if plain.startswith("file:") and not plain.startswith("file:/"):
        return plain.removeprefix("file:")
    return "" if "://" in plain or "${" in plain or plain.startswith("/") else plain


def is_build(groups: tuple[str, ...]) -> bool:
    """Whether the groups are those of `build-system.requires`, which no lock file pins."""
    return groups == (_BUILD,)


def hashes_of(table: Mapping[str, object]) -> tuple[str, ...]:
    """`{sha256 = "…"}` as `sha256:…`; values that are not words are left out."""
    return tuple(f"{kind}:{value}" for kind, value in sorted(table.items()) if isinstance(value, str))


def _shown(text: str) -> str:
    """A piece of a file that is safe to show: one line, short, no credentials of a URL, no control characters."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return re.sub(r"//[^/@\s]*@", "//…@", plain)[:80].strip() or "(nothing)"
