"""action.yml, run by a real runner of workflows: events, outputs, uploads, hostile inputs, the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

FAST = "lint sast secrets ci"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
FORK = {
    "action": "synchronize",
    "number": 7,
    "pull_request": {
        "number": 7,
        "base": {"ref": "main", "sha": "0" * 40},
        "head": {"ref": "feature", "sha": "0" * 40, "repo": {"full_name": "mallory/consumer", "fork": True}},
    },
    "repository": {"full_name": "bob/consumer", "default_branch": "main"},
}


def workflow(inputs: dict[str, str], *, uses: str = "org/py-secure-ci@v1", also: str = "") -> str:
    """A job `check` with one step, and a job `after` that runs whatever came of it and notes the outputs."""
    given = "".join(f"          {name}: {json.dumps(value)}\n" for name, value in inputs.items())
    return f"""\
on: [push, pull_request]
jobs:
  check:
    runs-on: ubuntu-latest
    {also}
    outputs:
      verdict: ${{{{ steps.it.outputs.verdict }}}}
      counts: ${{{{ steps.it.outputs.counts }}}}
      sarif: ${{{{ steps.it.outputs.sarif }}}}
      report: ${{{{ steps.it.outputs.report }}}}
    steps:
      - uses: {CHECKOUT}
      - id: it
        uses: {uses}
        with:
{given}
  after:
    needs: check
    if: always()
    runs-on: ubuntu-latest
    steps:
      - run: printf '%s' "$VERDICT" >"$STUB_OUT/verdict"; printf '%s' "$COUNTS" >"$STUB_OUT/counts"
        env:
          VERDICT: ${{{{ needs.check.outputs.verdict }}}}
          COUNTS: ${{{{ needs.check.outputs.counts }}}}
"""


def artifact(kept: Path) -> Path:
    """The only artifact."""
    (folder,) = (kept / "artifacts").iterdir()
    return folder


def test_a_failing_verdict_fails_the_job_after_everything_was_uploaded(act: Any, shop: Path) -> None:
    run = act.run(shop, workflow({"stages": FAST}))
    assert run.status == 1, run.log
    assert run.text("verdict") == "FAIL"
    report = json.loads((artifact(run.kept) / "report.json").read_text())
    assert report["verdict"]["status"] == "FAIL"
    counts = json.loads(run.text("counts"))
    told = [finding["severity"] for finding in report["verdict"]["findings"]]
    assert {word: count for word, count in counts.items() if count} == {word: told.count(word) for word in set(told)}
    assert json.loads(run.text("uploaded.sarif"))["version"] == "2.1.0"
    (summary,) = [event["content"] for event in run.events if event.get("command") == "summary" and event["content"]]
    assert "FAIL" in summary
    annotated = {event["kvPairs"].get("file") for event in run.commands("error")}
    assert "shop/stock.py" in annotated | {event["kvPairs"].get("file") for event in run.commands("warning")}
    assert not run.commands("notice") or all("code scanning" not in event["arg"] for event in run.commands("notice"))


def test_a_refused_upload_gives_a_notice_and_changes_nothing(act: Any, shop: Path) -> None:
    run = act.run(shop, workflow({"stages": "lint", "fail-on": "quality=none"}), STUB_SARIF="refuse")
    assert run.status == 0, run.log
    assert run.text("verdict") == "PASS"
    assert len([event for event in run.commands("notice") if "code scanning" in event["arg"]]) == 1


def test_a_pull_request_from_a_fork_uploads_nothing(act: Any, shop: Path) -> None:
    run = act.run(
        shop,
        workflow({"stages": "lint", "fail-on": "quality=none", "base": "HEAD"}),
        event="pull_request",
        payload=FORK,
    )
    assert run.status == 0, run.log
    assert not (run.kept / "uploaded.sarif").exists()
    assert len([event for event in run.commands("notice") if "code scanning" in event["arg"]]) == 1


def test_our_own_checkout_by_path_and_a_cache_of_its_own(act: Any, published: Path, tmp_path: Path, kit: Any) -> None:
    copy = tmp_path / "ours"
    kit.git(tmp_path, "clone", "--quiet", str(published), str(copy))
    inputs = {"path": "examples/shop", "stages": "lint", "fail-on": "quality=none", "output-dir": "out/here"}
    run = act.run(copy, workflow(inputs, uses="./"), keep_cache=True)
    assert run.status == 0, run.log
    assert artifact(run.kept).joinpath("report.json").is_file()
    words = [line.split() for line in run.text("cache.txt").splitlines()]
    asked = [line[1] for line in words if line[0] == "restore"]
    saved = [line[1] for line in words if line[0] == "save"]
    assert sorted(asked) == sorted(saved)
    assert len(saved) == 2
    assert len([line for line in words if line[0].endswith("/results")]) == 2


def test_a_matrix_of_projects_keeps_a_report_of_each(act: Any, tmp_path: Path, shop: Path, kit: Any) -> None:
    both = tmp_path / "both"
    both.mkdir()
    shop.rename(both / "shop")
    (both / "shop" / ".git").rename(both / ".git")
    (both / "tool").mkdir()
    (both / "tool" / "tool.py").write_text('"""Nothing to say."""\n')
    text = workflow(
        {"path": "${{ matrix.project }}", "stages": "lint", "fail-on": "quality=none"},
        also="strategy: {matrix: {project: [shop, tool]}}",
    )
    run = act.run(both, text)
    assert run.status == 0, run.log
    reports = [json.loads((one / "report.json").read_text()) for one in (run.kept / "artifacts").iterdir()]
    assert sorted(report["report"]["context"]["prefix"] for report in reports) == ["shop", "tool"]


@pytest.mark.parametrize(
    "name", ["path", "config", "base", "base-report", "stages", "fail-on", "install", "output-dir", "artifact"]
)
@pytest.mark.parametrize("value", ['"; touch pwned; #', "$(touch pwned)", "x\ntouch pwned\nverdict=PASS"])
def test_a_hostile_input_stays_data(act: Any, shop: Path, name: str, value: str) -> None:
    inputs = {"stages": "lint"} | {name: value}
    run = act.run(shop, workflow(inputs))
    assert not list(shop.rglob("pwned")), run.log
    assert not list(act.home.rglob("pwned")), run.log
    assert run.text("verdict") != "PASS", run.log
    assert run.status == 1


@pytest.mark.parametrize("name", ["offline", "upload-sarif", "cache"])
def test_a_boolean_that_is_none_is_refused(act: Any, shop: Path, name: str) -> None:
    run = act.run(shop, workflow({name: "yes"}))
    assert run.status == 1
    (error,) = [event for event in run.commands("error") if name in event["arg"]]
    assert "true or false" in error["arg"]
    assert run.text("verdict") in ("", "INCOMPLETE")
