"""Which advisory data a run asks, and what that data adds to what pip-audit says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from packaging.version import Version

from py_secure_ci.commands.project import Project
from py_secure_ci.commands.session import Session
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Gap, Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.report import Completed

if TYPE_CHECKING:
    from py_secure_ci.advisories.relay import Relay

LIVE = "https://api.osv.dev"
PROBE_SECONDS = 4.0
_KNOWN_BAD = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.4.1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """`url`: the OSV service to ask, without a path. `source`: `live`, or the snapshot's label."""

    url: str = ""
    source: str = ""
    identity: str = ""  # digest of the snapshot; empty: a live service, which may answer differently each time
    offline: bool = False
    live: bool = False
    why: str = ""  # why not the live service
    notes: tuple[str, ...] = ()
    join: Callable[[Completed], Completed] = lambda outcome: outcome


def advice_for(
    project: Project,
    dependencies: Dependencies,
    stages: tuple[Stage, ...],
    offline: bool,
    session: Session,
    stack: ExitStack,
    decided: tuple[bool, str] | None = None,
) -> Advice:
    """Advice for a run; a loopback server lives as long as `stack`. Raises AdvisoryError for damaged data.

    `decided`: whether the live service was asked, and why not, where that happened on another machine.
    """
    if Stage.SCA not in stages or not dependencies.declarations:
        return Advice(offline=offline)
    from py_secure_ci.advisories.server import serving
    from py_secure_ci.advisories.status import current, is_stale
    from py_secure_ci.commands.joining import Joiner, Live
    from py_secure_ci.commands.vouching import vouching

    settings = project.config.advisories
    snapshot, _ = current(session.tools)
    live, trouble = decided or _decision(settings.source, offline)
    today = datetime.now(timezone.utc).date()
    gaps: list[Gap] = []
    notes: list[str] = []
    relay = None
    if live:
        from py_secure_ci.advisories.relay import relaying

        source = "live"
        url, relay = stack.enter_context(
            relaying(LIVE, ((pin.name, str(Version(pin.version))) for pin in dependencies.pins))
        )
        if decided:
            gaps += _asked_again(relay, dependencies)
    else:
        source, url = snapshot.label, "" if decided else stack.enter_context(serving(snapshot))
        why = f" ({trouble})" if trouble else ""
        notes.append(f"known vulnerabilities come from the {snapshot.label}{why}, not from the live service")
        if is_stale(snapshot, today, settings.max_age_days):
            age = (
                f"advisory data is {snapshot.age(today)} days old ({snapshot.label}); the limit is "
                f"{settings.max_age_days} days"
            )
            if settings.on_stale == "warn":
                notes.append(age)
            else:
                gaps.append(Gap("advisories", f"{age}: run `py-secure-ci advisories update`, or set on_stale: warn"))
    public = vouching(dependencies, snapshot, settings.public, session.cache, live, stack)
    return Advice(
        url=url,
        source=source,
        identity="" if live else snapshot.identity,
        offline=offline,
        live=live,
        why=trouble,
        notes=tuple(notes),
        join=Joiner(
            project=project,
            dependencies=dependencies,
            snapshot=snapshot,
            public=public,
            gaps=tuple(gaps),
            live=Live(records=relay.records, still_covers=relay.still_covers) if relay else None,
        ),
    )


def _decision(source: str, offline: bool) -> tuple[bool, str]:
    trouble = "" if source == "snapshot" else "--offline was given" if offline else _unreachable()
    return not offline and (source == "live" or (source == "auto" and not trouble)), trouble


def _asked_again(relay: Relay, dependencies: Dependencies) -> Iterator[Gap]:
    """On another machine than pip-audit ran on: what the service says of every pin is needed here as well."""
    from py_secure_ci.advisories.refusal import Refused

    for pin in dependencies.pins:
        package = {"name": pin.name, "ecosystem": "PyPI"}
        try:
            relay.post("/v1/query", {"package": package, "version": str(Version(pin.version))})
        except (Refused, WrongShape) as error:
            yield Gap("advisories", f"the live service cannot be asked again: {error}", final=True)
            return


def _unreachable() -> str:
    """Why the live service cannot be asked, or nothing if it answers a known-bad question as it should."""
    import http.client
    import urllib.error
    import urllib.request

    request = urllib.request.Request(  # noqa: S310 - a constant https address
        f"{LIVE}/v1/query",
        data=json.dumps(_KNOWN_BAD).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PROBE_SECONDS) as answer:  # noqa: S310  # nosec B310
            told = json.loads(answer.read(1_000_000))
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"the live service cannot be reached: {getattr(error, 'reason', error)}"
    if not (isinstance(told, dict) and told.get("vulns")):
        return "the live service does not know a vulnerability that it should know"
    return ""
