"""Building, writing, reading and updating snapshots; what is damaged is told."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.advisories.compact import build
from py_secure_ci.advisories.matching import match
from py_secure_ci.advisories.snapshot import BUNDLED, Snapshot, dump, load
from py_secure_ci.advisories.status import current, status, update, updated_file
from py_secure_ci.errors import AdvisoryError
from py_secure_ci.tools.pip_audit import TOOL

DAY = date(2026, 7, 23)


def test_equal_snapshots_give_equal_bytes_and_survive_the_trip(snapshot: Snapshot, tmp_path: Path) -> None:
    data = dump(snapshot)
    (tmp_path / "s.gz").write_bytes(data)
    again = load(tmp_path / "s.gz")
    assert dump(again) == data
    assert again == snapshot
    assert again.of("jinja2")[0].row() == snapshot.of("jinja2")[0].row()
    assert again.label == "snapshot 2026-07-23"


def test_records_are_facts_of_what_is_not_withdrawn(snapshot: Snapshot) -> None:
    assert [one.id for one in snapshot.of("jinja2")] == ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1", "PYSEC-2026-2"]
    assert snapshot.of("jinja2")[1].published == "2026-01-02"
    assert snapshot.advisories == 5


def test_versions_that_ranges_imply_are_left_out(make_osv: Callable[..., Any], make_zip: Callable[..., bytes]) -> None:
    events = [{"introduced": "1"}, {"fixed": "2"}]
    plain = make_osv("A-1", "x", events, versions=["1.0", "1.5", "0.9", "odd-one"])
    broken = make_osv("A-2", "x", [{"introduced": "0"}, {"fixed": "no version"}], versions=["1.0", "1.5"])
    found = build(make_zip(plain, broken), DAY, "")
    assert [one.versions for one in found.of("x")] == [("0.9", "odd-one"), ("1.0", "1.5")]


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": "2.0.0"},
        {"affected": "x"},
        {"affected": [{"package": {"ecosystem": "PyPI", "name": "x"}, "ranges": [{"type": "ECOSYSTEM"}]}]},
        {
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": "x"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"new": "1"}]}],
                }
            ]
        },
        {"affected": []},
    ],
)
def test_a_zip_of_something_else_is_refused(
    change: dict[str, Any], make_osv: Callable[..., Any], make_zip: Callable[..., bytes]
) -> None:
    with pytest.raises(AdvisoryError):
        build(make_zip({**make_osv("A-1", "x", []), **change}), DAY, "")


def test_no_zip_at_all_is_refused() -> None:
    with pytest.raises(AdvisoryError, match="not a readable zip"):
        build(b"<html>", DAY, "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not gzip",
        gzip.compress(b"{}"),
        gzip.compress(b"[1]"),
        gzip.compress(json.dumps({"format": 2, "date": "2026-07-23", "origin": "", "packages": {"x": [1]}}).encode()),
        gzip.compress(json.dumps({"format": 1, "date": "2026-07-23", "origin": "", "packages": {}}).encode()),
        gzip.compress(json.dumps({"format": 1, "date": "soon", "origin": "", "packages": {"x": [1]}}).encode()),
        dump(Snapshot(DAY, "", {"x": [["A", [], "", "", [], [], []]]}))[:-9],
    ],
    ids=["empty", "no gzip", "no keys", "a list", "of the future", "no packages", "no date", "cut"],
)
def test_damaged_data_is_an_error_never_empty(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "s.gz").write_bytes(data)
    with pytest.raises(AdvisoryError):
        load(tmp_path / "s.gz")
    with pytest.raises(AdvisoryError):
        load(tmp_path / "missing.gz")


def test_update_lives_in_the_cache_and_wins_while_it_is_newer(
    tmp_path: Path, make_osv: Callable[..., Any], make_zip: Callable[..., bytes]
) -> None:
    zipped = make_zip(make_osv("A-1", "x", [{"introduced": "0"}]))
    bundled = load()
    assert current(None) == (bundled, False)
    update(zipped, "osv-pypi-2000-01-01.zip", tmp_path)
    assert current(tmp_path)[1] is False
    update(zipped, "all.zip", tmp_path, date(2100, 1, 1))
    newest, updated = current(tmp_path)
    assert updated
    assert newest.date == date(2100, 1, 1)
    with pytest.raises(AdvisoryError, match="what day"):
        update(zipped, "all.zip", tmp_path)
    with pytest.raises(AdvisoryError, match="future"):
        update(zipped, "x-2100-01-01.zip", tmp_path, today=date(2026, 1, 1))
    updated_file(tmp_path).write_bytes(b"broken")
    with pytest.raises(AdvisoryError):
        current(tmp_path)


def test_status_says_how_old_the_data_is(snapshot: Snapshot) -> None:
    found = status(snapshot, False, date(2026, 11, 22), 30)
    assert (found.age_days, found.stale) == (122, True)
    assert found.lines()[0] == "advisories: snapshot of 2026-07-23, 122 days old (too old)"
    assert not status(snapshot, False, date(2026, 8, 22), 30).stale
    assert status(snapshot, False, date(2020, 1, 1), 30).age_days == 0


def test_the_bundled_snapshot_is_small_dated_attributed_and_knows_every_canary(real: Snapshot) -> None:
    assert BUNDLED.stat().st_size < 250_000
    assert "CC-BY-4.0" in (BUNDLED.parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert real.advisories > 6_000
    assert TOOL.canary is not None
    for name, version in TOOL.canary.pins:
        assert match(real.of(name), version).affected, name
