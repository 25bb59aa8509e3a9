"""Tools that are asked about exact pins: recorded answers, and answers that must not pass for clean."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.adapting import pinned
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.errors import PySecureCiError, WrongShape
from py_secure_ci.model import Severity
from py_secure_ci.pins import Pin
from py_secure_ci.tool import Execution, Task, Tool

HERE = Path(__file__).parent
NAMES = ("uv-audit", "trivy", "osv-scanner", "safety")
each = pytest.mark.parametrize("name", NAMES)
CANARY = Pin(name="jinja2", version="2.4.1", file="/scratch/canary/pins.txt", line=1)
SIX, URLLIB = (
    Pin(name=name, version=version, file="a.lock", line=7) for name, version in (("six", "1.16.0"), ("urllib3", "1.22"))
)
CLICK = Pin(name="click", version="8.1.8", file="a.lock", line=9)
# What each recording was asked, canary and pins; safety's clean one had no canary.
ASKED = {"uv-audit": (SIX, CLICK), "trivy": (SIX, URLLIB), "osv-scanner": (SIX, URLLIB), "safety": (SIX,)}
WORST = {"uv-audit": Severity.UNKNOWN, "trivy": Severity.CRITICAL, "osv-scanner": Severity.CRITICAL}


def tool(name: str) -> Tool:
    return next(one for one in TOOLS if one.name == name)


def said(name: str, case: str) -> dict[str, Execution]:
    recorded = json.loads((HERE / name / case / "recorded.json").read_text("utf-8"))
    text = "\n".join
    return {
        command: Execution(
            status=one["status"],
            stdout=text(one["stdout"]),
            stderr=text(one["stderr"]),
            files={file: text(lines) for file, lines in one["files"].items()},
        )
        for command, one in recorded.items()
    }


def task(*pins: Pin, canary: Pin | None = CANARY, **more: Any) -> Task:
    root, scratch = Path("/project"), Path("/scratch")
    return Task(root=root, scratch=scratch, pins=pins, canary_pin=canary, advisory_url="http://127.0.0.1:1", **more)


def clean(name: str) -> Task:
    return task(SIX, canary=None if name == "safety" else CANARY)


def changed(name: str, case: str, change: Callable[[str], str]) -> dict[str, Execution]:
    """The recording with another report."""
    executions = said(name, case)
    main = executions["main"]
    if main.files:
        main = replace(main, files={file: change(text) for file, text in main.files.items()})
    else:
        main = replace(main, stdout=change(main.stdout))
    return {**executions, "main": main}


@each
def test_clean_means_every_pin_looked_at_and_the_canary_seen(name: str) -> None:
    reading = tool(name).parse(clean(name), said(name, "clean"))
    assert reading.looked_at == {"six==1.16.0"}
    assert reading.gaps == ()
    assert {one.location.path for one in reading.findings if one.location} <= {CANARY.file}
    assert bool(reading.findings) == (name != "safety")


@each
def test_findings_stand_at_the_pins(name: str) -> None:
    reading = tool(name).parse(task(*ASKED[name]), said(name, "findings"))
    assert reading.looked_at == {f"{pin.name}=={pin.version}" for pin in ASKED[name]}
    found = [one for one in reading.findings if one.location and one.location.path != CANARY.file]
    assert bool(found) == (name != "safety")  # which was recorded with the canary alone vulnerable
    for one in found:
        assert one.location is not None
        assert (one.location.path, one.location.line) in {("a.lock", 7), ("a.lock", 9)}
        assert one.advisory is not None
        assert one.severity is WORST[name]
        assert one.rule in {rule.id for rule in reading.rules}
    canary = next(one.advisory for one in reading.findings if one.location and one.location.path == CANARY.file)
    assert canary is not None
    assert any("2014" in id_ for id_ in canary.ids)


@each
def test_broken_is_never_an_answer(name: str) -> None:
    command = tool(name).commands(task(SIX))[0]
    executions = said(name, "broken")
    assert executions["main"].status not in command.clean | command.found
    with pytest.raises(WrongShape):
        tool(name).parse(task(SIX), executions)


@each
@pytest.mark.parametrize("text", ["", "{", "null", "[]", "{}", '{"results": 3}', '{"Results": [], "dependencies": []}'])
def test_another_shape_is_never_clean(name: str, text: str) -> None:
    try:
        reading = tool(name).parse(clean(name), changed(name, "clean", lambda _: text))
    except WrongShape:
        return
    assert reading.looked_at == frozenset(), "nothing was looked at, which is a gap for every pin"


@each
def test_a_package_that_was_not_looked_at_is_a_gap_or_a_refusal(name: str) -> None:
    other = Pin(name="attrs", version="1", file="a.lock", line=1)
    try:
        reading = tool(name).parse(replace(clean(name), pins=(SIX, other)), said(name, "clean"))
    except WrongShape:
        return
    assert "attrs==1" not in (reading.looked_at or ())


@each
def test_a_package_that_nobody_asked_about_is_refused(name: str) -> None:
    with pytest.raises(WrongShape):
        tool(name).parse(task(*(replace(pin, name=f"not-{pin.name}") for pin in ASKED[name])), said(name, "findings"))


@each
def test_every_key_counts(name: str) -> None:
    """Without any one key the answer is refused, or says no less than before."""
    asked = task(*ASKED[name])
    usual = len(tool(name).parse(asked, said(name, "findings")).findings)
    main = said(name, "findings")["main"]
    document = json.loads(next(iter(main.files.values()), main.stdout))
    for variant in without_each_key(document):
        executions = changed(name, "findings", lambda _, variant=variant: json.dumps(variant))
        try:
            reading = tool(name).parse(asked, executions)
        except WrongShape:
            continue
        blind = not any(one.location and one.location.path == CANARY.file for one in reading.findings)
        missed = blind or reading.looked_at != {f"{pin.name}=={pin.version}" for pin in ASKED[name]}
        assert len(reading.findings) >= usual or missed, variant


def without_each_key(value: Any) -> list[Any]:
    if isinstance(value, dict):
        lacking = [{k: v for k, v in value.items() if k != key} for key in value]
        return lacking + [{**value, key: one} for key in value for one in without_each_key(value[key])]
    if isinstance(value, list) and value:
        return [[one, *value[1:]] for one in without_each_key(value[0])]
    return []


@each
def test_a_status_that_the_report_contradicts_is_refused(name: str) -> None:
    if name == "trivy":  # it always ends with 0
        return
    executions = said(name, "findings")
    with pytest.raises(WrongShape):
        tool(name).parse(task(*ASKED[name]), {"main": replace(executions["main"], status=0)})


@each
def test_the_canary_whose_package_is_pinned_is_asked_about_apart(name: str) -> None:
    own = Pin(name="jinja2", version="3.1.6", file="a.lock", line=1)
    names = [command.name for command in tool(name).commands(task(own))]
    assert names[:2] == ["main", "canary"]


def test_a_service_that_gives_fewer_answers_than_queries_leaves_the_canary_unseen() -> None:
    executions = said("uv-audit", "blind")
    assert executions["main"].status == 0
    assert tool("uv-audit").parse(task(SIX), executions).findings == ()  # and then the pipeline calls it blind


def test_uv_is_given_a_lock_of_ours_and_asks_no_index() -> None:
    (command,) = tool("uv-audit").commands(task(SIX, SIX))
    assert command.inputs["main/uv.lock"].count("[[package]]") == 3
    assert 'source = { registry = "index" }' in command.inputs["main/uv.lock"]
    assert {"--no-config", "--frozen"} <= set(command.argv)
    assert tool("uv-audit").timeout == 60.0


def test_trivy_asks_nobody_when_offline_and_takes_no_configuration_of_the_project() -> None:
    offline, online = (tool("trivy").commands(task(SIX, offline=word))[0] for word in (True, False))
    assert "--skip-db-update" in offline.argv
    assert not offline.network
    assert "--skip-db-update" not in online.argv
    for option, file in (("--ignorefile", "trivyignore"), ("--config", "trivy.yaml")):
        assert online.argv[online.argv.index(option) + 1] == f"/scratch/{file}"
        assert online.inputs[file] == ""


@pytest.mark.parametrize(
    ("advisories", "gaps", "note"),
    [
        ({}, 0, "trivy's advisory data is of 2026-11-20, 3 days old."),
        ({"max_age_days": 2}, 1, ""),
        ({"max_age_days": 2, "on_stale": "warn"}, 0, "the limit is 2 days"),
    ],
)
def test_trivys_database_has_an_age(advisories: dict[str, Any], gaps: int, note: str) -> None:
    asked = task(SIX, stage_options={"advisories": advisories})
    reading = tool("trivy").parse(asked, said("trivy", "clean"))
    assert len(reading.gaps) == gaps
    assert note in "".join(reading.notes)


def test_a_database_that_does_not_say_its_day_is_refused() -> None:
    executions = said("trivy", "clean")
    database = replace(executions["database"], stdout='{"Version": "0.59.1"}')
    with pytest.raises(WrongShape):
        tool("trivy").parse(task(SIX), {**executions, "database": database})


def test_osv_scanner_offline_looks_where_the_yaml_says() -> None:
    options = replace(task().options, settings={"cache": "/kept"})
    command = tool("osv-scanner").commands(task(SIX, offline=True, options=options))[0]
    assert "--offline" in command.argv
    assert command.env == {"OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY": "/kept"}
    assert command.statuses[128] == "it found no packages"


def test_safety_has_no_way_to_look_when_offline() -> None:
    with pytest.raises(PySecureCiError, match="--offline"):
        tool("safety").commands(task(SIX, offline=True))


def test_what_safetys_own_policy_keeps_back_is_a_gap() -> None:
    def ignoring(text: str) -> str:
        return json.dumps({**json.loads(text), "ignored_vulnerabilities": [{"id": "1"}]})

    (gap,) = tool("safety").parse(clean("safety"), changed("safety", "clean", ignoring)).gaps
    assert "keeps 1" in gap.reason


def test_advisory_tools_share_their_canary() -> None:
    assert all(tool(name).canary is pinned.CANARY for name in NAMES)
