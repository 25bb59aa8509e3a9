from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from py_secure_ci.config.policy_settings import PolicySettings, build
from py_secure_ci.judging.baseline import of_report
from py_secure_ci.judging.fingerprints import with_fingerprints
from py_secure_ci.judging.inline import inline_suppressions
from py_secure_ci.judging.policy import judge
from py_secure_ci.model import Advisory, Finding, Gap, Location, Severity, Stage, State
from py_secure_ci.report import Completed, Context, Failed, Outcome, Report, Skipped, Status, ToolInfo, Verdict

TODAY = date(2026, 7, 1)
STAGES = {"ruff": Stage.LINT, "bandit": Stage.SAST, "pip-audit": Stage.SCA, "pytest": Stage.TEST}
SOURCE = "".join(f"name_{number} = {number}\n" for number in range(40))
OK = "it is fine because"


def one(
    rule: str = "bandit/B602", severity: Severity = Severity.HIGH, path: str = "src/a.py", line: int = 1, **more: Any
) -> Finding:
    tool, _, name = rule.partition("/")
    return Finding(tool=tool, rule=name, severity=severity, message="m", location=Location(path, line, 1), **more)


def package(version: str = "2.0", *ids: str, severity: Severity = Severity.HIGH) -> Finding:
    advisory = Advisory(package="Jinja2", version=version, ids=ids or ("CVE-2026-1", "GHSA-x1"))
    return one(f"pip-audit/{advisory.ids[0]}", severity, "requirements.txt", advisory=advisory)


def report(*findings: Finding, outcomes: tuple[Outcome, ...] = (), version: str = "1", **more: Any) -> Report:
    marked = with_fingerprints(findings, lambda _: SOURCE)
    completed = [
        Completed(
            tool=ToolInfo(name=tool, stage=stage, version=version),
            findings=tuple(each for each in marked if each.tool == tool),
        )
        for tool, stage in STAGES.items()
        if tool not in {outcome.tool.name for outcome in outcomes}
    ]
    return Report(version="1", context=Context(project="p"), outcomes=(*completed, *outcomes), **more)


def settings(**policy: Any) -> PolicySettings:
    return build(policy, lambda path: f"c.yml:{len(path)}")


def verdict(now: Report, then: Report | None = None, today: date = TODAY, **policy: Any) -> Verdict:
    baseline = (
        of_report(then, judge(then, settings(**policy), baseline=None, today=today)) if then is not None else None
    )
    return judge(now, settings(**policy), baseline=baseline, today=today)


def suppression(**more: Any) -> dict[str, Any]:
    return {"rule": "bandit/B602", "reason": OK, **more}


JUDGED: list[tuple[str, Report, dict[str, Any], int, int]] = [  # name, report, policy, blocking, exit status
    ("nothing found", report(), {}, 0, 0),
    ("high", report(one()), {}, 1, 1),
    ("medium", report(one(severity=Severity.MEDIUM)), {}, 1, 1),
    ("low", report(one(severity=Severity.LOW)), {}, 0, 0),
    ("unknown counts as high", report(one(severity=Severity.UNKNOWN)), {"fail_on": {"security": "high"}}, 1, 1),
    ("unknown is not critical", report(one(severity=Severity.UNKNOWN)), {"fail_on": {"security": "critical"}}, 0, 0),
    ("none", report(one()), {"fail_on": {"security": "none"}}, 0, 0),
    ("quality error", report(one("ruff/F401", Severity.ERROR)), {}, 1, 1),
    ("quality warning", report(one("ruff/E501", Severity.WARNING)), {}, 0, 0),
    ("quality note on", report(one("ruff/E501", Severity.NOTE)), {"fail_on": {"quality": "note"}}, 1, 1),
    (
        "security threshold is not for quality",
        report(one("ruff/E501", Severity.NOTE)),
        {"fail_on": {"security": "info"}},
        0,
        0,
    ),
    ("override down", report(one()), {"severity": {"bandit/*": "low"}}, 0, 0),
    ("override up", report(one(severity=Severity.LOW)), {"severity": {"bandit/B602": "critical"}}, 1, 1),
    ("the last override counts", report(one()), {"severity": {"bandit/B602": "low", "bandit/*": "high"}}, 1, 1),
    ("override by advisory alias", report(package()), {"severity": {"GHSA-x1": "low"}}, 0, 0),
    ("stage", report(one(severity=Severity.MEDIUM)), {"stages": {"sast": {"security": "high"}}}, 0, 0),
    ("another stage", report(one(severity=Severity.MEDIUM)), {"stages": {"lint": {"security": "high"}}}, 1, 1),
    ("path", report(one(path="tests/a.py")), {"paths": [{"paths": ["tests/"], "fail_on": {"security": "none"}}]}, 0, 0),
    ("another path", report(one()), {"paths": [{"paths": ["tests/"], "fail_on": {"security": "none"}}]}, 1, 1),
    (
        "path before stage",
        report(one(severity=Severity.LOW)),
        {"stages": {"sast": {"security": "none"}}, "paths": [{"paths": ["src/**"], "fail_on": {"security": "low"}}]},
        1,
        1,
    ),
    ("suppressed", report(one()), {"suppressions": [suppression()]}, 0, 0),
    ("suppressed by glob", report(one()), {"suppressions": [suppression(rule="bandit/B6*")]}, 0, 0),
    ("another rule", report(one()), {"suppressions": [suppression(rule="bandit/B101")]}, 1, 1),
    ("its path", report(one()), {"suppressions": [suppression(paths=["src/*.py"])]}, 0, 0),
    ("not its path", report(one()), {"suppressions": [suppression(paths=["*.txt"])]}, 1, 1),
    ("expires today", report(one()), {"suppressions": [suppression(expires="2026-07-01")]}, 0, 0),
    ("expired yesterday", report(one()), {"suppressions": [suppression(expires="2026-06-30")]}, 1, 1),
    ("by alias", report(package()), {"suppressions": [suppression(rule="ghsa-x1")]}, 0, 0),
    ("by package", report(package()), {"suppressions": [suppression(rule="*", package="jinja2")]}, 0, 0),
    ("by version", report(package("2.9")), {"suppressions": [suppression(rule="*", package="jinja2<3")]}, 0, 0),
    ("upgrade ends it", report(package("3.0")), {"suppressions": [suppression(rule="*", package="jinja2<3")]}, 1, 1),
    ("another package", report(one()), {"suppressions": [suppression(package="jinja2")]}, 1, 1),
    (
        "by the other tool's rule",
        report(one(), one("ruff/S602", Severity.MEDIUM)),
        {"suppressions": [suppression(rule="ruff/S602")]},
        0,
        0,
    ),
    ("merged", report(one(), one("ruff/S602", Severity.MEDIUM)), {}, 1, 1),
    ("a ratchet holds", report(one("ruff/E501", Severity.NOTE)), {"at_most": {"ruff": 1}}, 0, 0),
    ("a ratchet breaks", report(one("ruff/E501", Severity.NOTE)), {"at_most": {"ruff/E*": 0}}, 0, 1),
    ("a ratchet with no baseline", report(one("ruff/E501", Severity.NOTE)), {"at_most": {"ruff": "baseline"}}, 0, 1),
]


@pytest.mark.parametrize(("name", "now", "policy", "blocking", "status"), JUDGED, ids=[row[0] for row in JUDGED])
def test_policy(name: str, now: Report, policy: Mapping[str, Any], blocking: int, status: int) -> None:
    answer = verdict(now, **policy)
    assert (len(answer.blocking), answer.exit_status) == (blocking, status)
    assert answer.failed == bool(answer.reasons)


def test_only_what_is_new_blocks() -> None:
    answer = verdict(report(one(line=1), one(line=2)), report(one(line=1), one(line=3)))
    assert [each.state for each in answer.findings] == [State.EXISTING, State.NEW]
    assert (len(answer.blocking), len(answer.fixed), answer.reasons) == (
        1,
        1,
        ("1 new security finding at medium or above",),
    )
    assert verdict(report(one()), report(one())).status is Status.PASS
    assert verdict(report(one()), report(one()), new_only=False).reasons == (
        "1 known security finding at medium or above",
    )


def test_an_expired_suppression_counts_though_the_finding_is_known() -> None:
    policy: dict[str, Any] = {"suppressions": [suppression(expires="2026-06-30")]}
    answer = verdict(report(one()), report(one()), **policy)
    assert answer.status is Status.FAIL
    assert "expired on 2026-06-30: 1 finding counts again" in answer.warnings[0]


def test_an_upgrade_of_the_package_counts_though_the_advisory_is_known() -> None:
    policy: dict[str, Any] = {"suppressions": [suppression(rule="*", package="jinja2<3")]}
    assert verdict(report(package("3.0")), report(package("2.0")), **policy).status is Status.FAIL


def test_what_was_suppressed_counts_when_the_suppression_goes() -> None:
    then = report(one())
    before = judge(then, settings(suppressions=[suppression()]), baseline=None, today=TODAY)
    now = judge(report(one()), settings(), baseline=of_report(then, before), today=TODAY)
    assert now.status is Status.FAIL
    assert now.findings[0].state is State.EXISTING


def test_a_coverage_floor_is_no_old_debt() -> None:
    floor = one("pytest/coverage", Severity.ERROR, anchor="coverage")
    assert verdict(report(floor), report(floor)).status is Status.FAIL


def test_findings_of_a_tool_that_changed() -> None:
    changed = {"other.py": ((1, 2),)}
    then, now = report(), report(one(), version="2", changed=changed)
    words = "1 security finding at medium or above that is new because a tool or its rules changed"
    assert verdict(now, then).reasons == (words,)
    warned = verdict(now, then, new_rules="warn")
    assert warned.status is Status.PASS
    assert warned.findings[0].upgrade
    assert any("do not block" in warning for warning in warned.warnings)


def test_unused_suppressions_warn_and_strict_makes_them_fail() -> None:
    policy: dict[str, Any] = {"suppressions": [suppression()]}
    assert "matches nothing" in verdict(report(), **policy).warnings[0]
    assert verdict(report(), strict=True, **policy).status is Status.FAIL
    assert verdict(report(), strict=True, **policy).reasons == ("strict: 1 suppression suppresses nothing",)
    broken = Failed(tool=ToolInfo(name="bandit", stage=Stage.SAST), reason="crash")
    assert verdict(report(outcomes=(broken,)), **policy).warnings == ()
    skipped = Skipped(tool=ToolInfo(name="bandit", stage=Stage.SAST), reason="no files")
    assert verdict(report(outcomes=(skipped,)), **policy).warnings == ()


INCOMPLETE: list[tuple[str, Report, dict[str, Any], bool]] = [
    ("failed", report(outcomes=(Failed(tool=ToolInfo(name="x", stage=Stage.CI), reason="crash"),)), {}, True),
    ("gap", report(gaps=(Gap("a.py", "unreadable"),)), {}, True),
    (
        "accepted",
        report(gaps=(Gap("a/b.py", "unreadable"),)),
        {"accepted_gaps": [{"subject": "a/*", "reason": OK}]},
        False,
    ),
    (
        "expired",
        report(gaps=(Gap("a.py", "x"),)),
        {"accepted_gaps": [{"subject": "*", "reason": OK, "expires": "2026-06-30"}]},
        True,
    ),
    (
        "of another tool",
        report(gaps=(Gap("a.py", "x"),)),
        {"accepted_gaps": [{"subject": "*", "reason": OK, "tool": "ruff"}]},
        True,
    ),
    ("no tool", Report(version="1", context=Context(project="p"), outcomes=()), {}, True),
    (
        "all skipped",
        Report(
            version="1",
            context=Context(project="p"),
            outcomes=(Skipped(tool=ToolInfo(name="x", stage=Stage.CI), reason="y"),),
        ),
        {},
        True,
    ),
]


@pytest.mark.parametrize(("name", "now", "policy", "incomplete"), INCOMPLETE, ids=[row[0] for row in INCOMPLETE])
def test_incomplete(name: str, now: Report, policy: Mapping[str, Any], incomplete: bool) -> None:
    answer = verdict(now, **policy)
    assert (answer.status is Status.INCOMPLETE) == incomplete == bool(answer.incomplete)
    assert answer.exit_status == (3 if incomplete else 0)


def test_failing_and_incomplete_are_both_told() -> None:
    answer = verdict(report(one(), gaps=(Gap("a.py", "unreadable"),)))
    assert (answer.status, answer.failed, answer.exit_status) == (Status.INCOMPLETE, True, 3)


def test_without_a_baseline_the_reason_is_told() -> None:
    answer = judge(report(one()), settings(), baseline=None, today=TODAY, strict_reason="the clone is shallow")
    assert answer.compared == "Every finding counts as new: the clone is shallow."
    assert answer.findings[0].state is State.NEW


def test_worst_first_whatever_the_order() -> None:
    findings = [
        one(line=2, severity=Severity.LOW),
        one(line=1, severity=Severity.LOW),
        one("ruff/F401", Severity.ERROR),
        one(line=9),
    ]
    orders = {tuple(each.location for each in verdict(report(*order)).findings) for order in (findings, findings[::-1])}
    (order,) = orders
    assert [place.line for place in order if place is not None] == [9, 1, 1, 2]


def commented(comment: str, line: int = 2) -> Verdict:
    text = f"x = 1\n{comment}\ny = 2\n"
    return verdict(report(one(line=line), inline=inline_suppressions("src/a.py", text)))


@pytest.mark.parametrize(
    ("comment", "line", "blocks"),
    [
        ("f()  # py-secure-ci: ignore[bandit/B602] shells are fine here", 2, False),
        ("# py-secure-ci: ignore[bandit/B602] shells are fine here", 3, False),
        ("# py-secure-ci: ignore[bandit/B101, bandit/B6*] shells are fine here", 3, False),
        ("f()  # noqa: S602  # py-secure-ci: ignore[bandit/B602] fine  # more", 2, False),
        ("f()  # py-secure-ci: ignore[bandit/B602] shells are fine here", 3, True),
        ("f()  # py-secure-ci: ignore[bandit/B602]", 2, True),
        ("f()  # py-secure-ci: ignore[bandit/B602] -", 2, True),
        ("f()  # py-secure-ci: ignore[] why", 2, True),
        ("f()  # py-secure-ci: ignore[B602] why", 2, True),
        ("f()  # py-secure-ci: ignore bandit/B602", 2, True),
        ("f()  # py-secure-ci: ignore[ruff/*] why", 2, True),
        ("f('# py-secure-ci: ignore[bandit/B602] text')", 2, True),
    ],
)
def test_inline(comment: str, line: int, blocks: bool) -> None:
    answer = commented(comment, line)
    assert bool(answer.blocking) == blocks
    if not blocks:
        assert answer.findings[0].suppression is not None
        assert answer.findings[0].suppression.source == "inline"
    elif "'" not in comment:
        assert answer.warnings[0].startswith("src/a.py:2: ")


@pytest.mark.parametrize("path", ["docs/policy.md", "README.rst", "notes.txt"])
def test_a_page_may_show_such_a_comment(path: str) -> None:
    """It still suppresses there, but one that suppresses nothing is no mistake."""
    text = "A page.\nf()  # py-secure-ci: ignore[bandit/B602] the command is a constant\n# py-secure-ci: ignore[B6]\n"
    assert verdict(report(one(), inline=inline_suppressions(path, text))).warnings == ()
