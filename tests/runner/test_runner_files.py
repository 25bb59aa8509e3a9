"""Scratch folders go away, and changes to the user's tree are noticed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from py_secure_ci.errors import Interrupted, OutputError
from py_secure_ci.running.scratch import remove, remove_stale, scratch
from py_secure_ci.running.tree_guard import changed_since, tree_state


def test_scratch_is_private_and_removed(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "closed" / "deep").mkdir(parents=True)
        (folder / "closed" / "deep" / "file").write_text("x")
        (folder / "closed" / "deep" / "file").chmod(0o400)
        (folder / "closed" / "deep").chmod(0o000)
        (folder / "closed").chmod(0o500)
        (folder / "link").symlink_to(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_scratch_is_removed_on_interruption(tmp_path: Path) -> None:
    def work() -> None:
        with scratch(tmp_path) as folder:
            (folder / "file").write_text("x")
            raise Interrupted("SIGTERM")

    with pytest.raises(Interrupted):
        work()
    assert list(tmp_path.iterdir()) == []


def test_what_killed_runs_left_goes_after_days(tmp_path: Path) -> None:
    with scratch(tmp_path) as running:
        killed, other = tmp_path / "py-secure-ci-killed", tmp_path / "tools"
        for folder in (killed, other):
            (folder / "task1").mkdir(parents=True)
            os.utime(folder, (0, 0))
        (tmp_path / "py-secure-ci-link").symlink_to(other)
        remove_stale(tmp_path)
        assert running.is_dir()
        assert (other / "task1").is_dir()
        assert not killed.exists()


def test_scratch_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no scratch folder can be made"), scratch(tmp_path / "missing"):
        pass


def as_an_ordinary_user(tree: Path) -> None:
    """Remove the tree as somebody whom closed folders do stop."""
    if os.geteuid() != 0:
        remove(tree)
        return
    pid = os.fork()
    if pid == 0:
        os.setgid(65534)
        os.setuid(65534)
        remove(tree)
        os._exit(0)
    os.waitpid(pid, 0)


def test_closed_folders_as_an_ordinary_user() -> None:
    with TemporaryDirectory() as parent:
        tree = Path(parent) / "tree"
        (tree / "closed" / "deep").mkdir(parents=True)
        (tree / "closed" / "deep" / "file").write_text("x")
        if os.geteuid() == 0:
            try:
                for path in (Path(parent), tree, tree / "closed", tree / "closed" / "deep"):
                    os.chown(path, 65534, 65534)
            except OSError as error:
                pytest.skip(f"there is no other user here: {error}")
        (tree / "closed" / "deep").chmod(0o000)
        (tree / "closed").chmod(0o500)
        as_an_ordinary_user(tree)
        assert not tree.exists()


def point_elsewhere(link: Path) -> None:
    link.unlink()
    link.symlink_to("/usr")


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "nothing": (lambda root: (root / "a.py").read_text(), set()),
    "other text": (lambda root: (root / "a.py").write_text("other"), {"a.py"}),
    "same text": (lambda root: (root / "a.py").write_text("a"), {"a.py"}),
    "mode": (lambda root: (root / "a.py").chmod(0o755), {"a.py"}),
    "removed": (lambda root: (root / "pkg" / "b.py").unlink(), {"pkg", "pkg/b.py"}),
    "new": (lambda root: (root / "pkg" / "c.py").write_text(""), {"pkg"}),
    "appeared": (lambda root: (root / "gone.py").write_text(""), {".", "gone.py"}),
    "link": (lambda root: point_elsewhere(root / "l"), {".", "l"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_noticed(tmp_path: Path, change: str) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "a.py").write_text("a")
    (tmp_path / "pkg" / "b.py").write_text("b")
    (tmp_path / "l").symlink_to("/etc")
    before = tree_state(tmp_path, ["a.py", "pkg/b.py", "gone.py", "l"])
    act, expected = CHANGES[change]
    act(tmp_path)
    assert set(changed_since(before, tmp_path)) == expected


def test_a_time_set_back_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("a")
    found = file.stat()
    before = tree_state(tmp_path, ["a.py"])
    file.write_text("b")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert changed_since(before, tmp_path) == ("a.py",)
