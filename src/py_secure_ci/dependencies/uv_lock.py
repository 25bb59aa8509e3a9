"""uv.lock (and `script.py.lock`). See https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import join, normpath
from typing import Any

from packaging.specifiers import SpecifierSet

from py_secure_ci.dependencies.entries import Entries
from py_secure_ci.dependencies.graph import Trace, trace
from py_secure_ci.dependencies.manifest import Manifests, neighbour
from py_secure_ci.dependencies.names import foreign_index, normalise
from py_secure_ci.dependencies.toml_text import locked_packages, table
from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Constraint, Declaration
from py_secure_ci.reading import as_dict, as_list, field, optional
from py_secure_ci.toml_values import load_toml

_LOCAL = ("virtual", "editable", "directory")
_REASONS = {
    "git": "installed from version control: advisories name released versions only",
    "url": "installed from a URL: advisories name released versions only",
    "path": "a local file: advisories name released versions only",
    "editable": "a local path outside the workspace: advisories name released versions only",
    "directory": "a local path outside the workspace: advisories name released versions only",
    "virtual": "a local path outside the workspace: advisories name released versions only",
}


def read(text: str, file: str, manifests: Manifests) -> Declaration:
    """Every package of the lock but the workspace's own members. Raises `WrongShape`."""
    lock = load_toml(text)
    if field(lock, "version", int, "uv.lock") != 1:
        raise WrongShape(f"lock version {lock['version']} is not known: only version 1 can be read")
    packages, lines = locked_packages(lock.get("package", []), "package", text)
    own = _members(lock, packages)
    traced = _trace(lock, packages, own)
    entries = Entries(file)
    for package, line in zip(packages, lines, strict=True):
        if package["name"] not in own:
            _add(entries, package, line, traced.get(normalise(package["name"])))
    entries.members += [one["name"] for one in packages if _local_path(one) is not None]
    root = next((one for one in packages if one["name"] in own and _local_path(one) == "."), {})
    return entries.declaration(
        "uv",
        locked=True,
        stale=_stale(packages, own, file, manifests),
        project=str(root.get("name", "")),
        project_version=str(root.get("version", "")),
    )


def _local_path(package: dict[str, Any]) -> str | None:
    source = table(package, "source")
    return next((field(source, kind, str, "source") for kind in _LOCAL if kind in source), None)


def _members(lock: dict[str, Any], packages: list[dict[str, Any]]) -> frozenset[str]:
    listed = table(lock, "manifest").get("members")
    named = frozenset(as_list(listed, "manifest.members")) if listed is not None else frozenset()
    return named | {one["name"] for one in packages if _local_path(one) == "."}


def _dependencies(package: dict[str, Any], key: str = "dependencies") -> Iterable[str]:
    for one in as_list(package.get(key, []), key):
        yield normalise(field(as_dict(one, key), "name", str, key))


def _grouped(package: dict[str, Any], key: str) -> dict[str, list[str]]:
    groups = table(package, key)
    return {group: list(_dependencies(groups, group)) for group in groups}


def _trace(lock: dict[str, Any], packages: list[dict[str, Any]], own: frozenset[str]) -> dict[str, Trace]:
    """Members are the roots: what they ask for is direct. A script's lock names its requirements in the manifest."""
    members = {normalise(name) for name in own}
    manifest = table(lock, "manifest")
    direct: dict[str, set[str]] = {"": set(_dependencies(manifest, "requirements"))}
    for group, names in _grouped(manifest, "dependency-groups").items():  # of a workspace root that is no project
        direct.setdefault(group, set()).update(names)
    requires: dict[str, set[str]] = {}
    for package in packages:
        optional_, dev = _grouped(package, "optional-dependencies"), _grouped(package, "dev-dependencies")
        if package["name"] in own:
            for group, names in {"": list(_dependencies(package)), **optional_, **dev}.items():
                direct.setdefault(group, set()).update(names)
        else:
            asked = [*_dependencies(package), *(name for names in optional_.values() for name in names)]
            requires.setdefault(normalise(package["name"]), set()).update(asked)
    return trace({group: names - members for group, names in direct.items()}, requires)


def _hashes(package: dict[str, Any]) -> list[str]:
    files = [*as_list(package.get("wheels", []), "wheels"), *([package["sdist"]] if "sdist" in package else [])]
    found = [optional(as_dict(one, "wheels"), "hash", str, "wheels") for one in files]
    return [one for one in found if one]


def _markers(package: dict[str, Any]) -> str:
    return " or ".join(f"({one})" for one in as_list(package.get("resolution-markers", []), "resolution-markers"))


def _add(entries: Entries, package: dict[str, Any], line: int, traced: Trace | None) -> None:
    name, source = package["name"], table(package, "source")
    groups = traced.groups if traced else ()
    reason = next((reason for kind, reason in _REASONS.items() if kind in source), "")
    if not reason and "registry" not in source:
        reason = "its source is of a kind that is not known"
    if reason:
        entries.gap(name, line, reason, groups, _local_path(package) or "")
        return
    index = foreign_index(field(source, "registry", str, "source"))
    entries.pin(
        name,
        field(package, "version", str, name),
        line,
        hashes=_hashes(package),
        direct=traced.direct if traced else False,
        groups=groups,
        marker=_markers(package),
        via=traced.via if traced else (),
        requires=_dependencies(package),
        source=index,
        public=not index,
    )


def _stale(packages: list[dict[str, Any]], own: frozenset[str], file: str, manifests: Manifests) -> str:
    for package in packages:
        if package["name"] in own and (path := _local_path(package)) is not None:
            manifest_path = normpath(neighbour(file, join(path, "pyproject.toml")))
            manifest = manifests(manifest_path)
            if manifest is None:
                continue
            if reason := _differs(package, manifest.direct(), _specifiers(manifest.constraints), manifest.dynamic):
                return f"{manifest_path}: {reason}"
    return ""


def _specifiers(constraints: Iterable[Constraint]) -> set[tuple[str, SpecifierSet]]:
    return {(one.name, SpecifierSet(one.specifier)) for one in constraints if "||" not in one.specifier}


def _differs(
    package: dict[str, Any], direct: dict[str, set[str]], declared: set[tuple[str, SpecifierSet]], dynamic: bool
) -> str:
    """Compare what the lock remembers of the manifest (`package.metadata`) with what the manifest says now."""
    if dynamic:
        return ""
    metadata = table(package, "metadata")
    groups = table(metadata, "requires-dev")
    remembered = [*as_list(metadata.get("requires-dist", []), "requires-dist")]
    remembered += [one for group in groups for one in as_list(groups[group], group)]
    me = normalise(package["name"])
    plain: set[tuple[str, SpecifierSet]] = set()
    elsewhere: set[str] = set()
    for one in remembered:
        name = normalise(field(as_dict(one, "requires-dist"), "name", str, "requires-dist"))
        if set(one) & {"git", "url", "path", "editable", "directory", "virtual"}:
            elsewhere.add(name)
        else:
            plain.add((name, SpecifierSet(optional(one, "specifier", str, name) or "")))
    now = {(name, specifier) for name, specifier in declared if name not in elsewhere and name != me}
    plain = {(name, specifier) for name, specifier in plain if name != me}
    names = {name for found in direct.values() for name in found} - {me}
    gone = sorted((elsewhere | {name for name, _ in plain}) - names)
    if now - plain:
        name, specifier = min(now - plain, key=str)
        return f"{name}{specifier} is declared, but the lock was made without it"
    return f"the lock was made with {gone[0]}, which is not declared any more" if gone else ""
