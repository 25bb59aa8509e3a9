"""The relay before a live service: every page read, every record understood, and nothing passed on that is not."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from py_secure_ci.advisories import relay as relays
from py_secure_ci.advisories.loopback import listening
from py_secure_ci.advisories.refusal import Refused
from py_secure_ci.advisories.relay import Relay, relaying
from py_secure_ci.advisories.snapshot import Snapshot

Osv = Callable[..., dict[str, Any]]
UP_TO_2 = [{"introduced": "0"}, {"fixed": "2.0"}]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "_PAUSE", 0.0)


@pytest.fixture
def live() -> Iterator[Callable[..., tuple[str, Relay]]]:
    """`live(post, get)` is the address of a relay before such a service, and the relay."""
    with ExitStack() as stack:

        def make(post: Any, get: Any = None, pins: Any = ()) -> tuple[str, Relay]:
            upstream = stack.enter_context(listening(post, get or (lambda _path: {})))
            return stack.enter_context(relaying(upstream, pins))

        yield make


def ask(url: str, name: str = "x", version: str = "1.0") -> Any:
    body = json.dumps({"package": {"name": name, "ecosystem": "PyPI"}, "version": version}).encode()
    with urllib.request.urlopen(f"{url}/v1/query", data=body, timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read())


def ids(answer: Any) -> list[str]:
    return [one["id"] for one in answer.get("vulns", [])]


def test_every_page_is_read(live: Callable[..., tuple[str, Relay]], make_osv: Osv) -> None:
    pages = {None: ("A-1", "two"), "two": ("A-2", "three"), "three": ("A-3", None)}
    seen = []

    def post(path: str, body: dict[str, Any]) -> object:
        seen.append((path, body))
        id_, following = pages[body.get("page_token")]
        more = {"next_page_token": following} if following else {}
        return {"vulns": [make_osv(id_, "X", UP_TO_2)], **more}

    url, relay = live(post)
    assert ids(ask(url)) == ["A-1", "A-2", "A-3"]
    assert sorted(relay.records["x"]) == ["A-1", "A-2", "A-3"]
    package = {"name": "x", "ecosystem": "PyPI"}
    assert seen[0] == ("/v1/query", {"package": package, "version": "1.0"})
    assert seen[1] == ("/v1/query", {"package": package, "version": "1.0", "page_token": "two"})


def test_what_is_withdrawn_is_none_and_what_is_malformed_is_passed_on_without_its_bound(
    live: Callable[..., tuple[str, Relay]], make_osv: Osv
) -> None:
    answer = {
        "vulns": [
            make_osv("A-1", "x", UP_TO_2, withdrawn="2026-01-01T00:00:00Z"),
            make_osv("A-2", "x", [{"introduced": "0"}, {"fixed": "2.6.0-NA"}], versions=["1.0"]),
            {key: value for key, value in make_osv("A-3", "x", UP_TO_2).items() if key != "schema_version"},
        ]
    }
    url, _ = live(lambda _path, _body: answer)
    found = ask(url)
    assert ids(found) == ["A-2", "A-3"]
    assert found["vulns"][0]["affected"][0]["ranges"] == []
    assert all(one["published"] == "2026-01-02T00:00:00Z" for one in found["vulns"])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([], "should be an object"),
        ({"vulns": {}}, "should be an array"),
        ({"vulns": [1]}, "should be an object"),
        ({"vulns": [{"id": "A-1", "schema_version": "2.0.0"}]}, "schema_version"),
        ({"vulns": [{"id": "A-1", "affected": []}]}, "does not name it"),
        ({"vulns": [{"affected": []}]}, "id"),
        ({"vulns": [], "next_page_token": "again"}, "same page again"),
        ({"vulns": [], "next_page_token": 3}, "next_page_token"),
    ],
)
def test_what_is_not_understood_is_an_error(answer: object, why: str, live: Callable[..., tuple[str, Relay]]) -> None:
    url, _ = live(lambda _path, _body: answer)
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(url)
    assert caught.value.code in (400, 502)
    assert why in caught.value.reason + caught.value.read().decode()


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_a_service_that_fails_is_an_error(status: int, live: Callable[..., tuple[str, Relay]]) -> None:
    def post(_path: str, _body: object) -> object:
        raise Refused(status, "no")

    url, _ = live(post)
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(url)
    assert (caught.value.code, f"status {status}" in caught.value.reason) == (502, True)


def test_a_passing_failure_is_asked_again(live: Callable[..., tuple[str, Relay]], make_osv: Osv) -> None:
    left = [429, 503]

    def post(_path: str, _body: object) -> object:
        if left:
            raise Refused(left.pop(), "later")
        return {"vulns": [make_osv("A-1", "x", UP_TO_2)]}

    assert ids(ask(live(post)[0])) == ["A-1"]


def test_a_service_that_hangs_is_left(live: Callable[..., tuple[str, Relay]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "_SECONDS", 0.1)
    leave = threading.Event()

    def post(_path: str, _body: object) -> object:
        leave.wait(5)
        return {}

    url, _ = live(post)
    began = time.monotonic()
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(url)
    leave.set()
    assert "gave no answer" in caught.value.reason
    assert time.monotonic() - began < 4


def test_pins_are_asked_for_ahead_and_once(live: Callable[..., tuple[str, Relay]]) -> None:
    asked = []

    def post(_path: str, body: Any) -> object:
        asked.append((body["package"]["name"], body["version"]))
        return {}

    url, _ = live(post, pins=[("x", "1.0"), ("y", "2.0+local")])
    assert ask(url) == ask(url) == {}
    assert ask(url, "y", "2.0+local") == {}
    assert sorted(asked) == [("x", "1.0"), ("y", "2.0")]


def test_batches_and_single_advisories(live: Callable[..., tuple[str, Relay]], make_osv: Osv) -> None:
    url, _ = live(lambda _path, body: {"vulns": [make_osv("A-1", body["package"]["name"], UP_TO_2)]})
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": "1"} for name in ("x", "y")]
    request = urllib.request.Request(f"{url}/v1/querybatch", data=json.dumps({"queries": queries}).encode())  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        results = json.loads(answer.read())["results"]
    assert [[one["id"] for one in part["vulns"]] for part in results] == [["A-1"], ["A-1"]]
    with urllib.request.urlopen(f"{url}/v1/vulns/A-1", timeout=10) as answer:  # noqa: S310
        assert json.loads(answer.read())["id"] == "A-1"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{url}/v1/vulns/A-2", timeout=10)  # noqa: S310


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("covers", True),
        ("withdrawn", False),
        ("narrowed", False),
        ("gone", False),
        ("broken", True),
        ("odd", True),
    ],
)
def test_whether_an_advisory_still_holds(
    told: str, expected: bool, live: Callable[..., tuple[str, Relay]], make_osv: Osv, snapshot: Snapshot
) -> None:
    record = snapshot.of("jinja2")[1]
    whole = make_osv(record.id, "jinja2", [{"introduced": "0"}, {"fixed": "2.11.3"}])
    answers: dict[str, Any] = {
        "covers": whole,
        "withdrawn": {**whole, "withdrawn": "2026-02-02T00:00:00Z"},
        "narrowed": make_osv(record.id, "jinja2", [{"introduced": "2.5"}, {"fixed": "2.11.3"}]),
        "odd": {"id": record.id},
    }

    def get(path: str) -> object:
        assert path == f"/v1/vulns/{record.id}"
        if told in answers:
            return answers[told]
        raise Refused({"gone": 404, "broken": 500}[told], "no")

    assert live(lambda _path, _body: {}, get)[1].still_covers(record, "2.0") is expected


def test_newer_records_take_the_place_of_older_ones(
    snapshot: Snapshot, live: Callable[..., tuple[str, Relay]], make_osv: Osv
) -> None:
    url, relay = live(
        lambda _path, _body: {
            "vulns": [make_osv("PYSEC-2026-1", "jinja2", UP_TO_2), make_osv("N-1", "jinja2", UP_TO_2)]
        }
    )
    ask(url, "jinja2")
    found = snapshot.with_records(relay.records)
    assert sorted(one.id for one in found.of("jinja2")) == [
        "GHSA-aaaa-bbbb-cccc",
        "N-1",
        "PYSEC-2026-1",
        "PYSEC-2026-2",
    ]
    assert next(one for one in found.of("jinja2") if one.id == "PYSEC-2026-1").fixed == ("2.0",)
    assert sorted(one.id for one in snapshot.of("jinja2")) == ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1", "PYSEC-2026-2"]
    assert found.of("torch") == snapshot.of("torch")
