"""What a finding becomes: aliases, severity, way out, place; and the gaps of an audit."""

from __future__ import annotations

import pytest

from py_secure_ci.advisories.enrich import advise, by_preference, rules, stale_locks
from py_secure_ci.advisories.gaps import gaps, unreported
from py_secure_ci.advisories.public_names import PublicNames
from py_secure_ci.advisories.severity import base_score, judge
from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.advisories.way_out import lowest_clean
from py_secure_ci.model import Advisory, Finding, Location, Severity
from py_secure_ci.pins import Constraint, Declaration, Dependencies, Pin, Unpinned

PIN = Pin(name="jinja2", version="2.0", file="uv.lock", line=7, direct=False, via=("flask", "jinja2"), groups=("dev",))


def project(pin: Pin = PIN, manager: str = "uv", specifier: str | None = None, stale: str = "") -> Dependencies:
    asked = [Constraint(name="flask", specifier=">=1", file="pyproject.toml", line=4)]
    if specifier is not None:
        asked.append(Constraint(name="jinja2", specifier=specifier, file="pyproject.toml", line=5))
    return Dependencies(
        (
            Declaration(file="pyproject.toml", manager=manager, locked=False, constraints=tuple(asked)),
            Declaration(file=pin.file, manager=manager, locked=True, pins=(pin,), stale=stale),
        )
    )


def raw(id_: str, *aliases: str, pin: Pin = PIN) -> Finding:
    advisory = Advisory(package=pin.name, version=pin.version, ids=(id_, *aliases), fixed_in=("2.11.3",))
    return Finding(
        tool="pip-audit",
        rule=id_,
        severity=Severity.UNKNOWN,
        message="raw",
        location=Location(pin.file, pin.line),
        advisory=advisory,
    )


def nowhere(name: str) -> tuple[str, tuple[str, ...]]:
    return "imported", (f"app.py:{len(name)}",)


def test_aliases_are_one_finding_with_everything_that_helps(snapshot: Snapshot) -> None:
    found = advise([raw("PYSEC-2026-1"), raw("GHSA-aaaa-bbbb-cccc")], project(), snapshot, nowhere)
    assert len(found) == 1
    one = found[0].advisory
    assert one is not None
    assert (found[0].rule, found[0].severity, found[0].anchor) == ("CVE-2026-1", Severity.CRITICAL, "jinja2:CVE-2026-1")
    assert one.ids == ("CVE-2026-1", "GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1")
    assert (one.score, one.upgrade, one.allowed, one.via) == (9.8, "3.1.6", None, ("flask", "jinja2"))
    assert one.command == "uv lock --upgrade-package 'jinja2>=3.1.6'"
    assert (one.reach, one.imported_at, one.groups) == ("imported", ("app.py:6",), ("dev",))
    assert found[0].location == Location("uv.lock", 7)
    assert "flask -> jinja2, declared at pyproject.toml:4" in found[0].message
    assert rules(found)[0].id == "CVE-2026-1"


def test_different_vulnerabilities_stay_apart_worst_first(snapshot: Snapshot) -> None:
    found = advise([raw("PYSEC-2026-2"), raw("PYSEC-2026-1")], project(), snapshot, nowhere)
    assert [(one.rule, one.severity) for one in found] == [
        ("CVE-2026-1", Severity.CRITICAL),
        ("CVE-2026-2", Severity.UNKNOWN),
    ]


@pytest.mark.parametrize(
    ("manager", "specifier", "allowed", "command"),
    [
        ("uv", ">=2", True, "uv lock --upgrade-package 'jinja2>=3.1.6'"),
        ("uv", "<3", False, "uv add --no-sync 'jinja2>=3.1.6'"),
        ("poetry", ">=2,<3 || >=3.1", True, "poetry update --lock flask jinja2"),
        ("poetry", "==2.0", False, "poetry add --lock 'jinja2>=3.1.6'"),
        ("pdm", "<3", False, "pdm add --no-sync 'jinja2>=3.1.6'"),
        ("pipenv", None, None, "pipenv upgrade --dev 'jinja2>=3.1.6'"),
        ("pip-tools", None, None, "pip-compile -o uv.lock -P flask -P 'jinja2>=3.1.6'"),
        ("some-new-one", None, None, "write jinja2==3.1.6 in uv.lock:7"),
    ],
)
def test_the_way_out(
    snapshot: Snapshot, manager: str, specifier: str | None, allowed: bool | None, command: str
) -> None:
    found = advise([raw("PYSEC-2026-1")], project(manager=manager, specifier=specifier), snapshot, nowhere)
    assert found[0].advisory is not None
    assert (found[0].advisory.allowed, found[0].advisory.command) == (allowed, command)


def test_no_clean_version_is_said(snapshot: Snapshot) -> None:
    pin = Pin(name="never-fixed", version="1.5", file="uv.lock", line=1)
    found = advise([raw("PYSEC-2026-3", pin=pin)], project(pin), snapshot, nowhere)
    assert found[0].advisory is not None
    assert found[0].advisory.upgrade is None
    assert found[0].fix.startswith("No version that is free")


def test_lowest_clean_version_skips_what_another_advisory_covers(snapshot: Snapshot) -> None:
    assert lowest_clean(snapshot.of("jinja2"), "2.0") == "3.1.6"
    assert lowest_clean(snapshot.of("jinja2"), "3.1.6") is None


@pytest.mark.parametrize(
    ("vectors", "severity", "score"),
    [
        (["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"], Severity.CRITICAL, 9.8),
        (["CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"], Severity.HIGH, 7.5),
        (["CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"], Severity.MEDIUM, 6.9),
        (["AV:N/AC:L/Au:N/C:P/I:P/A:P"], Severity.HIGH, 7.5),
        (["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"], Severity.INFO, 0.0),
        (["nonsense"], Severity.UNKNOWN, None),
        ([], Severity.UNKNOWN, None),
        (["nonsense", "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"], Severity.LOW, 1.8),
    ],
)
def test_severity_from_vectors(vectors: list[str], severity: Severity, score: float | None) -> None:
    judged = judge(["CVE-1"], vectors)
    assert (judged.severity, judged.score) == (severity, score)


def test_malware_is_critical_and_garbage_has_no_score() -> None:
    assert judge(["MAL-2026-1"], []).severity is Severity.CRITICAL
    assert base_score("CVSS:9.9/AV:N") is None


def test_ids_in_order_of_preference() -> None:
    assert by_preference(["X-1", "PYSEC-1", "GHSA-1", "CVE-2", "CVE-1"]) == (
        "CVE-1",
        "CVE-2",
        "GHSA-1",
        "PYSEC-1",
        "X-1",
    )


def test_stale_lock_is_a_finding_that_blocks_by_default() -> None:
    found = stale_locks(project(stale="pyproject.toml: x is declared but not locked"))
    assert [(one.rule, one.severity, one.location) for one in found] == [
        ("stale-lock", Severity.ERROR, Location("uv.lock", 1)),
    ]
    assert not stale_locks(project())


def test_gaps_name_what_was_not_audited(snapshot: Snapshot) -> None:
    pins = (
        Pin(name="torch", version="2.0", file="uv.lock", line=3),
        Pin(name="jinja2", version="4", file="uv.lock", line=4, source="https://pkgs.example.com"),
        Pin(name="ours", version="1", file="uv.lock", line=5, source="https://pkgs.example.com"),
    )
    lock = Declaration(
        file="uv.lock",
        manager="uv",
        locked=True,
        pins=pins,
        unpinned=(Unpinned(name="vcs", file="uv.lock", line=9, reason="from git"),),
    )
    found = {one.subject: (one.line, one.reason) for one in gaps(Dependencies((lock,)), snapshot, PublicNames())}
    assert found["uv.lock: vcs"] == (9, "from git")
    assert found["uv.lock: torch==2.0"][0] == 3
    assert "indeterminate" in found["uv.lock: torch==2.0"][1]
    assert found["uv.lock: https://pkgs.example.com"] == (5, "may be private, which no advisory source knows: ours")
    assert len(found) == 3


def test_a_service_that_holds_something_back_is_found_out(snapshot: Snapshot) -> None:
    assert unreported([raw("CVE-2026-1")], [PIN], snapshot) == ()
    missing = unreported([], [PIN], snapshot)
    assert {gap.reason.split()[0] for _, _, gap in missing} == {"PYSEC-2026-1", "GHSA-aaaa-bbbb-cccc"}
