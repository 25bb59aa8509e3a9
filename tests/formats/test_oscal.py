"""OSCAL assessment results: by NIST's own schema, and without a word that a control is met."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from py_secure_ci.formats.oscal import render
from py_secure_ci.model import Stage
from py_secure_ci.report import Completed, Failed, Report, Status, Verdict

Sample = tuple[Report, Verdict]


def readable(value: Any) -> Any:
    """The schema in words that Python's `re` and resolver take: no `\\p{…}`, no identifiers that are fragments."""
    if isinstance(value, dict):
        return {key: readable(part) for key, part in value.items() if key != "$id"}
    if isinstance(value, list):
        return [readable(part) for part in value]
    return value.replace(r"\p{L}", "[^\\W\\d_]").replace(r"\p{N}", r"\d") if isinstance(value, str) else value


FILE = Path(__file__).parent / "oscal" / "oscal_assessment-results_schema.json"
VALIDATOR = jsonschema.Draft7Validator(readable(json.loads(FILE.read_text(encoding="utf-8"))))


def test_it_fits_the_schema_of_nist(sample: Sample) -> None:
    report, verdict = sample
    dated = replace(report, context=replace(report.context, time="2026-11-22T10:00:00"))
    for one in (report, dated):
        assert not [error.message for error in VALIDATOR.iter_errors(json.loads(render(one, verdict)))]


def test_the_schema_is_really_asked(sample: Sample) -> None:
    data = json.loads(render(*sample))
    del data["assessment-results"]["results"][0]["start"]
    assert list(VALIDATOR.iter_errors(data))


@pytest.mark.parametrize("stage", [Stage.SECRETS, Stage.SCA])
def test_what_failed_is_not_shown_and_nothing_is_called_satisfied(
    stage: Stage, sample_of: Callable[[Status], Sample]
) -> None:
    report, verdict = sample_of(Status.PASS)
    outcomes = tuple(
        Failed(tool=one.tool, reason="broken on purpose")
        if isinstance(one, Completed) and one.tool.stage is stage
        else one
        for one in report.outcomes
    )
    text = render(replace(report, outcomes=outcomes), verdict)
    observed = json.loads(text)["assessment-results"]["results"][0]["observations"]
    by_id = {one["props"][0]["value"]: one["props"][1]["value"] for one in observed}
    assert by_id["T1552" if stage is Stage.SECRETS else "PW.4.4"] == "not shown"
    assert "satisfied" not in text
    assert "findings" not in json.loads(text)["assessment-results"]["results"][0]
