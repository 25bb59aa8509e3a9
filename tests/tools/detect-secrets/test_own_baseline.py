"""A project's own `.secrets.baseline`: what it knows is suppressed and told, never dropped, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from py_secure_ci.adapting.secret_baseline import FILE
from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.errors import WrongShape
from py_secure_ci.judging.policy import judge
from py_secure_ci.model import Finding, Stage
from py_secure_ci.report import Completed, Context, Report, ToolInfo


def entries(recorded: Callable[..., Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(
        recorded("detect-secrets", "findings").executions["main"].stdout
    )["results"]
    return found


def read(recorded: Callable[..., Any], results: dict[str, Any]) -> list[Finding]:
    case = recorded("detect-secrets", "findings")
    text = json.dumps({"version": "1.5.0", "results": results}, indent=2)
    case = replace(case, task=replace(case.task, settings={FILE: text}))
    return list(case.findings())


def test_what_it_knows_is_suppressed_with_the_line_that_knows_it(recorded: Callable[..., Any]) -> None:
    found = read(recorded, entries(recorded))
    assert found
    for one in found:
        assert one.suppression is not None
        assert one.suppression.source == "tool"
        assert one.suppression.place.startswith(".secrets.baseline:")
        assert int(one.suppression.place.split(":")[1]) > 1


@pytest.mark.parametrize(
    "change",
    [{"hashed_secret": "0" * 40}, {"type": "Another Type"}, {"is_secret": True}],
    ids=["another secret", "another type", "a real one"],
)
def test_anything_else_counts(change: dict[str, Any], recorded: Callable[..., Any]) -> None:
    results = {path: [{**one, **change} for one in found] for path, found in entries(recorded).items()}
    assert all(one.suppression is None for one in read(recorded, results))


def test_the_same_secret_in_another_file_counts(recorded: Callable[..., Any]) -> None:
    moved = {f"other/{path}": found for path, found in entries(recorded).items()}
    assert all(one.suppression is None for one in read(recorded, moved))


def test_audited_as_harmless_is_known(recorded: Callable[..., Any]) -> None:
    results = {path: [{**one, "is_secret": False} for one in found] for path, found in entries(recorded).items()}
    assert all(one.suppression for one in read(recorded, results))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"results": []}', '{"results": {"a": [{"type": "x"}]}}'])
def test_a_damaged_baseline_is_a_failure(text: str, recorded: Callable[..., Any]) -> None:
    case = recorded("detect-secrets", "findings")
    with pytest.raises(WrongShape):
        replace(case, task=replace(case.task, settings={FILE: text})).read()


def verdict(*findings: Finding) -> Any:
    outcome = Completed(
        tool=ToolInfo(name="detect-secrets", stage=Stage.SECRETS), findings=findings, looked_at=1, unit="files"
    )
    report = Report(version="1", context=Context(project="p"), outcomes=(outcome,))
    return judge(report, PolicySettings(), baseline=None, today=date(2026, 1, 1))


def test_the_verdict_counts_them_and_none_blocks(recorded: Callable[..., Any]) -> None:
    found = [replace(one, fingerprint=str(at)) for at, one in enumerate(read(recorded, entries(recorded)))]
    said = verdict(*found)
    assert said.status.value == "PASS"
    assert any(f"{len(found)} findings are known to .secrets.baseline" in one for one in said.warnings)
    assert len(said.findings) == len(found)
    assert verdict(replace(found[0], suppression=None), *found[1:]).status.value == "FAIL"
