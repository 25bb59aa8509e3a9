"""One advisory about one package, as facts: ids, ranges, versions, CVSS vectors, dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from py_secure_ci.dependencies.names import is_version
from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_list

# How an OSV event is written in a snapshot: one letter, then the bound.
EVENTS = {"introduced": "i", "fixed": "f", "last_affected": "l"}
_WORDS = {letter: word for word, letter in EVENTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An advisory. `ranges`: events (word, bound) in the order of the source. `versions`: those outside the ranges."""

    id: str
    package: str  # PEP 503 normalised
    aliases: tuple[str, ...] = ()
    published: str = ""  # ISO date
    modified: str = ""
    vectors: tuple[str, ...] = ()  # CVSS
    ranges: tuple[tuple[tuple[str, str], ...], ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Its own id and every alias."""
        return (self.id, *self.aliases)

    @property
    def fixed(self) -> tuple[str, ...]:
        """Every bound that the ranges name as fixed."""
        return tuple(bound for events in self.ranges for word, bound in events if word == "fixed")

    def row(self) -> list[Any]:
        """The record as a snapshot holds it."""
        ranges = [[EVENTS[word] + bound for word, bound in events] for events in self.ranges]
        return [
            self.id,
            list(self.aliases),
            self.published,
            self.modified,
            list(self.vectors),
            ranges,
            [*self.versions],
        ]

    def osv(self) -> dict[str, Any]:
        """The record in OSV's shape. Timestamps end in `Z`: readers of the format take nothing else.

        Ranges with a bound that is no PEP 440 version are left out: pip-audit ends over one. The list speaks for them.
        """
        package = {"ecosystem": "PyPI", "name": self.package, "purl": f"pkg:pypi/{self.package}"}
        ranges = [
            {"type": "ECOSYSTEM", "events": [{word: bound} for word, bound in one]}
            for one in self.ranges
            if all(is_version(bound) for _, bound in one)
        ]
        kinds = [{"type": f"CVSS_V{_major(vector)}", "score": vector} for vector in self.vectors]
        return {
            "schema_version": "1.6.0",
            "id": self.id,
            "aliases": list(self.aliases),
            "published": f"{self.published}T00:00:00Z",
            "modified": f"{self.modified}T00:00:00Z",
            "affected": [{"package": package, "ranges": ranges, "versions": list(self.versions)}],
            **({"severity": kinds} if kinds else {}),
        }


def _major(vector: str) -> str:
    return vector[5] if vector.startswith("CVSS:") else "2"


def from_row(package: str, row: Any) -> Record:
    """Read a snapshot's row. Raises `WrongShape`."""
    try:
        id_, aliases, published, modified, vectors, ranges, versions = as_list(row, "an advisory")
        return Record(
            id=id_,
            package=package,
            aliases=tuple(aliases),
            published=published,
            modified=modified,
            vectors=tuple(vectors),
            ranges=tuple(tuple((_WORDS[event[0]], event[1:]) for event in events) for events in ranges),
            versions=tuple(versions),
        )
    except (TypeError, ValueError, KeyError, IndexError):
        raise WrongShape(f"advisory data: a record of {package} is not of the documented shape") from None
