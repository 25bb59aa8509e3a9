"""From what pip-audit says to what helps: aliases merged, severity, who asked for it, the way out, reach. Pure.

`advise(findings, dependencies, snapshot, reach)` gives one finding per vulnerability and pin, worst first.
`reach(package)` answers ("imported" | "not-imported" | "unknown", places); see `dependencies.imports`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from packaging.version import Version

from py_secure_ci.advisories.record import Record
from py_secure_ci.advisories.severity import judge
from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.advisories.way_out import Upgrade, way_out
from py_secure_ci.dependencies.names import is_version
from py_secure_ci.model import Advisory, Finding, Location, Rule, Severity
from py_secure_ci.pins import Dependencies, Pin

Reach = Callable[[str], tuple[str, tuple[str, ...]]]
STALE = "stale-lock"
_PREFERRED = ("CVE-", "GHSA-", "PYSEC-")
_REACH_ORDER = {"imported": 0, "unknown": 1, "not-imported": 2, "": 3}
_PLACES = 20  # imports shown for one package


def advise(
    findings: Iterable[Finding], dependencies: Dependencies, snapshot: Snapshot, reach: Reach
) -> tuple[Finding, ...]:
    """Merge and fill in the findings that carry an advisory; any other passes as it is."""
    pins: dict[tuple[str, int | None, str, str], Pin] = {
        (pin.file, pin.line, pin.name, pin.version): pin for pin in dependencies.pins
    }
    plain: list[Finding] = []
    piles: dict[tuple[str, int | None, str, str], list[Finding]] = {}
    for finding in findings:
        known = finding.advisory
        if known is None or finding.location is None:
            plain.append(finding)
            continue
        key = (finding.location.path, finding.location.line, known.package, known.version)
        piles.setdefault(key, []).append(finding)
    done: list[Finding] = []
    for key, pile in piles.items():
        pin = pins.get(key) or Pin(name=key[2], version=key[3], file=key[0], line=key[1] or 1)
        upgrade = way_out(pin, snapshot.of(pin.name), dependencies)
        package = _Package(pin, _asked_at(pin, dependencies), snapshot.of(pin.name), upgrade, reach(pin.name))
        done += [package.finding(cluster) for cluster in merge(pile, snapshot)]
    return tuple(plain + sorted(done, key=_order))


def _order(finding: Finding) -> tuple[object, ...]:
    known = finding.advisory
    assert known is not None  # noqa: S101 (only such findings are sorted)
    place = finding.location or Location("")
    reach = _REACH_ORDER[known.reach]
    return -finding.severity.rank, reach, known.package, known.version, place.path, place.line or 0, finding.rule


def merge(findings: Iterable[Finding], snapshot: Snapshot) -> list[list[Finding]]:
    """Findings of one pin that share an id are one vulnerability; ids and the snapshot's aliases count."""
    clusters: list[tuple[set[str], list[Finding]]] = []
    for finding in findings:
        known = finding.advisory
        ids = set(known.ids if known else ()) | {finding.rule}
        records = snapshot.of(known.package) if known else ()
        ids |= {id_ for record in records if not ids.isdisjoint(record.ids) for id_ in record.ids}
        joined = [cluster for cluster in clusters if cluster[0] & ids]
        clusters = [cluster for cluster in clusters if not cluster[0] & ids]
        members = [one for cluster in joined for one in cluster[1]]
        clusters.append((ids.union(*(cluster[0] for cluster in joined)), [*members, finding]))
    return [members for _, members in clusters]


def by_preference(ids: Iterable[str]) -> tuple[str, ...]:
    """CVE, then GHSA, then PYSEC, then the rest; each in order."""
    kinds = len(_PREFERRED)
    return tuple(
        sorted(
            set(ids),
            key=lambda id_: (next((n for n, kind in enumerate(_PREFERRED) if id_.startswith(kind)), kinds), id_),
        )
    )


@dataclass(frozen=True, slots=True)
class _Package:
    """One pin with what is known of its package."""

    pin: Pin
    asked_at: str
    records: tuple[Record, ...]
    upgrade: Upgrade
    reach: tuple[str, tuple[str, ...]]

    def finding(self, cluster: list[Finding]) -> Finding:
        """One finding for all of a cluster."""
        pin = self.pin
        said = [one.advisory for one in cluster if one.advisory]
        ids = {id_ for one in said for id_ in one.ids}
        own = [record for record in self.records if not ids.isdisjoint(record.ids)]
        ids |= {id_ for record in own for id_ in record.ids}
        judged = judge(ids, [vector for record in own for vector in record.vectors])
        upgrade, (word, places) = self.upgrade, self.reach
        advisory = Advisory(
            package=pin.name,
            version=pin.version,
            ids=by_preference(ids),
            fixed_in=_ascending(
                [*(bound for one in own for bound in one.fixed), *(v for one in said for v in one.fixed_in)]
            ),
            upgrade=upgrade.version,
            allowed=upgrade.allowed,
            command=upgrade.command,
            vector=judged.vector,
            score=judged.score,
            direct=pin.direct,
            via=pin.via,
            groups=pin.groups,
            imported_at=places[:_PLACES],
            reach=word,
        )
        return replace(
            cluster[0],
            rule=advisory.ids[0],
            severity=_severity(judged.severity, cluster),
            message=_message(advisory, self.asked_at),
            fix=_fix(advisory, upgrade),
            advisory=advisory,
            anchor=f"{pin.name}:{advisory.ids[0]}",
        )


def _asked_at(pin: Pin, dependencies: Dependencies) -> str:
    """Where the project declares the direct dependency that brings the package in: `file:line`."""
    if not pin.via:
        return ""
    folder = pin.file.rpartition("/")[0]
    for declaration in dependencies.declarations:
        if declaration.file.rpartition("/")[0] == folder:
            for one in declaration.constraints:
                if one.name == pin.via[0] and (one.file, one.line) != (pin.file, pin.line):
                    return f"{one.file}:{one.line}"
    return ""


def _severity(judged: Severity, cluster: list[Finding]) -> Severity:
    """What the vectors say; where there are none, what a tool says, and never a guess."""
    said = [one.severity for one in cluster if one.severity is not Severity.UNKNOWN]
    return judged if judged is not Severity.UNKNOWN or not said else max(said, key=lambda one: one.rank)


def _ascending(versions: Iterable[str]) -> tuple[str, ...]:
    """Each version once; what is no version is left out. pip-audit names those of the first range only."""
    found = {Version(one): one for one in versions if is_version(one)}
    return tuple(found[one] for one in sorted(found))


def _message(advisory: Advisory, asked_at: str) -> str:
    first, *others = advisory.ids
    text = f"{advisory.package} {advisory.version} has the known vulnerability {first}"
    text += f" ({', '.join(others)})" if others else ""
    if len(advisory.via) > 1:
        text += f"; it comes by way of {' -> '.join(advisory.via)}"
    text += f", declared at {asked_at}" if asked_at else ""
    return f"{text}."


def _fix(advisory: Advisory, upgrade: Upgrade) -> str:
    if upgrade.version is None:
        return "No version that is free of known vulnerabilities is known: replace the package, or accept the risk."
    allowed = {
        True: "your constraints allow it",
        False: "your constraints do not allow it yet",
        None: "nothing that you declare speaks against it",
    }
    clean = f"{advisory.package} {upgrade.version} is the lowest clean version"
    return f"{clean} ({allowed[upgrade.allowed]}): {upgrade.command}"


def stale_locks(dependencies: Dependencies, tool: str = "pip-audit") -> tuple[Finding, ...]:
    """A finding for every lock that is older than its manifest: what was audited is not what gets installed next."""
    return tuple(
        Finding(
            tool=tool,
            rule=STALE,
            severity=Severity.ERROR,
            message=f"the lock does not match its manifest. {one.stale}.",
            location=Location(one.file, 1),
            fix="Lock again and commit the result.",
            anchor=f"{STALE}:{one.file}",
        )
        for one in dependencies.declarations
        if one.stale
    )


def rules(findings: Iterable[Finding]) -> tuple[Rule, ...]:
    """Rules for the findings that `advise` and `stale_locks` gave, by id."""
    found: dict[str, Rule] = {}
    for one in findings:
        if one.advisory:
            summary = f"Known vulnerability {one.rule} in a dependency"
            uri = f"https://osv.dev/vulnerability/{one.rule}"
            found[one.rule] = Rule(id=one.rule, name=one.rule, summary=summary, uri=uri, tags=("dependency",))
        elif one.rule == STALE:
            found[STALE] = Rule(id=STALE, name="StaleLock", summary="A lock file is older than its manifest")
    return tuple(found[id_] for id_ in sorted(found))
