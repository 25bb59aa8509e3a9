"""What an audit could not see: unpinned dependencies, names no advisory source knows, records nobody can match."""

from __future__ import annotations

from collections.abc import Container, Iterable

from packaging.version import InvalidVersion

from py_secure_ci.advisories.matching import match
from py_secure_ci.advisories.public_names import PublicNames, unproven
from py_secure_ci.advisories.record import Record
from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.model import Finding, Gap
from py_secure_ci.pins import Dependencies, Pin

_NAMES = 10  # packages named in one gap
_UNASKED = (
    "no lock names its index, it has no advisory, and it is not among the well-known public names; "
    "run once with a network, or name it under stages.sca.public"
)


def gaps(dependencies: Dependencies, snapshot: Snapshot, public: PublicNames) -> tuple[Gap, ...]:
    """Every gap of the declarations. Subjects read `file: name` (or `file: name==version`, `file: index`)."""
    names = frozenset(unproven(dependencies.pins, snapshot, public.known))
    unpinned = [Gap(f"{one.file}: {one.name}", one.reason, one.line) for one in dependencies.unpinned]
    unknown = [_unknown(pin, public) for pin in dependencies.pins if pin.name in names and not pin.source]
    return (
        *unpinned,
        *_indeterminate(dependencies.pins, snapshot),
        *_private(dependencies, names),
        *dict.fromkeys(unknown),
    )


def _unknown(pin: Pin, public: PublicNames) -> Gap:
    """A name without an index of its own that nobody vouches for: of a private one every source knows nothing."""
    if pin.name in public.denied:
        reason = "private name unknown to the advisory source: the public index has no such package"
    else:
        reason = f"perhaps a private name unknown to the advisory source: {public.why or _UNASKED}"
    return Gap(f"{pin.file}: {pin.name}", reason, pin.line)


def _indeterminate(pins: Iterable[Pin], snapshot: Snapshot) -> list[Gap]:
    found = []
    for pin in pins:
        try:
            records = match(snapshot.of(pin.name), pin.version).indeterminate
        except InvalidVersion:
            continue  # a reader's pins are PEP 440; anything else is a gap already
        if records:
            ids = ", ".join(sorted(record.id for record in records))
            reason = f"indeterminate: the advisory data does not say in PEP 440 versions which releases {ids} covers"
            found.append(Gap(f"{pin.file}: {pin.name}=={pin.version}", reason, pin.line))
    return found


def _private(dependencies: Dependencies, names: Container[str]) -> list[Gap]:
    """Pins of an index that is not the default one, among `names`, which nobody shows to be public.

    Advisories name public packages only. They are one gap for each index: such a project has many of them.
    """
    found = []
    for declaration in dependencies.declarations:
        by_index: dict[str, list[Pin]] = {}
        for pin in declaration.pins:
            if pin.source and pin.name in names:
                by_index.setdefault(pin.source, []).append(pin)
        for index, pins in sorted(by_index.items()):
            names = sorted({pin.name for pin in pins})
            more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
            reason = f"may be private, which no advisory source knows: {', '.join(names[:_NAMES])}{more}"
            found.append(Gap(f"{declaration.file}: {index}", reason, min(pin.line for pin in pins)))
    return found


def unreported(
    findings: Iterable[Finding], pins: Iterable[Pin], snapshot: Snapshot
) -> tuple[tuple[Pin, Record, Gap], ...]:
    """Vulnerabilities that the snapshot knows and the audit (of any service) did not report, under any of their ids.

    With our own service there must be none. A live service may have withdrawn or narrowed an advisory since.
    """
    said: dict[tuple[str, str], set[str]] = {}
    for one in findings:
        if one.advisory:
            key = (one.advisory.package, one.advisory.version)
            said.setdefault(key, set()).update({one.rule, *one.advisory.ids})
    found: list[tuple[Pin, Record, Gap]] = []
    for pin in pins:
        for record in match(snapshot.of(pin.name), pin.version).affected:
            if not said.get((pin.name, pin.version), set()) & set(record.ids):
                reason = f"{record.id} covers it by {snapshot.label}, and the audit does not report it"
                found.append((pin, record, Gap(f"{pin.file}: {pin.name}=={pin.version}", reason, pin.line)))
    return tuple(found)
