"""One child seen from our side: read its streams within bounds, keep its time, get the keeper's answer."""

from __future__ import annotations

import json
import os
import selectors
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from py_secure_ci.running.request import MEBIBYTE

_CHUNK = 256 * 1024
_ANSWER_LIMIT = MEBIBYTE
_EVIDENCE = MEBIBYTE  # of a stream that went over its limit this much is kept
_DRAIN = 1.0  # seconds to wait for the end of a stream when everybody who wrote to it is gone
_PATIENCE = 20.0  # seconds for a keeper to kill and answer


@dataclass(slots=True)
class Stream:
    """What came through a pipe so far; never more than `limit` bytes are held."""

    name: str
    handle: int
    limit: int
    held: bytearray = field(default_factory=bytearray)
    over: bool = False

    def read(self) -> bool:
        """Take what is there. Returns False at the end."""
        chunk = os.read(self.handle, _CHUNK)
        if self.over:
            return bool(chunk)
        if len(self.held) + len(chunk) > self.limit:
            self.over = True
            self.held = self.held[: min(self.limit, _EVIDENCE)]
        else:
            self.held += chunk
        return bool(chunk)


class Watch:
    """A child under way. `told` holds why we ended it, empty as long as we did not."""

    def __init__(self, channel: socket.socket, stdout: int, stderr: int, *, limit: int) -> None:
        self.channel = channel
        self.streams = (Stream("stdout", stdout, limit), Stream("stderr", stderr, limit))
        self.told = ""
        self.interrupted = False
        self._answer = bytearray()
        self._selector = selectors.DefaultSelector()

    def interrupt(self) -> None:
        """Have everything killed. May be called from any thread and from a signal handler."""
        self.interrupted = True
        self._order(b"K")

    def follow(self, timeout: float, grace: float) -> dict[str, Any]:
        """Wait for the end. Returns the keeper's answer; empty if it gave none."""
        deadline = time.monotonic() + timeout
        last = None
        with self._selector as selector:
            for stream in self.streams:
                selector.register(stream.handle, selectors.EVENT_READ, stream)
            selector.register(self.channel, selectors.EVENT_READ, None)
            while self._listen(selector, (last or deadline) - time.monotonic()):
                if last is None and time.monotonic() >= deadline:
                    self._end(b"T", f"timed out after {timeout:g} s")
                    last = time.monotonic() + grace + _PATIENCE
                elif last is not None and time.monotonic() >= last:
                    break
            self._drain(selector)
        return self._read_answer()

    def _listen(self, selector: selectors.BaseSelector, patience: float) -> bool:
        """One round. Returns False when the keeper has ended."""
        for key, _ in selector.select(max(0.0, patience)):
            stream = key.data
            if stream is None:
                if not self._hear():
                    selector.unregister(self.channel)
                    return False
            elif not stream.read():
                selector.unregister(stream.handle)
            elif stream.over and not self.told:
                self._end(b"K", f"wrote more than {_size(stream.limit)} to {stream.name}")
        return True

    def _hear(self) -> bool:
        try:
            chunk = self.channel.recv(65536)
        except OSError:
            return False
        self._answer += chunk
        return bool(chunk) and len(self._answer) < _ANSWER_LIMIT

    def _drain(self, selector: selectors.BaseSelector) -> None:
        until = time.monotonic() + _DRAIN
        while selector.get_map() and time.monotonic() < until:
            for key, _ in selector.select(max(0.0, until - time.monotonic())):
                if key.data is None or not key.data.read():
                    selector.unregister(key.fileobj)
                elif key.data.over and not self.told:
                    self.told = f"wrote more than {_size(key.data.limit)} to {key.data.name}"

    def _end(self, word: bytes, why: str) -> None:
        self.told = self.told or why
        self._order(word)

    def _order(self, word: bytes) -> None:
        with suppress(OSError):  # the keeper has ended already
            self.channel.send(word)

    def _read_answer(self) -> dict[str, Any]:
        try:
            answer = json.loads(self._answer)
        except ValueError:
            return {}
        return answer if isinstance(answer, dict) else {}


def _size(limit: int) -> str:
    return f"{limit / MEBIBYTE:g} MiB" if limit >= MEBIBYTE else f"{limit} bytes"
