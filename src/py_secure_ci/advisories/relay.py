"""Stands between pip-audit and a live OSV service, and passes on only what it has understood.

pip-audit takes a record of an unknown schema for none, reads the first page only, and ends over a bound that is no
version. Here every page is read and every record checked; what cannot be understood is an error, over which pip-audit
ends. All pins are asked for side by side as soon as there is a relay. See https://google.github.io/osv.dev/api/.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, unquote

from packaging.version import Version

from py_secure_ci.advisories.compact import records_of
from py_secure_ci.advisories.loopback import listening
from py_secure_ci.advisories.matching import Answer, evaluate
from py_secure_ci.advisories.record import Record
from py_secure_ci.advisories.refusal import Refused
from py_secure_ci.advisories.server import asked, batch
from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional

_AT_ONCE = 8
_SECONDS = 10.0  # for one answer
_ALTOGETHER = 300.0  # after which nothing more is asked
_PAGES = 100
_TRIES = 3
_AGAIN = frozenset({429, 500, 502, 503, 504})  # statuses that may pass
_PAUSE = 0.5  # seconds before the second try, twice as many before the third
_BYTES = 50_000_000  # of one answer

Key = tuple[str, str | None]


class Relay:
    """Answers by package and version, each asked for once. `records` holds every record that came."""

    def __init__(self, upstream: str) -> None:
        """`upstream`: base URL of the live service, without a path."""
        self._upstream = upstream
        self._until = time.monotonic() + _ALTOGETHER
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="osv")
        self._lock = threading.Lock()
        self._answers: dict[Key, Future[tuple[Record, ...]]] = {}
        self.records: dict[str, dict[str, Record]] = {}  # by package and id

    def ahead(self, pins: Iterable[tuple[str, str]]) -> None:
        """Start asking for pins (PEP 503 name, version as pip-audit writes it)."""
        for pin in pins:
            self._future(pin)

    def close(self) -> None:
        """Ask nothing more."""
        self._until = 0.0
        self._pool.shutdown(wait=True, cancel_futures=True)

    def post(self, path: str, body: dict[str, Any]) -> object:
        """Answer a query or a batch. Raises `Refused` and `WrongShape`."""
        if path == "/v1/query":
            found = self._future(asked(body)).result()
            return {"vulns": [record.osv() for record in found]} if found else {}
        if path == "/v1/querybatch":
            return batch(body, lambda query: self._future(asked(query)).result())
        raise Refused(404, "no such route")

    def get(self, path: str) -> object:
        """Answer with one advisory that was reported before. Raises `Refused`."""
        id_ = unquote(path.removeprefix("/v1/vulns/"))
        for found in list(self.records.values()):
            if id_ in found:
                return found[id_].osv()
        raise Refused(404, "no such advisory")

    def still_covers(self, record: Record, version: str) -> bool:
        """Whether the live service still has an advisory that covers a version. Unknown counts as yes."""
        try:
            document = self._request(f"/v1/vulns/{quote(record.id, safe='')}", None)
            return any(
                one.package == record.package and evaluate(one, Version(version)) is not Answer.NOT_AFFECTED
                for one in records_of(document)
            )
        except Refused as refused:
            return refused.status != 404
        except WrongShape:
            return True

    def _future(self, key: Key) -> Future[tuple[Record, ...]]:
        with self._lock:
            if key not in self._answers:
                self._answers[key] = self._pool.submit(self._query, *key)
            return self._answers[key]

    def _query(self, name: str, version: str | None) -> tuple[Record, ...]:
        body: dict[str, Any] = {"package": {"name": name, "ecosystem": "PyPI"}}
        # A local part names a build of the same release, and no list of versions holds it.
        body |= {"version": Version(version).public} if version else {}
        found: dict[str, Record] = {}
        for document in self._pages(body):
            found |= {record.id: record for record in _understood(document, name)}
        with self._lock:
            self.records.setdefault(name, {}).update(found)
        return tuple(found.values())

    def _pages(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        tokens: set[str] = set()
        for _ in range(_PAGES):
            answer = self._request("/v1/query", body)
            for one in as_list(answer.get("vulns", []), "vulns"):
                yield as_dict(one, "vulns")
            token = optional(answer, "next_page_token", str, "the answer")
            if not token:
                return
            if token in tokens:
                raise Refused(502, "the advisory service gives the same page again and again")
            tokens.add(token)
            body = {**body, "page_token": token}
        raise Refused(502, f"the advisory service has more than {_PAGES} pages for one package")

    def _request(self, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """The answer to one request. Raises `Refused` (404 as it came, else 502) and `WrongShape`."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - a constant https address, or a test's
            self._upstream + path, data=data, headers={"Content-Type": "application/json"}
        )
        for attempt in range(_TRIES):
            left = self._until - time.monotonic()
            if left <= 0:
                raise Refused(502, f"the advisory service did not answer everything within {_ALTOGETHER:.0f} seconds")
            try:
                return _answer(request, min(left, _SECONDS))
            except urllib.error.HTTPError as error:
                error.close()
                if error.code not in _AGAIN or attempt == _TRIES - 1:
                    status = 404 if error.code == 404 and body is None else 502
                    raise Refused(status, f"the advisory service answered with status {error.code}") from None
            except (OSError, ValueError, http.client.HTTPException) as error:
                if attempt == _TRIES - 1:
                    why = getattr(error, "reason", None) or error
                    raise Refused(502, f"the advisory service gave no answer: {why}") from None
            time.sleep(_PAUSE * 2**attempt)
        raise AssertionError  # every way out of the loop is taken above


@contextmanager
def relaying(upstream: str, pins: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Relay]]:
    """Serve on a free port of 127.0.0.1 until the block ends; yields the base URL, and what answers there."""
    relay = Relay(upstream)
    try:
        with listening(relay.post, relay.get) as url:
            relay.ahead(pins)
            yield url, relay
    finally:
        relay.close()


def _answer(request: urllib.request.Request, seconds: float) -> dict[str, Any]:
    until, data = time.monotonic() + seconds, b""
    with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310  # nosec B310
        while len(data) <= _BYTES and (part := answer.read1(1 << 20)):
            data += part
            if time.monotonic() > until:
                raise TimeoutError("the answer takes too long")
        if answer.length:
            raise http.client.IncompleteRead(data, answer.length)
    if len(data) > _BYTES:
        raise WrongShape(f"the advisory service answered with more than {_BYTES // 1_000_000} MB")
    return as_dict(load_json(data.decode("utf-8"), "the advisory service's answer"), "the advisory service's answer")


def _understood(document: dict[str, Any], name: str) -> Iterator[Record]:
    """The record that a package was reported for. A withdrawn one is none. Raises `WrongShape`."""
    if document.get("withdrawn"):
        return
    id_ = field(document, "id", str, "an advisory")
    found = [one for one in records_of({"schema_version": "1.0.0", **document}) if one.package == name]
    if not found:
        raise WrongShape(f"{id_} was reported for {name}, and does not name it")
    yield from found
