"""Names that stand in a file somebody else may have written, as paths below a folder that we chose."""

from __future__ import annotations

import os
from pathlib import Path, PurePath


def inside(folder: Path, name: str) -> Path | None:
    """The place of that name (POSIX, relative) below `folder`; None where the name, or a link on the way, leads away.

    Whether there is anything at the place is another question.
    """
    parts = name.split("/")
    if any(part in ("", ".", "..") or PurePath(part).name != part for part in parts):
        return None
    try:
        real = Path(os.path.realpath(folder), *parts)
        return folder.joinpath(*parts) if os.path.realpath(real) == str(real) else None
    except ValueError:  # a zero byte, or half a surrogate pair: no file can be called so
        return None
