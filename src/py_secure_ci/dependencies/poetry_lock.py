"""poetry.lock. See https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from py_secure_ci.dependencies.entries import Entries
from py_secure_ci.dependencies.graph import Trace, trace
from py_secure_ci.dependencies.manifest import Manifest, Manifests, neighbour, unmet
from py_secure_ci.dependencies.names import foreign_index, normalise
from py_secure_ci.dependencies.toml_text import locked_packages, strings, table
from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Declaration
from py_secure_ci.reading import as_dict, as_list, field, optional
from py_secure_ci.toml_values import load_toml

_REASONS = {
    "git": "installed from version control: advisories name released versions only",
    "url": "installed from a URL: advisories name released versions only",
    "file": "a local file: advisories name released versions only",
    "directory": "a local path: advisories name released versions only",
}
_LEGACY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")
_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")


def read(text: str, file: str, manifests: Manifests) -> Declaration:
    """Every package of the lock. Raises `WrongShape`."""
    lock = load_toml(text)
    metadata = table(lock, "metadata")
    version = optional(metadata, "lock-version", str, "metadata") or "1.0"
    if version.split(".")[0] not in ("1", "2"):
        raise WrongShape(f"lock version {version} is not known: only versions 1 and 2 can be read")
    packages, lines = locked_packages(lock.get("package", []), "package", text)
    manifest = manifests(neighbour(file, "pyproject.toml"))
    traced = _trace(packages, manifest)
    entries = Entries(file)
    for package, line in zip(packages, lines, strict=True):
        found = traced.get(normalise(package["name"]))
        _add(entries, package, line, traced=found, manifest=manifest, metadata=metadata)
    entries.members += [one["name"] for one in packages if table(one, "source").get("type") == "directory"]
    stale = _stale(packages, manifest, metadata) if manifest else ""
    project = manifest.declaration if manifest else entries.declaration("poetry", locked=True)
    return entries.declaration(
        "poetry", locked=True, stale=stale, project=project.project, project_version=project.project_version
    )


def _requires(package: dict[str, Any]) -> list[str]:
    """Names of what a package asks for. Optional ones count: they are in the lock because somebody asked."""
    return [normalise(name) for name in table(package, "dependencies")]


def _trace(packages: list[dict[str, Any]], manifest: Manifest | None) -> dict[str, Trace]:
    requires: dict[str, set[str]] = {}
    for one in packages:
        requires.setdefault(normalise(one["name"]), set()).update(_requires(one))
    locked = set(requires)
    direct = {group: names & locked for group, names in manifest.direct().items()} if manifest else {}
    return trace(direct, {name: asked & locked for name, asked in requires.items()})


def _groups(package: dict[str, Any], traced: Trace | None) -> tuple[str, ...]:
    """The lock's own word (2.1 writes `groups`, 1.x `category`), else what the graph says."""
    if "groups" in package:
        named = tuple(sorted(strings(package["groups"], "groups")))
        if named != ("main",) and "main" in named:
            return ()
        if named != ("main",):
            return named
        return traced.groups if traced and package.get("optional") is True else ()
    if traced:
        return traced.groups
    category = package.get("category", "main")
    return () if category == "main" else (str(category),)


def _hashes(package: dict[str, Any], metadata: dict[str, Any]) -> list[str]:
    files = package.get("files", table(metadata, "files").get(package["name"], []))
    return [field(as_dict(one, "files"), "hash", str, "files") for one in as_list(files, "files")]


def _add(
    entries: Entries,
    package: dict[str, Any],
    line: int,
    *,
    traced: Trace | None,
    manifest: Manifest | None,
    metadata: dict[str, Any],
) -> None:
    name, source, groups = package["name"], table(package, "source"), _groups(package, traced)
    kind = source.get("type", "default")
    if kind not in ("default", "legacy"):
        path = field(source, "url", str, "source") if kind == "directory" else ""
        entries.gap(name, line, _REASONS.get(kind, "its source is of a kind that is not known"), groups, path)
        return
    marker = package.get("markers", "")
    # Poetry names every source but the default one.
    index = foreign_index(field(source, "url", str, "source")) if kind == "legacy" else ""
    entries.pin(
        name,
        field(package, "version", str, name),
        line,
        hashes=_hashes(package, metadata),
        direct=(traced.direct if traced else False) if manifest else None,
        groups=groups,
        marker=marker if isinstance(marker, str) else json.dumps(marker, sort_keys=True),
        via=traced.via if traced else (),
        requires=_requires(package),
        source=index,
        public=not index,
    )


def _stale(packages: list[dict[str, Any]], manifest: Manifest, metadata: dict[str, Any]) -> str:
    versions: dict[str, list[str]] = {}
    for one in packages:
        found = versions.setdefault(normalise(one["name"]), [])
        if table(one, "source").get("type", "legacy") == "legacy":
            found.append(field(one, "version", str, one["name"]))
    if manifest.dynamic:
        return ""
    if reason := unmet(manifest.constraints, versions):
        return f"{manifest.declaration.file}: {reason}"
    recorded = metadata.get("content-hash")
    if isinstance(recorded, str) and recorded not in content_hashes(load_toml(manifest.text)):
        return f"{manifest.declaration.file} was changed after the lock was made (content-hash differs)"
    return ""


def content_hashes(pyproject: dict[str, Any]) -> frozenset[str]:
    """The content hashes that Poetry's releases write for a pyproject: 1.x, 2.0 to 2.2, and 2.3 with groups."""
    project = {key: value for key, value in table(pyproject, "project").items() if key in _PROJECT_KEYS}
    tool, groups = table(pyproject, "tool", "poetry"), table(pyproject, "dependency-groups")
    return frozenset({_hash(_relevant(project, tool, {})), _hash(_relevant(project, tool, groups)), _hash_1(tool)})


def _relevant(project: dict[str, Any], tool: dict[str, Any], groups: dict[str, Any]) -> dict[str, Any]:
    keys = [key for key in _LEGACY_KEYS if key in tool or not (project or groups)]
    chosen = {key: tool.get(key) for key in [*keys, *(["group"] if "group" in tool else [])]}
    if not project and not groups:
        return chosen
    parts = {"project": project, "dependency-groups": groups}
    return {**{key: value for key, value in parts.items() if value}, "tool": {"poetry": chosen}}


def _hash_1(tool: dict[str, Any]) -> str:
    """Poetry before 1.2 knew no groups."""
    return _hash({key: tool.get(key) for key in _LEGACY_KEYS})


def _hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
