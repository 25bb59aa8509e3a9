"""Which files of the tree are as the last commit has them, told without running anything that a repository names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from py_secure_ci.source.git import Git
from py_secure_ci.source.repository import Entry

_FILES = frozenset({"100644", "100755"})


def committed(git: Git, contents: Mapping[str, bytes]) -> frozenset[str]:
    """Those of `contents` (path -> bytes in the work tree) that HEAD and the index hold in the same words.

    Bytes are compared, not what git's filters would make of them; only line ends may differ. So a file that some other
    filter converts counts as changed. Without a repository or a commit nothing is committed.
    """
    if git.place() is None or not git.resolve("HEAD"):
        return frozenset()
    head, index = _blobs(git.tree("HEAD")), _blobs(git.tracked())
    return frozenset(
        path
        for path, data in contents.items()
        if path in head and head[path] == index.get(path) and is_blob(head[path], data)
    )


def is_blob(blob: str, data: bytes) -> bool:
    """Whether git calls these bytes so; they may have other line ends."""
    return blob in _names(data, len(blob))


def _blobs(entries: tuple[Entry, ...]) -> dict[str, str]:
    return {one.path: one.blob for one in entries if one.mode in _FILES}


def _names(data: bytes, length: int) -> set[str]:
    """What git calls these bytes: the id of an object is SHA-1 in most repositories, SHA-256 in some."""
    kind = hashlib.sha256 if length == hashlib.sha256().digest_size * 2 else hashlib.sha1
    variants = (data, data.replace(b"\r\n", b"\n"))
    return {kind(b"blob %d\0" % len(one) + one).hexdigest() for one in variants}
