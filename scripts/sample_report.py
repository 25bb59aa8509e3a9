#!/usr/bin/env python3
"""Writes a report.json with many findings, hostile messages among them: `scripts/sample_report.py NUMBER FILE`.

For looking at the page, and for measuring it; nothing in it was found by a tool.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

from py_secure_ci.model import Advisory, Finding, Gap, Location, Rule, Severity, Stage, State, Suppression
from py_secure_ci.report import Completed, Context, Failed, Report, Status, ToolInfo, Verdict
from py_secure_ci.serial.codec import report_to_text

HOSTILE = (
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "--><svg/onload=document.title='taken'><!--",
    "\u202ereversed\u202c and \u200bhidden, \x1b[31mred\x1b[0m, a bell \x07",
    "${7*7} {{7*7}} `code` [link](javascript:document.title='taken') " + "long-word-" * 30,
    "::error::not a command",
)
TOOLS = {
    "ruff": (Stage.LINT, Severity.WARNING),
    "mypy": (Stage.TYPE, Severity.ERROR),
    "bandit": (Stage.SAST, Severity.MEDIUM),
    "pip-audit": (Stage.SCA, Severity.HIGH),
}


def finding(number: int) -> Finding:
    """The finding of that number; every eighth one says something hostile."""
    name = list(TOOLS)[number % len(TOOLS)]
    severity = TOOLS[name][1]
    path = f"src/package_{number % 37}/module_{number % 411}.py"
    message = HOSTILE[number // 8 % len(HOSTILE)] if number % 8 == 0 else f"Something about value number {number}."
    why = Suppression(source="config", reason="accepted for now", place=".py-secure-ci.yml:7", expires="2027-06-30")
    return Finding(
        tool=name,
        rule="CVE-2024-1234" if name == "pip-audit" else f"R{number % 53:03}",
        severity=severity,
        message=message,
        location=Location(path, number % 900 + 3, 9, number % 900 + 3, 14),
        code=f"        value = compute({number})  {HOSTILE[0] if number % 40 == 0 else ''}",
        before=("def function(argument):", "    if argument:"),
        after=("        return value", ""),
        cwe=(89,) if name == "bandit" else (),
        fix="Write it another way." if number % 3 == 0 else "",
        fingerprint=sha256(str(number).encode()).hexdigest(),
        state=State.EXISTING if number % 5 == 0 else State.NEW,
        suppression=why if number % 50 == 1 else None,
        advisory=advisory() if name == "pip-audit" else None,
    )


def advisory() -> Advisory:
    """A known vulnerability of a package that came by way of two others."""
    return Advisory(
        package="urllib3", version="1.26.5", ids=("CVE-2024-1234", "GHSA-aaaa-bbbb-cccc"), fixed_in=("1.26.19",),
        upgrade="1.26.19", via=("requests", "urllib3-extras", "urllib3"), command="uv lock --upgrade-package urllib3",
        imported_at=("src/app.py:3",),
    )  # fmt: skip


def sample(count: int) -> tuple[Report, Verdict]:
    """A run that is INCOMPLETE, with `count` findings of which some block."""
    findings = tuple(sorted(map(finding, range(count)), key=lambda one: -one.severity.rank))
    outcomes = tuple(
        Completed(
            tool=ToolInfo(name=name, stage=stage, version="1.2.3", source="path"),
            findings=tuple(one for one in findings if one.tool == name),
            rules=tuple(Rule(f"R{number:03}", uri="https://example.org/rule") for number in range(53)),
            looked_at=411,
            gaps=(Gap("src/large.py", "larger than 50 MB"),) if name == "bandit" else (),
        )
        for name, (stage, _) in TOOLS.items()
    )
    failed = Failed(
        tool=ToolInfo(name="detect-secrets", stage=Stage.SECRETS, version="1.5.0"), reason=HOSTILE[0], hint="Try again."
    )
    blocking = tuple(one.fingerprint for one in findings if one.state is State.NEW and one.severity.rank >= 60)
    report = Report(
        version="0.1.0",
        context=Context(project="sample", commit="c0ffee" * 6 + "c0ff", time="2026-11-22T10:00:00", branch="main"),
        outcomes=(*outcomes, failed),
        notes=(HOSTILE[1],),
    )
    return report, Verdict(
        status=Status.INCOMPLETE, failed=True, findings=findings, blocking=blocking,
        reasons=(f"{len(blocking):,} new findings at medium or above",), incomplete=(f"it broke: {HOSTILE[0]}",),
        compared="New findings were told from the report of 0123456789ab.",
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    Path(sys.argv[2]).write_text(report_to_text(*sample(int(sys.argv[1]))), encoding="utf-8")
