"""The keeper: one small process per request that starts the program, waits, and leaves nothing of it behind."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NoReturn

from py_secure_ci.running import family
from py_secure_ci.running.request import HEAD
from py_secure_ci.running.start import Order, start

_AFTERMATH = 600.0
_LAST_WAIT = 10.0  # seconds; a killed process goes at once unless the kernel itself is stuck


def keep(channel: socket.socket, streams: Sequence[int]) -> NoReturn:
    """Serve one request from `channel`, answer there, and end. Runs in a fork of the launcher."""
    order = _receive(channel)
    alone = order["level"] == "namespaces"
    try:
        if sys.platform == "linux":
            _settle(order, channel, streams)
    except OSError as error:
        _answer(channel, {"step": "isolation", "errno": error.errno, "error": str(error)})
        os._exit(1)
    Keeper(channel, order, alone=alone).serve(streams)
    os._exit(0)


def _receive(channel: socket.socket) -> Order:
    """Read the request and not a byte more: an order to stop may follow at once, or even come first."""
    head = b""
    while len(head) < HEAD:
        head += channel.recv(HEAD - len(head)) or os._exit(0)
    text = bytearray()
    try:
        size = int(head)
        while len(text) < size:
            text += channel.recv(min(size - len(text), 1 << 20)) or os._exit(0)
        order: Order = json.loads(text)
    except ValueError:
        os._exit(0)  # the order to stop came into the middle of it
    return order


def _settle(order: Order, channel: socket.socket, streams: Sequence[int]) -> None:
    """Become the process that all of the child's orphans fall to: process 1 of a namespace, or a subreaper."""
    from py_secure_ci.running import isolation, linux

    if order["level"] != "namespaces":
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
        linux.prctl(linux.PR_SET_DUMPABLE, 0)  # not to be traced by the child, which is of the same user
        return
    isolation.enter(user=order["user"], network=order["network"])
    pid = os.fork()
    if pid:
        channel.close()
        for stream in streams:
            os.close(stream)
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        os.waitpid(pid, 0)
        os._exit(0)
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    isolation.furnish(network=order["network"], readonly=order["readonly"], writable=order["writable"])


class Keeper:
    """Waits for the program and for orders: `T` ends it politely, `K` (or a parent that is gone) at once."""

    def __init__(self, channel: socket.socket, order: Order, *, alone: bool) -> None:
        """`alone`: we are process 1 of a namespace."""
        self.channel, self.order, self.alone = channel, order, alone
        self.pid = 0
        self.said: dict[str, object] = {"status": None, "signal": None, "left": []}
        self.ended = False  # the program itself
        self.empty = False  # nothing descends from us any more
        self.cpu, self.peak = 0.0, 0
        self.deadline: float | None = None  # when to kill what is left
        self.wake, self.bell = os.pipe()

    def serve(self, streams: Sequence[int]) -> None:
        """Start, wait, clean up, answer."""
        os.set_blocking(self.bell, False)
        os.set_blocking(self.wake, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self.bell, warn_on_full_buffer=False)
        self.pid, trouble = start(self.order, streams)
        for stream in streams:
            os.close(stream)
        self.said.update(trouble)
        while not self.finished():
            self.listen()
        self.sweep()
        self.said.update(cpu=self.cpu, peak=self.peak)
        _answer(self.channel, self.said)
        self.channel.close()
        self.kill(_AFTERMATH)  # what could not be killed in time is named in the answer, but not let go

    def finished(self) -> bool:
        """Whether the program has ended and its descendants too, or have had their time."""
        self.reap()
        if self.ended and self.deadline is None:
            self.deadline = time.monotonic() + self.order["linger"]
        late = self.deadline is not None and time.monotonic() >= self.deadline
        return self.empty or late

    def listen(self) -> None:
        """Sleep until a child ends, an order comes or the deadline passes."""
        patience = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
        ready, _, _ = select.select([self.channel.fileno(), self.wake], [], [], patience)
        if self.wake in ready:
            os.read(self.wake, 4096)
        if self.channel.fileno() in ready:
            word = self.channel.recv(1)
            if word == b"T":
                self.signal_all(signal.SIGTERM)
                self.deadline = time.monotonic() + self.order["grace"]
            else:
                self.deadline = 0.0

    def reap(self) -> None:
        """Collect everybody who has ended: orphans fall to us as well."""
        while not self.empty:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self.empty = True
                return
            if pid == 0:
                return
            self.cpu += usage.ru_utime + usage.ru_stime
            self.peak = max(self.peak, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
            if pid == self.pid:
                self.ended = True
                code = os.waitstatus_to_exitcode(status)
                self.said["status" if code >= 0 else "signal"] = abs(code)

    def sweep(self) -> None:
        """Kill what is left, by name, and wait until it is gone."""
        if self.ended and not self.empty:
            names = family.names(self.others())
            self.reap()
            # A chain of processes that live for a blink each has no name when we look, but it is there.
            self.said["left"] = names or self._unnamed()
        self.kill(_LAST_WAIT)
        if self._unnamed():
            self.said["stuck"] = family.names(self.others()) or self._unnamed()

    def _unnamed(self) -> list[str]:
        return [] if self.empty else ["short-lived processes"]

    def kill(self, seconds: float) -> None:
        """Kill everybody again and again until nobody is left."""
        with suppress(OSError):  # only root may hurry
            os.setpriority(os.PRIO_PROCESS, 0, -20)
        give_up = time.monotonic() + seconds
        while not self.empty and time.monotonic() < give_up:
            self.signal_all(signal.SIGKILL)
            self.reap()
            if not self.empty:
                select.select([self.wake], [], [], 0.005)
                with suppress(BlockingIOError):
                    os.read(self.wake, 4096)

    def others(self) -> Iterable[int]:
        """Everybody that we answer for."""
        return family.everyone_else() if self.alone else family.descendants()

    def signal_all(self, number: int) -> None:
        """Send a signal to everybody that we answer for."""
        if self.alone:
            _send(-1, number)
            return
        for pid in family.children(os.getpid()) if number == signal.SIGKILL else ():
            _send_group(pid, number)
        for pid in self.others():
            _send(pid, number)
        if sys.platform != "linux":
            _send(-self.pid, number)


def _send_group(pid: int, number: int) -> None:
    """To a whole group at once: no fork runs away from that. `pid` is a child not yet reaped, so its id is its own."""
    with suppress(ProcessLookupError, PermissionError):
        group = os.getpgid(pid)
        if group != os.getpgrp():
            os.killpg(group, number)


def _send(pid: int, number: int) -> None:
    # Gone meanwhile, or running under another user by a setuid bit: nothing more that we could do.
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _answer(channel: socket.socket, said: dict[str, object]) -> None:
    try:
        channel.setblocking(True)
        channel.sendall(json.dumps(said).encode() + b"\n")
    except OSError:
        pass  # the parent is gone; nobody is left to be told
