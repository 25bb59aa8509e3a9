"""Two branches that touched different files, and the baseline that each of them wrote: merged by git itself."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import count, islice
from pathlib import Path

import pytest

from py_secure_ci.judging.baseline import Baseline, Entry, ToolState, parse, render, slot

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="missing: git")
TOOLS = {"ruff": ToolState("1", "a", "b")}
Files = Mapping[str, tuple[str, ...]]


def text(files: Files) -> str:
    """The baseline of some files, each with the words that its findings are made of."""
    entries = [
        Entry(path, (("ruff/F401", (f"v1:{sha256(f'{path} {word}'.encode()).hexdigest()[:32]}",)),))
        for path, words in files.items()
        for word in words
    ]
    return render(Baseline(tuple(sorted(entries)), TOOLS))


def merged(folder: Path, base: Files, ours: Files, theirs: Files) -> tuple[bool, str]:
    """Whether git merges by itself, and what came of it."""
    names = []
    for name, files in (("ours", ours), ("base", base), ("theirs", theirs)):
        (folder / name).write_text(text(files), encoding="utf-8", newline="")
        names.append(name)
    done = subprocess.run([str(GIT), "merge-file", "-p", "-q", *names], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0, done.stdout.decode()


def beside(number: int) -> list[str]:
    """So many paths that follow the same fixed line, in the order that they have there."""
    first = next(_paths())
    return sorted(islice((one for one in _paths() if slot(one) == slot(first)), number))


def _paths() -> Iterator[str]:
    return (f"src/module_{number}.py" for number in count())


MORE, OTHER, NONE = ("a", "b", "c"), ("a", "x"), ()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("mine", [MORE, OTHER, NONE, ("x", "y")])
@pytest.mark.parametrize("yours", [MORE, OTHER, ("x", "y")])
def test_neighbours_merge(tmp_path: Path, mine: tuple[str, ...], yours: tuple[str, ...], turned: bool) -> None:
    """Files that follow the same fixed line, one above the other: changed in any way, or one of them cleared."""
    first, second = sorted(beside(2), reverse=turned)
    base = {first: ("a", "b"), second: ("a", "b")}
    ours = {**base, first: mine}
    theirs = {**base, second: yours}
    assert merged(tmp_path, base, ours, theirs) == (True, text({first: mine, second: yours}))


def test_a_file_that_comes_between_two_that_are_changed(tmp_path: Path) -> None:
    above, between, below = beside(3)
    base = {above: ("a",), below: ("a",)}
    ours = {above: ("a", "b"), below: ("b",)}
    theirs = {**base, between: ("a",)}
    assert merged(tmp_path, base, ours, theirs) == (True, text({**ours, between: ("a",)}))


def test_two_files_that_come_to_the_same_place_are_left_to_a_person(tmp_path: Path) -> None:
    """No layout of lines can part what two branches put in the same place; nothing is lost silently."""
    first, second = beside(2)
    merges, came = merged(tmp_path, {}, {first: ("a",)}, {second: ("a",)})
    assert not merges
    assert "<<<<<<<" in came


def changed(chance: random.Random, base: Files, mine: list[str], fresh: list[str]) -> dict[str, tuple[str, ...]]:
    """What one branch makes of its own files: a third of them come or go."""
    files = dict(base)
    for path in mine:
        files[path] = () if chance.random() < 1 / 6 else tuple(chance.sample("abcdefgh", chance.randint(1, 4)))
    return {**files, **dict.fromkeys(fresh, ("a",))}


def came_or_went(base: Files, files: Files) -> set[int]:
    return {slot(path) for path in {*base, *files} if bool(base.get(path)) != bool(files.get(path))}


@pytest.mark.slow
@pytest.mark.parametrize(("touched", "pairs"), [(1, 100), (5, 100), (20, 300)])
def test_branches_that_touch_different_files_merge(tmp_path: Path, touched: int, pairs: int) -> None:
    chance = random.Random(touched)  # noqa: S311
    stopped = 0
    for _ in range(pairs):
        paths = [f"pkg{n % 40}/module_{n}.py" for n in chance.sample(range(2000), 600)]
        base = {path: tuple(chance.sample("abcdefgh", chance.randint(1, 4))) for path in paths}
        share = chance.sample(paths, 2 * touched)
        fresh = [f"new/{n}.py" for n in chance.sample(range(10_000), 2 * (touched // 5))]
        ours = changed(chance, base, share[:touched], fresh[::2])
        theirs = changed(chance, base, share[touched:], fresh[1::2])
        both = {**ours, **{path: theirs.get(path, ()) for path in {*share[touched:], *fresh[1::2]}}}
        merges, came = merged(tmp_path, base, ours, theirs)
        if merges:
            assert came == text(both)
            assert parse(came, "b") == parse(text(both), "b")
        else:
            stopped += 1
            assert came_or_went(base, ours) & came_or_went(base, theirs)
    assert stopped <= pairs // 100
