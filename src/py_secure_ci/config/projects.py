"""`projects:` of the YAML: which folders are projects of their own, and what holds for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from py_secure_ci.config.yaml_source import KeyPath, YamlSource

KEYS = ("exclude", "environment", "stages", "tools", "policy")
_BY_KEY = ("environment", "stages", "tools", "policy")  # what is said for the project goes over the rest of it


def projects_schema() -> dict[str, Any]:
    """The schema of the list."""
    path = {
        "type": "string",
        "minLength": 1,
        "description": "The folder, or a pattern that folders fit: `services/*`.",
    }
    return {
        "type": "array",
        "minItems": 1,
        "description": (
            "Folders that are projects of their own: a verdict and a report for each, and one over all. A folder with "
            "a .py-secure-ci.yml of its own goes by that alone, any other by this file and what is said for it here."
        ),
        # No `anyOf`: of each of its branches an error would be told.
        "items": {
            "type": ["string", "object"],
            "minLength": 1,
            "additionalProperties": False,
            "required": ["path"],
            "properties": {"path": path, **{key: {"$ref": f"#/properties/{key}"} for key in KEYS}},
        },
    }


def entries(source: YamlSource) -> tuple[tuple[int, str, Mapping[str, Any]], ...]:
    """(number, pattern, what is said for it) of each entry of a checked document."""
    listed = [one if isinstance(one, dict) else {"path": one} for one in source.data.get("projects") or ()]
    return tuple(
        (at, one["path"], {key: value for key, value in one.items() if key != "path"}) for at, one in enumerate(listed)
    )


def inherited(data: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for a project without a file of its own: the root's settings, and over them what is said for it.

    Reports made elsewhere (`import`) are the root's alone. `strict` is not inherited: a suppression that is for one
    project suppresses nothing in the others.
    """
    base = {key: data[key] for key in KEYS if data.get(key)}
    if "policy" in base:
        base["policy"] = {key: value for key, value in base["policy"].items() if key != "strict"}
    merged = {**base, **own}
    for key in _BY_KEY:
        if base.get(key) and own.get(key):
            merged[key] = {**base[key], **own[key]}
    return merged


def places(source: YamlSource, number: int, own: Mapping[str, Any]) -> Callable[[KeyPath], str]:
    """`file:line` of a path inside the `policy` that holds for a project."""

    def place(path: KeyPath) -> str:
        said_here = bool(path) and path[0] in (own.get("policy") or {})
        line = source.line(("projects", number, "policy", *path) if said_here else ("policy", *path))
        return f"{source.file}:{line}"

    return place
