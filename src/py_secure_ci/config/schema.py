"""The JSON Schema of the YAML file, made from the registry of tools so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from py_secure_ci.config.custom import CUSTOM_KEYS, IMPORT
from py_secure_ci.config.licence_policy import LICENCE_SCHEMA
from py_secure_ci.config.projects import projects_schema
from py_secure_ci.config.test_stage import TEST_OPTIONS
from py_secure_ci.model import Stage

_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}}
_STAGE_OPTIONS: dict[Stage, dict[str, Any]] = {
    Stage.TEST: TEST_OPTIONS,
    Stage.SCA: {
        "advisories": {
            "type": "object",
            "additionalProperties": False,
            "description": "Where advisory data comes from, and how old it may be.",
            "properties": {
                "source": {"enum": ["auto", "live", "snapshot"]},
                "max_age_days": {"type": "integer", "minimum": 0, "maximum": 36500},
                "on_stale": {"enum": ["incomplete", "warn"]},
            },
        },
        "licences": LICENCE_SCHEMA,
        "public": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"},
            "description": "Packages that are on the public index, where nothing else shows it.",
        },
    },
}


def config_schema(
    tools: Mapping[str, Stage],
    policy: Mapping[str, Any],
    custom: Collection[str] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The whole schema. `tools`: every known tool and its stage. `policy`: the schema of the `policy` part.

    `custom`: those of the tools that the document itself describes. `settings`: the properties of `tools.NAME.settings`
    by tool (`Tool.options`); without it those may hold anything.
    """
    properties = _properties(tools, policy, custom, settings)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "py-secure-ci configuration",
        "description": "Every key is optional; an unknown key is an error.",
        "type": "object",
        "additionalProperties": False,
        "properties": {**properties, "projects": projects_schema()},
    }


def _properties(
    tools: Mapping[str, Stage],
    policy: Mapping[str, Any],
    custom: Collection[str],
    settings: Mapping[str, Mapping[str, Any]] | None,
) -> dict[str, Any]:
    single = {name: _tool(None if settings is None else settings.get(name, {})) for name in sorted(tools)}
    return {
        "version": {"const": 1, "description": "Version of this file's format."},
        "exclude": {**_TEXTS, "description": "Globs of files that no tool looks at; each is told in the report."},
        "environment": _environment(),
        "stages": {
            "type": "object",
            "additionalProperties": False,
            "description": "What runs. A stage that is not named keeps its defaults; `false` switches it off.",
            "properties": {stage.value: _stage(stage, tools) for stage in Stage},
        },
        "tools": {
            "type": "object",
            "additionalProperties": False,
            "description": "Options of single tools.",
            "properties": {**single, **dict.fromkeys(custom, custom_tool_schema())},
        },
        "import": IMPORT,
        "policy": dict(policy),
    }


def _environment() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "description": "The project's own environment: where `type` looks imports up and `test` runs.",
        "properties": {
            "python": {"type": "string", "description": "`auto`, or the path or version of an interpreter."},
            "install": {
                "type": ["string", "array"],
                "items": {"type": "string"},
                "minItems": 1,
                "description": "`auto`, `none`, or the words of a command that prepares the environment.",
            },
        },
    }


def _stage(stage: Stage, tools: Mapping[str, Stage]) -> dict[str, Any]:
    names = sorted(name for name, its_stage in tools.items() if its_stage is stage)
    return {
        "type": ["object", "boolean"],
        "additionalProperties": False,
        "properties": {
            "tools": {"type": "array", "items": {"enum": names}, "uniqueItems": True},
            **_STAGE_OPTIONS.get(stage, {}),
        },
    }


def custom_tool_schema() -> dict[str, Any]:
    """What a tool of the user's own may say; editors need it for names that nobody knows."""
    known = _tool({})
    keys = {key: known["properties"][key] for key in ("args", "timeout")}
    return {**known, "properties": {**keys, **CUSTOM_KEYS}, "required": ["run", "format", "stage"]}


def _tool(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    known = {} if settings is None else {"additionalProperties": False, "properties": dict(settings)}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "args": {**_TEXTS, "description": "Further command-line arguments."},
            "timeout": {
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": 604800,
                "description": "Seconds for each process.",
            },
            "config": {"type": "string", "minLength": 1, "description": "The tool's own configuration file."},
            "source": {"enum": ["locked", "project", "path"]},
            "settings": {
                "type": "object",
                **known,
                "description": "Options of our adapter for this tool.",
            },
        },
    }
