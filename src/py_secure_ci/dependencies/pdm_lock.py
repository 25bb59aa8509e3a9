"""pdm.lock. See https://pdm-project.org/latest/usage/lockfile/."""

from __future__ import annotations

from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from py_secure_ci.dependencies.entries import Entries
from py_secure_ci.dependencies.graph import Trace, trace
from py_secure_ci.dependencies.manifest import Manifest, Manifests, neighbour, unmet
from py_secure_ci.dependencies.names import is_default_file, normalise
from py_secure_ci.dependencies.origins import Origins
from py_secure_ci.dependencies.toml_text import locked_packages, strings, table
from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Declaration
from py_secure_ci.reading import as_dict, as_list, field, optional
from py_secure_ci.toml_values import load_toml

_REASONS = {
    "git": "installed from version control: advisories name released versions only",
    "hg": "installed from version control: advisories name released versions only",
    "svn": "installed from version control: advisories name released versions only",
    "url": "installed from a URL: advisories name released versions only",
    "path": "a local path: advisories name released versions only",
}


def read(text: str, file: str, manifests: Manifests) -> Declaration:
    """Every package of the lock; entries that differ only in extras are one pin. Raises `WrongShape`."""
    lock = load_toml(text)
    metadata = table(lock, "metadata")
    version = optional(metadata, "lock_version", str, "metadata") or ""
    if version.split(".")[0] not in ("3", "4"):
        raise WrongShape(f"lock version {version or '(none)'} is not known: only versions 3 and 4 can be read")
    packages, lines = locked_packages(lock.get("package", []), "package", text)
    manifest = manifests(neighbour(file, "pyproject.toml"))
    traced = _trace(packages, manifest)
    entries = Entries(file)
    seen: set[tuple[str, object]] = set()
    for package, line in zip(packages, lines, strict=True):
        key = (normalise(package["name"]), package.get("version"))
        if key not in seen:
            seen.add(key)
            _add(entries, package, line, traced.get(key[0]), manifest)
    entries.members += [one["name"] for one in packages if "path" in one]
    project = manifest.declaration if manifest else entries.declaration("pdm", locked=True)
    return entries.declaration(
        "pdm",
        locked=True,
        stale=_stale(packages, manifest, metadata) if manifest else "",
        project=project.project,
        project_version=project.project_version,
    )


def _requires(package: dict[str, Any]) -> list[str]:
    found = []
    for one in strings(package.get("dependencies", []), "dependencies"):
        try:
            found.append(normalise(Requirement(one).name))
        except InvalidRequirement:
            raise WrongShape(f"{package['name']}: {one!r} is not a valid requirement") from None
    return found


def _trace(packages: list[dict[str, Any]], manifest: Manifest | None) -> dict[str, Trace]:
    requires: dict[str, set[str]] = {}
    for one in packages:
        requires.setdefault(normalise(one["name"]), set()).update(_requires(one))
    locked = set(requires)
    direct = {group: names & locked for group, names in manifest.direct().items()} if manifest else {}
    return trace(direct, {name: asked & locked for name, asked in requires.items()})


def _groups(package: dict[str, Any], traced: Trace | None) -> tuple[str, ...]:
    if "groups" not in package:
        return traced.groups if traced else ()
    named = tuple(sorted(strings(package["groups"], "groups")))
    return () if "default" in named else named


def _add(entries: Entries, package: dict[str, Any], line: int, traced: Trace | None, manifest: Manifest | None) -> None:
    name, groups = package["name"], _groups(package, traced)
    reason = next((reason for kind, reason in _REASONS.items() if kind in package), "")
    if reason:
        entries.gap(name, line, reason, groups, optional(package, "path", str, name) or "")
        return
    files = [as_dict(one, "files") for one in as_list(package.get("files", []), "files")]
    urls = [url for one in files if (url := optional(one, "url", str, "files"))]
    # The lock names files with their addresses (`static_urls`) or without; the sources stand in the manifest.
    origins = manifest.origins if manifest else Origins()
    public = all(map(is_default_file, urls)) if urls else origins.default
    entries.pin(
        name,
        field(package, "version", str, name),
        line,
        hashes=[field(one, "hash", str, "files") for one in files if "hash" in one],
        direct=(traced.direct if traced else False) if manifest else None,
        groups=groups,
        marker=optional(package, "marker", str, name) or "",
        via=traced.via if traced else (),
        requires=_requires(package),
        source="" if public else origins.of(normalise(name)),
        public=public,
    )


def _stale(packages: list[dict[str, Any]], manifest: Manifest, metadata: dict[str, Any]) -> str:
    """Only groups that the lock says it holds can be missing from it."""
    versions: dict[str, list[str]] = {}
    for one in packages:
        found = versions.setdefault(normalise(one["name"]), [])
        if not any(kind in one for kind in _REASONS):
            found.append(field(one, "version", str, one["name"]))
    held = {"" if group == "default" else group for group in strings(metadata.get("groups", []), "groups")}
    due = [one for one in manifest.constraints if not held or held & set(one.groups or ("",))]
    me = manifest.declaration.project
    reason = "" if manifest.dynamic else unmet((one for one in due if one.name != me), versions)
    return f"{manifest.declaration.file}: {reason}" if reason else ""
