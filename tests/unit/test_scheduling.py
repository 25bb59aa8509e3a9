"""Pieces of about the same length, and the longest first."""

from __future__ import annotations

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from py_secure_ci.checking.scheduling import PIECE, Slots, cut, shares
from py_secure_ci.pins import Pin

SIZES = st.dictionaries(st.text("abc/.", min_size=1), st.integers(0, 10_000_000), max_size=60)


@given(SIZES, st.floats(1e-8, 1e-3), st.integers(1, 8), st.sampled_from([0, 100_000]))
def test_every_file_is_in_exactly_one_piece(sizes: dict[str, int], rate: float, jobs: int, alone: int) -> None:
    pieces = cut(sizes, rate, jobs, alone)
    assert sorted(path for piece in pieces for path in piece) == sorted(sizes)
    assert all(pieces)
    assert pieces == cut(dict(reversed(sizes.items())), rate, jobs, alone)
    for path in (path for path, size in sizes.items() if alone and size >= alone):
        assert (path,) in pieces


def test_a_small_tree_is_not_cut() -> None:
    assert cut({f"{n}.py": 1000 for n in range(100)}, 5e-6, 8) == (tuple(sorted(f"{n}.py" for n in range(100))),)
    assert cut({}, 5e-6, 8) == ()


def test_a_larger_one_is_cut_over_the_cores_evenly() -> None:
    sizes = {f"{n}.py": 1000 * (n % 7 + 1) for n in range(500)}
    pieces = cut(sizes, 5e-6, 2)
    weights = [sum(sizes[path] for path in piece) for piece in pieces]
    assert len(pieces) == 2
    assert max(weights) - min(weights) <= 7000
    assert len(cut(sizes, 5e-6, 1)) == 1


def test_a_huge_one_is_cut_into_pieces_of_bearable_length() -> None:
    sizes = {f"{n}.py": 10_000 for n in range(2000)}
    pieces = cut(sizes, 5e-6, 2)
    assert all(sum(sizes[path] for path in piece) * 5e-6 <= PIECE * 1.1 for piece in pieces)


def test_who_waits_with_the_most_work_goes_first() -> None:
    slots, order = Slots(1), []
    threads = []

    def work(seconds: float) -> None:
        with slots.one(seconds):
            order.append(seconds)

    with slots.one(0):
        for seconds in (1.0, 5.0, 3.0):
            threads.append(threading.Thread(target=work, args=(seconds,)))
            threads[-1].start()
        while len(slots._waiting) < 3:
            time.sleep(0.001)
    for one in threads:
        one.join()
    assert order == [5.0, 3.0, 1.0]


def test_no_more_at_once_than_there_are_slots_even_when_work_fails() -> None:
    slots, lock = Slots(2), threading.Lock()
    now, most = 0, 0

    def work() -> None:
        nonlocal now, most
        try:
            with slots.one(1.0):
                with lock:
                    now += 1
                    most = max(most, now)
                time.sleep(0.002)
                with lock:
                    now -= 1
                raise ValueError
        except ValueError:
            pass

    threads = [threading.Thread(target=work) for _ in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (now, most) == (0, 2)


def test_pins_are_shared_only_where_each_share_is_worth_a_start() -> None:
    pins = tuple(Pin(name=f"p{number}", version="1", file="a.txt", line=number) for number in range(1, 451))
    for many, jobs, count in ((0, 2, 1), (1, 2, 1), (399, 2, 1), (400, 2, 2), (450, 2, 2), (450, 1, 1), (450, 64, 2)):
        parts = shares(pins[:many], 200, jobs)
        assert len(parts) == count
        assert tuple(pin for part in parts for pin in part) == pins[:many]
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
