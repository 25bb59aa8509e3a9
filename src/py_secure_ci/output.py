"""Report files, written whole: a reader sees the old file or the new one, never half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from py_secure_ci.errors import OutputError

CANONICAL = "report.json"
PROJECTS, ROOT_PROJECT = "projects", "root"  # of several projects each has a folder; the root project has one beside


def folder_of(project: str) -> str:
    """Below the output folder, where the report of one of several projects goes. Empty or `.`: the root project."""
    return ROOT_PROJECT if project in ("", ".") else f"{PROJECTS}/{project}"


def write_all(folder: Path, texts: Mapping[str, str]) -> None:
    """Write every text into `folder`; the canonical report last, so that it never speaks of files that are not there.

    Raises OutputError naming the file if the folder cannot be written, or for a name that leads elsewhere.
    """
    if stray := [name for name in texts if name in ("", "..") or PurePath(name).name != name or "\0" in name]:
        raise OutputError(
            f"{stray[0]!r} is no name for a file of the report",
            hint="A cache or a part says so: run again with --no-cache, or make the parts again.",
        )
    staged: list[tuple[Path, Path]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(texts, key=lambda name: (name == CANONICAL, name)):
            staged.append((_stage(folder, name, texts[name]), folder / name))
        for temporary, final in staged:
            temporary.replace(final)
    except OSError as error:
        raise OutputError(
            f"cannot write the report to {folder}: {error.strerror}",
            hint="Choose another folder with --output-dir, or make this one writable.",
        ) from None
    finally:
        for temporary, _ in staged:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_one(path: Path, text: str) -> None:
    """Write one file whole."""
    write_all(path.parent, {path.name: text})


def remove_all(folder: Path, names: Iterable[str], patterns: Iterable[str] = ()) -> None:
    """Remove files of these names, and of these patterns, from `folder`. Raises OutputError if one stays."""
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    try:
        for path in (*(folder / name for name in names), *found):
            if path.is_symlink() or not path.is_dir():
                path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot remove the report of an earlier run from {folder}: {error.strerror}",
            hint="Choose another folder with --output-dir, or make this one writable.",
        ) from None


def probe(folder: Path) -> None:
    """Make the folder, or raise OutputError now, before minutes of work, if it cannot be written.

    A new folder tells git to look away, so that nobody commits a report by accident.
    """
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"cannot write the report to {folder}: {error.strerror}",
            hint="Choose another folder with --output-dir, or make this one writable.",
        ) from None


def _stage(folder: Path, name: str, text: str) -> Path:
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8", "surrogatepass"))
        Path(temporary).chmod(0o644)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    return Path(temporary)
