"""The entry: every declaration of a tree, read once, locks after the manifests that they answer for.

`read_dependencies(files, read)`: `files` are root-relative POSIX paths; `read` gives the text of one of them and may
raise `OSError`, `UnicodeError` or an error of ours. Nothing is ever run or resolved, and nothing outside `files` read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import takewhile

from py_secure_ci.dependencies import (
    conda,
    pdm_lock,
    pipfile,
    poetry_lock,
    pylock,
    pyproject,
    requirements,
    setup_files,
    uv_lock,
)
from py_secure_ci.dependencies import script as scripts
from py_secure_ci.dependencies.cover import Read, settle
from py_secure_ci.dependencies.entries import unreadable
from py_secure_ci.dependencies.manifest import Manifest, Manifests
from py_secure_ci.dependencies.recognise import Kind, by_name, confirmed
from py_secure_ci.errors import PySecureCiError, WrongShape
from py_secure_ci.pins import Declaration, Dependencies, Unpinned

# What a file that nobody foresaw may make a reader or a library raise: a gap of that file, never the run's end.
_FAULTS = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
_MANIFEST_LIMIT = 2_000_000  # characters
_LOCK_LIMIT = 50_000_000
_LARGE = frozenset(
    {Kind.UV_LOCK, Kind.POETRY_LOCK, Kind.PDM_LOCK, Kind.PIPFILE_LOCK, Kind.PYLOCK, Kind.SCRIPT_LOCK, Kind.REQUIREMENTS}
)
_LOCKS: dict[Kind, Callable[[str, str, Manifests], Declaration]] = {
    Kind.UV_LOCK: uv_lock.read,
    Kind.SCRIPT_LOCK: uv_lock.read,
    Kind.POETRY_LOCK: poetry_lock.read,
    Kind.PDM_LOCK: pdm_lock.read,
    Kind.PIPFILE_LOCK: pipfile.read_lock,
    Kind.PYLOCK: pylock.read,
}
_PLAIN: dict[Kind, Callable[[str, str], Declaration]] = {
    Kind.SETUP_CFG: setup_files.read_setup_cfg,
    Kind.SETUP_PY: setup_files.read_setup_py,
    Kind.PIPFILE: pipfile.read_pipfile,
    Kind.SCRIPT: scripts.read,
}


def read_dependencies(files: tuple[str, ...], read: Callable[[str], str]) -> Dependencies:
    """Read every declaration among `files`. Never raises for what a file holds: that becomes a gap of the file."""
    reading = _Reading(frozenset(files), read)
    for path in sorted(files):
        if kind := by_name(path):
            reading.take(path, kind)
    reading.locks()
    return Dependencies(settle(reading.done))


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    problem: str = ""


class _Reading:
    """What was read so far. Locks wait until every manifest is known."""

    def __init__(self, files: frozenset[str], read: Callable[[str], str]) -> None:
        self._files = files
        self._read = read
        self._waiting: dict[str, tuple[Kind, str]] = {}
        self._manifests: dict[str, Manifest] = {}
        self.done: dict[str, Read] = {}

    def take(self, path: str, kind: Kind) -> None:
        """Read one file unless it was read, and then the files that it includes."""
        if path in self.done or path in self._waiting:
            return
        found = self._text(path, _LOCK_LIMIT if kind in _LARGE else _MANIFEST_LIMIT)
        if kind is Kind.SCRIPT and found.problem:
            return  # not known to be a script: what checks source files reports that it cannot be read
        if found.problem:
            self.done[path] = Read(kind, unreadable(path, found.problem))
        elif confirmed(kind, path, found.text):
            if kind in _LOCKS:
                self._waiting[path] = (kind, found.text)
            else:
                self._open(path, kind, found.text)

    def locks(self) -> None:
        """Read the locks, each against the manifest beside it."""
        for path, (kind, text) in self._waiting.items():
            try:
                self.done[path] = Read(kind, _LOCKS[kind](text, path, self._manifests.get), header=_header(text))
            except (WrongShape, *_FAULTS) as error:
                self.done[path] = Read(kind, unreadable(path, f"cannot be read: {str(error)[:200]}"))

    def _text(self, path: str, limit: int) -> _Text:
        try:
            text = self._read(path)
        except UnicodeError:
            return _Text("", "it is not UTF-8 text")
        except (OSError, ValueError, PySecureCiError) as error:
            return _Text("", f"it cannot be opened: {getattr(error, 'strerror', None) or type(error).__name__}")
        if len(text) > limit:
            return _Text("", f"it is larger than {limit // 1_000_000} million characters")
        return _Text(text.removeprefix("\ufeff").replace("\r\n", "\n"))

    def _open(self, path: str, kind: Kind, text: str) -> None:
        try:
            read = self._manifest(path, kind, text)
        except (WrongShape, *_FAULTS) as error:
            read = Read(kind, unreadable(path, f"cannot be read: {str(error)[:200]}"))
        missing = self._missing(path, read)
        unpinned = (*read.declaration.unpinned, *missing)
        self.done[path] = replace(read, declaration=replace(read.declaration, unpinned=unpinned))
        for how, target, _ in read.includes:
            if target in self._files:
                self.take(target, by_name_or(how, target))

    def _missing(self, path: str, read: Read) -> list[Unpinned]:
        reason = {True: "it includes a file outside the tree, which is not read", False: "it includes a missing file"}
        return [
            Unpinned(name=target or path.rsplit("/", 1)[-1], file=path, line=line, reason=reason[not target])
            for _, target, line in read.includes
            if target not in self._files
        ]

    def _manifest(self, path: str, kind: Kind, text: str) -> Read:
        if kind is Kind.UNSUPPORTED:
            return Read(kind, unreadable(path, "lock files and manifests of this kind are not read"))
        if kind is Kind.PYPROJECT:
            found = pyproject.read(text, path)
            self._manifests[path] = Manifest(found.declaration, text, found.dynamic, found.origins)
            return Read(kind, found.declaration, tuple(("built", one, 1) for one in found.includes))
        if kind in _PLAIN:
            declaration = _PLAIN[kind](text, path)
            self._manifests[path] = Manifest(declaration, text)
            return Read(kind, declaration)
        if kind is Kind.CONDA:
            part = conda.read(text, path)
        else:
            part = requirements.read(text, path, constraints_only=kind is Kind.CONSTRAINTS)
        return Read(kind, part.declaration, part.includes, _header(text))


def _header(text: str) -> str:
    """The comment lines that a text starts with."""
    return " ".join(takewhile(lambda line: line.startswith("#"), text[:4000].split("\n")))


def by_name_or(how: str, target: str) -> Kind:
    """The kind of an included file: what its name says if that is a requirements file, else what the include says."""
    if by_name(target) is Kind.REQUIREMENTS:
        return Kind.REQUIREMENTS
    return Kind.CONSTRAINTS if how == "constraint" else Kind.REQUIREMENTS
