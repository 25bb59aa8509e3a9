"""What a declaration asks of this tree itself: no gap, since the asked project's own declarations are read."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from posixpath import dirname, join, normpath

from py_secure_ci.dependencies.origins import IN_WORKSPACE
from py_secure_ci.pins import Declaration, Unpinned


def without_own(found: Declaration, folders: Container[str], names: Container[str]) -> Declaration:
    """The declaration without such gaps. `folders`: those with a manifest. `names`: of the projects of the tree."""
    return replace(found, unpinned=tuple(gap for gap in found.unpinned if not _is_own(gap, folders, names)))


def _is_own(gap: Unpinned, folders: Container[str], names: Container[str]) -> bool:
    if gap.reason == IN_WORKSPACE:
        return gap.name in names
    # pip takes a path from where it was started, which is mostly the root; other tools from the file's folder.
    places = (normpath(join(base, gap.path)) for base in (dirname(gap.file), ""))
    return bool(gap.path) and any(("" if one == "." else one) in folders for one in places)
