"""From a fork to the program: streams, limits, isolation, exec; whatever goes wrong is told by errno and step."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

Order = dict[str, Any]  # a request as the launcher gets it: see Runner._order
_RESET = ("SIGPIPE", "SIGXFSZ", "SIGCHLD", "SIGTERM", "SIGINT", "SIGHUP")  # what Python or we had changed


def start(order: Order, streams: Sequence[int]) -> tuple[int, dict[str, object]]:
    """Start the program. Returns its pid and, if it did not start, the step and the errno."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _become(order, streams, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()  # nothing: exec closed it
    return pid, json.loads(said) if said else {}


def _become(order: Order, streams: Sequence[int], writer: int) -> NoReturn:
    step = "streams"
    try:
        os.setsid()
        for target, source in enumerate(streams):
            os.dup2(source, target)
        step = "limits"
        _limit(order)
        step = "folder"
        os.chdir(order["cwd"])
        if sys.platform == "linux":
            step = "isolation"
            _isolate(order)
        step = "program"
        _forget_signals()
        os.execve(order["argv"][0], order["argv"], order["env"])  # noqa: S606
    except (OSError, ValueError) as error:
        number = error.errno if isinstance(error, OSError) else 0
        os.write(writer, json.dumps({"step": step, "errno": number, "error": str(error)}).encode())
    finally:
        os._exit(127)


def _limit(order: Order) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for kind, wanted in ((resource.RLIMIT_FSIZE, order["max_file"]), (resource.RLIMIT_AS, order["max_memory"])):
        hard = resource.getrlimit(kind)[1]
        if wanted is not None and (hard == resource.RLIM_INFINITY or wanted < hard):
            resource.setrlimit(kind, (wanted, wanted))


def _isolate(order: Order) -> None:
    from py_secure_ci.running import filters, isolation

    try:
        isolation.drop_privileges()  # root without its privileges cannot look into us through /proc
    except OSError:
        if order["level"] != "plain":
            raise
    if order["level"] == "filters":
        if order["landlock"]:
            filters.confine_writes(order["readonly"], order["writable"])
        if order["seccomp"] and not order["network"]:
            filters.forbid_network()


def _forget_signals() -> None:
    signal.set_wakeup_fd(-1)
    for name in _RESET:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
