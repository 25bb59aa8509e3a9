"""Step outputs: values that hold line breaks stay one value, and what was not written has no path."""

from __future__ import annotations

import json

import pytest

from py_secure_ci.errors import OutputError
from py_secure_ci.model import Finding, Severity, State, Suppression
from py_secure_ci.report import Status, Verdict
from py_secure_ci.step_outputs import output_file_text, step_outputs


def finding(severity: Severity, state: State = State.NEW, suppressed: bool = False) -> Finding:
    suppression = Suppression(source="config", reason="known") if suppressed else None
    return Finding(tool="t", rule="r", severity=severity, message="m", state=state, suppression=suppression)


FINDINGS = (
    finding(Severity.HIGH),
    finding(Severity.HIGH, State.EXISTING),
    finding(Severity.LOW, State.UNJUDGED),
    finding(Severity.CRITICAL, suppressed=True),
    finding(Severity.MEDIUM, State.FIXED),
)
VERDICT = Verdict(status=Status.FAIL, failed=True, findings=FINDINGS, blocking=("abc",), reasons=(), incomplete=())


def test_counts_leave_out_what_is_suppressed_or_fixed() -> None:
    outputs = step_outputs(VERDICT, "out", ())
    counts = json.loads(outputs["counts"])
    assert counts["high"] == 2
    assert counts["low"] == 1
    assert counts["critical"] == counts["medium"] == 0
    assert (outputs["verdict"], outputs["new"], outputs["blocking"]) == ("FAIL", "2", "1")


def test_only_written_files_have_a_path() -> None:
    outputs = step_outputs(VERDICT, "out", ("report.json", "py-secure-ci.sarif"))
    assert (outputs["report"], outputs["sarif"], outputs["sbom"]) == ("out/report.json", "out/py-secure-ci.sarif", "")


def read_like_the_runner(text: str) -> dict[str, str]:
    """The rules of the runner's own reader: the first of `=` and `<<` decides; a delimiter is a whole line."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
            continue
        name, delimiter = line.split("<<", 1)
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        else:
            raise AssertionError(f"no end of {name}")
        found[name] = "\n".join(value)
    return found


def test_hostile_values_stay_values() -> None:
    values = {"a": "x\nverdict=PASS", "b": "EOF\nc<<EOF", "report": "weird=<<name/report.json", "empty": ""}
    assert read_like_the_runner(output_file_text(values, "d-1234")) == values


def test_a_value_that_knows_the_delimiter_is_refused() -> None:
    with pytest.raises(OutputError):
        output_file_text({"a": "x\nd-1234\nverdict<<d-1234\nPASS"}, "d-1234")
