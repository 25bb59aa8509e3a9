"""Plans and part reports as text and back: strict, bounded, and told from a damaged copy by a digest of its own.

The digest notices accidents. Whoever may write a part may write its digest too: that a part comes from the job that it
should come from is for the platform to see to.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from py_secure_ci.errors import PySecureCiError
from py_secure_ci.parts.model import PartReport, SharedPlan
from py_secure_ci.serial.reading import Wrong, decoder
from py_secure_ci.serial.strict_json import load_strictly
from py_secure_ci.serial.writing import writer

FORMAT = 1
MAX_BYTES = 256 * 1024 * 1024
MAX_VALUES = 10_000_000  # each takes some hundred bytes of memory; as many findings as are ever judged have fewer
_KINDS: dict[Any, str] = {SharedPlan: "py-secure-ci plan", PartReport: "py-secure-ci part"}
_HEAD = frozenset({"content", "format", "kind", "sha256"})

T = TypeVar("T", SharedPlan, PartReport)


class PartError(PySecureCiError):
    """A plan or a part that cannot be believed; what it was to tell is not known."""


def to_text(value: SharedPlan | PartReport) -> str:
    """One line of ASCII, the same for the same values."""
    cls: Any = type(value)
    content = writer(cls)(value)
    kind = _KINDS[cls]
    return f'{{"content":{content},"format":{FORMAT},"kind":"{kind}","sha256":"{_digest(content)}"}}\n'


def from_text(text: str, cls: type[T]) -> T:
    """What `to_text` wrote of that kind. Raises PartError for anything else."""
    if sum(map(text.count, ",[{")) > MAX_VALUES:
        raise PartError(f"it holds more than {MAX_VALUES:,} values")
    try:
        data = load_strictly(text)
    except (ValueError, RecursionError) as error:
        raise PartError(f"this is not valid JSON: {error}") from None
    if not isinstance(data, dict) or set(data) != _HEAD or data["kind"] != _KINDS[cls]:
        raise PartError(f"this is no {_KINDS[cls]}")
    if data["format"] != FORMAT:
        raise PartError("it was written by another version of py-secure-ci")
    try:
        model: Any = cls
        value: T = decoder(model)(data["content"])
        content = writer(model)(value)
    except Wrong as error:
        raise PartError(f"it is damaged: {error.path}: {error.message}") from None
    except (ValueError, RecursionError) as error:
        raise PartError(f"it is damaged: {error}") from None
    if _digest(content) != data["sha256"]:
        raise PartError("it is damaged: its digest is another")
    return value


def read_file(path: Path) -> str:
    """The text of a plain file of bounded size; links are not followed. Raises PartError."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise PartError("it is not a plain file")
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise PartError(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > MAX_BYTES:
        raise PartError(f"it has more than {MAX_BYTES:,} bytes")
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise PartError("it is damaged: this is not ASCII text") from None


def plan_id(plan: SharedPlan) -> str:
    """The digest that names a plan; its own `id` is no part of it."""
    cls: Any = SharedPlan
    return _digest(writer(cls)(replace(plan, id="")))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()
