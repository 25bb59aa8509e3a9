"""Old pins: the real pip-audit in a whole run, our matcher, and OSV's evaluation of the raw records say the same."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from py_secure_ci.advisories.matching import match
from py_secure_ci.advisories.snapshot import Snapshot, load

LIST = Path(__file__).parent.parent / "data" / "old_pins.txt"
PINS = [tuple(line.split()[0].split("==")) for line in LIST.read_text("utf-8").splitlines() if line[0] != "#"]
Ids = dict[tuple[str, str], set[str]]


def matched(snapshot: Snapshot) -> Ids:
    return {(name, version): {one.id for one in match(snapshot.of(name), version).affected} for name, version in PINS}


def test_the_list_is_worth_asking() -> None:
    snapshot = load()
    versions = [Version(version) for _, version in PINS]
    assert len(PINS) > 200
    assert len({name for name, _ in PINS}) > 140
    for kind in ("is_prerelease", "is_postrelease", "local", "epoch"):
        assert sum(bool(getattr(one, kind)) for one in versions) >= 5, kind
    found = matched(snapshot)
    assert sum(map(len, found.values())) > 900
    assert sum(not ids for ids in found.values()) > 50
    assert any(match(snapshot.of(name), version).indeterminate for name, version in PINS)


@pytest.mark.slow
@pytest.mark.network
def test_pip_audit_says_what_the_matcher_says(checked: Callable[..., Any]) -> None:
    text = "".join(f"{name}=={version}\n" for name, version in PINS)
    ran = checked({"requirements.txt": text})
    outcome = ran.outcome("pip-audit")
    assert outcome["looked_at"] == len(PINS), ran.stderr
    snapshot, said = load(), dict[tuple[str, str], set[str]]()
    for one in outcome["findings"]:
        advisory = one["advisory"]
        said.setdefault((advisory["package"], advisory["version"]), set()).update(advisory["ids"])
    for (name, version), ids in matched(snapshot).items():
        records = [one for one in snapshot.of(name) if set(one.ids) & said.get((name, version), set())]
        assert {one.id for one in records} == ids, (name, version)
        shown = said.get((name, version), set())
        assert shown == {id_ for one in records for id_ in one.ids}, (name, version)
    unclear = {f"{name}=={version}" for name, version in PINS if match(snapshot.of(name), version).indeterminate}
    told = {subject.split(": ")[1] for subject, reason in ran.gaps.items() if reason.startswith("indeterminate")}
    assert told == unclear
    assert len(told) > 10


@pytest.mark.skipif("PY_SECURE_CI_OSV_ZIP" not in os.environ, reason="needs PY_SECURE_CI_OSV_ZIP, a zip of OSV records")
def test_the_matcher_says_what_osv_documents() -> None:
    documents = list(_documents(Path(os.environ["PY_SECURE_CI_OSV_ZIP"])))
    names = {name for name, _ in PINS}
    by_name: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    for document in documents:
        for affected in document["affected"]:
            if (name := canonicalize_name(affected["package"]["name"])) in names:
                by_name.setdefault(name, []).append((document, affected))
    snapshot = load()
    for (name, version), ids in matched(snapshot).items():
        unclear = {one.id for one in match(snapshot.of(name), version).indeterminate}
        raw = {
            document["id"]
            for document, affected in by_name.get(name, [])
            if not document.get("withdrawn") and _is_vulnerable(affected, Version(Version(version).public))
        }
        assert raw - unclear == ids, (name, version)


def _documents(path: Path) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield json.loads(archive.read(name))


def _is_vulnerable(affected: dict[str, Any], version: Version) -> bool:
    """OSV's own pseudo code, word by word (https://ossf.github.io/osv-schema/#evaluation), and PEP 440 order."""
    if version in {_version(one) for one in affected.get("versions", [])}:
        return True
    return any(_in_range(one["events"], version) for one in affected.get("ranges", []) if one["type"] == "ECOSYSTEM")


def _in_range(events: list[dict[str, str]], version: Version) -> bool:
    vulnerable = False
    pairs = [(bound, word) for event in events for word, bound in event.items()]
    if any(bound != "0" and _version(bound) is None for bound, _ in pairs):
        return False  # nobody can tell: such a package is indeterminate
    for bound, word in sorted(pairs, key=lambda pair: (pair[0] != "0", _version(pair[0]) or Version("0"))):
        if word == "introduced" and (bound == "0" or version >= Version(bound)):
            vulnerable = True
        elif (word == "fixed" and version >= Version(bound)) or (word == "last_affected" and version > Version(bound)):
            vulnerable = False
    return vulnerable


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
