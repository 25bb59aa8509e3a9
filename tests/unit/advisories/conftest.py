"""A small snapshot, made the way the real one is."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from py_secure_ci.advisories.compact import build
from py_secure_ci.advisories.snapshot import Snapshot, load

CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def osv(id_: str, name: str, events: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": events}] if events else []
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges, "versions": more.pop("versions", [])}
    return {
        "id": id_,
        "schema_version": "1.6.0",
        "published": "2026-01-02T03:04:05Z",
        "modified": "2026-01-03T03:04:05Z",
        "affected": [affected],
        **more,
    }


def packed(*documents: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for one in documents:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
    return target.getvalue()


@pytest.fixture
def make_osv() -> Callable[..., dict[str, Any]]:
    return osv


@pytest.fixture
def make_zip() -> Callable[..., bytes]:
    return packed


def up_to(fixed: str) -> list[dict[str, str]]:
    return [{"introduced": "0"}, {"fixed": fixed}]


@pytest.fixture
def snapshot() -> Snapshot:
    return build(
        packed(
            osv(
                "PYSEC-2026-1",
                "Jinja2",
                up_to("2.11.3"),
                aliases=["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"],
                severity=[{"type": "CVSS_V3", "score": CRITICAL}],
            ),
            osv("GHSA-aaaa-bbbb-cccc", "jinja2", up_to("2.11.3"), aliases=["CVE-2026-1"]),
            osv("PYSEC-2026-2", "jinja2", [{"introduced": "2.11.3"}, {"fixed": "3.1.6"}], aliases=["CVE-2026-2"]),
            osv("PYSEC-2026-3", "never-fixed", [{"introduced": "1.0"}]),
            osv("PYSEC-2026-4", "torch", [{"introduced": "0"}, {"fixed": "2.6.0-NA"}]),
            osv("PYSEC-2026-5", "jinja2", up_to("9"), withdrawn="2026-01-01T00:00:00Z"),
        ),
        date(2026, 7, 23),
        "made up",
    )


@pytest.fixture(scope="session")
def real() -> Snapshot:
    """The snapshot that ships."""
    return load()
