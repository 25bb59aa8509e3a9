"""The tree to check: which files there are, which of them can be read, and what is left out by whose word."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from py_secure_ci.errors import BaselineError
from py_secure_ci.judging.baseline import BASELINE_FILE
from py_secure_ci.judging.baseline import parse as parse_baseline
from py_secure_ci.model import Excluded, Gap
from py_secure_ci.source.git import Git
from py_secure_ci.source.globs import matches
from py_secure_ci.source.repository import Repository, Survey
from py_secure_ci.source.scripts import is_script, is_template, told_of
from py_secure_ci.source.wide_text import looks_like_utf16

MAX_FILE = 20 * 1024 * 1024
_SNIFF = 8192
_ENVIRONMENT_MARK = "pyvenv.cfg"
_NEVER = frozenset({".git", ".hg", ".svn"})
# Files that people edit as text: a NUL byte in one means another encoding, not a binary file to pass over.
_TEXT_ENDINGS = frozenset(
    ".py .pyi .txt .md .rst .toml .cfg .ini .json .yml .yaml .env .xml .html .sh .js .ts .conf .properties .sql".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What is due. Paths are relative to `root`, POSIX, sorted.

    `files`: everything a tool may be asked to look at. `binary`: those of them that hold no text. `blobs`: git's blob
    id of each tracked file as the index has it (a changed file's id is that of its old bytes).
    """

    root: Path
    repository: Repository | None
    files: tuple[str, ...]
    binary: frozenset[str] = frozenset()
    gaps: tuple[Gap, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()
    blobs: Mapping[str, str] = field(default_factory=dict)
    scripts: frozenset[str] = frozenset()  # those of `files` that are Python programs, but not by their names
    elsewhere: tuple[str, ...] = ()  # folders that are projects of their own: nothing in them is due here


def without(tree: Tree, folders: Iterable[str]) -> Tree:
    """The tree but for folders (root-relative) that are projects of their own; each is told once."""
    away = tuple(sorted(folders))

    def here(path: str) -> bool:
        return path not in away and not _under(path, away)

    if not away:
        return tree
    kept = [one for one in tree.excluded if here(one.subject)]
    told = [Excluded(folder, "a project of its own") for folder in away]
    return replace(
        tree,
        files=tuple(path for path in tree.files if here(path)),
        binary=frozenset(path for path in tree.binary if here(path)),
        scripts=frozenset(path for path in tree.scripts if here(path)),
        gaps=tuple(gap for gap in tree.gaps if here(gap.subject)),
        excluded=tuple(sorted([*kept, *told], key=lambda one: one.subject)),
        blobs={path: blob for path, blob in tree.blobs.items() if here(path)},
        elsewhere=away,
    )


def read_tree(
    root: Path,
    git: Git,
    exclude: tuple[str, ...],
    config_file: str,
    output: Path | None,
    ours: Iterable[Path] = (),
    survey: Callable[[], Survey | None] | None = None,
) -> Tree:
    """List the tree. `exclude`: globs of our YAML. `output`: the report's folder, whose untracked files are ours.

    `ours`: further files that are ours where they are untracked (parts of a run that lie in the tree). `survey`: what
    git was asked already.

    Raises SourceError if git is there but cannot read the repository.
    """
    found = survey() if survey else git.survey()
    listing = _Listing(root, exclude, config_file or "py-secure-ci", _inside(root, output))
    listing.ours = frozenset(_inside(root, path) for path in ours) - {""}
    if found is None:
        listing.notes.append("not a git repository: every file below the folder is due, ignored ones included")
        listing.add(_walk(root, listing), tracked=False)
    else:
        listing.add_entries(found)
    return listing.tree(found.repository if found else None)


class _Listing:
    def __init__(self, root: Path, exclude: tuple[str, ...], by: str, output: str) -> None:
        self.root, self.exclude, self.by, self.output = root, exclude, by, output
        self.ours: frozenset[str] = frozenset()
        self.files: list[str] = []
        self.binary: set[str] = set()
        self.scripts: set[str] = set()
        self.templates: list[str] = []
        self.gaps: list[Gap] = []
        self.excluded: list[Excluded] = []
        self.notes: list[str] = []
        self.missing: list[str] = []
        self.blobs: dict[str, str] = {}
        self.real = os.path.realpath(root)
        self.plain: dict[str, bool] = {}

    def add_entries(self, found: Survey) -> None:
        for entry in found.tracked:
            if entry.mode == "160000":
                self._submodule(entry.path)
                continue
            self.blobs[entry.path] = entry.blob
            self.add([entry.path], tracked=True)
            if entry.path not in self.blobs:  # it is not there
                (self._left_out if entry.sparse else self.missing.append)(entry.path)
        untracked = tuple(path for path in found.untracked if path not in self.blobs)
        environments = sorted({path.rpartition("/")[0] for path in untracked if path.endswith("/" + _ENVIRONMENT_MARK)})
        self.excluded += [Excluded(folder, "a Python environment, not part of the project") for folder in environments]
        self.add((path for path in untracked if not _under(path, environments)), tracked=False)

    def add(self, paths: Iterable[str], *, tracked: bool) -> None:
        for path in paths:
            if not tracked and ((self.output and (path + "/").startswith(self.output + "/")) or path in self.ours):
                continue
            if matches(path, self.exclude):
                self.excluded.append(Excluded(path, self.by))
            elif path.endswith("/"):
                self.gaps.append(
                    Gap(path.rstrip("/"), "a repository inside the repository; git does not list its files")
                )
            else:
                self._file(path)

    def _left_out(self, path: str) -> None:
        """A file of the commit that a sparse checkout did not write: whole folders of them are one gap."""
        folder = path.partition("/")[0] if "/" in path else path
        if folder != path and os.path.exists(self.root / folder):
            folder = path
        gap = Gap(folder, "not checked out (a sparse checkout); exclude it, or check everything out")
        if gap not in self.gaps[-1:]:
            self.gaps.append(gap)

    def _submodule(self, path: str) -> None:
        if matches(path, self.exclude):
            self.excluded.append(Excluded(path, self.by))
        else:
            self.gaps.append(
                Gap(path, "a git submodule, which is another repository: run the gate there and exclude it here")
            )

    def _file(self, path: str) -> None:
        full = f"{self.root}/{path}"
        if not self._is_inside(path.rpartition("/")[0]):
            self.gaps.append(Gap(path, "git lists it, but its folder leads elsewhere; it was not opened"))
            return
        try:
            mode = os.lstat(full)
            if stat.S_ISLNK(mode.st_mode):
                self._link(path, Path(full))
            elif not stat.S_ISREG(mode.st_mode):
                self.gaps.append(Gap(path, "neither a file nor a link; it was not opened"))
            elif mode.st_size > MAX_FILE:
                self.gaps.append(Gap(path, f"{mode.st_size:,} bytes; files over {MAX_FILE:,} are not given to tools"))
            else:
                self._content(path, full)
        except FileNotFoundError:
            self.blobs.pop(path, None)  # deleted in the work tree: there is nothing to look at
        except OSError as error:
            self.gaps.append(Gap(path, f"cannot be read: {error.strerror}"))

    def _is_inside(self, folder: str) -> bool:
        """Whether a folder is what its name says: an index made by hand can name `..`, or what a link leads to."""
        if folder not in self.plain:
            place = f"{self.real}/{folder}" if folder else self.real
            self.plain[folder] = os.path.realpath(place) == place
        return self.plain[folder]

    def _link(self, path: str, full: Path) -> None:
        target = os.readlink(full)
        try:
            real = Path(os.path.realpath(full, strict=True))
        except OSError:
            self.excluded.append(Excluded(path, "a symbolic link that leads nowhere or in a circle"))
            return
        inside = real == self.root or self.root in real.parents
        where = "inside the tree, where its target counts" if inside else "out of the tree: not followed"
        self.excluded.append(Excluded(path, f"a symbolic link {where}" + ("" if inside else f" ({target})")))

    def _content(self, path: str, full: str) -> None:
        with open(full, "rb", buffering=0) as stream:  # noqa: PTH123 - thousands of files: Path is slow
            head = stream.read(_SNIFF)
        if b"\0" in head or head.startswith((b"\xff\xfe", b"\xfe\xff")):
            if looks_like_utf16(head) or Path(path).suffix.lower() in _TEXT_ENDINGS:
                self.gaps.append(
                    Gap(path, "not UTF-8 text (it looks like UTF-16 or holds NUL bytes): no tool can read it")
                )
                return
            self.binary.add(path)
        elif path == BASELINE_FILE and _is_baseline(Path(full)):
            self.excluded.append(Excluded(path, "py-secure-ci's own list of known findings"))
            return
        elif is_script(path, head):
            self.scripts.add(path)
        elif is_template(path, head):
            self.templates.append(path)
        self.files.append(path)

    def tree(self, repository: Repository | None) -> Tree:
        return Tree(
            root=self.root,
            repository=repository,
            files=tuple(sorted(self.files)),
            binary=frozenset(self.binary),
            scripts=frozenset(self.scripts),
            gaps=tuple(sorted(self.gaps, key=lambda gap: gap.subject)),
            excluded=tuple(sorted(self.excluded, key=lambda one: one.subject)),
            notes=(*self.notes, *told_of(self.templates), *_told_missing(self.missing)),
            blobs=self.blobs,
        )


def _told_missing(paths: list[str]) -> tuple[str, ...]:
    """A note on files that git tracks and nobody can look at; none without any."""
    if not paths:
        return ()
    shown = ", ".join(sorted(paths)[:5]) + (f" and {len(paths) - 5:,} more" if len(paths) > 5 else "")
    return (f"git tracks what is not in the work tree, so nobody looked at it: {shown}",)


def _is_baseline(path: Path) -> bool:
    """Whether every line of the file is a baseline's: only then nothing else can hide in it."""
    try:
        parse_baseline(path.read_text(encoding="utf-8"), path.name)
    except (BaselineError, ValueError):
        return False
    return True


def _under(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(folder + "/") for folder in folders)


def _inside(root: Path, output: Path | None) -> str:
    if output is None:
        return ""
    try:
        relative = Path(os.path.realpath(output)).relative_to(os.path.realpath(root)).as_posix()
    except ValueError:
        return ""
    return "" if relative == "." else relative


def _walk(root: Path, listing: _Listing) -> Iterable[str]:
    def refuse(error: OSError) -> None:
        where = os.path.relpath(error.filename or root, root)
        listing.gaps.append(Gap(where, f"the folder cannot be read: {error.strerror}"))

    for folder, names, files in os.walk(root, onerror=refuse):
        here = os.path.relpath(folder, root)
        prefix = "" if here == "." else here.replace(os.sep, "/") + "/"
        names[:] = sorted(_kept(Path(folder), prefix, names, listing))
        yield from (prefix + name for name in sorted(files))
        yield from (prefix + name for name in names if (Path(folder) / name).is_symlink())


def _kept(folder: Path, prefix: str, names: Iterable[str], listing: _Listing) -> Iterable[str]:
    for name in names:
        if name in _NEVER:
            continue
        if os.path.isfile(folder / name / _ENVIRONMENT_MARK):
            listing.excluded.append(Excluded(prefix + name, "a Python environment, not part of the project"))
        elif name in ("__pycache__", "node_modules"):
            listing.excluded.append(Excluded(prefix + name, "made by a tool, not part of the project"))
        else:
            yield name
