"""PEP 440 order and OSV's evaluation, on hand-made records and on every version list of the real data."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest
from packaging.version import InvalidVersion, Version

from py_secure_ci.advisories.compact import records_of
from py_secure_ci.advisories.matching import Answer, evaluate
from py_secure_ci.advisories.record import Record
from py_secure_ci.advisories.snapshot import Snapshot

YES, NO, DUNNO = Answer.AFFECTED, Answer.NOT_AFFECTED, Answer.INDETERMINATE


def record(*events: str, versions: tuple[str, ...] = ()) -> Record:
    words = {"i": "introduced", "f": "fixed", "l": "last_affected"}
    ranges = (tuple((words[one[0]], one[1:]) for one in events),) if events else ()
    return Record(id="X", package="x", ranges=ranges, versions=versions)


@pytest.mark.parametrize(
    ("events", "version", "expected"),
    [
        (("i0", "f2.0"), "1.9", YES),
        (("i0", "f2.0"), "2.0", NO),
        (("i0", "f2.0"), "2.0rc1", YES),
        (("i0", "f2.0"), "0.dev0", YES),
        (("i0", "f2.0"), "2.0+local", NO),
        (("i0", "f2.0.0"), "2", NO),
        (("i1.0", "f2.0"), "0.9", NO),
        (("i1.0", "l2.0"), "2.0", YES),
        (("i1.0", "l2.0"), "2.0.post1", NO),
        (("i1.0", "l2.1"), "2.1+cu118", YES),
        (("i0", "f1.5", "i2.0", "f2.5"), "1.7", NO),
        (("i0", "f1.5", "i2.0", "f2.5"), "2.1", YES),
        (("f2.5", "i2.0", "f1.5", "i0"), "2.1", YES),
        (("i0", "l1.0", "l2.0"), "1.5", NO),
        (("i1!1.0",), "5.0", NO),
        (("i1.0",), "99", YES),
        (("i0", "f2.6.0-NA"), "1.0", DUNNO),
        ((), "1.0", DUNNO),
    ],
)
def test_ranges(events: tuple[str, ...], version: str, expected: Answer) -> None:
    assert evaluate(record(*events), Version(version)) is expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.0", YES), ("1.0.0", YES), ("1.0+local", YES), ("0.9", NO), ("1.5", NO), ("2.0", DUNNO)],
)
def test_listed_versions_speak_up_to_their_highest_where_a_bound_is_malformed(version: str, expected: Answer) -> None:
    listed = record("i0", "f2.0.stable11", versions=("1.0", "1.6", "not-a-version"))
    assert evaluate(listed, Version(version)) is expected


def test_listed_versions_add_to_ranges() -> None:
    assert evaluate(record("i2.0", versions=("1.0",)), Version("1.0")) is YES
    assert evaluate(record(versions=("1.0",)), Version("1.1")) is NO


@pytest.mark.skipif("PY_SECURE_CI_OSV_ZIP" not in os.environ, reason="needs PY_SECURE_CI_OSV_ZIP, a zip of OSV records")
def test_every_listed_version_of_the_real_data_matches_and_no_fixed_one_does(real: Snapshot) -> None:
    listed = fixed = 0
    covered_again = set()
    with zipfile.ZipFile(Path(os.environ["PY_SECURE_CI_OSV_ZIP"])) as archive:
        for name in archive.namelist():
            document = json.loads(archive.read(name))
            for one in records_of(document):
                ours = next(found for found in real.of(one.package) if found.id == one.id)
                for version in {version for part in document["affected"] for version in part.get("versions", [])}:
                    try:
                        answer = evaluate(ours, Version(version))
                    except InvalidVersion:
                        continue
                    assert answer is YES, (one.id, version)
                    listed += 1
                for bound in one.fixed:
                    try:
                        affected = evaluate(ours, Version(bound)) is YES
                    except InvalidVersion:
                        continue
                    fixed += 1
                    if affected:
                        covered_again.add((one.id, bound))
    # Known: several branches in one record, where one branch's fix is listed as affected by another.
    assert covered_again == {("PYSEC-2024-258", "2.0.0"), ("PYSEC-2021-114", "2.11.6")}
    assert listed > 500_000
    assert fixed > 9_000
