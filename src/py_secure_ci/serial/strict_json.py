"""JSON as this product writes it: what is not, but would be read all the same, is an error."""

from __future__ import annotations

import json
from typing import Any


def load_strictly(text: str) -> Any:
    """The data. Raises ValueError also for a key that is there twice and for NaN; RecursionError for depth."""
    return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins)


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not a JSON number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object has the same key twice")
    return result
