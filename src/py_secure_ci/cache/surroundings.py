"""What a tool sees beyond the tree's files: installed distributions, ignored modules, folders like packages."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

_MAX_STRAYS = 500
_PASSED = frozenset({"__pycache__", "node_modules"})
_SITES = ("lib/python3*/*-packages", "lib64/python3*/*-packages", "Lib/site-packages")
_MODULES = (".py", ".pyi", ".typed")


def installed(python: Path, root: Path) -> list[str] | None:
    """Everything installed for an interpreter, by what its records say of its files.

    None where something else than records decides: an editable install out of the tree, system packages besides.
    """
    prefix = python.parent.parent
    said = [str(python), os.path.realpath(python), *_read(prefix / "pyvenv.cfg").split("\n")]
    if any(line.replace(" ", "").lower() == "include-system-site-packages=true" for line in said):
        return None
    for pattern in _SITES:
        for site in sorted(prefix.glob(pattern)):
            for entry in sorted(site.iterdir()):
                words = _entry(entry, root)
                if words is None:
                    return None
                said.append(words)
    return said


def _entry(entry: Path, root: Path) -> str | None:
    if entry.suffix == ".pth":
        lines = [line for line in _read(entry).split("\n") if line.strip() and not line.startswith("#")]
        folders = [line for line in lines if not line.startswith(("import ", "import\t"))]
        if entry.name.startswith("__editable__") and len(folders) < len(lines):
            return None
        if not all(Path(folder).is_relative_to(root) for folder in folders):
            return None
        return f"{entry.name} {lines}"
    if entry.suffix == ".egg-link":
        return None
    record = entry / "RECORD" if entry.suffix == ".dist-info" else None
    return f"{entry.name} {hashlib.sha256(_read(record).encode()).hexdigest()}" if record else entry.name


def strays(root: Path, known: frozenset[str]) -> list[str] | None:
    """Python modules on disk that are not files of the tree (ignored by git, say), with their content.

    None where there is no telling: a link to a folder, or very many.
    """
    found: list[str] = []
    try:
        for path in _modules(root, ""):
            if path is None or len(found) > _MAX_STRAYS:
                return None
            if path not in known:
                found.append(f"{path} {hashlib.sha256((root / path).read_bytes()).hexdigest()}")
    except OSError:
        return None
    return sorted(found)


def folders(root: Path) -> list[str]:
    """Folders at the root and in `src`, which tell a linter what is the project's own package."""
    names = [*_folders(root, ""), *_folders(root / "src", "src/")]
    return sorted(name for name in names if not name.rpartition("/")[2].startswith((".", "__")))


def _folders(folder: Path, prefix: str) -> Iterator[str]:
    if os.path.isdir(folder):
        with os.scandir(folder) as entries:
            yield from (prefix + one.name for one in entries if _is_folder(one))


def _modules(folder: Path, prefix: str) -> Iterator[str | None]:
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda one: one.name)
    if prefix and any(one.name == "pyvenv.cfg" for one in listed):
        return
    for one in listed:
        if one.name.startswith(".") or one.name in _PASSED:
            continue
        if one.is_dir(follow_symlinks=False):
            yield from _modules(Path(one.path), f"{prefix}{one.name}/")
        elif one.is_symlink() and _is_folder(one):
            yield None
        elif one.name.endswith(_MODULES) and os.path.isfile(one):
            yield prefix + one.name


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _is_folder(path: os.DirEntry[str]) -> bool:
    """False for a link in a circle too, which some versions of Python raise an error for."""
    try:
        return path.is_dir()
    except OSError:
        return False
