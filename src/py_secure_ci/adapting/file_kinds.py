"""Kinds of files by name: what holds no text, and what holds nothing but hashes."""

from __future__ import annotations

# fmt: off
BINARY = frozenset({
    ".7z", ".avi", ".bin", ".bmp", ".bz2", ".class", ".db", ".dll", ".dmg", ".doc", ".docx", ".dylib", ".egg",
    ".eot", ".exe", ".flac", ".gif", ".gz", ".h5", ".ico", ".icns", ".jar", ".jpeg", ".jpg", ".mo", ".mov",
    ".mp3", ".mp4", ".npy", ".npz", ".o", ".odt", ".ogg", ".otf", ".parquet", ".pdf", ".pickle", ".pkl", ".png",
    ".ppt", ".pptx", ".psd", ".pt", ".pyc", ".pyd", ".rar", ".so", ".sqlite", ".sqlite3", ".tar", ".tgz",
    ".tif", ".tiff", ".ttf", ".wav", ".webm", ".webp", ".whl", ".woff", ".woff2", ".xls", ".xlsx", ".xz",
    ".zip", ".zst",
})

# Lock files: written by programs, with hashes from end to end.
LOCKS = frozenset({
    "Cargo.lock", "Gemfile.lock", "Pipfile.lock", "composer.lock", "flake.lock", "go.sum", "package-lock.json",
    "packages.lock.json", "pdm.lock", "pixi.lock", "pnpm-lock.yaml", "poetry.lock", "uv.lock", "yarn.lock",
})
# fmt: on
