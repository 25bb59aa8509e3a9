"""The outputs of a GitHub Actions step: what later steps and jobs may read, and how it is written down safely."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping

from py_secure_ci.errors import OutputError
from py_secure_ci.formats.judged import active
from py_secure_ci.model import Severity, State
from py_secure_ci.report import Verdict

# Output name -> report file that it is the path of.
_FILES = {"report": "report.json", "sarif": "py-secure-ci.sarif", "sbom": "sbom.cdx.json"}


def step_outputs(verdict: Verdict, folder: str, written: Collection[str]) -> dict[str, str]:
    """Every output by name. `folder`: the report folder as later steps reach it. `written`: names of files in it.

    A file that was not written gives an empty path. What was not compared with anything counts as new.
    """
    findings = active(verdict)
    counts = Counter(finding.severity for finding in findings)
    paths = {name: f"{folder}/{file}" if file in written else "" for name, file in _FILES.items()}
    return {
        "verdict": verdict.status.value,
        "counts": json.dumps({severity.word: counts[severity] for severity in Severity}, separators=(",", ":")),
        "new": str(sum(finding.state is not State.EXISTING for finding in findings)),
        "blocking": str(len(verdict.blocking)),
        **paths,
    }


def output_file_text(values: Mapping[str, str], delimiter: str) -> str:
    """Text to append to the file that `GITHUB_OUTPUT` names; no value can start an output of its own.

    `delimiter` must be unguessable (a uuid4). Raises OutputError if a value holds it.
    """
    for name, value in values.items():
        if delimiter in value or delimiter in name:
            raise OutputError(f"the step output {name} holds its own delimiter", hint="Run again.")
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())
