#!/usr/bin/env python3
"""Writes docs/configuration.md from the schema of the YAML file: `scripts/config_reference.py [--check]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from py_secure_ci.commands.schema import schema_text

TARGET = Path(__file__).parents[1] / "docs" / "configuration.md"
HEAD = """# Configuration reference

Made by `scripts/config_reference.py` from the schema that `py-secure-ci schema` prints; do not edit it here.

The file is `.py-secure-ci.yml` in the project's folder, or the one that `--config` names. Every key is optional. A key
that is unknown, misspelt or of the wrong type is an error that names file, line and key (exit status 2): it is never
ignored. What the keys under `policy` mean together: [policy.md](policy.md). Tools: [tools.md](tools.md).
"""


def main() -> int:
    """0; with --check 1 if the file is not what it would be."""
    text = reference()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


def reference() -> str:
    """The whole page."""
    schema = json.loads(schema_text())
    lines = [HEAD]
    for key, value in schema["properties"].items():
        lines += [f"## `{key}`\n", *_section(key, value, schema), ""]
    return "\n".join(lines).rstrip() + "\n"


def _section(key: str, value: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    if about := _about(value):
        yield f"{about}\n"
    rows = list(_rows(key, value, schema))
    if not rows:
        yield f"Type: {_kind(value, schema)}"
        return
    yield "| key | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    yield from rows


def _rows(path: str, value: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    value = _resolved(value, schema)
    properties: dict[str, Any] = value.get("properties", {})
    if path == "tools":  # every tool has the same keys
        yield _row("tools.NAME", {"enum": sorted(properties)}, schema, "One of the tools.")
        own = {name: one["properties"]["settings"] for name, one in properties.items()}
        for name, settings in own.items():
            yield from _rows(f"tools.{name}.settings", settings, schema)
        properties = {"NAME": next(iter(properties.values()))} if properties else {}
    for name, part in properties.items():
        here = f"{path}.{name}"
        if str(part.get("$ref", "")).startswith("#/properties/"):
            yield _row(here, part, schema, f"As `{name}` for the whole file.")
            continue
        if not (path == "tools" and name == "NAME"):
            yield _row(here, part, schema)
        yield from _rows(here, part, schema)
    items = value.get("items")
    if isinstance(items, dict) and _resolved(items, schema).get("properties"):
        yield from _rows(f"{path}[]", items, schema)


def _row(path: str, value: dict[str, Any], schema: dict[str, Any], about: str = "") -> str:
    value = _resolved(value, schema)
    default = f"`{json.dumps(value['default'])}`" if "default" in value else ""
    return f"| `{path}` | {_kind(value, schema)} | {default} | {(about or _about(value)).replace('|', '&#124;')} |"


def _about(value: dict[str, Any]) -> str:
    return str(value.get("description", ""))


def _kind(value: dict[str, Any], schema: dict[str, Any]) -> str:
    value = _resolved(value, schema)
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if "enum" in value:
        return ", ".join(f"`{word}`" for word in value["enum"])
    for key in ("anyOf", "oneOf"):
        if key in value:
            return " or ".join(dict.fromkeys(_kind(part, schema) for part in value[key]))
    kinds = value.get("type", "any")
    told = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if kinds == "array" and isinstance(value.get("items"), dict):
        return f"list of {_kind(value['items'], schema)}"
    return told


def _resolved(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference_ = value.get("$ref", "")
    if not reference_:
        return value
    found: Any = schema
    for step in reference_.removeprefix("#/").split("/"):
        found = found[step]
    return {**found, **{key: part for key, part in value.items() if key != "$ref"}}


if __name__ == "__main__":
    sys.exit(main())
