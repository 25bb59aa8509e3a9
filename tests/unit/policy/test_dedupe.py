from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from py_secure_ci.judging.dedupe import merged
from py_secure_ci.model import Advisory, Finding, Location, Severity
from py_secure_ci.tables import table

CORPUS = Path(__file__).parents[2] / "data" / "duplicates"


def load() -> list[Finding]:
    findings = []
    for _, tool, rule, path, line, column, end_line, end_column, secret in json.loads(
        (CORPUS / "recorded.json").read_text()
    ):
        place = Location(path, line, column, end_line, end_column)
        findings.append(
            Finding(tool=tool, rule=rule, severity=Severity.LOW, message="m", location=place, secret=secret)
        )
    return findings


def pairs(groups: Sequence[Sequence[int]]) -> set[tuple[int, int]]:
    return {(a, b) for group in groups for a in group for b in group if a < b}


def test_labelled_corpus() -> None:
    findings = load()
    labels = pairs(json.loads((CORPUS / "labels.json").read_text()))
    groups = merged(findings)
    numbers = {id(one): number for number, one in enumerate(findings)}
    ours = pairs([sorted(numbers[id(one)] for one in group.members) for group in groups])
    assert len(ours & labels) / len(ours) >= 0.98
    assert len(ours & labels) / len(labels) >= 0.95
    assert sorted(numbers[id(one)] for group in groups for one in group.members) == list(range(len(findings)))
    for group in groups:
        assert {group.kept.name, *group.kept.also} == {one.name for one in group.members}


def test_the_order_of_findings_does_not_matter() -> None:
    findings = load()
    one = {frozenset(member.name + str(member.location) for member in group.members) for group in merged(findings)}
    other = {
        frozenset(member.name + str(member.location) for member in group.members) for group in merged(findings[::-1])
    }
    assert one == other


def make(
    tool: str, rule: str, line: int, *, severity: Severity = Severity.LOW, end: int | None = None, secret: bool = False
) -> Finding:
    return Finding(
        tool=tool,
        rule=rule,
        severity=severity,
        message=rule,
        location=Location("a.py", line, 1, end),
        secret=secret,
        code="x",
    )


def test_the_worst_is_kept_and_names_all() -> None:
    (group,) = merged([make("ruff", "S602", 3), make("bandit", "B602", 3, severity=Severity.HIGH)])
    assert group.kept.name == "bandit/B602"
    assert group.kept.severity is Severity.HIGH
    assert group.kept.also == ("ruff/S602",)


def test_a_secret_hides_the_code_of_the_merged_finding() -> None:
    (group,) = merged(
        [make("bandit", "B105", 3, severity=Severity.HIGH), make("detect-secrets", "secret-keyword", 3, secret=True)]
    )
    assert group.kept.name == "bandit/B105"
    assert group.kept.secret
    assert group.kept.code == ""


def test_other_rules_other_lines_and_the_same_tool_stay_apart() -> None:
    for other in (make("ruff", "S603", 3), make("ruff", "S602", 4), make("bandit", "B602", 3)):
        assert len(merged([make("bandit", "B602", 3), other])) == 2


def test_one_finding_takes_one_partner_of_each_tool() -> None:
    groups = merged([make("bandit", "B602", 1, end=9), make("ruff", "S602", 2), make("ruff", "S602", 3)])
    assert sorted(len(group.members) for group in groups) == [1, 2]


def advisory(tool: str, *ids: str, package: str = "p", version: str = "1", path: str = "r.txt") -> Finding:
    return Finding(
        tool=tool, rule=ids[0], severity=Severity.HIGH, message="m", location=Location(path, 1),
        advisory=Advisory(package=package, version=version, ids=ids),
    )  # fmt: skip


def test_advisories_meet_by_any_alias() -> None:
    (group,) = merged([advisory("a", "CVE-1", "GHSA-1"), advisory("a", "PYSEC-1", "GHSA-1"), advisory("b", "PYSEC-1")])
    assert group.kept.advisory is not None
    assert set(group.kept.advisory.ids) == {"CVE-1", "GHSA-1", "PYSEC-1"}


def test_advisories_of_other_packages_versions_or_files_stay_apart() -> None:
    others = [
        advisory("a", "CVE-1", package="q"),
        advisory("a", "CVE-1", version="2"),
        advisory("a", "CVE-1", path="s.txt"),
    ]
    assert len(merged([advisory("a", "CVE-1"), *others])) == 4


def test_every_rule_of_the_table_is_a_known_one() -> None:
    known = table("rules")
    for row in table("duplicates")["same"]:
        for name in (*row["rules"], *row.get("with", ())):
            tool, _, rule = name.partition("/")
            if tool in known and "*" not in rule and rule != "format":
                assert rule in known[tool], name


def test_a_crowd_on_one_line_costs_no_time_and_loses_nothing() -> None:
    place = Location("a.py", 3, 1)
    many = [Finding(tool="bandit", rule="B602", severity=Severity.LOW, message="m", location=place)] * 20_000
    groups = merged([*many, Finding(tool="ruff", rule="S602", severity=Severity.LOW, message="m", location=place)])
    assert sum(len(group.members) for group in groups) == 20_001
    assert len(groups) == 20_000
