"""The tree's texts, read once: code lines, line hashes, and what people wrote in comments."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from py_secure_ci.model import Finding, Location
from py_secure_ci.source.line_hash import LineHashes

MAX_CODE = 240
# Hashing every line of a larger file costs seconds, and platforms do without the hash.
MAX_HASHED = 2_000_000
AROUND = 2  # lines above and below a finding
_MAX_AROUND = 200  # characters of each of them
_BREAK = re.compile(r"\r\n|\r|\n")


class Sources:
    """Bytes and lines of the files of one tree. Unreadable files have no bytes."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        """Only `files` (root-relative) are ever opened."""
        self._root = root
        self._files = frozenset(files)
        self._bytes: dict[str, bytes | None] = {}
        self._lines: dict[str, tuple[str, ...]] = {}
        self._hashes: dict[str, LineHashes] = {}
        self._digests: dict[str, str] = {}
        self._states: dict[str, tuple[int, ...]] = {}

    def raw(self, path: str) -> bytes | None:
        """The bytes of a file, or None if it is not one of the tree's or cannot be read."""
        if path not in self._files:
            return None
        if path not in self._bytes:
            try:
                with open(f"{self._root}/{path}", "rb") as stream:  # noqa: PTH123 - thousands of files: Path is slow
                    self._states[path] = _state(os.fstat(stream.fileno()))
                    self._bytes[path] = stream.read()
            except (OSError, ValueError):
                self._bytes[path] = None
        return self._bytes[path]

    def digest(self, path: str) -> str | None:
        """sha256 of a file's bytes, in hexadecimal, or None if there are none."""
        if path not in self._digests:
            raw = self.raw(path)
            if raw is None:
                return None
            self._digests[path] = hashlib.sha256(raw).hexdigest()
        return self._digests[path]

    def unchanged(self, paths: Iterable[str]) -> bool:
        """Whether all of the files are on disk as they were when they were read first."""
        try:
            return all(_state(os.stat(f"{self._root}/{path}")) == self._states.get(path) for path in paths)  # noqa: PTH116
        except (OSError, ValueError):
            return False

    def is_utf8(self, path: str) -> bool:
        """Whether a file can be read and is UTF-8."""
        raw = self.raw(path)
        if raw is None:
            return False
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return True

    def text(self, path: str) -> str | None:
        """The text of a file, undecodable bytes replaced, or None."""
        raw = self.raw(path)
        return None if raw is None else raw.decode("utf-8", "replace")

    def lines(self, path: str) -> tuple[str, ...]:
        """The lines of a file as every tool counts them: only CR and LF break lines."""
        if path not in self._lines:
            self._lines[path] = tuple(_BREAK.split(self.text(path) or ""))
        return self._lines[path]

    def between(self, path: str, first: int, last: int) -> tuple[str, ...]:
        """Lines `first` to `last`, both counted from 1 and included."""
        return self.lines(path)[first - 1 : last]

    def annotate(self, finding: Finding, byte_columns: bool = False, around: bool = False) -> Finding:
        """The finding with its code line and GitHub's line hash, where it has a line of a file of ours.

        With `byte_columns` its columns count UTF-8 bytes, and are turned into code points. With `around` it also gets
        the lines above and below.
        """
        where = finding.location
        if where is None or where.line is None:
            return finding
        lines = self.lines(where.path)
        if not 1 <= where.line <= len(lines):
            return finding
        code = "" if finding.secret else lines[where.line - 1][:MAX_CODE]
        place = self._in_code_points(where) if byte_columns else where
        above: tuple[str, ...] = ()
        below: tuple[str, ...] = ()
        if around and not finding.secret:
            above = _cut(lines[max(0, where.line - 1 - AROUND) : where.line - 1])
            below = _cut(lines[where.line : where.line + AROUND])
        hashed = self._hash(where.path, where.line)
        return replace(finding, location=place, code=code, line_hash=hashed, before=above, after=below)

    def _in_code_points(self, where: Location) -> Location:
        return replace(
            where,
            column=self._code_point(where.path, where.line, where.column),
            end_column=self._code_point(where.path, where.end_line or where.line, where.end_column),
        )

    def _code_point(self, path: str, line: int | None, column: int | None) -> int | None:
        lines = self.lines(path)
        if column is None or line is None or not 1 <= line <= len(lines):
            return column
        text = lines[line - 1]
        return (
            column
            if text.isascii()
            else len(text.encode("utf-8", "replace")[: column - 1].decode("utf-8", "ignore")) + 1
        )

    def _hash(self, path: str, line: int) -> str:
        raw = self.raw(path)
        if raw is None or len(raw) > MAX_HASHED:
            return ""
        if path not in self._hashes:
            self._hashes[path] = LineHashes(raw)
        return self._hashes[path].of(line)


def _cut(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(line[:_MAX_AROUND] for line in lines)


def _state(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
