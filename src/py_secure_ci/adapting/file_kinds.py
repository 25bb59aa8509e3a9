"""Kinds of files by name: what holds no text, and what holds nothing but hashes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from py_secure_ci.model import Excluded

# fmt: off
BINARY = frozenset({
    ".7z", ".avi", ".bin", ".bmp", ".bz2", ".class", ".db", ".dll", ".dmg", ".doc", ".docx", ".dylib", ".egg",
    ".eot", ".exe", ".flac", ".gif", ".gz", ".h5", ".ico", ".icns", ".jar", ".jpeg", ".jpg", ".mo", ".mov",
    ".mp3", ".mp4", ".npy", ".npz", ".o", ".odt", ".ogg", ".otf", ".parquet", ".pdf", ".pickle", ".pkl", ".png",
    ".ppt", ".pptx", ".psd", ".pt", ".pyc", ".pyd", ".rar", ".so", ".sqlite", ".sqlite3", ".tar", ".tgz",
    ".tif", ".tiff", ".ttf", ".wav", ".webm", ".webp", ".whl", ".woff", ".woff2", ".xls", ".xlsx", ".xz",
    ".zip", ".zst",
})

# Those of them that hold other files, which may well be text.
ARCHIVES = frozenset({
    ".7z", ".bz2", ".egg", ".gz", ".jar", ".rar", ".tar", ".tgz", ".whl", ".xz", ".zip", ".zst",
})

# Lock files: written by programs, with hashes from end to end.
LOCKS = frozenset({
    "Cargo.lock", "Gemfile.lock", "Pipfile.lock", "composer.lock", "flake.lock", "go.sum", "package-lock.json",
    "packages.lock.json", "pdm.lock", "pixi.lock", "pnpm-lock.yaml", "poetry.lock", "uv.lock", "yarn.lock",
})
# fmt: on


def packed(files: Iterable[str]) -> tuple[Excluded, ...]:
    """The archives among the files: nothing unpacks them, so what is inside is told as left out."""
    archives = [file for file in files if posixpath.splitext(file)[1].lower() in ARCHIVES]
    return tuple(Excluded(file, "default (an archive: what is inside is not looked at)") for file in archives)
