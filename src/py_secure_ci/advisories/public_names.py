"""Which package names are known to be public. Advisory sources answer "nothing known" to a private name as well.

`data/public-names.txt.gz` holds well-known names, one a line. `scripts/build_public_names` makes it of any list.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.dependencies.names import is_name, normalise
from py_secure_ci.errors import AdvisoryError
from py_secure_ci.pins import Pin

BUNDLED = Path(__file__).parent / "data" / "public-names.txt.gz"
_LIMIT = 20_000_000  # bytes, unpacked
_FEWEST = 1000  # names: a shorter list is a damaged one
_CACHED = "public-names.json"


@dataclass(frozen=True, slots=True)
class PublicNames:
    """Names (PEP 503) that somebody vouches for.

    `denied`: the public index says that it has no such package. `why`: why nobody could say more of the others.
    """

    known: Collection[str] = frozenset()
    denied: Collection[str] = frozenset()
    why: str = ""


@lru_cache(maxsize=1)
def well_known(path: Path = BUNDLED) -> frozenset[str]:
    """The names that ship. Raises `AdvisoryError` if the file is missing or damaged."""
    try:
        with gzip.open(path) as stream:
            names = frozenset(stream.read(_LIMIT).decode("ascii").split())
    except (OSError, EOFError, UnicodeError, zlib.error) as error:
        raise AdvisoryError(f"{path.name} cannot be read: {error}", hint="install py-secure-ci again") from None
    if len(names) < _FEWEST:
        raise AdvisoryError(f"{path.name} holds {len(names)} names only", hint="install py-secure-ci again")
    return names


def pack(names: Iterable[str]) -> bytes:
    """The file of a list of names; equal lists give equal bytes. What is no package name is left out."""
    text = "\n".join(sorted({normalise(one.strip()) for one in names if is_name(one.strip())})) + "\n"
    target = io.BytesIO()
    # GzipFile, not gzip.compress: the latter writes the platform into the header on newer Pythons.
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=target, mtime=0) as stream:
        stream.write(text.encode("ascii"))
    return target.getvalue()


def unproven(pins: Iterable[Pin], snapshot: Snapshot, known: Collection[str]) -> tuple[str, ...]:
    """Names that neither a declaration, nor an advisory, nor `known` shows to be public; sorted."""
    listed = tuple(pins)
    rest = {pin.name for pin in listed} - {pin.name for pin in listed if pin.public}
    return tuple(sorted(name for name in rest if name not in known and not snapshot.of(name)))


def remembered(cache: Path) -> frozenset[str]:
    """The names that the index was once asked for and had; nothing where the file is missing or damaged."""
    try:
        names = json.loads((cache / "advisories" / _CACHED).read_text(encoding="ascii"))
    except (OSError, ValueError, RecursionError):
        return frozenset()
    valid = isinstance(names, list) and all(isinstance(one, str) and is_name(one) for one in names)
    return frozenset(names) if valid else frozenset()


def remember(cache: Path, names: Iterable[str]) -> None:
    """Keep names for later runs, without a network too. Only what exists is kept: what does not may come."""
    target = cache / "advisories" / _CACHED
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_text(json.dumps(sorted({*remembered(cache), *names})), encoding="ascii")
    part.replace(target)
