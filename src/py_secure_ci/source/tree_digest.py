"""One digest for everything that was due to be looked at, uncommitted changes included."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from py_secure_ci.source.sources import Sources


def tree_digest(sources: Sources, files: Iterable[str]) -> str:
    """SHA-256 over the sorted list of paths, each with the SHA-256 of its bytes (or a mark: it cannot be read)."""
    whole = hashlib.sha256()
    for path in sorted(files):
        raw = sources.raw(path)
        name = os.fsencode(path)
        content = hashlib.sha256(raw).hexdigest() if raw is not None else "unreadable"
        whole.update(f"{len(name)} ".encode() + name + f" {content}\n".encode())
    return whole.hexdigest()
