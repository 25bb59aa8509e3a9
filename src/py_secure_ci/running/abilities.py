"""What this machine lets us do, found out by doing it once in a fork."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from py_secure_ci.running import filters, isolation, linux


def probe() -> dict[str, object]:
    """Try namespaces (without, then with a user namespace), Landlock and seccomp; `why` tells what was refused."""
    inherited = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        refusals = [_trial(lambda user=user: _namespaces(user=user)) for user in (False, True)]  # type: ignore[misc]
        return {
            "namespaces": "" in refusals,
            "user": refusals[0] != "",
            "why": refusals[1] if "" not in refusals else "",
            "landlock": not _trial(_landlock),
            "seccomp": filters.can_filter_network() and not _trial(_seccomp),
        }
    finally:
        signal.signal(signal.SIGCHLD, inherited)


def _namespaces(*, user: bool) -> None:
    isolation.enter(user=user, network=False)
    refusal = _trial(lambda: isolation.furnish(network=False, readonly=("/",), writable=("/dev",)))
    if refusal:
        raise OSError(0, refusal)


def _landlock() -> None:
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    filters.confine_writes(("/",), ())


def _seccomp() -> None:
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    filters.forbid_network()


def _trial(act: Callable[[], None]) -> str:
    """Do it in a fork. Returns why it was refused; empty if it was not."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except OSError as error:
            os.write(writer, (error.strerror or "refused").encode())
        else:
            os.write(writer, b"ok")
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(pid, 0)
    return "" if said == "ok" else said or "ended without a word"
