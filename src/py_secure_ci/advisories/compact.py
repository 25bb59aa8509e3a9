"""Turns OSV records (a zip with one JSON file each, as OSV publishes them) into a snapshot of facts."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from py_secure_ci.advisories.matching import Answer, evaluate, is_malformed
from py_secure_ci.advisories.record import EVENTS, Record
from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.errors import AdvisoryError, WrongShape
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional

_ECOSYSTEM = "PyPI"
_MEMBER_LIMIT = 20_000_000  # bytes, unpacked
_TOTAL_LIMIT = 8_000_000_000


def build(data: bytes, day: date, origin: str) -> Snapshot:
    """Make a snapshot of a zip's bytes. Raises `AdvisoryError` if it is no such zip, or holds no advisory."""
    rows: dict[str, list[Any]] = {}
    try:
        records = [one for document in _documents(data) for one in records_of(document)]
    except WrongShape as error:
        raise AdvisoryError(f"the zip holds a record that cannot be read: {error}", hint=_HINT) from None
    for record in sorted(records, key=lambda one: (one.package, one.id)):
        rows.setdefault(record.package, []).append(record.row())
    if not rows:
        raise AdvisoryError("the zip holds no advisory of a Python package", hint=_HINT)
    return Snapshot(day, origin, rows)


def date_in_name(name: str) -> date | None:
    """The date that a file name holds (`osv-pypi-2026-07-23.zip`), if any."""
    found = re.search(r"\d{4}-\d{2}-\d{2}", name)
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None


def _documents(data: bytes) -> Iterator[dict[str, Any]]:
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in sorted(archive.infolist(), key=lambda one: one.filename):
                if not member.filename.endswith(".json"):
                    continue
                total += member.file_size
                if member.file_size > _MEMBER_LIMIT or total > _TOTAL_LIMIT:
                    raise AdvisoryError(f"the zip is too large at {member.filename}", hint=_HINT)
                text = archive.read(member).decode("utf-8")
                yield as_dict(load_json(text, member.filename), member.filename)
    except (zipfile.BadZipFile, UnicodeError, NotImplementedError, RuntimeError, OSError, WrongShape) as error:
        raise AdvisoryError(f"not a readable zip of OSV records: {error}", hint=_HINT) from None


def records_of(document: dict[str, Any]) -> Iterable[Record]:
    """One record for each Python package that a document names; none if it was withdrawn. Raises `WrongShape`."""
    id_ = field(document, "id", str, "an advisory")
    if document.get("withdrawn"):
        return
    if not optional(document, "schema_version", str, id_) or not document["schema_version"].startswith("1."):
        raise WrongShape(f"{id_} has schema_version {document.get('schema_version')!r}: only 1.x can be read")
    merged: dict[str, list[dict[str, Any]]] = {}
    for one in as_list(document.get("affected", []), id_):
        package = as_dict(field(as_dict(one, id_), "package", dict, id_), id_)
        if field(package, "ecosystem", str, id_).split(":")[0] == _ECOSYSTEM:
            merged.setdefault(canonicalize_name(field(package, "name", str, id_)), []).append(one)
    for name, affected in sorted(merged.items()):
        yield _record(document, name, affected)


def _record(document: dict[str, Any], name: str, affected: list[dict[str, Any]]) -> Record:
    id_ = document["id"]
    ranges = tuple(_events(one, id_) for item in affected for one in as_list(item.get("ranges", []), id_))
    bare = Record(
        id=id_,
        package=name,
        aliases=tuple(sorted(_strings(document.get("aliases", []), id_))),
        published=_day(document, "published"),
        modified=_day(document, "modified"),
        vectors=tuple(_vectors(document, affected)),
        ranges=tuple(dict.fromkeys(events for events in ranges if events)),
    )
    listed = [version for item in affected for version in _strings(item.get("versions", []), id_)]
    return Record(**{**_fields(bare), "versions": _outside(bare, listed)})


def _fields(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in Record.__dataclass_fields__}


def _outside(bare: Record, listed: list[str]) -> tuple[str, ...]:
    """The listed versions that the ranges do not imply; all of them where a bound is malformed."""
    if any(is_malformed(events) for events in bare.ranges):
        return tuple(dict.fromkeys(listed))
    return tuple(dict.fromkeys(one for one in listed if not _implied(bare, one)))


def _implied(bare: Record, version: str) -> bool:
    try:
        parsed = Version(version)
    except InvalidVersion:
        return False
    return evaluate(bare, parsed) is Answer.AFFECTED


def _events(value: object, id_: str) -> tuple[tuple[str, str], ...]:
    """The events of a range. Commit ranges are about a repository, and the listed versions speak for them."""
    one = as_dict(value, id_)
    if field(one, "type", str, id_) != "ECOSYSTEM":
        return ()
    events = [as_dict(event, id_) for event in field(one, "events", list, id_)]
    found = [(word, bound) for event in events for word, bound in event.items() if word != "limit"]
    for word, bound in found:
        if word not in EVENTS or not isinstance(bound, str):
            raise WrongShape(f"{id_}: unknown event {word!r}")
    return tuple(found)


def _vectors(document: dict[str, Any], affected: list[dict[str, Any]]) -> Iterator[str]:
    seen = set()
    for holder in (document, *affected):
        for one in as_list(holder.get("severity") or [], "severity"):
            kind, score = field(one, "type", str, "severity"), field(one, "score", str, "severity")
            if kind.startswith("CVSS_") and score not in seen:
                seen.add(score)
                yield score


def _day(document: dict[str, Any], key: str) -> str:
    return (optional(document, key, str, document["id"]) or "1970-01-01")[:10]


def _strings(value: object, id_: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise WrongShape(f"{id_}: a list of words is expected")
    return value


_HINT = "give a zip as OSV publishes it for the Python ecosystem (one JSON file an advisory)"
