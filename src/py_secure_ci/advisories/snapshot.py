"""The advisory snapshot: a gzipped JSON file of facts, loaded whole and parsed package by package."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date as Day
from pathlib import Path
from typing import Any

from py_secure_ci.advisories.record import Record, from_row
from py_secure_ci.errors import AdvisoryError, WrongShape
from py_secure_ci.reading import as_dict, as_list, load_json
from py_secure_ci.reading import field as required

FORMAT = 1
BUNDLED = Path(__file__).parent / "data" / "osv-pypi.json.gz"
_LIMIT = 200_000_000  # bytes, unpacked


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Advisories by package. `date`: the day that the source was in this state. `origin`: where it came from."""

    date: Day
    origin: str
    rows: Mapping[str, list[Any]]
    _seen: dict[str, tuple[Record, ...]] = field(default_factory=dict, compare=False, repr=False)
    _owners: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    identity: str = field(default="", compare=False)  # sha256 of the data that it was read from

    def of(self, name: str) -> tuple[Record, ...]:
        """Every advisory of a package (PEP 503 name). Raises `WrongShape` for a damaged row."""
        if name not in self._seen:
            self._seen[name] = tuple(from_row(name, row) for row in as_list(self.rows.get(name, []), name))
        return self._seen[name]

    def by_id(self, id_: str) -> tuple[Record, ...]:
        """The records of an advisory by its own id (one for each package that it names)."""
        if not self._owners:
            owners: dict[str, str] = {}
            for name, rows in self.rows.items():
                for row in rows:
                    owners[row[0]] = f"{owners.get(row[0], '')} {name}".strip()
            self._owners.update(owners)  # in one step: other threads ask meanwhile, and half of it would read as "none"
        names = self._owners.get(id_, "").split()
        return tuple(record for name in names for record in self.of(name) if record.id == id_)

    def with_records(self, records: Mapping[str, Mapping[str, Record]]) -> Snapshot:
        """The same with newer records (by package and id) in place of its own, or besides them."""
        newer = {name: found for name, found in records.items() if found}
        seen = {
            name: (*(one for one in self.of(name) if one.id not in newer[name]), *newer[name].values())
            for name in newer
        }
        return replace(self, _seen={**self._seen, **seen}, _owners={})

    @property
    def label(self) -> str:
        """How outputs name it: `snapshot 2026-07-23`."""
        return f"snapshot {self.date.isoformat()}"

    @property
    def advisories(self) -> int:
        """How many advisories it holds."""
        return len({row[0] for rows in self.rows.values() for row in rows})

    def age(self, today: Day) -> int:
        """Days since the snapshot was taken; a date in the future counts as today."""
        return max(0, (today - self.date).days)


def load(path: Path = BUNDLED) -> Snapshot:
    """Read a snapshot file. Raises `AdvisoryError` if it is missing, damaged or of an unknown format."""
    try:
        with gzip.open(path) as stream:
            data = stream.read(_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AdvisoryError(f"the advisory data {path.name} cannot be read: {reason}", hint=_HINT) from None
    if len(data) > _LIMIT:
        raise AdvisoryError(f"the advisory data {path.name} is larger than {_LIMIT // 1_000_000} MB", hint=_HINT)
    return parse(data, path.name)


def parse(data: bytes, what: str) -> Snapshot:
    """Read the unpacked text of a snapshot. Raises `AdvisoryError`."""
    try:
        document = as_dict(load_json(data.decode("utf-8"), what), what)
        if required(document, "format", int, what) != FORMAT:
            raise WrongShape(f"{what} has format {document['format']}, this version reads {FORMAT}")
        rows = as_dict(required(document, "packages", dict, what), what)
        day = Day.fromisoformat(required(document, "date", str, what))
        if not rows or not all(isinstance(one, list) and one for one in rows.values()):
            raise WrongShape(f"{what} holds no advisories")
        return Snapshot(day, required(document, "origin", str, what), rows, identity=hashlib.sha256(data).hexdigest())
    except (WrongShape, ValueError) as error:
        raise AdvisoryError(f"the advisory data {what} is damaged: {error}", hint=_HINT) from None


def dump(snapshot: Snapshot) -> bytes:
    """Write the snapshot as a file; equal snapshots give equal bytes."""
    document = {
        "format": FORMAT,
        "date": snapshot.date.isoformat(),
        "origin": snapshot.origin,
        "packages": dict(sorted(snapshot.rows.items())),
    }
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    target = io.BytesIO()
    # GzipFile, not gzip.compress: the latter writes the platform into the header on newer Pythons.
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=target, mtime=0) as stream:
        stream.write(text.encode())
    return target.getvalue()


_HINT = "run `py-secure-ci advisories update`, or install py-secure-ci again"
