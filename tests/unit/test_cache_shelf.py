"""The cache's own fault matrix: whatever is wrong with a file, it holds nothing, and nobody crashes."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from py_secure_ci.cache import shelf as shelves
from py_secure_ci.cache.costs import read_costs
from py_secure_ci.cache.shelf import newer, read_shelf, write_shelf

TEXTS = {"a" * 40: (1, '{"rules":[]}'), "b" * 40: (2, "{}")}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "results" / "bandit-0123.kept"
    assert write_shelf(path, TEXTS)
    return path


def test_what_was_written_is_read(place: Path) -> None:
    assert read_shelf(place) == TEXTS
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_a_shelf_cut_anywhere_holds_nothing(place: Path) -> None:
    whole = place.read_bytes()
    for length in range(len(whole)):
        place.write_bytes(whole[:length])
        assert read_shelf(place) == {}, length


def test_a_flipped_bit_anywhere_is_seen(place: Path) -> None:
    whole = place.read_bytes()
    for at in range(len(whole)):
        place.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert read_shelf(place) == {}, at


def test_a_shelf_under_another_name_is_foreign(place: Path) -> None:
    other = place.with_name("bandit-4567.kept")
    shutil.copy(place, other)
    assert read_shelf(other) == {}


@pytest.mark.parametrize("body", [b"one word\n", b"key notanumber {}\n", b"\xff\xfe 1 {}\n", b"\n\n", b"key  {}\n"])
def test_a_hostile_shelf_with_a_right_digest_holds_nothing(place: Path, body: bytes) -> None:
    place.write_bytes(shelves._head(place.name, body) + b"\n" + body)
    assert read_shelf(place) == {}


def test_what_is_no_plain_file_holds_nothing(place: Path, tmp_path: Path) -> None:
    real = tmp_path / place.name
    place.rename(real)
    place.symlink_to(real)
    assert read_shelf(place) == {}
    place.unlink()
    os.mkfifo(place)
    assert read_shelf(place) == {}  # and comes back at once
    place.unlink()
    place.mkdir()
    assert read_shelf(place) == {}
    assert not write_shelf(place, TEXTS)
    assert read_shelf(place.with_name("missing.kept")) == {}


def test_an_oversized_shelf_is_not_read(place: Path) -> None:
    with place.open("ab") as stream:
        stream.truncate(shelves.MAX_BYTES * 4)
    assert read_shelf(place) == {}


def test_a_full_disk_keeps_the_old_shelf_and_leaves_nothing_behind(place: Path) -> None:
    resource = pytest.importorskip("resource")
    pid = os.fork()  # a limit on file size, as a full disk would be, in a process that ends at once
    if pid == 0:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
        os._exit(0 if not write_shelf(place, {"c" * 40: (3, "x" * 1000)}) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert read_shelf(place) == TEXTS
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not write_shelf(tmp_path / "file" / "x.kept", TEXTS)


def test_a_writer_killed_in_the_middle_leaves_the_old_shelf(place: Path) -> None:
    place.with_name(".tmpabc.part").write_bytes(place.read_bytes()[:20])
    assert read_shelf(place) == TEXTS


def test_readers_and_writers_at_once_see_whole_shelves(place: Path) -> None:
    states = [{"k" * 40: (number, "x" * (number * 1000))} for number in range(1, 5)]
    wrong: list[object] = []

    def write(state: dict[str, tuple[int, str]]) -> None:
        for _ in range(30):
            write_shelf(place, state)

    def read() -> None:
        for _ in range(100):
            if (seen := read_shelf(place)) not in (TEXTS, *states):
                wrong.append(seen)

    threads = [threading.Thread(target=write, args=(state,)) for state in states] + [threading.Thread(target=read)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []
    assert read_shelf(place) in states


def test_what_was_not_used_for_longest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "SPARE", 2)
    old = {"one": (1, "a"), "two": (2, "b"), "three": (3, "c"), "four": (3, "d")}
    assert newer(old, {"four": "d", "five": "e"}) == {
        "three": (3, "c"), "two": (2, "b"), "four": (4, "d"), "five": (4, "e"),
    }  # fmt: skip


def test_costs_come_back_and_odd_ones_do_not(tmp_path: Path) -> None:
    costs = read_costs(tmp_path / "costs")
    costs.learn_whole("mypy", 7.5)
    costs.learn_files("bandit", 2.0, 1_000_000)
    costs.learn_files("detect-secrets", 2.0, 10)  # too little to learn from
    costs.save()
    again = read_costs(tmp_path / "costs")
    assert (again.seconds, again.rates) == ({"mypy": 7.5}, {"bandit": 2e-6})
    odd = '{"seconds":{"mypy":-1,"ruff":true,"x":"y"},"rates":{"bandit":1e9}}'
    write_shelf(tmp_path / "costs", {"costs": (1, odd)})
    assert read_costs(tmp_path / "costs").seconds == read_costs(tmp_path / "costs").rates == {}
