"""Path globs as in .gitignore: `*` stays within a folder, `**` does not, one without a slash fits at any depth.

Whoever writes a glob may write the names as well, so none may take long: what follows a wildcard is looked for at its
first place only, which is as good as any later one, since the next wildcard takes in whatever lies between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

_PIECE = re.compile(r"(?:^|(?<=/))(?:\*\*/)+|\*\*+|\*|\?|\[!?\^?\]?[^\]/]*\]|.", re.DOTALL)
ANY, _BELOW, _NAME = ".*?", "(?:.*?/)??", "[^/]*?"
_BELOW_IT = "(?:/.*)?"  # what fits a folder fits all that is in it


def fits(path: str, globs: Iterable[str]) -> bool:
    """Whether one of the globs fits the path or a folder that it is in."""
    return any(_compiled(glob).fullmatch(path) is not None for glob in globs)


@lru_cache(maxsize=4096)
def _compiled(glob: str) -> re.Pattern[str]:
    glob = glob.removeprefix("./")
    # `src/` and `src` both take in everything below; with the final slash, a file named `src` does not fit
    return pattern(glob, "/.*" if glob.endswith("/") else _BELOW_IT)


def pattern(glob: str, end: str = _BELOW_IT) -> re.Pattern[str]:
    """A pattern to match whole paths with, in time that does not explode. `end`: what may follow, as an expression."""
    body = glob.strip("/")
    pieces = [_BELOW] if "/" not in glob.rstrip("/") else []
    pieces += [_translate(match.group()) for match in _PIECE.finditer(body)]
    return re.compile(first_places(pieces, end), re.DOTALL)


def first_places(pieces: Iterable[str], end: str) -> str:
    """Wildcards and single characters as one expression, in which each wildcard is settled before the next one.

    A wildcard over folders begins a stretch: within it names are settled one by one, and the whole of it once.
    """
    *stretches, last = _stretches(pieces)
    numbers = iter(range(1, len(stretches) + sum(len(one) for one in (*stretches, last)) + 1))
    text = "".join(_once(_settled(one, numbers), numbers) for one in stretches)
    *names, final = last
    return text + "".join([names.pop(0), *(_once(one, numbers) for one in names)] if names else []) + final + end


def _stretches(pieces: Iterable[str]) -> list[list[str]]:
    """Stretches, each a list of texts that begin with a wildcard (but perhaps the first)."""
    found: list[list[str]] = [[""]]
    for piece in pieces:
        if piece in (ANY, _BELOW):
            found.append([piece])
        elif piece == _NAME:
            found[-1].append(piece)
        else:
            found[-1][-1] += piece
    return found


def _settled(texts: list[str], numbers: Iterator[int]) -> str:
    first, *rest = texts
    return first + "".join(_once(one, numbers) for one in rest)


def _once(text: str, numbers: Iterator[int]) -> str:
    """The text where it fits first, without a second try (an atomic group, which Python 3.10 lacks)."""
    name = f"p{next(numbers)}"
    return f"(?=(?P<{name}>{text}))(?P={name})"


def _translate(piece: str) -> str:
    if piece.startswith("[") and len(piece) > 1:
        return _class(piece)
    if piece.startswith("**"):
        return _BELOW if piece.endswith("/") else ANY
    return {"*": _NAME, "?": "[^/]"}.get(piece, re.escape(piece))


def _class(piece: str) -> str:
    """`[a-z]` or `[!a-z]`; none of them fits a slash. What is no class means itself."""
    inside = piece[1:-1]
    negated = inside[:1] in ("!", "^")
    words = re.sub(r"[\\\[\]&|~^]", r"\\\g<0>", inside[1:] if negated else inside)
    try:
        return f"(?!/){re.compile(f'[{chr(94) * negated}{words}]').pattern}"
    except re.error:
        return re.escape(piece)
