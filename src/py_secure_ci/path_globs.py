"""Path globs as in .gitignore: `*` stays within a folder, `**` does not, one without a slash fits at any depth."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_PIECE = re.compile(r"(?:^|(?<=/))\*\*/|\*\*|\*|\?|\[[^\]/]+\]|.", re.DOTALL)


def fits(path: str, globs: Iterable[str]) -> bool:
    """Whether one of the globs fits the path or a folder that it is in."""
    return any(_compiled(glob).fullmatch(path) is not None for glob in globs)


@lru_cache(maxsize=4096)
def _compiled(glob: str) -> re.Pattern[str]:
    glob = glob.removeprefix("./")
    folder, bare = glob.endswith("/"), glob.strip("/")
    anchored = "/" in glob.rstrip("/")
    body = "".join(_translate(match.group()) for match in _PIECE.finditer(bare))
    # `src/` and `src` both take in everything below; with the final slash, a file named `src` does not fit
    return re.compile(("" if anchored else "(?:.*/)?") + body + ("/.*" if folder else "(?:/.*)?"), re.DOTALL)


def _translate(piece: str) -> str:
    if piece.startswith("[") and len(piece) > 1:
        inside = piece[1:-1].replace("\\", "\\\\")
        return f"[^{inside[1:]}]" if inside[0] in "!^" else f"[{inside}]"
    return {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
