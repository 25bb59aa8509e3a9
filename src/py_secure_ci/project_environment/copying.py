"""Builds happen in a copy: they write `*.egg-info` and `build/` beside the sources, and the tree is the user's.

Editable installs made in the copy are led back to the real tree afterwards, so that tests run what is there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

# A copy has no history to take a version from; the well-known ways to say one all the same.
VERSIONS = {
    "SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0",
    "PDM_BUILD_SCM_VERSION": "0.0.0",
    "PBR_VERSION": "0.0.0",
    "POETRY_DYNAMIC_VERSIONING_BYPASS": "0.0.0",
}
# What editable installs consist of, in every build system that is known to make them.
LINKS = ("*.pth", "__editable__*.py", "_*_editable*.py", "*.dist-info/direct_url.json", "*.egg-link")


@contextmanager
def copied(root: Path, files: Iterable[str], place: Path) -> Iterator[Path]:
    """A copy of the tree's files at `place`, gone afterwards."""
    shutil.rmtree(place, ignore_errors=True)
    try:
        for name in files:
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target)
            shutil.copymode(root / name, target)
        place.mkdir(parents=True, exist_ok=True)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def lead_back(environment: Path, copy: Path, root: Path) -> None:
    """Let everything that is installed as editable point into the real tree."""
    for folder in environment.glob("lib*/python*/site-packages"):
        for pattern in LINKS:
            for link in folder.glob(pattern):
                _rewrite(link, copy, root)


def _rewrite(link: Path, copy: Path, root: Path) -> None:
    text = link.read_bytes()
    changed = text.replace(os.fsencode(copy), os.fsencode(root))
    if changed != text:
        link.write_bytes(changed)
