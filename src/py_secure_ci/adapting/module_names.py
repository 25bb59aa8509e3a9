"""Which module each file is to mypy, and which files cannot be checked in one run for having the same name.

The rules are those of mypy's `--explicit-package-bases`: a name is the path below the nearest import root; a folder
whose name is no identifier ends it, and if such a folder has an `__init__.py`, mypy refuses to start.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

REFUSED = "-"  # stands for the name of a folder that mypy refuses; no module is called so


def import_roots(files: Iterable[str]) -> tuple[str, ...]:
    """Give the folders that imports start from: each outermost `src`, sorted, beside the project's root."""
    folders = {posixpath.dirname(file) for file in files}
    parts = [folder.split("/") for folder in folders]
    return tuple(sorted({"/".join(one[: one.index("src") + 1]) for one in parts if "src" in one}))


def module_names(files: Iterable[str]) -> dict[str, str]:
    """Each file's module; empty for a file that mypy would refuse."""
    files = tuple(files)
    inits = {posixpath.dirname(file) for file in files if posixpath.basename(file) in ("__init__.py", "__init__.pyi")}
    prefixes = dict.fromkeys(("", *import_roots(files)), "")
    names = {}
    for file in files:
        folder, base = posixpath.split(file)
        prefix = _prefix(folder, inits, prefixes)
        stem = base.removesuffix(".pyi").removesuffix(".py")
        # An `__init__` right in an import root has no other name.
        parts = [prefix] if stem == "__init__" and prefix else [prefix, stem] if prefix else [stem]
        names[file] = "" if prefix == REFUSED else ".".join(parts)
    return names


def _prefix(folder: str, inits: set[str], known: dict[str, str]) -> str:
    """Name the package that a folder is; `known` holds the import roots, and what was found out before."""
    if folder not in known:
        parent, name = posixpath.split(folder)
        above = _prefix(parent, inits, known)
        name = name.removesuffix("-stubs")
        if above == REFUSED or (folder in inits and not name.isidentifier()):
            known[folder] = REFUSED
        elif not name.isidentifier():
            known[folder] = ""
        else:
            known[folder] = f"{above}.{name}" if above else name
    return known[folder]


def runs(files: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Divide the files into as few runs as need be, so that no module name comes twice in one.

    The files of one import root stay together where they can, since they import each other.
    """
    names = module_names(files)
    roots = import_roots(names)
    groups: dict[str, list[str]] = {}
    for file in sorted(names):
        groups.setdefault(next((one for one in roots if file.startswith(f"{one}/")), ""), []).append(file)
    taken: list[dict[str, str]] = []
    for _, group in sorted(groups.items()):
        wanted = {names[file] for file in group}
        first = next((number for number, run in enumerate(taken) if not wanted & run.keys()), len(taken))
        for file in group:
            key = names[file] or file  # what mypy refuses takes part in no run, and so collides with nothing
            number = next((n for n in range(first, len(taken)) if key not in taken[n]), len(taken))
            if number == len(taken):
                taken.append({})
            taken[number][key] = file
    return tuple(tuple(sorted(run.values())) for run in taken)
