"""An HTTP service of our own on the loopback interface, for programs that want to ask an OSV service.

See https://google.github.io/osv.dev/api/. `listening(post, get)` says what is answered.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from py_secure_ci.advisories.refusal import Get, Post


@contextmanager
def listening(post: Post, get: Get) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 until the block ends; yields the base URL."""
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0), backlog=128) as door:
        door.setblocking(False)  # who knocks may be gone again
        thread = threading.Thread(target=_serve, args=(door, theirs, post, get), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            ours.sendall(b".")
            thread.join(5)


def _serve(door: socket.socket, end: socket.socket, post: Post, get: Get) -> None:
    if _ends(door, end):
        return
    from py_secure_ci.advisories.http_service import Service  # nobody may ever ask: all answers may be kept

    service = Service(door, post, get)
    while True:
        service.handle_request()
        if _ends(door, end):
            return


def _ends(door: socket.socket, end: socket.socket) -> bool:
    """Wait until somebody knocks (False), or until it is over (True)."""
    return end in select.select([door, end], [], [])[0]
