"""What every SBOM format says, once: packages, who depends on whom, and what is not known. Not a format itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID, uuid5

from py_secure_ci.pins import Component, Declaration, Dependencies, Pin, Unpinned
from py_secure_ci.report import Report

_NAMESPACE = UUID("6f1d3c52-2a55-5c6e-9a5d-0f6c1c1d7b10")
# Managers whose lock files state who asked for whom.
_GRAPHS = frozenset({"uv", "poetry", "pdm", "pip-tools", "uv-pip"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package of the SBOM. `version` is empty where no declaration pins it."""

    ref: str
    name: str
    version: str
    purl: str
    hashes: tuple[str, ...] = ()  # `sha256:…`
    licences: tuple[str, ...] = ()
    required: bool = True  # False: only extras or groups ask for it
    groups: tuple[str, ...] = ()
    places: tuple[str, ...] = ()  # `file:line`, or a path
    note: str = ""
    kind: str = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """`edges`: ref -> refs, the root included. `whole`: every dependency has an exact version and no lock is stale.

    `graphed`: every declaration states who asked for whom.
    """

    project: str
    version: str
    packages: tuple[Package, ...]
    edges: tuple[tuple[str, tuple[str, ...]], ...]
    whole: bool
    graphed: bool
    unknowns: tuple[str, ...]

    @property
    def root(self) -> str:
        """The ref of the project itself."""
        return f"project:{self.project}"


def inventory(report: Report) -> Inventory:
    """The inventory of a whole report."""
    return of(report.dependencies.declarations, report.components, report.context.project)


def of(declarations: tuple[Declaration, ...], components: tuple[Component, ...], project: str) -> Inventory:
    """The inventory of some declarations, with what an SBOM tool saw besides."""
    dependencies = Dependencies(declarations)
    named = next((one for one in declarations if one.project and "/" not in one.file), None)
    name = named.project if named else project or "project"
    version = next((one.project_version for one in declarations if one.project == name and one.project_version), "")
    licences = {one.purl.split("?")[0]: one.licences for one in components if one.licences}
    pinned = [_pinned(pins, licences) for pins in _by_release(dependencies.pins)]
    known = {one.ref for one in pinned}
    names = {one.name for one in pinned}
    open_ = [_open(gaps) for gaps in _by_name(gap for gap in dependencies.unpinned if _is_package(gap, names))]
    seen = [one for one in _seen(components) if one.ref not in known]
    packages = tuple(sorted((*pinned, *open_, *seen), key=lambda one: one.ref))
    root = f"project:{name}"
    return Inventory(
        project=name,
        version=version,
        packages=packages,
        edges=_edges(root, dependencies, packages),
        whole=not dependencies.unpinned and not any(one.stale for one in declarations),
        graphed=all(one.manager in _GRAPHS for one in declarations if one.pins),
        unknowns=tuple(sorted({f"{gap.file}:{gap.line}: {gap.name}: {gap.reason}" for gap in dependencies.unpinned})),
    )


def serial(text: str) -> UUID:
    """A UUID that the content alone decides."""
    return uuid5(_NAMESPACE, text)


def purl(name: str, version: str = "") -> str:
    """The package URL of a Python package."""
    return f"pkg:pypi/{name}@{quote(version, safe='.-_~')}" if version else f"pkg:pypi/{name}"


def _by_release(pins: Iterable[Pin]) -> list[list[Pin]]:
    piles: dict[tuple[str, str], list[Pin]] = {}
    for pin in pins:
        piles.setdefault((pin.name, pin.version), []).append(pin)
    return [piles[key] for key in sorted(piles)]


def _by_name(gaps: Iterable[Unpinned]) -> list[list[Unpinned]]:
    piles: dict[str, list[Unpinned]] = {}
    for gap in gaps:
        piles.setdefault(gap.name, []).append(gap)
    return [piles[key] for key in sorted(piles)]


def _is_package(gap: Unpinned, pinned: set[str]) -> bool:
    """A gap about a file or a line is told among the unknowns; a package that is pinned elsewhere is listed already."""
    plain = gap.name.replace("-", "").replace(".", "").isalnum()
    return plain and gap.name not in pinned and gap.name != gap.file.rsplit("/", 1)[-1]


def _pinned(pins: list[Pin], licences: dict[str, tuple[str, ...]]) -> Package:
    first = pins[0]
    url = purl(first.name, first.version)
    stated = tuple(sorted({pin.licence for pin in pins if pin.licence}))
    required = any(not pin.groups for pin in pins)
    return Package(
        ref=url,
        name=first.name,
        version=first.version,
        purl=url,
        hashes=tuple(sorted({one for pin in pins for one in pin.hashes})),
        licences=stated or licences.get(url, ()),
        required=required,
        groups=() if required else tuple(sorted({group for pin in pins for group in pin.groups})),
        places=tuple(sorted({f"{pin.file}:{pin.line}" for pin in pins})),
    )


def _open(gaps: list[Unpinned]) -> Package:
    required = any(not gap.groups for gap in gaps)
    return Package(
        ref=f"unpinned:{gaps[0].name}",
        name=gaps[0].name,
        version="",
        purl=purl(gaps[0].name),
        required=required,
        groups=() if required else tuple(sorted({group for gap in gaps for group in gap.groups})),
        places=tuple(sorted({f"{gap.file}:{gap.line}" for gap in gaps})),
        note=gaps[0].reason,
    )


def _seen(components: tuple[Component, ...]) -> list[Package]:
    piles: dict[str, list[Component]] = {}
    for one in components:
        piles.setdefault(one.purl, []).append(one)
    return [
        Package(
            ref=url,
            name=pile[0].name,
            version=pile[0].version,
            purl=url,
            licences=tuple(sorted({licence for one in pile for licence in one.licences})),
            places=tuple(sorted({path for one in pile for path in one.paths})),
            kind=pile[0].kind or "unknown",
        )
        for url, pile in sorted(piles.items())
    ]


def _edges(
    root: str, dependencies: Dependencies, packages: tuple[Package, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Who depends on whom; the project on what it asks for itself and on whatever nobody else asks for."""
    asked: dict[str, set[str]] = {one.ref: set() for one in packages}
    direct: set[str] = set()
    for declaration in dependencies.declarations:
        refs: dict[str, set[str]] = {}
        for pin in declaration.pins:
            refs.setdefault(pin.name, set()).add(purl(pin.name, pin.version))
        for pin in declaration.pins:
            me = purl(pin.name, pin.version)
            asked[me] |= {ref for name in pin.requires for ref in refs.get(name, ()) if ref != me}
            if pin.direct:
                direct.add(me)
    wanted = {ref for refs in asked.values() for ref in refs}
    lonely = asked.keys() - _closure(direct, asked) - wanted
    rest = asked.keys() - _closure(direct | lonely, asked)
    return ((root, tuple(sorted(direct | lonely | rest))), *((ref, tuple(sorted(asked[ref]))) for ref in sorted(asked)))


def _closure(start: set[str], asked: dict[str, set[str]]) -> set[str]:
    reached, queue = set(start), list(start)
    while queue:
        found = asked[queue.pop()] - reached
        reached |= found
        queue += found
    return reached
