"""How loud the words of foreign reports are, by the kind of the stage that the YAML gives to the tool."""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.model import Kind, Severity, Stage

SECURITY_STAGES = frozenset({Stage.SAST, Stage.SECRETS, Stage.SCA, Stage.SBOM, Stage.CI})

SARIF: Mapping[Kind, Mapping[str, Severity]] = {
    Kind.SECURITY: {
        "error": Severity.HIGH,
        "warning": Severity.MEDIUM,
        "note": Severity.LOW,
        "none": Severity.INFO,
    },
    Kind.QUALITY: {
        "error": Severity.ERROR,
        "warning": Severity.WARNING,
        "note": Severity.NOTE,
        "none": Severity.NOTE,
    },
}
CODE_CLIMATE: Mapping[Kind, Mapping[str, Severity]] = {
    Kind.SECURITY: {
        "blocker": Severity.CRITICAL,
        "critical": Severity.HIGH,
        "major": Severity.MEDIUM,
        "minor": Severity.LOW,
        "info": Severity.INFO,
    },
    Kind.QUALITY: {
        "blocker": Severity.ERROR,
        "critical": Severity.ERROR,
        "major": Severity.ERROR,
        "minor": Severity.WARNING,
        "info": Severity.NOTE,
    },
}


def kind_of(stage: Stage) -> Kind:
    """Which of the two tables a stage's findings are judged by."""
    return Kind.SECURITY if stage in SECURITY_STAGES else Kind.QUALITY
