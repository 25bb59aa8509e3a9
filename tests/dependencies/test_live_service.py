"""Whole runs against a live service, played on the loopback in OSV's own wire format, and a public index beside it."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from loopback import serving
from py_secure_ci.advisories.matching import match
from py_secure_ci.advisories.snapshot import load

pytestmark = pytest.mark.network

JSON = "application/json"
SIMPLE = "application/vnd.pypi.simple.v1+json"
LIVE = {"advisories": {"source": "live"}}


def record(id_: str, name: str, fixed: str, **more: Any) -> dict[str, Any]:
    """A record as the service writes it: prose, references, commit ranges and all."""
    events = [{"introduced": "0"}, {"fixed": fixed}]
    return {
        "id": id_,
        "summary": f"A flaw in {name}",
        "details": "### Impact\nIt is bad.\n",
        "aliases": [f"CVE-{id_}"],
        "modified": "2026-07-08T05:58:26.123456Z",
        "published": "2026-07-01T19:01:02Z",
        "database_specific": {"cwe_ids": ["CWE-94"], "severity": "HIGH", "github_reviewed": True},
        "references": [{"type": "WEB", "url": "https://example.org/advisory"}],
        "affected": [
            {
                "package": {"name": name, "ecosystem": "PyPI", "purl": f"pkg:pypi/{name.lower()}"},
                "ranges": [
                    {"type": "GIT", "repo": "https://example.org/x.git", "events": [{"introduced": "0"}]},
                    {"type": "ECOSYSTEM", "events": events},
                ],
                "versions": ["0.1", "0.2"],
                "database_specific": {"source": "https://example.org/x.json"},
            }
        ],
        "schema_version": "1.7.3",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        **more,
    }


KNOWN_BAD = record("GHSA-jinj-aaaa-0001", "Jinja2", "2.4.2")
BAD = record("GHSA-flaw-aaaa-0001", "ms-cv", "9.0")


@dataclass
class Service:
    """`vulns`: records by package. `fail`: answers in place of those, by package: (status, type, body)."""

    vulns: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"jinja2": [KNOWN_BAD]})
    single: dict[str, dict[str, Any]] = field(default_factory=dict)
    fail: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)
    page: int = 1000
    endless: bool = False
    delay: float = 0.0
    asked: list[str] = field(default_factory=list)

    def query(self, body: dict[str, Any]) -> tuple[int, str, str]:
        name = body["package"]["name"].lower()
        if name != "jinja2":
            time.sleep(self.delay)
            if name in self.fail:
                return self.fail[name]
        found, start = self.vulns.get(name, []), int(body.get("page_token") or 0)
        answer: dict[str, Any] = {"vulns": found[start : start + self.page]} if found else {}
        if start + self.page < len(found) or (self.endless and name != "jinja2"):
            answer["next_page_token"] = str(start + self.page)
        return 200, JSON, json.dumps(answer)


@pytest.fixture
def service() -> Iterator[tuple[Service, tuple[str, str]]]:
    """The service, and the addresses of the live service and of the index."""
    told = Service()

    def answer(method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        if method == "HEAD":
            name = path.split("/")[2]
            told.asked.append(name)
            return (200, SIMPLE, b"") if name in told.public else (404, "text/html", b"")
        if method == "POST":
            status, kind, said = told.query(json.loads(body)) if path == "/v1/query" else (404, JSON, "{}")
            return status, kind, said.encode()
        found = told.single.get(path.removeprefix("/v1/vulns/"))
        return (200, JSON, json.dumps(found).encode()) if found else (404, JSON, b'{"code": 5}')

    with serving(answer) as url:
        yield told, (url, f"{url}/simple")


@pytest.fixture
def run(checked: Any, service: tuple[Service, tuple[str, str]], tmp_path: Path) -> Callable[..., Any]:
    """`run(requirements)` in live mode, with a cache of its own for all but the tools."""
    known = Path(os.environ.get("PY_SECURE_CI_CACHE") or Path.home() / ".cache" / "py-secure-ci")
    cache = tmp_path / "cache"
    cache.mkdir()
    for name in ("tools", "uv"):
        (known / name).mkdir(parents=True, exist_ok=True)
        (cache / name).symlink_to(known / name)
    environ = {"PY_SECURE_CI_CACHE": str(cache)}

    def make(requirements: str, *words: str, sca: Any = LIVE) -> Any:
        return checked({"requirements.txt": requirements}, *words, sca=sca, services=service[1], environ=environ)

    return make


def test_a_flaw_that_only_the_live_service_knows(service: Any, run: Callable[..., Any]) -> None:
    service[0].vulns["ms-cv"] = [BAD, record("PYSEC-2026-9", "ms-cv", "8.0", aliases=["GHSA-flaw-aaaa-0001"])]
    service[0].public.add("ms-cv")
    ran = run("ms-cv==0.1.1\n")
    assert ran.status == 1, ran.stderr
    assert ran.report["report"]["context"]["advisories"] == "live"
    (found,) = ran.findings
    assert (found["rule"], found["severity"]) == ("CVE-GHSA-flaw-aaaa-0001", "critical")
    assert found["advisory"]["ids"] == ["CVE-GHSA-flaw-aaaa-0001", "GHSA-flaw-aaaa-0001", "PYSEC-2026-9"]
    assert (found["advisory"]["fixed_in"], found["advisory"]["upgrade"]) == (["8.0", "9.0"], "9.0")


def test_a_private_name_is_a_gap_and_a_public_one_is_remembered(service: Any, run: Callable[..., Any]) -> None:
    service[0].public.add("our-published-thing")
    ran = run("our-published-thing==1.0\nour-private-thing==1.0\nsix==1.16.0\n")
    assert ran.status == 3
    assert list(ran.gaps) == ["requirements.txt: our-private-thing"]
    assert ran.gaps["requirements.txt: our-private-thing"].endswith("the public index has no such package")
    assert sorted(service[0].asked)[-1] == "our-published-thing"
    assert "six" not in service[0].asked
    again = run("our-published-thing==1.0\n", "--offline", sca={"advisories": {"on_stale": "warn"}})
    assert (again.status, again.gaps) == (0, {})


@pytest.mark.slow
def test_the_configuration_may_say_that_a_name_is_public(service: Any, run: Callable[..., Any]) -> None:
    ran = run("Our.Thing==1.0\n", sca={**LIVE, "public": ["our_thing"]})
    assert (ran.status, service[0].asked) == (0, [])


@pytest.mark.slow
def test_a_name_of_an_index_of_its_own_is_not_asked_for(service: Any, run: Callable[..., Any]) -> None:
    ran = run("--extra-index-url https://index.example/simple\nour-private-thing==1.0\n")
    assert (ran.status, service[0].asked) == (3, [])
    assert "our-private-thing" in ran.gaps["requirements.txt: https://index.example/simple"]


@pytest.mark.slow
def test_later_pages_are_read(service: Any, run: Callable[..., Any]) -> None:
    service[0].page = 1
    service[0].vulns["six"] = [record(f"GHSA-{number}", "six", "9.0") for number in range(3)]
    ran = run("six==1.16.0\n")
    assert len(ran.findings) == 3
    assert ran.status == 1


@pytest.mark.slow
def test_what_is_withdrawn_is_no_finding(service: Any, run: Callable[..., Any]) -> None:
    service[0].vulns["six"] = [record("GHSA-1", "six", "9.0", withdrawn="2026-07-09T00:00:00Z")]
    assert run("six==1.16.0\n").status == 0


HTML = (200, "text/html", "<html>sign in</html>")
FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "status 500": ({"fail": {"six": (500, JSON, "{}")}}, "status 500"),
    "status 429": ({"fail": {"six": (429, JSON, "{}")}}, "status 429"),
    "status 404": ({"fail": {"six": (404, JSON, "{}")}}, "status 404"),
    "a page of HTML": ({"fail": {"six": HTML}}, "not valid JSON"),
    "an answer that is cut": ({"fail": {"six": (200, JSON, '{"vulns": [')}}, "not valid JSON"),
    "a list": ({"fail": {"six": (200, JSON, "[]")}}, "should be an object"),
    "a schema of the future": (
        {"vulns": {"jinja2": [KNOWN_BAD], "six": [record("GHSA-1", "six", "9", schema_version="2.0.0")]}},
        "schema_version",
    ),
    "a record without what it affects": (
        {"vulns": {"jinja2": [KNOWN_BAD], "six": [record("GHSA-1", "six", "9", affected=[])]}},
        "does not name it",
    ),
    "pages without end": ({"endless": True}, "pages"),
    "nothing about anything": ({"vulns": {}}, "blind|does not know|canary"),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (index > 1)) for index, name in enumerate(FAILURES)])  # fmt: skip
def test_a_service_that_fails_is_never_clean(name: str, service: Any, run: Callable[..., Any]) -> None:
    change, why = FAILURES[name]
    for key, value in change.items():
        setattr(service[0], key, value)
    ran = run("six==1.16.0\n")
    assert ran.status == 3, ran.stderr
    assert ran.verdict["status"] == "INCOMPLETE"
    outcome = ran.outcome("pip-audit")
    assert re.search(why, f"{outcome.get('reason')} {outcome.get('detail')}"), outcome


@pytest.mark.slow
def test_a_service_that_hangs_is_left_in_time(service: Any, run: Callable[..., Any]) -> None:
    service[0].delay = 45.0
    began = time.monotonic()
    assert run("six==1.16.0\n").status == 3
    assert time.monotonic() - began < 120


@pytest.mark.slow
def test_what_the_snapshot_knows_and_the_service_holds_back(service: Any, run: Callable[..., Any]) -> None:
    first, *others = [one.id for one in match(load().of("urllib3"), "1.25.10").affected]
    assert others
    service[0].single = {first: record(first, "urllib3", "1.26.5")}
    ran = run("urllib3==1.25.10\n")
    assert ran.status == 3
    assert [reason.split()[0] for reason in ran.gaps.values()] == [first]
    assert len(ran.outcome("pip-audit")["notes"]) == len(others)
    service[0].single[first] |= {"withdrawn": "2026-07-09T00:00:00Z"}
    ran = run("urllib3==1.25.10\n")
    assert (ran.status, ran.gaps) == (0, {})
