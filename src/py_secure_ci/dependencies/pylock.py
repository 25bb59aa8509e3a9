"""pylock.toml (PEP 751). See https://packaging.python.org/en/latest/specifications/pylock-toml/."""

from __future__ import annotations

from typing import Any

from py_secure_ci.dependencies.entries import Entries, hashes_of
from py_secure_ci.dependencies.graph import Trace, trace
from py_secure_ci.dependencies.manifest import Manifest, Manifests, neighbour
from py_secure_ci.dependencies.names import foreign_index, is_default_file, normalise
from py_secure_ci.dependencies.toml_text import locked_packages, table
from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Declaration, Unpinned
from py_secure_ci.reading import as_dict, as_list, field, optional
from py_secure_ci.toml_values import load_toml

_REASONS = {
    "vcs": "installed from version control: advisories name released versions only",
    "directory": "a local path: advisories name released versions only",
    "archive": "installed from a URL or file: advisories name released versions only",
}


def read(text: str, file: str, manifests: Manifests) -> Declaration:
    """Every package of the lock. Raises `WrongShape`."""
    lock = load_toml(text)
    version = field(lock, "lock-version", str, "pylock")
    if version.split(".")[0] != "1":
        raise WrongShape(f"lock version {version} is not known: only version 1 can be read")
    packages, lines = locked_packages(field(lock, "packages", list, "pylock"), "packages", text)
    maker = optional(lock, "created-by", str, "pylock") or "pip"
    manifest = manifests(neighbour(file, "Pipfile" if maker == "pipenv" else "pyproject.toml"))
    traced = _trace(packages, manifest)
    entries = Entries(file)
    if not packages:
        nothing = "the lock holds no package: it pins nothing"
        entries.unpinned.append(Unpinned(name=file.rsplit("/", 1)[-1], file=file, line=1, reason=nothing))
    for package, line in zip(packages, lines, strict=True):
        _add(entries, package, line, traced.get(normalise(package["name"])))
    project = manifest.declaration if manifest else entries.declaration("pip", locked=True)
    return entries.declaration(
        maker,
        locked=True,
        project=project.project,
        project_version=project.project_version,
    )


def _requires(package: dict[str, Any]) -> list[str]:
    listed = as_list(package.get("dependencies", []), "dependencies")
    return [normalise(field(as_dict(one, "dependencies"), "name", str, "dependencies")) for one in listed]


def _trace(packages: list[dict[str, Any]], manifest: Manifest | None) -> dict[str, Trace]:
    requires: dict[str, set[str]] = {}
    for one in packages:
        requires.setdefault(normalise(one["name"]), set()).update(_requires(one))
    direct = {group: names & set(requires) for group, names in manifest.direct().items()} if manifest else {}
    return trace(direct, requires)


def _files(package: dict[str, Any]) -> list[dict[str, Any]]:
    files = [*as_list(package.get("wheels", []), "wheels"), *([package["sdist"]] if "sdist" in package else [])]
    return [as_dict(one, "wheels") for one in files]


def _hashes(package: dict[str, Any]) -> list[str]:
    return [one for entry in _files(package) for one in hashes_of(table(entry, "hashes"))]


def _is_public(package: dict[str, Any]) -> bool:
    """Whether every file of the package is one of the default index."""
    urls = [optional(one, "url", str, "wheels") or "" for one in _files(package)]
    return bool(urls) and all(map(is_default_file, urls))


def _add(entries: Entries, package: dict[str, Any], line: int, traced: Trace | None) -> None:
    name, groups = package["name"], traced.groups if traced else ()
    reason = next((reason for kind, reason in _REASONS.items() if kind in package), "")
    version = optional(package, "version", str, name)
    if reason or version is None:
        path = optional(table(package, "directory"), "path", str, "directory") or ""
        entries.gap(name, line, reason or "the lock names no version", groups, path)
        return
    index = optional(package, "index", str, name)
    foreign = foreign_index(index) if index else ""
    entries.pin(
        name,
        version,
        line,
        hashes=_hashes(package),
        direct=traced.direct if traced else None,
        groups=groups,
        marker=optional(package, "marker", str, name) or "",
        via=traced.via if traced else (),
        requires=_requires(package),
        source=foreign,
        public=not foreign if index else _is_public(package),
    )
