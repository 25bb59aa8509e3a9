"""`cache`: how much earlier runs left behind, and throwing it away."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping

from py_secure_ci.cache.upkeep import LIMIT, entries, prune
from py_secure_ci.errors import UsageError
from py_secure_ci.toolchain.places import cache_folder

MEBIBYTE = 1024 * 1024


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print what is kept; with `prune`, remove the least recently used first."""
    cache = cache_folder(environ)
    if arguments.action == "prune":
        if arguments.megabytes is not None and arguments.megabytes < 0:
            raise UsageError("--megabytes cannot be less than 0")
        limit = LIMIT if arguments.megabytes is None else arguments.megabytes * MEBIBYTE
        count, size = prune(cache, limit)
        print(f"removed {count} of the kept results and caches, {size / MEBIBYTE:.1f} MiB")
    listed = entries(cache)
    counts, sizes = Counter[str](), Counter[str]()
    for one in listed:
        counts[one.path.parent.name] += 1
        sizes[one.path.parent.name] += one.size
    for name in sorted(counts):
        print(f"{name}: {counts[name]}, {sizes[name] / MEBIBYTE:.1f} MiB")
    print(f"in all {sum(sizes.values()) / MEBIBYTE:.1f} MiB of at most {LIMIT // MEBIBYTE} in {cache}")
    return 0
