"""pyproject.toml: PEP 621 and PEP 735 tables, and what uv, PDM and setuptools add. Poetry's: poetry_tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from posixpath import join, normpath
from typing import Any

from py_secure_ci.dependencies.entries import COMPUTED, Entries, local_path
from py_secure_ci.dependencies.manifest import neighbour
from py_secure_ci.dependencies.names import normalise
from py_secure_ci.dependencies.origins import Origins, of_pyproject
from py_secure_ci.dependencies.poetry_tables import read_poetry
from py_secure_ci.dependencies.toml_text import Lines, strings, table
from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Declaration
from py_secure_ci.reading import as_dict, optional
from py_secure_ci.toml_values import load_toml


@dataclass(frozen=True, slots=True)
class Pyproject:
    """`dynamic`: dependencies are computed by the build backend. `includes`: requirements files that it names."""

    declaration: Declaration
    dynamic: bool
    includes: tuple[str, ...]
    origins: Origins


def read(text: str, file: str) -> Pyproject:
    """Every table that declares dependencies. Raises `WrongShape`."""
    pyproject, lines, entries = load_toml(text), Lines(text), Entries(file)
    entries.origins = of_pyproject(pyproject)
    project = table(pyproject, "project")
    _project(entries, project, lines)
    _groups(entries, table(pyproject, "dependency-groups"), lines)
    _tools(entries, pyproject, lines)
    poetry = table(pyproject, "tool", "poetry")
    read_poetry(entries, poetry, lines)
    _build(entries, pyproject, lines)
    named = strings(project.get("dynamic", []), "project.dynamic")
    dynamic: list[str] = [one for one in ("dependencies", "optional-dependencies") if one in named]
    includes = _setuptools_files(pyproject, file)
    if dynamic and not includes and not (poetry and "dependencies" in poetry):
        _dynamic_gap(entries, dynamic, lines)
    declaration = entries.declaration(
        _manager(pyproject),
        locked=False,
        project=_text(project, poetry, "name"),
        project_version=_text(project, poetry, "version"),
    )
    return Pyproject(declaration, bool(dynamic), includes, entries.origins)


def _text(project: dict[str, Any], poetry: dict[str, Any], key: str) -> str:
    value = optional(project, key, str, "project") or optional(poetry, key, str, "tool.poetry") or ""
    return normalise(value) if key == "name" else value


def _manager(pyproject: dict[str, Any]) -> str:
    tools = table(pyproject, "tool")
    return next((name for name in ("poetry", "pdm", "uv") if name in tools), "pip")


def _project(entries: Entries, project: dict[str, Any], lines: Lines) -> None:
    start = lines.table("project")
    for one in strings(project.get("dependencies", []), "project.dependencies"):
        entries.requirement(one, lines.quoted(one, start))
    start = lines.table("project", "optional-dependencies")
    before = len(entries.constraints)
    for extra, wanted in table(project, "optional-dependencies").items():
        for one in strings(wanted, f"project.optional-dependencies.{extra}"):
            _own_or_other(entries, one, lines.quoted(one, start), extra, project)
    entries.constraints[before:] = [replace(one, extra=True) for one in entries.constraints[before:]]


def _own_or_other(entries: Entries, text: str, line: int, group: str, project: dict[str, Any]) -> None:
    """`mine[other-extra]` in an extra or a group names the project itself: nothing is asked of anybody else."""
    name = optional(project, "name", str, "project") or ""
    bare = text.split("[", maxsplit=1)[0].split(";", maxsplit=1)[0].strip()
    if name and normalise(bare) == normalise(name):
        return
    entries.requirement(text, line, (group,))


def _groups(entries: Entries, groups: dict[str, Any], lines: Lines) -> None:
    start = lines.table("dependency-groups")
    reader = _GroupReader(entries, groups, {normalise(name): name for name in groups}, lines, start)
    for group in groups:
        for one, line in reader.members(group, ()):
            entries.requirement(one, line, (group,))


@dataclass(frozen=True, slots=True)
class _GroupReader:
    """PEP 735 groups with their includes. `spelled`: normalised name -> the name as written."""

    entries: Entries
    groups: dict[str, Any]
    spelled: dict[str, str]
    lines: Lines
    start: int

    def members(self, group: str, seen: tuple[str, ...]) -> list[tuple[str, int]]:
        """The requirements of a group with those of the groups that it includes; a cycle or a missing one is a gap."""
        found: list[tuple[str, int]] = []
        listed = self.groups[group]
        if not isinstance(listed, list):
            raise WrongShape(f"dependency-groups.{group} should be a list")
        path = (*seen, normalise(group))
        for one in listed:
            if isinstance(one, str):
                found.append((one, self.lines.quoted(one, self.start)))
                continue
            name = normalise(optional(as_dict(one, f"dependency-groups.{group}"), "include-group", str, group) or "")
            if name in self.spelled and name not in path:
                found += self.members(self.spelled[name], path)
            else:
                why = "includes itself" if name in path else "is not declared"
                line = self.lines.key(group, self.start)
                self.entries.gap(group, line, f"include-group {name or '(none)'!r} {why}", (group,))
        return found


def _tools(entries: Entries, pyproject: dict[str, Any], lines: Lines) -> None:
    """Groups that uv and PDM had before PEP 735, and what we do not read."""
    start = lines.table("tool", "uv")
    for one in strings(table(pyproject, "tool", "uv").get("dev-dependencies", []), "tool.uv.dev-dependencies"):
        entries.requirement(one, lines.quoted(one, start), ("dev",))
    start = lines.table("tool", "pdm", "dev-dependencies")
    for group, wanted in table(pyproject, "tool", "pdm", "dev-dependencies").items():
        for one in strings(wanted, f"tool.pdm.dev-dependencies.{group}"):
            _pdm(entries, one, lines.quoted(one, start), group)
    if table(pyproject, "tool", "hatch", "envs"):
        entries.notes.append(
            f"{entries.file}: tool.hatch.envs is not read: its environments are not locked by any file"
        )


def _pdm(entries: Entries, text: str, line: int, group: str) -> None:
    if text.startswith("-e "):
        wanted = text.removeprefix("-e ").strip()
        egg = re.search(r"#egg=([A-Za-z0-9._-]+)", wanted)
        reason = "editable: advisories name released versions only"
        entries.gap(egg[1] if egg else wanted, line, reason, (group,), local_path(wanted))
    else:
        entries.requirement(text, line, (group,))


def _build(entries: Entries, pyproject: dict[str, Any], lines: Lines) -> None:
    """Exact build requirements are audited; open ones are told, since no Python lock file can pin them."""
    start = lines.table("build-system")
    requires = strings(table(pyproject, "build-system").get("requires", []), "build-system.requires")
    before = len(entries.pins)
    for one in requires:
        entries.requirement(one, lines.quoted(one, start), ("build-system",))
    pinned = {pin.name for pin in entries.pins[before:]}
    names = {one.name for one in entries.constraints if one.groups == ("build-system",)}
    if names - pinned:
        entries.notes.append(
            f"{entries.file}: build requirements without an exact version are not audited, no lock file pins them: "
            + ", ".join(sorted(names - pinned))
        )


def _setuptools_files(pyproject: dict[str, Any], file: str) -> tuple[str, ...]:
    """Requirements files that `[tool.setuptools.dynamic]` reads dependencies from."""
    dynamic = table(pyproject, "tool", "setuptools", "dynamic")
    sources = [dynamic.get("dependencies"), *table(dynamic, "optional-dependencies").values()]
    named: list[str] = []
    for source in sources:
        files = as_dict(source, "tool.setuptools.dynamic").get("file", []) if source is not None else []
        named += [files] if isinstance(files, str) else strings(files, "tool.setuptools.dynamic.file")
    return tuple(normpath(neighbour(file, join(".", one))) for one in named)


def _dynamic_gap(entries: Entries, dynamic: list[str], lines: Lines) -> None:
    line = lines.key("dynamic", lines.table("project"))
    for one in dynamic:
        entries.gap(one, line, COMPUTED)
