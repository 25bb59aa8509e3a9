"""Which advisory data there is, how old it is, and how a newer one is put in its place.

`cache` is the user's cache folder: an update lives there and wins over the bundled file while it is newer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from py_secure_ci.advisories.compact import build, date_in_name
from py_secure_ci.advisories.snapshot import BUNDLED, Snapshot, dump, load
from py_secure_ci.errors import AdvisoryError

_NAME = "osv-pypi.json.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryStatus:
    """What `advisories status` shows. `updated`: the data is the user's own update, not the bundled file."""

    date: date
    age_days: int
    packages: int
    advisories: int
    origin: str
    updated: bool
    stale: bool

    def lines(self) -> tuple[str, ...]:
        """For people, one fact a line."""
        age = f"{self.age_days} day{'' if self.age_days == 1 else 's'} old"
        return (
            f"advisories: snapshot of {self.date.isoformat()}, {age}{' (too old)' if self.stale else ''}",
            f"holds:      {self.advisories} advisories of {self.packages} packages",
            f"from:       {self.origin}",
            f"file:       {'an update in your cache' if self.updated else 'bundled with py-secure-ci'}",
        )


def updated_file(cache: Path) -> Path:
    """Where an update is kept."""
    return cache / "advisories" / _NAME


def current(cache: Path | None) -> tuple[Snapshot, bool]:
    """The newest data there is, and whether it is the user's update. Raises `AdvisoryError`: a damaged file is told."""
    bundled = load(BUNDLED)
    own = updated_file(cache) if cache else None
    if own is None or not own.exists():
        return bundled, False
    updated = load(own)
    return (updated, True) if updated.date >= bundled.date else (bundled, False)


def status(snapshot: Snapshot, updated: bool, today: date, max_age_days: int) -> AdvisoryStatus:
    """Describe a snapshot on a day."""
    return AdvisoryStatus(
        date=snapshot.date,
        age_days=snapshot.age(today),
        packages=len(snapshot.rows),
        advisories=snapshot.advisories,
        origin=snapshot.origin,
        updated=updated,
        stale=is_stale(snapshot, today, max_age_days),
    )


def is_stale(snapshot: Snapshot, today: date, max_age_days: int) -> bool:
    """Whether the data is older than the configuration allows."""
    return snapshot.age(today) > max_age_days


def update(data: bytes, name: str, cache: Path, day: date | None = None, today: date | None = None) -> Snapshot:
    """Turn a zip's bytes into the user's snapshot, written whole. The date: `day`, else the one in `name`.

    Raises `AdvisoryError` if the zip is not one of OSV records, or no date is known.
    """
    taken = day or date_in_name(name)
    if taken is None:
        raise AdvisoryError(
            f"{name} does not say what day it is of", hint="name it like osv-pypi-2026-07-23.zip, or give the date"
        )
    if today and taken > today:
        raise AdvisoryError(f"{name} is of {taken.isoformat()}, which is in the future", hint="check its date")
    snapshot = build(data, taken, f"OSV records from {name}")
    target = updated_file(cache)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(dump(snapshot))
    part.replace(target)
    return snapshot
