"""The licence check over an environment of three packages, read for real."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.errors import ConfigError, WrongShape
from py_secure_ci.model import Finding
from py_secure_ci.pins import Pin
from py_secure_ci.tool import Execution, Reading, Task
from py_secure_ci.tools.licences import TOOL

HERE = Path(__file__).parent
NAMES = {"clean": "good-package", "findings": "bad-package", "broken": "vague-package"}
PINS = (
    Pin(name="good-package", version="1.0", file="a.lock", line=1),
    Pin(name="bad-package", version="2.0", file="a.lock", line=2),
    Pin(name="vague-package", version="3.0", file="a.lock", line=3),
)
POLICY = {"allow": ["MIT", "Apache-2.0"]}


def environment(folder: Path) -> Path:
    for case, name in NAMES.items():
        place = folder / "lib" / "python3.11" / "site-packages" / f"{name}.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text((HERE / case / "METADATA").read_text("utf-8"), "utf-8")
    return folder / "bin" / "python"


def check(tmp_path: Path, pins: tuple[Pin, ...], policy: dict[str, Any], *, python: bool = True) -> Reading:
    scratch = tmp_path / "scratch"
    assert TOOL.canary is not None
    [(metadata, text)] = TOOL.canary.files.items()
    planted = scratch / "canary" / metadata
    planted.parent.mkdir(parents=True)
    planted.write_text(text, "utf-8")
    task = Task(
        root=tmp_path,
        scratch=scratch,
        pins=pins,
        python=environment(tmp_path / "env") if python else None,
        stage_options={"licences": policy},
    )
    return TOOL.parse(task, {command.name: run(command.argv, command.stdin) for command in TOOL.commands(task)})


def run(argv: tuple[str, ...], stdin: str) -> Execution:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=True)
    return Execution(status=0, stdout=done.stdout, stderr=done.stderr)


def own(reading: Reading) -> list[Finding]:
    return [one for one in reading.findings if one.location and one.location.path == "a.lock"]


def test_each_of_the_three(tmp_path: Path) -> None:
    reading = check(tmp_path, PINS, POLICY)
    (found,) = own(reading)
    assert (found.rule, found.location and found.location.line) == ("licence-not-allowed", 2)
    assert found.message == "bad-package 2.0 is under GPL-3.0-only, which is not allowed."
    assert [gap.subject for gap in reading.gaps] == ["a.lock: vague-package==3.0"]
    assert {one.rule for one in reading.findings} == {"licence-not-allowed", "licence-denied"}  # the canary's


@pytest.mark.parametrize(("unknown", "rules"), [("fail", ["licence-unknown"]), ("pass", [])])
def test_what_becomes_of_an_unknown_licence(unknown: str, rules: list[str], tmp_path: Path) -> None:
    reading = check(tmp_path, PINS[2:], {**POLICY, "unknown": unknown})
    assert [one.rule for one in own(reading)] == rules
    assert reading.gaps == ()


def test_people_may_say_what_they_found_out(tmp_path: Path) -> None:
    policy = {**POLICY, "packages": {"Vague_Package": "Apache-2.0"}}
    assert own(check(tmp_path, PINS[2:], policy)) == []


def test_the_licence_of_another_version_is_not_that_of_the_pin(tmp_path: Path) -> None:
    (gap,) = check(tmp_path, (replace(PINS[0], version="1.1"),), POLICY).gaps
    assert "nobody says" in gap.reason


def test_a_lock_may_say_it(tmp_path: Path) -> None:
    pin = Pin(name="locked", version="1", file="a.lock", line=1, licence="GPL-3.0-only")
    (found,) = own(check(tmp_path, (pin,), {"deny": ["GPL-3.0-only"]}, python=False))
    assert found.rule == "licence-denied"


def test_without_an_environment_nothing_is_known(tmp_path: Path) -> None:
    assert len(check(tmp_path, PINS, POLICY, python=False).gaps) == 3


def test_a_list_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    task = Task(root=tmp_path, scratch=tmp_path, pins=PINS, stage_options={"licences": POLICY})
    for text in ("", "{}", '{"count": 2}', '{"name": "a", "version": "1"}'):
        answer = Execution(status=0, stdout=text, stderr="")
        with pytest.raises(WrongShape):
            TOOL.parse(task, {"main": answer, "canary": answer})


def test_without_a_policy_there_is_nothing_to_check_against(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no licence policy"):
        TOOL.commands(Task(root=tmp_path, scratch=tmp_path, pins=PINS))
