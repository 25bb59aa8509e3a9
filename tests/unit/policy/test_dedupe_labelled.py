"""Duplicates against labels that were given by the tools' documentation, without the merger and its table."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.judging.dedupe import merged
from py_secure_ci.model import Advisory, Finding, Location, Severity

DATA = Path(__file__).parents[2] / "data"
KNOWN, HELD_OUT = "duplicates_labelled", "duplicates_held_out"  # what the table was mended by, and what it was not
Pair = frozenset[int]


def rows(corpus: str) -> list[dict[str, Any]]:
    text = (DATA / corpus / "recorded.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)["findings"]
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


def labels(corpus: str, found: list[dict[str, Any]]) -> list[list[int]]:
    """The numbers of the findings of each labelled defect. Every word must name a finding, and none is named twice."""
    numbers: dict[tuple[str, int, str, int], int] = {}
    seen: Counter[tuple[str, int, str]] = Counter()
    for number, row in enumerate(found):
        path, line, name = at = row["path"], row.get("line", 0), f"{row['tool']}/{row['rule']}"
        seen[at] += 1
        numbers[path, line, name, seen[at]] = number
    groups = []
    for line in (DATA / corpus / "labels.txt").read_text(encoding="utf-8").splitlines():
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


@pytest.mark.parametrize(("corpus", "recall"), [(KNOWN, 0.90), (HELD_OUT, 0.88)])
def test_precision_and_recall(corpus: str, recall: float) -> None:
    found = rows(corpus)
    said, right = pairs(ours([finding(row) for row in found])), pairs(labels(corpus, found))

    def shown(some: set[Pair]) -> list[list[str]]:
        return [
            [f"{found[n]['path']}:{found[n].get('line')} {found[n]['tool']}/{found[n]['rule']}" for n in sorted(pair)]
            for pair in sorted(some, key=sorted)
        ]

    assert len(said & right) / len(said) >= 0.98, shown(said - right)
    assert len(said & right) / len(right) >= recall, (len(said & right), len(said), len(right), shown(right - said))


@pytest.mark.parametrize("corpus", [KNOWN, HELD_OUT])
def test_nothing_is_lost(corpus: str) -> None:
    findings = [finding(row) for row in rows(corpus)]
    groups = merged(findings)
    assert sorted(number for group in ours(findings) for number in group) == list(range(len(findings)))
    for group in groups:
        assert {group.kept.name, *group.kept.also} == {one.name for one in group.members}


@pytest.mark.parametrize(("corpus", "count", "alone", "tools"), [(KNOWN, 400, 60, 18), (HELD_OUT, 300, 30, 17)])
def test_the_corpus_is_large_and_has_both_kinds(corpus: str, count: int, alone: int, tools: int) -> None:
    found = rows(corpus)
    named = [number for group in labels(corpus, found) for number in group]
    assert len(named) >= count
    assert len(found) - len(named) >= alone
    assert len({row["tool"] for row in found}) >= tools
