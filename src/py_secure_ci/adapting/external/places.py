"""What a foreign report calls a file, as a path of the project's."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

_DRIVE = re.compile(r"/?[A-Za-z]:/")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


class Places:
    """Anchors paths of other machines: `/home/runner/work/shop/shop/app/a.py` is `app/a.py` if only that file fits."""

    def __init__(self, root: str, files: Iterable[str]) -> None:
        """`root`: the project's root, absolute, POSIX. `files`: every file of the tree."""
        self._root = root.rstrip("/")
        self._files = frozenset(files)

    def path(self, uri: str) -> str:
        """The file that a URI or path means, root-relative where it is the project's; empty: no file at all."""
        parts = urlsplit(uri) if _SCHEME.match(uri) and not _DRIVE.match(uri.replace("\\", "/")) else None
        if parts is not None and parts.scheme != "file":
            return ""
        raw = unquote(parts.path if parts is not None else uri).replace("\\", "/").replace("\0", "")
        text = posixpath.normpath(raw) if raw else ""
        if text.startswith(f"{self._root}/"):
            return text[len(self._root) + 1 :]
        if text in self._files or not (text.startswith("/") or _DRIVE.match(text)):
            return text
        words = text.split("/")
        tails = ("/".join(words[at:]) for at in range(1, len(words)))
        return next((tail for tail in tails if tail in self._files), text)
