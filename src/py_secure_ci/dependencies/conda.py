"""Conda's environment files: the pip part is read, the rest is named. See https://docs.conda.io/."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import yaml

from py_secure_ci.dependencies.entries import Entries
from py_secure_ci.dependencies.requirements import Requirements
from py_secure_ci.dependencies.requirements import read as read_requirements
from py_secure_ci.dependencies.toml_text import Lines
from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_dict, as_list

_REASON = "a conda package: the advisory data names packages of the Python index only"


class _Loader(yaml.SafeLoader):
    """Plain data without aliases: a few lines of those can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise WrongShape("it uses YAML aliases, which are not followed")
        return super().compose_node(parent, index)


def is_environment(text: str) -> bool:
    """Whether a YAML file names conda dependencies (docker and CI also have files called `environment.yml`)."""
    return re.search(r"(?m)^dependencies\s*:", text) is not None


def read(text: str, file: str) -> Requirements:
    """The pip requirements, with their includes; every conda package but Python and pip is a gap."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise WrongShape(f"not valid YAML: {' '.join(str(error).split())[:200]}") from None
    listed = as_list(as_dict(document, "the environment").get("dependencies") or [], "dependencies")
    entries, lines = Entries(file), Lines(text)
    start = lines.key("dependencies")
    pip: list[str] = []
    for one in listed:
        if isinstance(one, str):
            _conda(entries, one, lines.quoted(one, start))
        else:
            part = as_dict(one, "dependencies")
            pip += [str(line) for line in as_list(part.get("pip") or [], "pip")]
            if set(part) - {"pip"}:
                raise WrongShape(f"dependencies: {sorted(map(str, set(part) - {'pip'}))[0]!r} is not known")
    includes = _pip(entries, pip, file, lines, start)
    return Requirements(entries.declaration("conda", locked=False), includes)


def _conda(entries: Entries, text: str, line: int) -> None:
    name = re.split(r"[\s=<>!~\[]", text.rsplit("::", maxsplit=1)[-1].strip())[0]
    if name.lower() not in ("python", "pip"):
        entries.gap(name, line, _REASON)


def _pip(entries: Entries, pip: list[str], file: str, lines: Lines, start: int) -> tuple[tuple[str, str, int], ...]:
    """Read the lines as a requirements file, then put them back where they stand."""
    if not pip:
        return ()
    at = [lines.quoted(wanted, start) for wanted in pip]
    part = read_requirements("", file, requirements=tuple(pip))
    found = part.declaration
    entries.pins += [replace(one, line=at[one.line - 1]) for one in found.pins]
    entries.unpinned += [replace(one, line=at[one.line - 1]) for one in found.unpinned]
    entries.constraints += [replace(one, line=at[one.line - 1]) for one in found.constraints]
    return tuple((kind, path, at[number - 1]) for kind, path, number in part.includes)
