"""Django's checks over recorded runs of the real Django (record.py), and over the same tampered with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Location, Severity
from py_secure_ci.tool import Execution, Reading, Task
from py_secure_ci.tools.django_check import TOOL

HERE = Path(__file__).parents[1] / "django-check"


def recorded(case: str) -> Execution:
    text = {end: (HERE / case / f"django-0.{end}").read_text("utf-8") for end in ("jsonl", "stdout", "status")}
    return Execution(
        status=int(text["status"]), stdout=text["stdout"], stderr="", files={"django-0.jsonl": text["jsonl"]}
    )


def read(execution: Execution, file: str = "manage.py") -> Reading:
    task = Task(root=Path("/project"), scratch=Path("/scratch"), files=(file,))
    return TOOL.parse(task, {"django-0": execution})


@pytest.mark.parametrize("case", ["clean", "findings"])
def test_the_planted_settings_are_seen(case: str) -> None:
    text = {end: (HERE / case / f"canary.{end}").read_text("utf-8") for end in ("jsonl", "stdout", "status")}
    canary = Execution(
        status=int(text["status"]), stdout=text["stdout"], stderr="", files={"canary.jsonl": text["jsonl"]}
    )
    task = Task(root=Path("/project"), scratch=Path("/scratch"), files=("manage.py",))
    reading = TOOL.parse(task, {"django-0": recorded(case), "canary": canary})
    planted = {one.rule for one in reading.findings if one.location and one.location.path.startswith("/scratch/")}
    assert "security.W018" in planted


def sealed(execution: Execution, *events: dict[str, object]) -> Execution:
    """Another record with a seal that fits it, as only Django's own process could have left it."""
    import hashlib

    keys = ("outcome", "when", "xfail", "raised", "status")
    essence = "".join(json.dumps([one["event"], *(one.get(key) for key in keys)]) for one in events)
    return replace(
        execution,
        stdout=f"sealed django-0 {hashlib.sha256(essence.encode()).hexdigest()}\n",
        files={"django-0.jsonl": "".join(f"{json.dumps(one)}\n" for one in events)},
    )


def test_clean() -> None:
    reading = read(recorded("clean"), "backend/manage.py")
    assert (reading.findings, reading.looked_at, reading.excluded) == ((), frozenset({"backend/manage.py"}), ())


def test_findings_stand_where_the_setting_is_made() -> None:
    reading = read(recorded("findings"))
    told = {one.rule: (one.severity, one.location) for one in reading.findings}
    assert told["security.W018"] == (Severity.MEDIUM, Location("shop/settings/base.py", 1))
    assert told["security.W009"] == (Severity.MEDIUM, Location("shop/settings/base.py", 2))
    assert told["security.W003"] == (Severity.MEDIUM, Location("shop/settings/base.py", 4))
    assert told["security.W020"] == (Severity.MEDIUM, Location("shop/settings/live.py", 3))
    assert told["security.W012"] == (Severity.MEDIUM, Location("shop/settings/live.py"))
    assert told["fields.E121"] == (Severity.ERROR, Location("site_app/models.py", 4))
    assert reading.excluded == (Excluded("security.W002", "shop/settings/live.py: SILENCED_SYSTEM_CHECKS"),)
    rules = {rule.id: rule for rule in reading.rules}
    assert set(told) == set(rules)
    assert all(("security" in rules[name].tags) == name.startswith("security.") for name in told)


def test_the_line_with_the_key_is_never_shown() -> None:
    assert [one.rule for one in read(recorded("findings")).findings if one.secret] == ["security.W009"]


def test_settings_that_cannot_be_loaded_are_no_answer() -> None:
    with pytest.raises(WrongShape, match=r"manage\.py: Django's settings cannot be used: shop\.settings: KeyError"):
        read(recorded("broken"))


HEAD = {"event": "checks", "version": "5.2", "settings": "s.py", "deployment": 20}
END = {"event": "end", "status": 0, "log": ""}
SAID = {
    "event": "message", "silenced": False, "place": ["s.py", 1], "about": "", "id": "security.W018", "level": 30,
    "text": "x", "hint": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("events", "status", "reason"),
    [
        ((HEAD,), 0, "ended before they had told"),
        ((END,), 0, "not of the known shape"),
        (({**HEAD, "deployment": 0}, END), 0, "none of Django's checks for deployment"),
        ((HEAD, END), 1, "do not agree on how they ended"),
        ((HEAD, {**END, "status": 1}), 1, "which their messages contradict"),
        ((HEAD, SAID, END), 0, "which their messages contradict"),
        ((HEAD, {**END, "status": 3}), 3, "Django's settings cannot be used: exit status 3"),
        ((HEAD, {**SAID, "level": 35}, {**END, "status": 1}), 1, "unknown word '35'"),
        ((HEAD, {"event": "message"}, {**END, "status": 1}), 1, "has no 'silenced'"),
        ((HEAD, {"event": "report"}, END), 0, "not of the known shape"),
        ((HEAD, HEAD, END), 0, "not of the known shape"),
    ],
)
def test_what_cannot_be_believed(events: tuple[dict[str, object], ...], status: int, reason: str) -> None:
    with pytest.raises(WrongShape, match=reason):
        read(replace(sealed(recorded("clean"), *events), status=status))


def test_a_record_of_somebody_else_is_no_answer() -> None:
    case = recorded("findings")
    lines = case.files["django-0.jsonl"].splitlines(keepends=True)
    with pytest.raises(WrongShape, match="not the one that was written"):
        read(replace(case, files={"django-0.jsonl": lines[0] + lines[-1]}))
    with pytest.raises(WrongShape, match="left no record"):
        read(replace(case, files={}))


def test_every_manage_file_is_due() -> None:
    tree = ("a/manage.py", "manage.py", "manage.txt", "test_manage.py")
    assert TOOL.select(tree, {}).files == ("a/manage.py", "manage.py")
    task = Task(root=Path("/p"), scratch=Path("/s"), files=("a/manage.py", "manage.py"), python=Path("/python"))
    assert [json.loads(one.inputs[f"{one.name}.json"])["files"] for one in TOOL.commands(task)] == [
        ["a/manage.py"],
        ["manage.py"],
    ]
