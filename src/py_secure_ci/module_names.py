"""Which module each file is to mypy, and which files cannot be checked in one run for having the same name.

The rules are those of mypy's `--explicit-package-bases`: a name is the path below the nearest import root; a folder
whose name is no identifier ends it, and if such a folder has an `__init__.py`, mypy refuses to start.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

ROOT = PurePosixPath(".")


def import_roots(files: Iterable[str]) -> tuple[PurePosixPath, ...]:
    """Give the folders that imports start from: each outermost `src`, sorted; the project's root goes without saying."""
    roots = set()
    for file in files:
        folders = PurePosixPath(file).parts[:-1]
        if "src" in folders:
            roots.add(PurePosixPath(*folders[: folders.index("src") + 1]))
    return tuple(sorted(roots))


def module_names(files: Iterable[str]) -> dict[str, str]:
    """Each file's module; empty for a file that mypy would refuse."""
    files = tuple(files)
    roots = frozenset(import_roots(files)) | {ROOT}
    inits = ("__init__.py", "__init__.pyi")
    packages = frozenset(PurePosixPath(file).parent for file in files if PurePosixPath(file).name in inits)
    return {file: _module(PurePosixPath(file), roots, packages) for file in files}


def _module(file: PurePosixPath, roots: frozenset[PurePosixPath], packages: frozenset[PurePosixPath]) -> str:
    if any(folder in packages and folder not in roots and not _identifier(folder) for folder in file.parents):
        return ""
    parts = [] if file.stem == "__init__" else [file.stem]
    for folder in file.parents:
        if folder in roots or not _identifier(folder):
            break
        parts.append(folder.name.removesuffix("-stubs"))
    # An `__init__` right in an import root has no other name.
    return ".".join(reversed(parts)) or file.stem


def _identifier(folder: PurePosixPath) -> bool:
    return folder == ROOT or folder.name.removesuffix("-stubs").isidentifier()


def runs(files: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Divide the files into as few runs as need be, so that no module name comes twice in one.

    The files of one import root stay together where they can, since they import each other.
    """
    names = module_names(files)
    roots = sorted(import_roots(names), reverse=True)
    groups: dict[PurePosixPath, list[str]] = {}
    for file in sorted(names):
        groups.setdefault(next((one for one in roots if one in PurePosixPath(file).parents), ROOT), []).append(file)
    taken: list[dict[str, str]] = []
    for _, group in sorted(groups.items()):
        wanted = {names[file] for file in group}
        first = next((number for number, run in enumerate(taken) if not wanted & run.keys()), len(taken))
        for file in group:
            number = next((n for n in range(first, len(taken)) if names[file] not in taken[n]), len(taken))
            if number == len(taken):
                taken.append({})
            taken[number][names[file] or file] = file
    return tuple(tuple(sorted(run.values())) for run in taken)
