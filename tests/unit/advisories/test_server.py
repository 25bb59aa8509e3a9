"""The loopback OSV service, asked over real sockets."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from py_secure_ci.advisories.server import serving
from py_secure_ci.advisories.snapshot import Snapshot


def ask(url: str, body: object = None) -> Any:
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read())


def jinja(version: str) -> dict[str, Any]:
    return {"package": {"name": "Jinja2", "ecosystem": "PyPI"}, "version": version}


def test_query_batch_and_single_advisories(snapshot: Snapshot) -> None:
    with serving(snapshot) as url:
        found = ask(f"{url}/v1/query", jinja("2.11.3"))["vulns"]
        assert [one["id"] for one in found] == ["PYSEC-2026-2"]
        assert found[0]["published"] == "2026-01-02T00:00:00Z"
        assert found[0]["affected"][0]["ranges"][0]["events"] == [{"introduced": "2.11.3"}, {"fixed": "3.1.6"}]
        assert ask(f"{url}/v1/query", jinja("3.1.6")) == {}
        assert len(ask(f"{url}/v1/query", {"package": {"purl": "pkg:pypi/jinja2@2.0"}})["vulns"]) == 2
        batch = ask(f"{url}/v1/querybatch", {"queries": [jinja("2.0"), jinja("4")]})["results"]
        assert [[one["id"] for one in part.get("vulns", [])] for part in batch] == [
            ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"],
            [],
        ]
        assert ask(f"{url}/v1/vulns/PYSEC-2026-1")["severity"][0]["type"] == "CVSS_V3"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/query", b"{", 400),
        ("/v1/query", [], 400),
        ("/v1/query", {"package": {"name": "x", "ecosystem": "npm"}}, 400),
        ("/v1/query", jinja("not a version"), 400),
        ("/v1/querybatch", {"queries": [jinja("1")] * 1001}, 400),
        ("/v1/query", b" " * 4_000_001, 413),
        ("/v2/query", {}, 404),
        ("/v1/vulns/NO-1", None, 404),
    ],
)
def test_what_it_cannot_answer_is_refused(snapshot: Snapshot, path: str, body: object, status: int) -> None:
    with serving(snapshot) as url, pytest.raises((urllib.error.URLError, ConnectionError)) as caught:
        ask(url + path, body)
    # It hangs up rather than read a body that is too large, and the client may see only that.
    assert getattr(caught.value, "code", 413) == status


def test_it_is_on_the_loopback_interface_and_gone_afterwards(snapshot: Snapshot) -> None:
    with serving(snapshot) as url:
        assert url.startswith("http://127.0.0.1:")
    with pytest.raises(urllib.error.URLError):
        ask(f"{url}/v1/vulns/PYSEC-2026-1")
