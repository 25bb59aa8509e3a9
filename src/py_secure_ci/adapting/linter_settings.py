"""The project's settings of a linter, cut down to those that choose rules: others can run code or hide files."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.errors import WrongShape


def from_ini(text: str, section: str, allowed: re.Pattern[str]) -> dict[str, str] | None:
    """The allowed keys (with hyphens) of the sections that `section` fits; None if there is no such section."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError) as error:
        raise WrongShape(f"the project's settings cannot be read: {error}") from None
    names = [name for name in parser.sections() if re.fullmatch(section, name, re.IGNORECASE)]
    if not names:
        return None
    return _kept({key: value for name in names for key, value in parser.items(name)}, allowed)


def from_toml(text: str, name: str, allowed: re.Pattern[str]) -> dict[str, str] | None:
    """The same of `[tool.<name>]` and the tables below it."""
    found = tool_table(text, name) if name in text else None
    if found is None:
        return None
    flat: dict[str, Any] = {}
    for key, value in found.items():
        flat |= value if isinstance(value, dict) else {key: value}
    return _kept({key: _text(value) for key, value in flat.items()}, allowed)


def chosen(
    texts: Mapping[str, str], sections: Mapping[str, str], allowed: re.Pattern[str], otherwise: dict[str, str]
) -> tuple[dict[str, str], str]:
    """The allowed settings of the first file that has any, and its name; `otherwise` and "" where there is none.

    `sections`: file -> which sections count, in the tool's order; of pyproject.toml it is the name below `tool`. Files
    behind the one that decides are not read.
    """
    for name, section in sections.items():
        read = from_toml if name == "pyproject.toml" else from_ini
        if (said := read(texts.get(name, ""), section, allowed)) is not None:
            return said, name
    return otherwise, ""


def dropped(settings: Mapping[str, str], file: str, tool: str) -> tuple[str, ...]:
    """A note that tells which file was used, if one was."""
    if not file:
        return ()
    return (f"{file}: {tool} uses those of its settings that choose rules ({', '.join(sorted(settings)) or 'none'}).",)


def _kept(found: Mapping[str, str], allowed: re.Pattern[str]) -> dict[str, str]:
    hyphens = {key.replace("_", "-").lower(): value for key, value in found.items()}
    return {key: value for key, value in hyphens.items() if allowed.fullmatch(key)}


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
