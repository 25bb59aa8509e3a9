"""What `tools.NAME.settings` may hold: options of our adapters. So typing errors are told before anything runs."""

from __future__ import annotations

from typing import Any

CHECKS = (
    "lock-present",
    "lock-hashed",
    "pins",
    "env-file",
    "ci-permissions",
    "security-policy",
    "src-layout",
    "tests-present",
    "requires-python",
    "environment-ignored",
)
_CACHE: dict[str, Any] = {
    "cache": {"type": "string", "minLength": 1, "description": "The folder that holds its advisory data."}
}
TOOL_SETTINGS: dict[str, dict[str, Any]] = {
    "mypy": {"plugins": {"type": "boolean", "description": "Whether plugins that the project names may run."}},
    "hygiene": {
        "checks": {
            "anyOf": [{"const": "all"}, {"type": "array", "items": {"enum": list(CHECKS)}}],
            "description": "Which checks: `all`, or a list.",
        }
    },
    "radon": {
        "complexity": {"type": "integer", "minimum": 1, "description": "The most that a function may have."},
        "maintainability": {"type": "number", "minimum": 0, "maximum": 100, "description": "The least of a file."},
    },
    "pytest-benchmark": {
        "threshold": {"type": "number", "minimum": 0, "description": "Per cent that a benchmark may be slower."}
    },
    "django-check": {"module": {"type": "string", "minLength": 1, "description": "The settings that are checked."}},
    "osv-scanner": _CACHE,
    "trivy": _CACHE,
}
