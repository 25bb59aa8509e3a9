"""What our own functions made before is taken only for the very same input, and read only if it is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from py_secure_ci.cache.memory import Memory
from py_secure_ci.cache.shelf import read_shelf, write_shelf
from py_secure_ci.model import Gap


class Maker:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, name: str = "") -> Gap:
        self.asked.append(name)
        return Gap(name or "one", "why")


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path, "shop", "code")


def one(memory: Memory, given: object, *, still: bool = True) -> list[str]:
    """How often the value had to be made."""
    make = Maker()
    assert memory.one("said", Gap, given, make, lambda: still) == Gap("one", "why")
    return make.asked


def each(memory: Memory, given: dict[str, str], *, still: bool = True) -> list[str]:
    """For which names it had to be made."""
    make = Maker()
    assert memory.each("said", Gap, given, make, lambda _: still) == {name: Gap(name, "why") for name in given}
    return make.asked


def test_the_same_input_is_asked_about_once(memory: Memory, tmp_path: Path) -> None:
    assert [len(one(memory, [1])), len(one(memory, [1])), len(one(memory, [2])), len(one(memory, [1]))] == [1, 0, 1, 0]
    assert len(one(Memory(tmp_path, "shop", "other code"), [1])) == 1
    assert len(one(Memory(tmp_path, "other shop", "code"), [1])) == 1


def test_only_the_last_states_are_kept(memory: Memory) -> None:
    assert [len(one(memory, number)) for number in range(6)] == [1] * 6
    assert [len(one(memory, number)) for number in (5, 4, 3, 2, 0)] == [0, 0, 0, 0, 1]


def test_large_answers_push_one_another_out(memory: Memory) -> None:
    make = Maker()
    for number in (1, 1, 2, 1):
        memory.one("large", Gap, number, make, last=0)
    assert len(make.asked) == 3


def test_only_what_changed_is_made_again(memory: Memory) -> None:
    assert each(memory, {"a": "1", "b": "1b"}) == ["a", "b"]
    assert each(memory, {"a": "1", "b": "2b"}) == ["b"]
    assert each(memory, {"a": "1", "b": "1b"}) == []


def test_input_that_changed_meanwhile_is_not_kept(memory: Memory) -> None:
    assert [len(one(memory, [1], still=False)), len(one(memory, [1])), len(one(memory, [1]))] == [1, 1, 0]
    assert each(memory, {"a": "1"}, still=False) == ["a"]
    assert each(memory, {"a": "1"}) == ["a"]


def test_without_knowing_our_own_code_nothing_is_kept(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "shop", "")
    assert len(one(memory, [1])) == len(one(memory, [1])) == 1
    assert each(memory, {"a": "1"}) == each(memory, {"a": "1"}) == ["a"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"subject":1,"reason":"why"}', '{"subject":"one"}', "[" * 100_000, "null", "\x1a"]
)
def test_what_our_codec_did_not_write_is_nothing(memory: Memory, tmp_path: Path, text: str) -> None:
    one(memory, [1])
    each(memory, {"one": "1"})
    for shelf in tmp_path.iterdir():
        write_shelf(shelf, {key: (generation, text) for key, (generation, _) in read_shelf(shelf).items()})
    assert len(one(memory, [1])) == 1
    assert each(memory, {"one": "1"}) == ["one"]


def test_a_damaged_shelf_is_nothing(memory: Memory, tmp_path: Path) -> None:
    one(memory, [1])
    (shelf,) = tmp_path.iterdir()
    whole = shelf.read_bytes()
    for damage in (whole[:-1], b"", whole.replace(b"why", b"who"), json.dumps({"a": 1}).encode()):
        shelf.write_bytes(damage)
        assert len(one(memory, [1])) == 1
        assert len(one(memory, [1])) == 0


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    memory = Memory(tmp_path / "results", "shop", "code")
    assert len(one(memory, [1])) == len(one(memory, [1])) == 1
