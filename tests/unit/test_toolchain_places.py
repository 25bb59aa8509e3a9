"""Where the cache is, which locks there are, and one holder of a lock file at a time."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import pytest

from py_secure_ci.errors import ToolchainError
from py_secure_ci.toolchain.holding import holding
from py_secure_ci.toolchain.places import LOCKS, cache_folder, interpreter_key, lock_file

HOME = {"HOME": "/h"}


@pytest.mark.skipif(os.name == "nt", reason="POSIX paths")
@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        (HOME, "linux", "/h/.cache/py-secure-ci"),
        (HOME, "darwin", "/h/Library/Caches/py-secure-ci"),
        ({**HOME, "XDG_CACHE_HOME": "/x"}, "linux", "/x/py-secure-ci"),
        ({**HOME, "XDG_CACHE_HOME": "relative"}, "linux", "/h/.cache/py-secure-ci"),
        ({**HOME, "PY_SECURE_CI_CACHE": "/a b/c"}, "linux", "/a b/c"),
        ({"LOCALAPPDATA": "/l"}, "win32", "/l/py-secure-ci/Cache"),
    ],
)
def test_the_cache_is_where_the_platform_has_caches(environ: dict[str, str], platform: str, expected: str) -> None:
    assert cache_folder(environ, platform) == Path(expected)


@pytest.mark.parametrize(("environ", "platform"), [({"HOME": "not/absolute"}, "linux"), ({}, "win32")])
def test_no_place_for_the_cache_is_told(environ: dict[str, str], platform: str) -> None:
    with pytest.raises(ToolchainError) as caught:
        cache_folder(environ, platform)
    assert "PY_SECURE_CI_CACHE" in caught.value.hint


def test_an_unknown_lock_names_the_known_ones() -> None:
    with pytest.raises(ToolchainError, match="'ruf'") as caught:
        lock_file("ruf")
    assert "ruff" in caught.value.hint


def test_an_environment_depends_on_its_interpreter(tmp_path: Path) -> None:
    assert interpreter_key(None) == interpreter_key(None)
    assert interpreter_key(tmp_path / "a") != interpreter_key(tmp_path / "b") != interpreter_key(None)


@pytest.mark.parametrize("source", sorted(LOCKS.glob("*.in")), ids=lambda path: path.stem)
def test_every_lock_is_hashed_and_names_no_index(source: Path) -> None:
    lock = source.with_suffix(".lock").read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"(?m)^(?=[^\s#])", lock) if block.strip()]
    assert blocks
    for block in blocks:
        assert re.match(r"[a-z0-9][a-z0-9-]*(\[[a-z,]+\])?==\S+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in lock
    assert "index" not in lock


def test_a_lock_file_has_one_holder_at_a_time(tmp_path: Path) -> None:
    inside, most, guard = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with holding(tmp_path / "new folder" / "one.lock"):
            with guard:
                inside += 1
                most = max(most, inside)
            with guard:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert (inside, most) == (0, 1)
