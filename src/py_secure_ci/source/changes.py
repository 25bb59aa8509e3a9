"""Which lines differ from the base: by git's patch, and where that cannot tell, all lines of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from py_secure_ci.source.committed import is_blob
from py_secure_ci.source.diff import changed_lines
from py_secure_ci.source.sources import Sources

Lines = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What git says of base and HEAD. `before`, `now`: path -> blob; `renames`: path at HEAD -> path at the base.

    `patch`: from base to HEAD; None where git could not make a whole one.
    """

    before: Mapping[str, str] = field(default_factory=dict)
    now: Mapping[str, str] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    patch: bytes | None = b""

    def lines(self, sources: Sources, asked: Iterable[str]) -> Mapping[str, Lines]:
        """Path -> the lines that are not the base's. `asked`: files that are looked at as they are in the work tree.

        A patch knows nothing of what is not committed.
        """
        known = changed_lines(self.patch) if self.patch is not None else {}
        suspects = {*asked, *(self.edited() if self.patch is None else ())}
        whole = {path: _all(raw) for path in suspects if (raw := sources.raw(path)) and not self._tells(path, raw)}
        return dict(sorted({**known, **whole}.items()))

    def edited(self) -> frozenset[str]:
        """Files that the commits since the base brought, changed or took away."""
        return frozenset(
            path for path in self.before.keys() | self.now.keys() if self.before.get(path) != self.now.get(path)
        )

    def _tells(self, path: str, raw: bytes) -> bool:
        """Whether the patch says all there is to say of a file's bytes, or the base holds the very same."""
        blobs = {self.now.get(path) if self.patch is not None else None, self.before.get(self.renames.get(path, path))}
        return any(blob is not None and is_blob(blob, raw) for blob in blobs)


def _all(raw: bytes) -> Lines:
    return ((1, raw.count(b"\n") + raw.count(b"\r") + 1),)
