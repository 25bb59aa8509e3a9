"""What the toolchain hands out: where a tool is and which version; and what it knows without installing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from py_secure_ci.toolchain.places import bin_folder, python_of

MARKER = "made-whole.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A tool that can be started now.

    `source`: locked | project | path. `lock`: sha256 (hex) of the lock file; empty unless locked. `python` and
    `site_packages` are None for a program found on PATH. `versions`: every distribution of the environment by its
    normalised name, where that is known.
    """

    name: str
    version: str
    source: str
    bin: Path
    python: Path | None = None
    site_packages: Path | None = None
    lock: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is known of a locked tool without installing it. `path`: its environment, made or not."""

    name: str
    version: str
    installed: bool
    path: Path
    lock: str


def distributions(site_packages: Path) -> dict[str, str]:
    """Normalised name -> version of everything installed in a folder, read from its metadata files; runs nothing."""
    from email.parser import HeaderParser

    found = {}
    for metadata in site_packages.glob("*.dist-info/METADATA"):
        heading = HeaderParser().parsestr(metadata.read_text(encoding="utf-8", errors="replace"))
        name, version = heading.get("Name"), heading.get("Version")
        if name and version:
            found[canonicalize_name(name)] = version
    return dict(sorted(found.items()))


def write_marker(environment: Path, site_packages: Path, versions: Mapping[str, str]) -> None:
    """Declare an environment whole. Written last, and at once."""
    said = {
        "site_packages": site_packages.relative_to(environment).as_posix(),
        "entries": {"bin": _names(bin_folder(environment)), "site_packages": _names(site_packages)},
        "versions": dict(versions),
    }
    part = environment / f"{MARKER}.part"
    part.write_text(json.dumps(said, indent=1, sort_keys=True), encoding="utf-8")
    part.replace(environment / MARKER)


def read_marker(environment: Path) -> tuple[Path, Mapping[str, str]] | None:
    """(site-packages, versions) of an environment that is whole; None when it is not, or no longer."""
    try:
        said = json.loads((environment / MARKER).read_text(encoding="utf-8"))
        site_packages = environment / said["site_packages"]
        entries, versions = said["entries"], dict(said["versions"])
        there = {"bin": _names(bin_folder(environment)), "site_packages": _names(site_packages)}
        missing = [name for kind, names in entries.items() for name in set(names) - set(there[kind])]
    except (OSError, ValueError, KeyError, TypeError):  # absent or damaged: make it again
        return None
    # exists() follows the link: the interpreter that an environment was made with may have been removed since
    return None if missing or not python_of(environment).exists() else (site_packages, versions)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "__pycache__")
