"""Pipfile and Pipfile.lock, all sections. See https://pipenv.pypa.io/en/latest/pipfile.html."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from py_secure_ci.dependencies.entries import Entries
from py_secure_ci.dependencies.manifest import Manifest, Manifests, neighbour
from py_secure_ci.dependencies.names import exact_version, foreign_index, is_name, normalise
from py_secure_ci.dependencies.origins import of_pipfile
from py_secure_ci.dependencies.toml_text import Lines, strings, table
from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Declaration
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional
from py_secure_ci.toml_values import load_toml

_NOT_PACKAGES = frozenset({"source", "requires", "scripts", "pipenv", "pipfile", "build-system"})
_ELSEWHERE = {
    "git": "installed from version control: advisories name released versions only",
    "hg": "installed from version control: advisories name released versions only",
    "svn": "installed from version control: advisories name released versions only",
    "bzr": "installed from version control: advisories name released versions only",
    "file": "installed from a URL or file: advisories name released versions only",
    "path": "a local path: advisories name released versions only",
}


def read_pipfile(text: str, file: str) -> Declaration:
    """Every section that holds packages. Raises `WrongShape`."""
    pipfile, lines, entries = load_toml(text), Lines(text), Entries(file)
    entries.origins, sources = of_pipfile(pipfile)
    for section in pipfile:
        if section in _NOT_PACKAGES:
            continue
        groups = () if section == "packages" else (_group(section),)
        start = lines.table(section)
        for name, value in table(pipfile, section).items():
            _declare(entries, name, value, lines.key(name, start), groups, sources)
    return entries.declaration("pipenv", locked=False)


def _group(section: str) -> str:
    return {"dev-packages": "develop"}.get(section, section)


def _declare(
    entries: Entries, name: str, value: object, line: int, groups: tuple[str, ...], sources: Mapping[str, str]
) -> None:
    details = {"version": value} if isinstance(value, str) else as_dict(value, name)
    reason = next((reason for kind, reason in _ELSEWHERE.items() if kind in details), "")
    if reason or not is_name(name):
        path = optional(details, "path", str, name) or ""
        entries.gap(name, line, reason or "the name is not a valid package name", groups, path)
        return
    version = optional(details, "version", str, name) or "*"
    # Pipenv reads a bare version as `==`.
    specifier = "" if version.strip() == "*" else version if version.lstrip()[:1] in "<>=!~" else f"=={version}"
    index = optional(details, "index", str, name)
    source = sources.get(index, index) if index else None
    entries.wanted(name, specifier, line, groups, marker=optional(details, "markers", str, name) or "", source=source)


def read_lock(text: str, file: str, manifests: Manifests) -> Declaration:
    """Every section of the lock but `_meta`. The format has no graph: who asked for whom is not known."""
    lock = as_dict(load_json(text, "Pipfile.lock"), "Pipfile.lock")
    meta = as_dict(field(lock, "_meta", dict, "Pipfile.lock"), "_meta")
    if meta.get("pipfile-spec") != 6:
        raise WrongShape(f"pipfile-spec {meta.get('pipfile-spec')!r} is not known: only 6 can be read")
    manifest = manifests(neighbour(file, "Pipfile"))
    entries, sources = Entries(file), _sources(meta)
    lines = _json_lines(text, list(lock))
    for section in lock:
        if section == "_meta":
            continue
        groups = () if section == "default" else (section,)
        for name, details in as_dict(lock[section], section).items():
            line = lines.get((section, name), 1)
            _add_locked(entries, name, as_dict(details, name), line, groups=groups, sources=sources, manifest=manifest)
    return entries.declaration("pipenv", locked=True, stale=_stale(meta, manifest) if manifest else "")


def _json_lines(text: str, sections: list[str]) -> dict[tuple[str, str], int]:
    """Lines of `"name": {` within `"section": {`, as pipenv indents them (and any JSON that writes one key a line)."""
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        key, colon, _ = line.strip().partition('": {')
        name = key.lstrip('"')
        if colon and name in sections and len(line) - len(line.lstrip()) <= 4:
            section = name
        elif colon:
            found.setdefault((section, name), number)
    return found


def _sources(meta: dict[str, Any]) -> dict[str, str]:
    listed = [as_dict(one, "sources") for one in as_list(meta.get("sources", []), "sources")]
    return {field(one, "name", str, "sources"): field(one, "url", str, "sources") for one in listed}


def _add_locked(
    entries: Entries,
    name: str,
    details: dict[str, Any],
    line: int,
    *,
    groups: tuple[str, ...],
    sources: dict[str, str],
    manifest: Manifest | None,
) -> None:
    reason = next((reason for kind, reason in _ELSEWHERE.items() if kind in details), "")
    version, why = ("", reason) if reason else exact_version(optional(details, "version", str, name) or "")
    if not version:
        entries.gap(name, line, why, groups, optional(details, "path", str, name) or "")
        return
    named = optional(details, "index", str, name)
    index = named or next(iter(sources), "")
    foreign = foreign_index(sources[index]) if index in sources else index
    # Older releases of pipenv looked into every source for a package that names none.
    public = index in sources and not foreign and bool(named or not any(map(foreign_index, sources.values())))
    declared = manifest is not None and any(one.name == normalise(name) for one in manifest.constraints)
    entries.pin(
        name,
        version,
        line,
        hashes=strings(details.get("hashes", []), "hashes"),
        direct=declared if manifest else None,
        groups=groups,
        marker=optional(details, "markers", str, name) or "",
        via=(normalise(name),) if declared else (),
        source=foreign,
        public=public,
    )


def _stale(meta: dict[str, Any], manifest: Manifest) -> str:
    """The lock holds a hash of the Pipfile that it was made from."""
    recorded = table(meta, "hash").get("sha256")
    if not isinstance(recorded, str):
        return ""
    pipfile = load_toml(manifest.text)
    if "source" not in pipfile:
        return ""  # pipenv then hashes a default that has changed from release to release
    content: dict[str, Any] = {
        "_meta": {"sources": pipfile["source"], "requires": pipfile.get("requires", {})},
        "default": pipfile.get("packages", {}),
        "develop": pipfile.get("dev-packages", {}),
    }
    known = {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop"}
    content.update({key: value for key, value in pipfile.items() if key not in known})
    encoded = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()
    if hashlib.sha256(encoded).hexdigest() == recorded:
        return ""
    return f"{manifest.declaration.file} was changed after the lock was made (its hash differs)"
