"""Names that nobody vouches for are gaps; the index is asked for them, and believed only where it speaks plainly."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from loopback import serving
from py_secure_ci.advisories import existence
from py_secure_ci.advisories.gaps import gaps
from py_secure_ci.advisories.public_names import (
    BUNDLED,
    PublicNames,
    pack,
    remember,
    remembered,
    unproven,
    well_known,
)
from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.errors import AdvisoryError
from py_secure_ci.pins import Declaration, Dependencies, Pin

JSON = "application/vnd.pypi.simple.v1+json"


def pin(name: str, *, file: str = "requirements.txt", source: str = "", public: bool = False) -> Pin:
    return Pin(name=name, version="1.0", file=file, line=2, source=source, public=public)


def declared(*pins: Pin) -> Dependencies:
    files = sorted({one.file for one in pins})
    return Dependencies(
        tuple(
            Declaration(file=file, manager="pip", locked=True, pins=tuple(one for one in pins if one.file == file))
            for file in files
        )
    )


def test_a_name_needs_somebody_who_vouches_for_it(snapshot: Snapshot) -> None:
    pins = [
        pin("jinja2"),  # has advisories
        pin("listed"),
        pin("locked", public=True),
        pin("locked"),  # the same name in a file that says nothing
        pin("ours-alone"),
        pin("from-our-index", source="https://pkgs.example.com/simple"),
    ]
    assert unproven(pins, snapshot, {"listed"}) == ("from-our-index", "ours-alone")
    found = gaps(declared(*pins), snapshot, PublicNames(known={"listed"}))
    assert [(one.subject, one.line) for one in found] == [
        ("requirements.txt: https://pkgs.example.com/simple", 2),
        ("requirements.txt: ours-alone", 2),
    ]
    assert found[1].reason.startswith("perhaps a private name unknown to the advisory source")
    assert "stages.sca.public" in found[1].reason


def test_a_gap_says_what_the_index_said(snapshot: Snapshot) -> None:
    pins = declared(pin("ours-alone"), pin("ours-alone", file="more.txt"), pin("other"))
    found = gaps(pins, snapshot, PublicNames(denied={"ours-alone"}, why="the public index gave no answer: status 500"))
    said = {one.subject: one.reason for one in found}
    assert list(said) == ["more.txt: ours-alone", "requirements.txt: ours-alone", "requirements.txt: other"]
    assert said["more.txt: ours-alone"].endswith("the public index has no such package")
    assert said["requirements.txt: other"].endswith("the public index gave no answer: status 500")


def test_the_names_that_ship() -> None:
    names = well_known()
    assert {"flask", "requests", "zope-interface", "ruamel-yaml", "2to3"} <= names
    assert "our-own-private-thing" not in names
    assert BUNDLED.stat().st_size < 100_000
    assert gzip.decompress(pack(names)) == gzip.decompress(BUNDLED.read_bytes())


def test_a_list_is_names_and_nothing_else() -> None:
    data = pack(["Flask", "zope.interface", " flask ", "not a name", "", "-x", "é"])
    assert gzip.decompress(data) == b"flask\nzope-interface\n"


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip", gzip.compress(b"flask\n", mtime=0), BUNDLED.read_bytes()[:-9]],
    ids=["nothing", "no gzip", "no list", "cut"],
)
def test_a_damaged_list_is_told(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "names.gz").write_bytes(data)
    with pytest.raises(AdvisoryError):
        well_known.__wrapped__(tmp_path / "names.gz")


def test_answers_are_remembered_and_damage_is_not_believed(tmp_path: Path) -> None:
    assert remembered(tmp_path) == frozenset()
    remember(tmp_path, ["b", "a"])
    remember(tmp_path, ["c"])
    assert remembered(tmp_path) == {"a", "b", "c"}
    for text in ("{", "{}", '["a", 1]', '["not a name"]', "[" * 100_000):
        (tmp_path / "advisories" / "public-names.json").write_text(text)
        assert remembered(tmp_path) == frozenset()


@pytest.fixture
def index() -> Iterator[Callable[..., str]]:
    """`index(answers)` is the address of an index; `answers(name)` gives (status, content type)."""
    with ExitStack() as stack:

        def make(answers: Callable[[str], tuple[int, str]]) -> str:
            def answer(_method: str, path: str, _body: bytes) -> tuple[int, str, bytes]:
                return (*answers(path.split("/")[2]), b"")

            return f"{stack.enter_context(serving(answer))}/simple"

        yield make


def test_the_index_is_asked_name_by_name(index: Callable[..., str]) -> None:
    asked = []

    def answers(name: str) -> tuple[int, str]:
        asked.append(name)
        return (200, JSON) if name in ("a", "b") else (404, "text/html")

    assert existence.ask(index(answers), ["a", "b", "ours"]) == existence.Existence(
        frozenset({"a", "b"}), frozenset({"ours"})
    )
    assert sorted(asked)[:2] == ["a", "b"]
    assert len(asked) == 4  # and one name that cannot be
    assert existence.ask("http://127.0.0.1:1", []) == existence.Existence()


@pytest.mark.parametrize(
    ("status", "kind", "why"),
    [
        (200, "text/html", "status 200 with text/html"),
        (200, JSON, "made-up name"),
        (500, JSON, "status 500"),
        (403, "text/html", "status 403"),
        (204, JSON, "status 204"),
    ],
)
def test_an_index_that_does_not_speak_plainly_is_not_believed(
    status: int, kind: str, why: str, index: Callable[..., str]
) -> None:
    found = existence.ask(index(lambda _name: (status, kind)), ["a"])
    assert not found.there
    assert not found.missing
    assert why in found.why


def test_an_index_that_breaks_off_leaves_the_rest_open(index: Callable[..., str]) -> None:
    found = existence.ask(
        index(lambda name: (404, JSON) if name.startswith("no-such") else (500, JSON)), [f"n{i}" for i in range(50)]
    )
    assert (found.there, found.missing) == (frozenset(), frozenset())
    assert "status 500" in found.why


def test_no_index_at_all() -> None:
    assert "gave no answer" in existence.ask("http://127.0.0.1:1/simple", ["a"]).why


def test_an_index_that_hangs_is_left_in_time(index: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(existence, "_SECONDS", 0.2)
    leave = threading.Event()

    def answers(name: str) -> tuple[int, str]:
        if not name.startswith("no-such"):
            leave.wait(5)
        return 404, JSON

    found = existence.ask(index(answers), [f"n{i}" for i in range(40)])
    leave.set()
    assert not found.missing
    assert "gave no answer" in found.why


def test_more_names_than_are_asked_for(index: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(existence, "MOST", 2)
    found = existence.ask(index(lambda _name: (404, JSON)), ["a", "b", "c"])
    assert found.missing == {"a", "b"}
    assert "only 2 names" in found.why
