"""Tools and reports of the user's own in the YAML: `tools.NAME.run` and `import`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from py_secure_ci.config.settings import CustomTool
from py_secure_ci.model import Stage

_STAGES = [stage.value for stage in Stage]
FORMATS = ("sarif", "junit", "codeclimate")
CUSTOM_KEYS: dict[str, Any] = {
    "run": {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
        "description": "The words of the command; `{output}` is a file to write the report to (else: standard output).",
    },
    "format": {"enum": list(FORMATS), "description": "What the report is."},
    "stage": {"enum": _STAGES, "description": "Which stage the tool belongs to."},
    "network": {"type": "boolean", "default": False, "description": "Whether the command may use the network."},
}
IMPORT: dict[str, Any] = {
    "type": "array",
    "description": "Reports made elsewhere: SARIF, JUnit or Code Climate. A pattern that fits no file is a failure.",
    "items": {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["file"],
                "properties": {"file": {"type": "string", "minLength": 1}, "stage": {"enum": _STAGES}},
            },
        ]
    },
}


def custom_names(data: object, known: Mapping[str, Stage]) -> dict[str, Stage]:
    """Names under `tools` that are no tool of ours but have a `run`, with their stage, before anything is checked."""
    tools = data.get("tools") if isinstance(data, dict) else None
    if not isinstance(tools, dict):
        return {}
    return {
        name: Stage(value["stage"]) if value.get("stage") in _STAGES else Stage.SAST
        for name, value in tools.items()
        if isinstance(name, str) and isinstance(value, dict) and "run" in value and name not in known
        if re.fullmatch(r"[a-z][a-z0-9-]*", name)
    }


def custom_tools(data: Mapping[str, Any], names: Mapping[str, Stage]) -> tuple[CustomTool, ...]:
    """The described tools of a checked document."""
    entries = data.get("tools") or {}
    return tuple(
        CustomTool(
            name=name,
            stage=stage,
            run=tuple(entries[name]["run"]),
            format=entries[name]["format"],
            network=entries[name].get("network", False),
        )
        for name, stage in names.items()
    )


def imported(
    data: Mapping[str, Any], taken: Mapping[str, Stage], expand: Callable[[str], tuple[str, ...]]
) -> tuple[CustomTool, ...]:
    """One tool for each file that `import` names or fits, called after it; a pattern that fits none gives one, too."""
    found: dict[str, CustomTool] = {}
    for entry in data.get("import") or ():
        said = entry if isinstance(entry, dict) else {"file": entry}
        pattern = said["file"]
        stage = Stage(said["stage"]) if "stage" in said else Stage.TEST if pattern.endswith(".xml") else Stage.SAST
        for path in expand(pattern) or (pattern,):
            if all(one.path != path for one in found.values()):
                name = _name(path, {*taken, *found})
                found[name] = CustomTool(name=name, stage=stage, path=path)
    return tuple(found.values())


def _name(path: str, taken: set[str]) -> str:
    stem = path.rpartition("/")[2].partition(".")[0].lower()
    base = re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "report"
    names = (base, f"{base}-import", *(f"{base}-import-{number}" for number in range(2, 10_000)))
    return next(name for name in names if name not in taken)
