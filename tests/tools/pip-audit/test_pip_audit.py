"""pip-audit: command lines, recorded answers, and answers that must not pass for clean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from py_secure_ci.adapting.pinned import split
from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Pin
from py_secure_ci.tool import Execution, Task
from py_secure_ci.tools.pip_audit import TOOL

HERE = Path(__file__).parent
CANARY = Pin(name="pyyaml", version="5.3", file="canary", line=1)


def pin(name: str, version: str, line: int = 1, file: str = "requirements.txt") -> Pin:
    return Pin(name=name, version=version, file=file, line=line)


def task(*pins: Pin, canary: Pin | None = CANARY) -> Task:
    url = "http://127.0.0.1:1234"
    return Task(root=Path("/r"), scratch=Path("/s"), pins=pins, canary_pin=canary, advisory_url=url)


def said(text: str, status: int = 1) -> dict[str, Execution]:
    return {"main": Execution(status=status, stdout=text, stderr="")}


def test_command_asks_about_exactly_the_pins_and_never_resolves() -> None:
    (found,) = TOOL.commands(task(pin("a", "1.0"), pin("a", "1.0", 9), pin("b", "2.0")))
    assert found.inputs == {"main.txt": "a==1.0\nb==2.0\npyyaml==5.3\n"}
    assert {"--no-deps", "--disable-pip"} < set(found.argv)
    assert found.argv[found.argv.index("--osv-url") + 1] == "http://127.0.0.1:1234/v1/query"
    assert found.network  # the loopback server is ours, outside of the sandbox


def test_a_version_that_comes_back_in_its_normal_form_is_the_pin_that_was_asked_about() -> None:
    said = {"dependencies": [{"name": "a", "version": "1.0.dev0", "vulns": []}]}
    reading = TOOL.parse(task(pin("a", "1.0.dev")), {"main": Execution(status=0, stdout=json.dumps(said), stderr="")})
    assert reading.looked_at == frozenset({"a==1.0.dev"})


def test_canary_whose_package_is_pinned_gets_its_own_call() -> None:
    main, canary = TOOL.commands(task(pin("pyyaml", "6.0")))
    assert main.inputs == {"main.txt": "pyyaml==6.0\n"}
    assert (canary.name, canary.inputs) == ("canary", {"canary.txt": "pyyaml==5.3\n"})


def test_split_keeps_versions_of_one_package_apart() -> None:
    whole = task(pin("a", "1"), pin("a", "2"), pin("b", "1"), pin("a", "1", 5))
    parts = [[f"{one.name}=={one.version}" for one in part.pins] for part in split(whole)]
    assert parts == [["a==1", "b==1", "a==1"], ["a==2"]]
    assert all(part.canary_pin == CANARY for part in split(whole))
    assert len(split(task())) == 1


def test_recorded_findings_stand_at_the_pins() -> None:
    due = task(pin("certifi", "2022.5.18", 3), pin("certifi", "2022.5.18", 8, "other.txt"), pin("six", "1.16.0", 4))
    found = TOOL.parse(due, said((HERE / "findings/two.json").read_text(encoding="utf-8")))
    assert found.looked_at == frozenset({"certifi==2022.5.18", "six==1.16.0"})
    places = sorted({(one.location.path, one.location.line) for one in found.findings if one.location})
    assert places == [("canary", 1), ("other.txt", 8), ("requirements.txt", 3)]
    first = next(one for one in found.findings if one.rule == "PYSEC-2022-42986")
    assert first.advisory is not None
    assert first.advisory.ids == ("PYSEC-2022-42986", "GHSA-43fp-rhv2-5gv8", "CVE-2022-23491")
    assert first.advisory.fixed_in == ("2022.12.7",)


def test_recorded_clean_answer() -> None:
    found = TOOL.parse(
        task(pin("six", "1.16.0"), canary=None), said((HERE / "clean/one.json").read_text(encoding="utf-8"), 0)
    )
    assert not found.findings
    assert found.looked_at == frozenset({"six==1.16.0"})


def test_service_that_failed_leaves_no_json_and_that_is_no_answer() -> None:
    with pytest.raises(WrongShape):
        TOOL.parse(task(pin("six", "1.16.0")), said((HERE / "broken/refused.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"dependencies": {}}',
        '{"dependencies": [{"name": "six"}]}',
        '{"dependencies": [{"name": "six", "version": "1.16.0"}]}',
        '{"dependencies": [{"name": "six", "version": "1.16.0", "vulns": [{"id": "X"}]}]}',
        '{"dependencies": [{"name": "stranger", "version": "1", "vulns": []}]}',
        '{"dependencies": [{"name": "six", "version": "9", "vulns": []}]}',
        '{"dependencies": [{"name": "six", "version": "1.16.0", "vulns": []}, {"name": "six", "version": "1.16.0", "vulns": []}]}',
    ],
)
def test_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(WrongShape):
        TOOL.parse(task(pin("six", "1.16.0")), said(text))


def test_what_it_leaves_out_is_missing_from_what_it_looked_at() -> None:
    assert TOOL.parse(task(pin("six", "1.16.0")), said('{"dependencies": []}', 0)).looked_at == frozenset()


def test_what_it_skips_is_a_gap() -> None:
    text = '{"dependencies": [{"name": "Six", "skip_reason": "not found"}]}'
    found = TOOL.parse(task(pin("six", "1.16.0", 7)), said(text, 0))
    assert [(one.subject, one.line) for one in found.gaps] == [("requirements.txt: six==1.16.0", 7)]
    assert found.looked_at == frozenset()


def test_it_asks_for_pins_not_for_files() -> None:
    assert TOOL.needs_pins
    assert TOOL.select(("a.py",), {}).files == ()
