"""TOML as plain values, read so that no file of a stranger takes long."""

from __future__ import annotations

import re
import sys
from typing import Any

from py_secure_ci.errors import WrongShape

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


_DEPTH = 100
_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_DEEP_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART}){{{_DEPTH}}}")


def load_toml(text: str) -> dict[str, Any]:
    """Parse TOML. Raises `WrongShape` for whatever is wrong with it."""
    if any(line.count(".") > _DEPTH and _DEEP_KEY.search(line) for line in text.split("\n")):
        raise WrongShape(f"not valid TOML: a key has more than {_DEPTH} parts")  # the time grows with their square
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongShape(f"not valid TOML: {error}") from None
