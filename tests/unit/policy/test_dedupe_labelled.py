"""Duplicates against labels that were given by the tools' documentation, without the merger and its table."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

from py_secure_ci.judging.dedupe import merged
from py_secure_ci.model import Advisory, Finding, Location, Severity

CORPUS = Path(__file__).parents[2] / "data" / "duplicates_labelled"
Pair = frozenset[int]


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CORPUS / "recorded.json").read_text(encoding="utf-8"))["findings"]
    return found


def finding(row: dict[str, Any]) -> Finding:
    place = Location(row["path"], row.get("line"), row.get("column"), row.get("end_line"), row.get("end_column"))
    advisory = Advisory(**{**row["advisory"], "ids": tuple(row["advisory"]["ids"])}) if "advisory" in row else None
    return Finding(
        tool=row["tool"],
        rule=row["rule"],
        severity=Severity.LOW,
        message=row.get("message", "m"),
        location=place,
        secret=row.get("secret", False),
        code=row.get("code", ""),
        advisory=advisory,
    )


def labels(found: list[dict[str, Any]]) -> list[list[int]]:
    """The numbers of the findings of each labelled defect. Every word must name a finding, and none is named twice."""
    numbers: dict[tuple[str, int, str, int], int] = {}
    seen: Counter[tuple[str, int, str]] = Counter()
    for number, row in enumerate(found):
        path, line, name = at = row["path"], row.get("line", 0), f"{row['tool']}/{row['rule']}"
        seen[at] += 1
        numbers[path, line, name, seen[at]] = number
    groups = []
    for line in (CORPUS / "labels.txt").read_text(encoding="utf-8").splitlines():
        if not line or line[0] == "#":
            continue
        place, *words = line.split()
        path, _, own = place.rpartition(":")
        group = []
        for word in words:
            name, _, other = word.partition("@")
            name, _, nth = name.partition("#")
            group.append(numbers.pop((path, int(other or own), name, int(nth or 1))))
        groups.append(group)
    return groups


def pairs(groups: list[list[int]]) -> set[Pair]:
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def ours(findings: list[Finding]) -> list[list[int]]:
    numbers = {id(one): number for number, one in enumerate(findings)}
    return [[numbers[id(one)] for one in group.members] for group in merged(findings)]


def test_precision_and_recall() -> None:
    found = rows()
    said, right = pairs(ours([finding(row) for row in found])), pairs(labels(found))
    wrong = [sorted(pair) for pair in said - right]
    shown = [[f"{found[n]['path']}:{found[n].get('line')} {found[n]['tool']}/{found[n]['rule']}" for n in pair]
             for pair in sorted(wrong)]  # fmt: skip
    assert len(said & right) / len(said) >= 0.98, shown
    assert len(said & right) / len(right) >= 0.90


def test_nothing_is_lost() -> None:
    findings = [finding(row) for row in rows()]
    groups = merged(findings)
    assert sorted(number for group in ours(findings) for number in group) == list(range(len(findings)))
    for group in groups:
        assert {group.kept.name, *group.kept.also} == {one.name for one in group.members}


def test_the_corpus_is_large_and_has_both_kinds() -> None:
    found = rows()
    named = [number for group in labels(found) for number in group]
    assert len(named) >= 400
    assert len(found) - len(named) >= 60
    assert len({row["tool"] for row in found}) >= 18
