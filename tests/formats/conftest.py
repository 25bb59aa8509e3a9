"""One set of model values with nasty strings, as a run that passes, fails or is incomplete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from py_secure_ci.model import (
    Advisory,
    Confidence,
    Edit,
    Finding,
    Gap,
    Location,
    Rule,
    Severity,
    Stage,
    State,
    Suppression,
)
from py_secure_ci.pins import Declaration, Dependencies, Pin
from py_secure_ci.report import Completed, Context, Failed, Outcome, Report, Skipped, Status, ToolInfo, Verdict

Sample = tuple[Report, Verdict]

NASTY = (
    "::error::x",
    "  ::error::x",
    "\u00a0::set-output name=a::b",
    "x\r::stop-commands::y",
    "##[error]x",
    "abc ##[add-matcher]/tmp/x",
    "\u00ad::error::x",
    "a\u2028::set-output name=a::b",
    "#\u200d#[error]x",
    "#\ufe0f#[error]x",
    "100%\n%0A,:",
    "| `code` <script>alert(1)</script> &amp; @octocat #1 ![i](http://tracker.example/x.png) [a](http://b.example)",
    "\u202eevil\u2066 \x1b[31mred\x1b[0m \x00\x07",
    "</details></code>]]>--><!--",
    "# heading\n- list\n\n```\nfence",
    "caf\udce9 \ud83d\ude00 \U0001f40d é",
    "{0} {{1}} $math$ ~~x~~ www.evil.example",
)
PATHS = (
    "src/app.py",
    "a b/100%#?.py",
    "caf\udce9.py",
    "::error::x.py",
    "é\U0001f40d.py",
    "q'\"|`<&>.py",
    "new\nline\r.py",
)


def tool(name: str, stage: Stage) -> ToolInfo:
    return ToolInfo(name=name, stage=stage, version="1.2.3", source="locked", uri=f"https://{name}.example/")


def make(number: int, name: str, rule: str, severity: Severity, **more: object) -> Finding:
    path = PATHS[number % len(PATHS)]
    values: dict[str, object] = {
        "location": Location(path, number + 1, 5, number + 1, 9),
        "code": f"    {NASTY[number % len(NASTY)]}",
        "line_hash": f"{number:x}abc:1",
        "fingerprint": sha256(f"{number}".encode()).hexdigest(),
        "state": State.NEW,
        "confidence": Confidence.MEDIUM,
    }
    values["message"] = f"m{number} {NASTY[number % len(NASTY)]}"
    return Finding(tool=name, rule=rule, severity=severity, **{**values, **more})  # type: ignore[arg-type]


def advisory(name: str, score: float) -> Advisory:
    return Advisory(
        package="jinja2", version="2.0", ids=(name, "GHSA-aaaa-bbbb-cccc"), upgrade="3.1.6", score=score,
        command="uv lock --upgrade-package jinja2",
    )  # fmt: skip


def judged() -> tuple[Finding, ...]:
    why = Suppression(source="config", reason="SUPPRESSED reason", place=".py-secure-ci.yml:7", owner="@team")
    found = [
        make(0, "bandit", "B101", Severity.HIGH, cwe=(703, 95), also=("ruff/S101",), fix="do not"),
        make(1, "bandit", "B101", Severity.LOW, location=Location(PATHS[1], 9, 4, 3, 2)),
        make(2, "bandit", "B102", Severity.MEDIUM, location=Location(PATHS[2], 3), state=State.EXISTING),
        make(3, "detect-secrets", "AWS Access Key", Severity.HIGH, secret=True, code=""),
        make(4, "pip-audit", "CVE-2020-0001", Severity.CRITICAL, advisory=advisory("CVE-2020-0001", 9.8)),
        make(5, "pip-audit", "CVE-2020-0002", Severity.UNKNOWN, advisory=advisory("CVE-2020-0002", 0.0)),
        make(6, "ruff", "F401", Severity.ERROR, edits=(Edit(Location("src/app.py", 1, 1, 2, 1), ""),)),
        make(7, "ruff", "S105", Severity.MEDIUM, location=Location(PATHS[0], 0, 0, 0, 0)),
        make(8, "ruff", "E501", Severity.NOTE, location=Location(PATHS[0], 5, 3, 8)),
        make(9, "pytest", "coverage", Severity.WARNING, location=None, anchor="coverage", code="", line_hash=""),
        make(10, "zizmor", "artipacked", Severity.INFO, location=Location(".github/workflows/ci.yml", 3, 1, 9, 4)),
        make(11, "bandit", "B999", Severity.CRITICAL, suppression=why, message="SUPPRESSED message"),
        make(12, "ruff", "F999", Severity.ERROR, state=State.FIXED, message="FIXED message"),
        *(make(13 + n, "mypy", "misc", Severity.ERROR) for n in range(12)),
    ]
    return tuple(sorted(found, key=lambda finding: -finding.severity.rank))


def report_of(findings: tuple[Finding, ...], *, incomplete: bool) -> Report:
    stages = {
        "ruff": Stage.LINT,
        "mypy": Stage.TYPE,
        "pytest": Stage.TEST,
        "bandit": Stage.SAST,
        "detect-secrets": Stage.SECRETS,
        "pip-audit": Stage.SCA,
        "syft": Stage.SBOM,
        "zizmor": Stage.CI,
    }
    outcomes: list[Outcome] = []
    for name, stage in stages.items():
        mine = tuple(replace(f, state=State.UNJUDGED, suppression=None) for f in findings if f.tool == name)
        rules = tuple(
            Rule(
                f.rule,
                name=f.rule.lower(),
                summary=NASTY[11],
                help="\n\n".join(NASTY),
                uri="https://rules.example/x(y)",
            )
            for f in mine[::2]
        )
        gaps = (Gap(PATHS[2], NASTY[3]), Gap("big.py", "50 MB")) if incomplete and name == "bandit" else ()
        outcomes.append(Completed(tool=tool(name, stage), findings=mine, rules=rules, looked_at=7, gaps=gaps))
    outcomes.append(Skipped(tool=tool("actionlint", Stage.CI), reason=f"no workflows {NASTY[4]}"))
    if incomplete:
        outcomes.append(Failed(tool=tool("semgrep", Stage.SAST), reason=NASTY[5], detail=NASTY[0], hint="again"))
    pins = (Pin(name="jinja2", version="2.0", file="uv.lock", line=3),)
    return Report(
        version="0.1.0",
        context=Context(project="shop", prefix="examples/sh op", config_file=".py-secure-ci.yml", commit="a" * 40),
        outcomes=tuple(outcomes),
        gaps=(Gap("unreadable", NASTY[12]),) if incomplete else (),
        notes=(NASTY[0],),
        dependencies=Dependencies((Declaration(file="uv.lock", manager="uv", locked=True, pins=pins),)),
        changed={"src/app.py": ((1, 1),)},
    )


def build(status: Status) -> Sample:
    if status is Status.PASS:
        findings = tuple(f for f in judged() if f.severity.rank < 45 or f.suppression or f.state is not State.NEW)
    else:
        findings = judged()
    active = [f for f in findings if not f.suppression and f.state is State.NEW and f.severity.rank >= 45]
    verdict = Verdict(
        status=status,
        failed=bool(active),
        findings=findings,
        blocking=tuple(f.fingerprint for f in active),
        reasons=(f"{len(active)} findings {NASTY[11]}",) if active else (),
        incomplete=tuple(f"reason {n}: {NASTY[n]}" for n in range(8)) if status is Status.INCOMPLETE else (),
        fixed=("f" * 64,),
        warnings=(f"unused suppression {NASTY[13]}",),
        compared=f"with main {NASTY[1]}",
    )
    return report_of(findings, incomplete=status is Status.INCOMPLETE), verdict


@pytest.fixture(params=list(Status), ids=lambda status: status.value)
def sample(request: pytest.FixtureRequest) -> Sample:
    """(report, verdict) for each answer."""
    return build(request.param)


@pytest.fixture
def sample_of() -> Callable[[Status], Sample]:
    """The sample of one answer."""
    return build


@pytest.fixture
def nasty() -> tuple[str, ...]:
    return NASTY


@pytest.fixture
def findings_of() -> Callable[[tuple[Finding, ...]], Sample]:
    """A run with just these findings, all blocking."""

    def of(findings: tuple[Finding, ...]) -> Sample:
        verdict = Verdict(
            status=Status.FAIL,
            failed=True,
            findings=findings,
            blocking=tuple(finding.fingerprint for finding in findings),
            reasons=("because",),
            incomplete=(),
        )
        return report_of(findings, incomplete=False), verdict

    return of
