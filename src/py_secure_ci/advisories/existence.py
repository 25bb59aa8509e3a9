"""Asks the public index which names it has: one HEAD request a name. See https://peps.python.org/pep-0691/.

Nothing but "200, and the index's own content type" means yes, and nothing but 404 means no. An index that has a
name which cannot be is not believed at all.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import uuid4

_TYPE = "application/vnd.pypi.simple.v1+json"
MOST = 500  # names a run
_AT_ONCE = 8
_SECONDS = 4.0  # for one answer
_ALTOGETHER = 20.0


@dataclass(frozen=True, slots=True)
class Existence:
    """`why`: why the rest of the names is neither; empty where there is no rest."""

    there: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    why: str = ""


@dataclass(slots=True)
class _Asking:
    """One round of questions; the first that fails ends it."""

    index: str
    until: float
    failure: str = ""
    there: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    def ask(self, name: str) -> None:
        left = self.until - time.monotonic()
        if self.failure or left <= 0:
            self.failure = self.failure or f"the public index did not answer within {_ALTOGETHER:.0f} seconds"
            return
        try:
            (self.there if _has(self.index, name, min(left, _SECONDS)) else self.missing).add(name)
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.failure = f"the public index gave no answer: {getattr(error, 'reason', None) or error}"


def ask(index: str, names: Sequence[str]) -> Existence:
    """Ask for every name (PEP 503), at most `MOST`. Never raises: what could not be asked is neither there nor missing.

    `index`: address of a simple index, without a slash at its end.
    """
    if not names:
        return Existence()
    asking = _Asking(index, time.monotonic() + _ALTOGETHER)
    impossible = f"no-such-package-{uuid4().hex}"
    asking.ask(impossible)
    if asking.there:
        return Existence(why="the public index says of a made-up name that it has it")
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="index") as pool:
        list(pool.map(asking.ask, names[:MOST]))
    why = asking.failure or (f"only {MOST} names are asked for in a run" if len(names) > MOST else "")
    return Existence(frozenset(asking.there), frozenset(asking.missing - {impossible}), why)


def _has(index: str, name: str, seconds: float) -> bool:
    request = urllib.request.Request(f"{index}/{name}/", method="HEAD", headers={"Accept": _TYPE})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310  # nosec B310
            kind = answer.headers.get_content_type()
            if answer.status == 200 and kind == _TYPE:
                return True
            raise ValueError(f"status {answer.status} with {kind}")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 404:
            return False
        raise ValueError(f"status {error.code}") from None
