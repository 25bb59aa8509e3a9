"""An OSV service on the loopback interface that answers from a snapshot; pip-audit and others ask it.

`with serving(snapshot) as url:` gives a base URL without path. Routes: POST /v1/query, POST /v1/querybatch,
GET /v1/vulns/ID. See https://google.github.io/osv.dev/api/. A package whose data cannot be matched is answered
like any other: what is indeterminate is told by `gaps`, never by this service.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from py_secure_ci.advisories.loopback import listening
from py_secure_ci.advisories.matching import match
from py_secure_ci.advisories.record import Record
from py_secure_ci.advisories.refusal import Refused
from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.reading import as_dict, as_list, field, optional

BATCH_LIMIT = 1000  # queries, as OSV itself


def serving(snapshot: Snapshot) -> AbstractContextManager[str]:
    """Serve on a free port of 127.0.0.1 until the block ends; yields the base URL."""

    def post(path: str, body: dict[str, Any]) -> object:
        if path not in _POSTS:
            raise Refused(404, "no such route")
        return _POSTS[path](snapshot, body)

    return listening(post, lambda path: _vulnerability(snapshot, path))


def asked(body: dict[str, Any]) -> tuple[str, str | None]:
    """The package (PEP 503 name) and version of a query. Raises `Refused` and `WrongShape`."""
    package = as_dict(field(body, "package", dict, "the query"), "package")
    ecosystem = optional(package, "ecosystem", str, "package")
    purl = optional(package, "purl", str, "package") or ""
    version = optional(body, "version", str, "the query")
    if ecosystem == "PyPI":
        return canonicalize_name(field(package, "name", str, "package")), version
    if purl.startswith("pkg:pypi/"):
        name, _, inside = unquote(purl.removeprefix("pkg:pypi/")).partition("@")
        return canonicalize_name(name), version or inside or None
    raise Refused(400, "only packages of the PyPI ecosystem are known here")


def batch(body: dict[str, Any], answer: Callable[[dict[str, Any]], tuple[Record, ...]]) -> object:
    """What OSV answers to a batch: ids and dates alone. Raises `Refused` and `WrongShape`."""
    queries = as_list(field(body, "queries", list, "the batch"), "queries")
    if len(queries) > BATCH_LIMIT:
        raise Refused(400, f"more than {BATCH_LIMIT} queries")
    answers = [answer(as_dict(one, "a query")) for one in queries]
    short = [[{"id": record.id, "modified": record.osv()["modified"]} for record in found] for found in answers]
    return {"results": [{"vulns": found} if found else {} for found in short]}


def _affected(snapshot: Snapshot, body: dict[str, Any]) -> tuple[Record, ...]:
    name, version = asked(body)
    records = snapshot.of(name)
    return records if version is None else match(records, version).affected


def _query(snapshot: Snapshot, body: dict[str, Any]) -> object:
    return {"vulns": [record.osv() for record in found]} if (found := _affected(snapshot, body)) else {}


def _batch(snapshot: Snapshot, body: dict[str, Any]) -> object:
    return batch(body, lambda query: _affected(snapshot, query))


def _vulnerability(snapshot: Snapshot, path: str) -> object:
    found = snapshot.by_id(unquote(path.removeprefix("/v1/vulns/"))) if path.startswith("/v1/vulns/") else ()
    if not found:
        raise Refused(404, "no such advisory")
    whole = found[0].osv()
    whole["affected"] = [one for record in found for one in record.osv()["affected"]]
    return whole


_POSTS: dict[str, Callable[[Snapshot, dict[str, Any]], object]] = {"/v1/query": _query, "/v1/querybatch": _batch}
