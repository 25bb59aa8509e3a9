"""The schema of what the YAML may say of the stage `test`."""

from __future__ import annotations

from typing import Any

_TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}}
_LEVEL = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "markers": {**_TEXTS, "description": "Markers whose tests belong here (instead of the usual ones)."},
        "paths": {**_TEXTS, "description": "Folders or globs whose tests belong here (instead of the usual ones)."},
        "least": {"type": "integer", "minimum": 0, "description": "How many tests have to run."},
        "pass_rate": {"type": "number", "minimum": 0, "maximum": 100, "description": "Per cent that have to pass."},
        "seconds": {"type": "number", "exclusiveMinimum": 0, "description": "What its tests may take together."},
    },
}
TEST_OPTIONS: dict[str, Any] = {
    "coverage": {
        "type": "number",
        "minimum": 0,
        "maximum": 100,
        "description": "Lowest line coverage in percent that gives no finding (default 80).",
    },
    "parallel": {
        "anyOf": [{"enum": ["auto", "off", False]}, {"type": "integer", "minimum": 1, "maximum": 256}],
        "description": "Processes of pytest-xdist: `auto` (one for each core), a number, or `off`."
        " Without it the project's own options decide.",
    },
    "reruns": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10,
        "description": "How often a failed test is run again; one that then passes is told as flaky (default 0).",
    },
    "seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": 4294967295,
        "description": "What hypothesis, pytest-randomly and pytest-random-order start from (default 0).",
    },
    "profile": {"type": "boolean", "description": "Whether the slowest test runs once more under a profiler."},
    "levels": {
        "type": "object",
        "additionalProperties": False,
        "description": "Which tests belong to which level, and what is due of each.",
        "properties": dict.fromkeys(("unit", "integration", "e2e", "performance"), _LEVEL),
    },
}
