"""HTTP over a socket that listens already: JSON in, JSON out. What is answered is the caller's to say."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from packaging.version import InvalidVersion

from py_secure_ci.advisories.refusal import Get, Post, Refused
from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_dict, load_json

_BODY_LIMIT = 4_000_000  # bytes
_IDLE = 30  # seconds that a connection may stay silent


class Service(ThreadingHTTPServer):
    """Threads die with the process, and a client that broke off is nobody's business."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, door: socket.socket, post: Post, get: Get) -> None:
        """`door`: a listening socket, which stays the caller's."""
        handler = type("_Bound", (_Handler,), {"post": staticmethod(post), "get": staticmethod(get)})
        super().__init__(door.getsockname()[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = door

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the client notices, and it is the one that is judged."""


class _Handler(BaseHTTPRequestHandler):
    """Answers with `post` and `get`, which `listening` sets on a subclass."""

    post: Post
    get: Get
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
        self._answer(lambda: self.get(self.path))

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: what is asked is in the report."""

    def _post(self) -> object:
        return self.post(self.path, self._body())

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _BODY_LIMIT:
            self.close_connection = True
            raise Refused(413, "the body has no length, or is too large")
        return as_dict(load_json(self.rfile.read(int(length)).decode("utf-8"), "the query"), "the query")

    def _answer(self, work: Callable[[], object]) -> None:
        status, reason = 200, "OK"
        try:
            body = work()
        except Refused as refused:
            status, reason = refused.status, str(refused)
        except (WrongShape, InvalidVersion, UnicodeDecodeError) as error:
            status, reason = 400, str(error)
        if status != 200:
            body = {"code": status, "message": reason}
        data = json.dumps(body).encode()
        self.send_response(status, "".join(char if " " <= char <= "~" else "?" for char in reason)[:200])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
