"""The codec of report.json: lossless, strict, and told by its schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from py_secure_ci.errors import ReportError
from py_secure_ci.model import Advisory, Finding, Location, Severity, Stage, State, Suppression
from py_secure_ci.report import Completed, Context, Failed, Report, Skipped, Status, ToolInfo, Verdict
from py_secure_ci.serial.codec import report_from_data, report_from_text, report_to_text, to_data
from py_secure_ci.serial.schema import report_schema

SCHEMA = Path(__file__).parents[2] / "schemas" / "report.schema.json"
RUFF = ToolInfo(name="ruff", stage=Stage.LINT)
FINDING = Finding(
    tool="ruff",
    rule="F401",
    severity=Severity.ERROR,
    message="odd \x1a and \udce9 and \ud83d\ude00 and \U0001f600",
    location=Location("caf\udce9/a b.py", 1, 2, 3, 4),
    advisory=Advisory(package="p", version="1", ids=("CVE-2020-1",), score=9.8, allowed=False),
    state=State.EXISTING,
    suppression=Suppression(source="config", reason="because"),
)
REPORT = Report(
    version="1",
    context=Context(project="p", prefix="x\udcff"),
    outcomes=(
        Completed(tool=RUFF, findings=(FINDING,), metrics={"b": 1.5, "a": 2.0}),
        Failed(tool=RUFF, reason="broke"),
        Skipped(tool=RUFF, reason="nothing"),
    ),
    changed={"z.py": ((1, 2), (3, 4)), "a\udc80.py": ()},
)
VERDICT = Verdict(
    status=Status.INCOMPLETE, failed=True, findings=(FINDING,), blocking=("f",), reasons=("r",), incomplete=("i",)
)
# Any text, halves of surrogate pairs and U+001A included.
TEXT = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1a\ud800\udc80\udcff\U0001f600\x00\x85\u20280a1d")), max_size=9
)


@pytest.fixture(scope="module", autouse=True)
def odd_values() -> Iterator[None]:
    """What `from_type` makes of plain types, for this module only."""
    st.register_type_strategy(str, TEXT)
    st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
    yield
    st.register_type_strategy(str, st.text())
    st.register_type_strategy(float, st.floats())


def data() -> Any:
    return json.loads(report_to_text(REPORT, VERDICT))


def test_round_trip_and_stable_bytes() -> None:
    text = report_to_text(REPORT, VERDICT)
    assert report_from_text(text) == (REPORT, VERDICT)
    assert report_to_text(*report_from_text(text)) == text
    assert text.isascii()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) + "\n"


def test_no_lone_surrogate_is_written() -> None:
    json.loads(report_to_text(REPORT, VERDICT))["report"]["context"]["prefix"].encode("utf-8")
    assert to_data(Location("caf\udce9"))["path"] == "caf\x1adce9"


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_every_value_of_the_model_comes_back(draw: st.DataObject) -> None:
    report, verdict = draw.draw(st.from_type(Report)), draw.draw(st.from_type(Verdict))
    text = report_to_text(report, verdict)
    assert report_from_text(text) == (report, verdict)
    VALIDATOR.validate(json.loads(text))


VALIDATOR = jsonschema.Draft202012Validator(report_schema())


def test_the_published_schema_is_the_generated_one() -> None:
    jsonschema.Draft202012Validator.check_schema(report_schema())
    assert SCHEMA.read_text() == json.dumps(report_schema(), indent=2) + "\n", (
        "write it again: json.dumps(py_secure_ci.serial.schema.report_schema(), indent=2)"
    )


def test_the_schema_takes_what_we_write_and_refuses_what_we_do_not() -> None:
    VALIDATOR.validate(data())
    spoilers: tuple[Callable[[Any], Any], ...] = (
        lambda d: d["report"].update(more=1),
        lambda d: d["report"]["outcomes"][0].update(kind="passed"),
        lambda d: d["report"]["outcomes"][0]["findings"][0].update(severity="bad"),
        lambda d: d["verdict"].pop("status"),
    )
    for spoil in spoilers:
        spoiled = data()
        spoil(spoiled)
        assert not VALIDATOR.is_valid(spoiled)
        with pytest.raises(ReportError):
            report_from_data(spoiled)


def put(path: str, value: Any) -> Any:
    result = data()
    *steps, last = path.split("/")
    at = result
    for step in steps:
        at = at[int(step) if step.isdigit() else step]
    at[last] = value
    return result


@pytest.mark.parametrize(
    ("damaged", "told"),
    [
        ([], "should be a JSON object"),
        ({}, "schema_version None"),
        (put("schema_version", True), "schema_version True"),
        (put("schema_version", 99), "schema_version 99"),
        (put("extra", 1), "'extra'"),
        (put("report/version", 1), "report.version: should be text, not 1"),
        (put("report/outcomes", {}), "report.outcomes: should be a list"),
        (
            put("report/outcomes/0/kind", "passed"),
            "outcomes[0].kind: should be one of completed, failed, skipped",
        ),
        (put("report/outcomes/0/looked_at", True), "report.outcomes[0].looked_at: should be a whole number"),
        (
            put("report/outcomes/0/findings/0/severity", "bad"),
            "outcomes[0].findings[0].severity: should be one of",
        ),
        (put("report/outcomes/0/findings/0/location/line", "1"), "findings[0].location.line: should be a whole number"),
        (put("report/outcomes/0/metrics/a", "x"), "report.outcomes[0].metrics.a: should be a number"),
        (put("report/changed/z.py", [[1]]), "report.changed.z.py[0]: should have 2 parts"),
        (put("report/offline", 1), "report: unknown key 'offline'"),
        (put("report/version", "\x1azz"), "report.version: a broken escape"),
        (put("report/version", "\ud800"), "report.version: half a surrogate pair"),
        (put("verdict/failed", None), "verdict.failed: should be true or false"),
    ],
)
def test_damage_is_told_with_its_place(damaged: Any, told: str) -> None:
    with pytest.raises(ReportError) as caught:
        report_from_data(damaged)
    assert told in caught.value.message
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a":NaN}', '{"a":1,"a":2}', "null", "\ufeff{}"])
def test_text_that_is_no_report(text: str) -> None:
    with pytest.raises(ReportError):
        report_from_text(text)


def test_a_missing_required_key_is_told() -> None:
    damaged = data()
    del damaged["verdict"]["findings"][0]["tool"]
    with pytest.raises(ReportError, match=r"verdict\.findings\[0\]: has no 'tool'"):
        report_from_data(damaged)
