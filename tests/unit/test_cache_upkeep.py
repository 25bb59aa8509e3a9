"""What is kept stays within its bounds, and the least recently used goes first."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from py_secure_ci.cache.tool_caches import lend
from py_secure_ci.cache.upkeep import entries, prune
from py_secure_ci.checking.services import Process, Run
from py_secure_ci.checking.timings import table, trace
from py_secure_ci.cli import main


def keep(cache: Path, name: str, size: int, used: float) -> Path:
    path = cache / "results" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (used, used))
    return path


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    old, new, future = keep(tmp_path, "old", 10, 1.0), keep(tmp_path, "new", 10, 2.0), keep(tmp_path, "later", 10, 4e9)
    folder = tmp_path / "tool-caches" / "mypy"
    (folder / "3.11").mkdir(parents=True)
    (folder / "3.11" / "a.json").write_bytes(b"x" * 10)
    assert [one.path for one in entries(tmp_path)] == [folder, new, old, future]
    assert prune(tmp_path, 25) == (2, 20)
    assert [one.path for one in entries(tmp_path)] == [folder, new]
    assert prune(tmp_path, 0) == (2, 20)
    assert entries(tmp_path) == ()


def test_the_command_shows_and_prunes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PY_SECURE_CI_CACHE", str(tmp_path))
    keep(tmp_path, "one", 3 * 1024 * 1024, 1.0)
    assert main(["cache", "stats"]) == 0
    assert "results: 1, 3.0 MiB" in capsys.readouterr().out
    assert main(["cache", "prune", "--megabytes", "1"]) == 0
    assert "removed 1 of the kept results and caches, 3.0 MiB" in capsys.readouterr().out
    assert main(["cache", "prune", "--megabytes", "-1"]) == 2


class Lab:
    """A tree of one file and the folder that a tool keeps its cache in."""

    def __init__(self, tmp_path: Path) -> None:
        self.root, self.folder = tmp_path, tmp_path / "caches" / "mypy-1"
        self.write("x = 1\n", 1000.0)

    def write(self, text: str, time: float) -> None:
        (self.root / "a.py").write_text(text)
        os.utime(self.root / "a.py", (time, time))

    def use(self, *, good: bool = True) -> bool:
        """Whether what the last use left is still there."""
        import hashlib

        digest = hashlib.sha256((self.root / "a.py").read_bytes()).hexdigest()
        with lend(self.folder, self.root, {"a.py": digest}) as lent:
            assert lent is not None
            found = (lent.folder / "kept").exists()
            (lent.folder / "kept").write_text("data")
            if good:
                lent.returned()
        return found


def test_a_tools_own_cache_is_there_again(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert [lab.use(), lab.use()] == [False, True]
    lab.write("x = 12\n", 1000.0)  # another size: the tool sees that by itself
    assert lab.use()
    lab.write("y = 12\n", 2000.0)  # another time: so it does
    assert lab.use()


def test_a_change_that_the_tool_would_not_see_costs_it_its_cache(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.use()
    lab.write("y = 2\n", 1000.0)
    assert not lab.use()


def test_a_run_that_failed_leaves_no_cache(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.use()
    assert lab.use(good=False)
    assert not lab.use()


@pytest.mark.parametrize("damage", ["cut", "more", "link", "no seal"])
def test_a_cache_that_is_not_as_it_was_left_is_thrown_away(tmp_path: Path, damage: str) -> None:
    lab = Lab(tmp_path)
    lab.use()
    kept, seals = lab.folder / "kept", lab.folder.with_name("mypy-1-seals")
    if damage == "cut":
        kept.write_text("da")
    elif damage == "more":
        (lab.folder / "planted").write_text("x")
    elif damage == "link":
        kept.rename(tmp_path / "kept")
        kept.symlink_to(tmp_path / "kept")
    else:
        seals.unlink()  # a run was killed: what it left is nobody's
    assert not lab.use()
    assert lab.use()


def test_two_runs_never_share_a_tools_cache(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with lend(lab.folder, tmp_path, {}) as first, lend(lab.folder, tmp_path, {}) as second:
        assert first is not None
        assert second is None


def test_timings_as_table_and_trace() -> None:
    processes = [
        Process(tool="bandit", name="main", start=0.0, wall=2.0, cpu=1.5, memory=50 * 1024 * 1024),
        Process(tool="ruff", name="main", start=0.5, wall=0.5, cpu=0.4, memory=1024 * 1024),
        Process(tool="ruff", name="canary", start=2.0, wall=0.1, cpu=0.1, memory=0),
    ]
    run = Run(processes=processes, seconds={"ruff": 1.0, "bandit": 2.0, "mypy": 0.1}, kept={"mypy": 1})
    rows = [line.split() for line in table(run, 2.5, 0.3).splitlines()]
    assert rows[1:5] == [
        ["bandit", "2.00", "1.50", "50", "1"],
        ["ruff", "1.00", "0.50", "1", "2"],
        ["mypy", "0.10", "0.00", "0", "1"],
        ["in", "all", "2.50", "2.30", "3"],
    ]
    events = json.loads(trace(run))["traceEvents"]
    assert [(one["name"], one["tid"], one["ts"], one["dur"]) for one in events] == [
        ("bandit", 0, 0, 2000000), ("ruff", 1, 500000, 500000), ("ruff (canary)", 0, 2000000, 100000),
    ]  # fmt: skip


def test_what_a_tool_keeps_of_its_canary_goes_out(tmp_path: Path) -> None:
    with lend(tmp_path / "own", tmp_path, {}, frozenset({"canary_"})) as lent:
        assert lent is not None
        for name in ("canary_.meta.ff", "canary_.data.ff", "other.meta.ff"):
            (lent.folder / name).write_text("x")
        lent.returned()
    with lend(tmp_path / "own", tmp_path, {}, frozenset({"canary_"})) as lent:
        assert lent is not None
        assert [one.name for one in lent.folder.iterdir()] == ["other.meta.ff"]
