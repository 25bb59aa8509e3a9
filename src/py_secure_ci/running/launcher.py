"""The launcher: one small single-threaded process that forks a keeper per request (threads and fork do not mix)."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

from py_secure_ci.running.keeper import keep

STREAMS = 3


def main() -> None:
    """Serve requests from the socket on standard input until the parent closes it."""
    control = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # our parent decides, and tells us by closing the socket
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no burial
    control.sendall(json.dumps(_abilities()).encode() + b"\n")
    while True:
        word, handles, _, _ = socket.recv_fds(control, 1, STREAMS + 1)
        if not word:
            return
        for handle in handles:
            os.set_inheritable(handle, False)
        if os.fork() == 0:
            try:
                control.close()
                os.setsid()
                keep(socket.socket(fileno=handles[0]), handles[1:])
            finally:
                os._exit(1)  # whatever happens, a fork never comes back into this loop
        for handle in handles:
            os.close(handle)


def _abilities() -> dict[str, object]:
    if sys.platform != "linux":
        return {"why": f"{sys.platform} has no namespaces"}
    from py_secure_ci.running.abilities import probe

    return probe()


if __name__ == "__main__":
    main()
