"""The control view: what failed or did not run is "not shown", in every format; and the tables behind it are sound."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from py_secure_ci.formats import controls as page
from py_secure_ci.formats import html, sarif
from py_secure_ci.model import Gap, Stage, State
from py_secure_ci.report import Completed, Failed, Outcome, Report, Skipped, Status, Verdict
from py_secure_ci.taxonomies.exercised import Shown, category_views, control_views
from py_secure_ci.taxonomies.tables import Basis, categories, categories_of, controls, taxonomies, weakness_name

Sample = tuple[Report, Verdict]
CONTROLS = {one.id: one for one in controls()}


def shown(report: Report, verdict: Verdict) -> dict[str, Shown]:
    return {view.control.id: view.shown for view in control_views(report, verdict)}


def with_outcome(report: Report, stage: Stage, change: Callable[[Completed], Outcome]) -> Report:
    outcomes = tuple(
        change(one) if isinstance(one, Completed) and one.tool.stage is stage else one for one in report.outcomes
    )
    return replace(report, outcomes=outcomes)


@pytest.fixture
def whole(sample_of: Callable[[Status], Sample]) -> Sample:
    report, verdict = sample_of(Status.PASS)
    outcomes = tuple(one for one in report.outcomes if isinstance(one, Completed))
    return replace(report, outcomes=outcomes), verdict


def test_the_mission_is_listed_and_every_entry_has_its_source() -> None:
    mission = {"PR.PS-01", "PR.PS-06", "ID.RA-01", "GV.SC-04", "T1195.001", "T1552", "T1204.003", "T1105", "T1190"}
    assert mission <= set(CONTROLS)
    assert {one.taxonomy for one in controls()} == {"attack", "csf", "ssdf"} < set(taxonomies())
    for one in controls():
        assert one.uri.startswith("https://")
        assert one.checks or one.note
        assert all(check.why for check in one.checks)
    published = {one.id for one in controls() if any(check.basis is Basis.PUBLISHED for check in one.checks)}
    assert published == {"T1195.001", "T1552", "T1190"}  # whoever adds one names the page that says so


def test_owasp_lists_are_whole() -> None:
    assert [one.id for one in categories()] == [f"A{n:02}:{year}" for year in (2021, 2025) for n in range(1, 11)]
    assert [one.id for one in categories_of(89)] == ["A03:2021", "A05:2025"]
    assert [one.id for one in categories_of(798)] == ["A07:2021", "A07:2025"]
    assert [one.id for one in categories_of(918)] == ["A10:2021", "A01:2025"]
    assert categories_of(99_999) == ()
    assert weakness_name(22) == "Improper Limitation of a Pathname to a Restricted Directory"
    assert weakness_name(99_999) == ""


def test_what_ran_in_whole_is_shown(whole: Sample) -> None:
    states = shown(*whole)
    assert {id_ for id_, state in states.items() if state is Shown.NOT_SHOWN} == {"PR.PS-01", "T1204.003", "T1105"}
    assert states["T1552"] is states["PS.3.2"] is Shown.SHOWN  # PR.PS-01 also needs `format`, which did not run


@pytest.mark.parametrize("stage", [Stage.SECRETS, Stage.SCA, Stage.SAST, Stage.SBOM, Stage.CI, Stage.TEST])
@pytest.mark.parametrize("how", ["failed", "skipped", "left out"])
def test_a_check_that_did_not_look_shows_nothing_anywhere(stage: Stage, how: str, whole: Sample) -> None:
    report, verdict = whole
    if how == "left out":
        report = replace(report, outcomes=tuple(one for one in report.outcomes if one.tool.stage is not stage))
    elif how == "failed":
        report = with_outcome(report, stage, lambda one: Failed(tool=one.tool, reason="broken on purpose"))
    else:
        report = with_outcome(report, stage, lambda one: Skipped(tool=one.tool, reason="nothing there"))
    states = shown(report, verdict)
    hit = {one.id for one in controls() if any(check.stage is stage for check in one.checks)}
    assert hit
    assert {states[id_] for id_ in hit} == {Shown.NOT_SHOWN}
    lines = {line.split("</code>")[0]: line for line in page.render(report, verdict).splitlines() if "<code>" in line}
    rows = html.render(report, verdict).split("<tr>")
    for id_ in hit:
        assert "not shown" in lines[f"| <code>{id_}"]
        assert any(f">{id_}</a>" in row and ">not shown<" in row for row in rows)


def test_a_gap_makes_it_a_part(whole: Sample) -> None:
    report, verdict = whole
    gappy = with_outcome(report, Stage.SECRETS, lambda one: replace(one, gaps=(Gap("a.bin", "too large"),)))
    assert shown(gappy, verdict)["T1552"] is Shown.PARTLY
    assert "not looked at: a.bin: too large" in page.render(gappy, verdict)
    assert shown(replace(report, gaps=(Gap("run", "interrupted"),)), verdict)["T1552"] is Shown.PARTLY


def test_findings_are_counted_where_their_cwe_is_listed(whole: Sample) -> None:
    verdict = whole[1]
    one = next(one for one in verdict.findings if one.suppression is None and one.state is State.EXISTING)
    found = replace(verdict, findings=(replace(one, cwe=(89,)),), blocking=(one.fingerprint,))
    assert [(view.category.id, view.findings, view.blocking) for view in category_views(found)] == [
        ("A03:2021", 1, 1),
        ("A05:2025", 1, 1),
    ]


def test_sarif_relates_rules_to_taxa_that_are_there(sample_of: Callable[[Status], Sample]) -> None:
    log = json.loads(sarif.render_upload(*sample_of(Status.FAIL)))
    seen = set()
    for run in log["runs"]:
        taxa = {
            component["guid"]: {taxon["id"] for taxon in component["taxa"]} for component in run.get("taxonomies", [])
        }
        assert {one["guid"] for one in run["tool"]["driver"].get("supportedTaxonomies", [])} == set(taxa)
        used: dict[str, set[str]] = {guid: set() for guid in taxa}
        for related in (one for rule in run["tool"]["driver"]["rules"] for one in rule.get("relationships", [])):
            check_target(related, taxa)
            used[related["target"]["toolComponent"]["guid"]].add(related["target"]["id"])
            seen.add(related["target"]["toolComponent"]["name"])
        assert used == taxa  # nothing is listed that no rule needs
    assert seen == {"CWE", "OWASP-Top-10", "ATT&CK", "CSF", "SSDF"}


def check_target(related: dict[str, Any], taxa: dict[str, set[str]]) -> None:
    target = related["target"]
    assert target["id"] in taxa[target["toolComponent"]["guid"]]
    assert related["kinds"] in (["superset"], ["relevant"])
