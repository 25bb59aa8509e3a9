"""The console: a thousand findings that do not block are one line, and the verdict is the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from py_secure_ci.formats.console import MAX_FINDINGS, render
from py_secure_ci.formats.rule_counts import MAX_RULES
from py_secure_ci.model import Finding, Severity, State
from py_secure_ci.report import Report, Status, Verdict

Sample = tuple[Report, Verdict]


@pytest.fixture
def one(sample_of: Callable[[Status], Sample]) -> Finding:
    """An ordinary finding with a line of code."""
    return next(finding for finding in sample_of(Status.FAIL)[1].findings if finding.rule == "B102")


def test_a_thousand_alike_that_do_not_block_are_one_line(one: Finding, sample_of: Callable[[Status], Sample]) -> None:
    report, verdict = sample_of(Status.PASS)
    many = tuple(
        replace(one, rule="B101", severity=Severity.LOW, state=State.NEW, fingerprint=f"{n:064x}") for n in range(1079)
    )
    text = render(report, replace(verdict, findings=many, blocking=()))
    assert [line.split() for line in text.splitlines() if "bandit/B101" in line and "explain" not in line] == [
        ["bandit/B101", "1,079", "low", "in", r"caf\xe9.py", "(new)"]
    ]
    assert " | " not in text.split("Does not block")[1].split("\n\n")[0]
    assert text.splitlines()[-1] == "PASS: nothing blocks"


def test_what_blocks_is_shown_with_its_code_and_the_rest_is_counted(
    one: Finding, findings_of: Callable[[tuple[Finding, ...]], Sample]
) -> None:
    many = tuple(replace(one, fingerprint=f"{n:064x}") for n in range(MAX_FINDINGS + 7))
    text = render(*findings_of(many))
    assert text.count("(blocks)") == MAX_FINDINGS
    assert "These block too: 7 findings" in text
    assert text.splitlines()[-1] == f"FAIL: {MAX_FINDINGS + 7} findings block"


def test_the_table_ends_and_says_what_it_left_out(one: Finding, sample_of: Callable[[Status], Sample]) -> None:
    report, verdict = sample_of(Status.PASS)
    many = tuple(replace(one, rule=f"R{n:03}", fingerprint=f"{n:064x}") for n in range(MAX_RULES + 5))
    text = render(report, replace(verdict, findings=many, blocking=()))
    assert sum("bandit/R" in line and "explain" not in line for line in text.splitlines()) == MAX_RULES
    assert "… 5 more rules: 5 findings" in text


def test_known_findings_are_told_after_new_ones(one: Finding, sample_of: Callable[[Status], Sample]) -> None:
    report, verdict = sample_of(Status.PASS)
    known = replace(one, rule="KNOWN", state=State.EXISTING, severity=Severity.CRITICAL, fingerprint="a" * 64)
    new = replace(one, rule="NEW", state=State.NEW, severity=Severity.LOW, fingerprint="b" * 64)
    text = render(report, replace(verdict, findings=(known, new), blocking=()))
    assert text.index("bandit/NEW") < text.index("bandit/KNOWN")
    assert "2 findings: 0 block, 1 new that do not, 1 known" in text
