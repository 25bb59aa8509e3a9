"""`advisories`: show or update the snapshot of known vulnerabilities."""

from __future__ import annotations

import argparse
import io
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from py_secure_ci.advisories.status import current, status, update
from py_secure_ci.config.settings import AdvisorySettings
from py_secure_ci.errors import AdvisoryError
from py_secure_ci.toolchain.places import cache_folder

EXPORT = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
MAX_BYTES = 300 * 1024 * 1024
SECONDS = 120.0


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print where the data is from and how old it is; with `update`, take newer data first."""
    cache, today = cache_folder(environ), datetime.now(timezone.utc).date()
    if arguments.action == "update":
        data, name = _export(arguments.source)
        update(data, name, cache, None if arguments.source else today, today)
    snapshot, updated = current(cache)
    for line in status(snapshot, updated, today, AdvisorySettings().max_age_days).lines():
        print(line)
    return 0


def _export(source: str | None) -> tuple[bytes, str]:
    if source:
        path = Path(source)
        try:
            if path.stat().st_size > MAX_BYTES:
                raise AdvisoryError(f"{source}: this file is too large to be an OSV export")
            return path.read_bytes(), path.name
        except OSError as error:
            raise AdvisoryError(f"{source}: cannot be read: {error.strerror}") from None
    try:
        with urllib.request.urlopen(EXPORT, timeout=SECONDS) as answer:
            stream = io.BytesIO(answer.read(MAX_BYTES))
    except (OSError, urllib.error.URLError) as error:
        raise AdvisoryError(
            f"the OSV export cannot be fetched: {getattr(error, 'reason', error)}",
            hint="Fetch PyPI's all.zip of OSV on another machine and give it with --from.",
        ) from None
    return stream.getvalue(), "all.zip"
