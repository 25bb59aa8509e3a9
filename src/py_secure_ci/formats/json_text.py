"""JSON text of long arrays, made in pieces: fifty thousand results never stand in memory as dictionaries at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice

_PIECE = 256
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def array_text(items: Iterable[object]) -> str:
    """The array of all items, without blanks, in ASCII."""
    rest = iter(items)
    pieces = []
    while piece := list(islice(rest, _PIECE)):
        pieces.append(_encode(piece)[1:-1])
    return f"[{','.join(pieces)}]"


def object_text(values: Mapping[str, object], **arrays: str) -> str:
    """An object (not an empty one), with further members whose values are JSON text already."""
    return "".join((_encode(values)[:-1], *(f',"{key}":{text}' for key, text in arrays.items()), "}"))
