"""An OSV service on the loopback interface that answers from a snapshot; pip-audit and others ask it.

`with serving(snapshot) as url:` gives a base URL without path. Routes: POST /v1/query, POST /v1/querybatch,
GET /v1/vulns/ID. See https://google.github.io/osv.dev/api/. A package whose data cannot be matched is answered
like any other: what is indeterminate is told by `gaps`, never by this service.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from py_secure_ci.advisories.matching import match
from py_secure_ci.advisories.record import Record
from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional

_BODY_LIMIT = 4_000_000  # bytes
_BATCH_LIMIT = 1000  # queries, as OSV itself
_IDLE = 30  # seconds that a connection may stay silent


class _Refused(Exception):
    """A request that is answered with a status and a reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@contextmanager
def serving(snapshot: Snapshot) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 until the block ends; yields the base URL."""
    server = _Server(("127.0.0.1", 0), type("_Bound", (_Handler,), {"snapshot": snapshot}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    """Threads die with the process, and a client that broke off is nobody's business."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the client notices, and it is the one that is judged."""


class _Handler(BaseHTTPRequestHandler):
    """Answers from the class attribute `snapshot`, which `serving` sets on a subclass."""

    snapshot: Snapshot
    protocol_version = "HTTP/1.1"
    # Headers and body leave in one packet, at once: two small ones would wait 40 ms for each other.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = _IDLE

    def do_POST(self) -> None:
        """Answer a query or a batch."""
        self._answer(self._post)

    def do_GET(self) -> None:
        """Answer with one advisory."""
        self._answer(lambda: _vulnerability(self.snapshot, self.path))

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: what is asked is in the report."""

    def _post(self) -> object:
        body = self._body()
        if self.path not in _POSTS:
            raise _Refused(404, "no such route")
        return _POSTS[self.path](self.snapshot, body)

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _BODY_LIMIT:
            self.close_connection = True
            raise _Refused(413, "the body has no length, or is too large")
        return as_dict(load_json(self.rfile.read(int(length)).decode("utf-8"), "the query"), "the query")

    def _answer(self, work: Callable[[], object]) -> None:
        status = 200
        try:
            body = work()
        except _Refused as refused:
            status, body = refused.status, {"code": refused.status, "message": str(refused)}
        except (WrongShape, InvalidVersion, UnicodeDecodeError) as error:
            status, body = 400, {"code": 400, "message": str(error)}
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()


def _affected(snapshot: Snapshot, body: dict[str, Any]) -> tuple[Record, ...]:
    package = as_dict(field(body, "package", dict, "the query"), "package")
    ecosystem = optional(package, "ecosystem", str, "package")
    purl = optional(package, "purl", str, "package") or ""
    version = optional(body, "version", str, "the query")
    if ecosystem == "PyPI":
        name = field(package, "name", str, "package")
    elif purl.startswith("pkg:pypi/"):
        name, _, inside = unquote(purl.removeprefix("pkg:pypi/")).partition("@")
        version = version or inside or None
    else:
        raise _Refused(400, "only packages of the PyPI ecosystem are known here")
    records = snapshot.of(canonicalize_name(name))
    return records if version is None else match(records, version).affected


def _query(snapshot: Snapshot, body: dict[str, Any]) -> object:
    return {"vulns": [record.osv() for record in found]} if (found := _affected(snapshot, body)) else {}


def _batch(snapshot: Snapshot, body: dict[str, Any]) -> object:
    queries = as_list(field(body, "queries", list, "the batch"), "queries")
    if len(queries) > _BATCH_LIMIT:
        raise _Refused(400, f"more than {_BATCH_LIMIT} queries")
    answers = [_affected(snapshot, as_dict(one, "a query")) for one in queries]
    short = [[{"id": record.id, "modified": record.osv()["modified"]} for record in found] for found in answers]
    return {"results": [{"vulns": found} if found else {} for found in short]}


def _vulnerability(snapshot: Snapshot, path: str) -> object:
    found = snapshot.by_id(unquote(path.removeprefix("/v1/vulns/"))) if path.startswith("/v1/vulns/") else ()
    if not found:
        raise _Refused(404, "no such advisory")
    whole = found[0].osv()
    whole["affected"] = [one for record in found for one in record.osv()["affected"]]
    return whole


_POSTS: dict[str, Callable[[Snapshot, dict[str, Any]], object]] = {"/v1/query": _query, "/v1/querybatch": _batch}
