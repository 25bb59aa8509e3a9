"""The JSON Schema of the `policy:` part of the YAML."""

from __future__ import annotations

from typing import Any

from py_secure_ci.model import Kind, Severity, Stage

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_PATHS: dict[str, Any] = {"type": "array", "items": _TEXT, "minItems": 1, "description": "Globs as in .gitignore."}


def _words(kind: Kind) -> list[str]:
    return [*(one.word for one in Severity if one.kind is kind and one is not Severity.UNKNOWN), "none"]


def _object(properties: dict[str, Any], *, required: tuple[str, ...] = (), about: str = "") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return schema | ({"required": list(required)} if required else {}) | ({"description": about} if about else {})


_THRESHOLDS = _object(
    {kind.value: {"enum": _words(kind)} for kind in (Kind.SECURITY, Kind.QUALITY)},
    about="The severity from which on a finding blocks; `none`: never.",
)
_PROMISE: dict[str, Any] = {
    "reason": {"type": "string", "description": "Why this is no problem here. Required."},
    # No `type`: YAML readers make a date of it.
    "expires": {"format": "date", "description": "The last day that it counts, YYYY-MM-DD."},
    "owner": {**_TEXT, "description": "Who answers for it."},
}
_SUPPRESSION = _object(
    {
        "rule": {**_TEXT, "description": "`tool/rule` with wildcards, or an advisory's id."},
        "paths": _PATHS,
        "package": {**_TEXT, "description": "A package, perhaps with versions: `jinja2<3`. An upgrade ends it."},
        "fingerprint": {**_TEXT, "description": "One finding, by its fingerprint in report.json."},
        **_PROMISE,
    },
    required=("rule", "reason"),
)
_GAP = _object(
    {
        "subject": {**_TEXT, "description": "Glob over what was not looked at: a path or a package."},
        "tool": {**_TEXT, "description": "Only this tool's gaps; wildcards may be used.", "default": "*"},
        **_PROMISE,
    },
    required=("subject", "reason"),
)

POLICY_SCHEMA: dict[str, Any] = _object(
    {
        "fail_on": {**_THRESHOLDS, "default": {"security": "medium", "quality": "error"}},
        "new_only": {"type": "boolean", "default": True, "description": "Only what is not in the baseline blocks."},
        "strict": {"type": "boolean", "default": False, "description": "Unused suppressions make the run fail."},
        "new_rules": {
            "enum": ["block", "warn"],
            "default": "block",
            "description": "What to do with findings that are new because a tool or its settings changed.",
        },
        "severity": {
            "type": "object",
            "additionalProperties": {"enum": [one.word for one in Severity]},
            "description": "Rule glob to severity; the last entry that fits a rule counts.",
        },
        "stages": {
            "type": "object",
            "propertyNames": {"enum": [stage.value for stage in Stage]},
            "additionalProperties": _THRESHOLDS,
            "description": "Thresholds for the tools of one stage.",
        },
        "paths": {
            "type": "array",
            "items": _object({"paths": _PATHS, "fail_on": _THRESHOLDS}, required=("paths", "fail_on")),
            "description": "Thresholds for some paths; the last entry that fits counts, before those of stages.",
        },
        "at_most": {
            "type": "object",
            "additionalProperties": {"anyOf": [{"type": "integer", "minimum": 0}, {"const": "baseline"}]},
            "description": "How many findings a tool (or a rule glob) may have; `baseline`: no more than there.",
        },
        "suppressions": {"type": "array", "items": _SUPPRESSION},
        "accepted_gaps": {"type": "array", "items": _GAP},
    },
    about="What blocks, and what does not.",
)
