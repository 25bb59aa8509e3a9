"""The lines around a finding are shown only where no secret can stand in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from py_secure_ci.checking.assembly import assemble
from py_secure_ci.model import Finding, Location, Severity, Stage
from py_secure_ci.report import Completed, Failed, Outcome, Skipped, ToolInfo
from py_secure_ci.source.sources import Sources

KEY = "not-a-real-" + "key-4711"
TEXT = f'one = 1\ntwo = 2\nrun(three)\nfour = 4\nfive = 5\nsix = 6\npassword = "{KEY}"\n'
SECRETS = ToolInfo(name="detect-secrets", stage=Stage.SECRETS)
BANDIT = ToolInfo(name="bandit", stage=Stage.SAST)


def finding(tool: str, path: str, line: int) -> Finding:
    return Finding(tool=tool, rule="B602", severity=Severity.HIGH, message="m", location=Location(path, line))


def assembled(tmp_path: Path, secrets: Outcome, *found: Finding) -> list[Finding]:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(TEXT)
    sources = Sources(tmp_path, ["a.py", "b.py"])
    outcomes = assemble((Completed(tool=BANDIT, findings=found), secrets), sources, lambda outcome: outcome)
    return [one for outcome in outcomes if isinstance(outcome, Completed) for one in outcome.findings]


def test_two_lines_on_each_side_and_fewer_at_the_ends(tmp_path: Path) -> None:
    found = assembled(tmp_path, Completed(tool=SECRETS), finding("bandit", "a.py", 3), finding("bandit", "a.py", 1))
    assert [(one.before, one.code, one.after) for one in found] == [
        ((), "one = 1", ("two = 2", "run(three)")),
        (("one = 1", "two = 2"), "run(three)", ("four = 4", "five = 5")),
    ]


def test_a_file_with_a_secret_shows_nothing_around_and_its_value_is_masked_elsewhere(tmp_path: Path) -> None:
    secret = replace(finding("detect-secrets", "a.py", 7), secret=True)
    outcome = Completed(tool=SECRETS, findings=(secret,))
    found = assembled(tmp_path, outcome, finding("bandit", "a.py", 6), finding("bandit", "b.py", 6))
    assert KEY not in repr(found)
    near, elsewhere, itself = found
    assert (near.before, near.after, itself.before, itself.after) == ((), (), (), ())
    assert elsewhere.after == ('password = "[secret]"', "")


@pytest.mark.parametrize("secrets", [Failed(tool=SECRETS, reason="it broke"), Skipped(tool=SECRETS, reason="off")])
def test_where_nobody_searched_for_secrets_nothing_is_shown(tmp_path: Path, secrets: Outcome) -> None:
    (one,) = assembled(tmp_path, secrets, finding("bandit", "a.py", 3))
    assert (one.code, one.before, one.after) == ("run(three)", (), ())
