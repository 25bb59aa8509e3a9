"""A web server on the loopback, for as long as a test wants to talk to one."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# What is asked (method, path, body) -> status, content type, body.
Answer = Callable[[str, str, bytes], tuple[int, str, bytes]]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Its address, without a slash at the end."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def _reply(self) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, kind, body = answer(self.command, self.path, asked)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = _reply

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
