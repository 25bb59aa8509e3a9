"""`[tool.poetry]` dependencies and groups. See https://python-poetry.org/docs/dependency-specification/."""

from __future__ import annotations

import re
from typing import Any

from py_secure_ci.dependencies.entries import Entries
from py_secure_ci.dependencies.origins import of_poetry
from py_secure_ci.dependencies.toml_text import Lines, table
from py_secure_ci.reading import as_dict, optional

_ELSEWHERE = {
    "git": "installed from version control: advisories name released versions only",
    "url": "installed from a URL: advisories name released versions only",
    "file": "a local file: advisories name released versions only",
    "path": "a local path: advisories name released versions only",
}


def read_poetry(entries: Entries, poetry: dict[str, Any], lines: Lines) -> None:
    """Add the main table, the old dev table and every group. Raises `WrongShape`."""
    origins, sources = of_poetry(poetry)
    parts: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((), ("dependencies",)), (("dev",), ("dev-dependencies",))]
    parts += [((group,), ("group", group, "dependencies")) for group in table(poetry, "group")]
    for groups, path in parts:
        start = lines.table("tool", "poetry", *path)
        for name, value in table(poetry, *path).items():
            if name.lower() != "python":
                for one in value if isinstance(value, list) else [value]:
                    source = as_dict(one, name).get("source") if not isinstance(one, str) else None
                    index = origins.index if source is None else sources.get(source, str(source))
                    _add(entries, name, one, lines.key(name, start), groups, index)


def _add(entries: Entries, name: str, value: object, line: int, groups: tuple[str, ...], index: str) -> None:
    details = {"version": value} if isinstance(value, str) else as_dict(value, name)
    reason = next((reason for kind, reason in _ELSEWHERE.items() if kind in details), "")
    if reason:
        entries.gap(name, line, reason, groups, optional(details, "path", str, name) or "")
        return
    marker = " and ".join(
        f"{key}: {details[key]}" if key != "markers" else str(details[key])
        for key in ("markers", "python", "platform")
        if key in details
    )
    # An exact version without operator means `==` to Poetry.
    specifier = pep440(optional(details, "version", str, name) or "*")
    entries.wanted(name, specifier, line, groups, marker=marker, source=index)


def pep440(constraint: str) -> str:
    """Poetry's caret, tilde, wildcard and bare versions as PEP 440; alternatives stay parted by ` || `."""
    return " || ".join(_set(part) for part in re.split(r" ?\|\|? ?", " ".join(constraint.split())))


def _set(part: str) -> str:
    pieces = re.split(r" ?, ?|(?<=[0-9*]) (?=[<>=!~^])", part)
    return ",".join(one for one in map(_single, pieces) if one)


def _single(piece: str) -> str:
    found = re.fullmatch(r"(\^|~=|~|===?|!=|<=?|>=?)? ?v?(\S+)", piece)
    if found is None:
        return piece
    operator, version = found[1] or "==", found[2]
    if version == "*":
        return ""
    if operator in ("^", "~"):
        return f">={version},<{_next(operator, version)}"
    if operator == "==" and re.search(r"\.[*xX]", version):
        return f"=={re.split(r'[.][*xX]', version)[0]}.*"
    return f"{operator}{version}"


def _next(operator: str, version: str) -> str:
    """The first version that a caret or tilde leaves out: `^1.2` -> 2, `^0.2.3` -> 0.3, `~1.2` -> 1.3."""
    numbers = [int(one) for one in re.findall(r"\d+", re.split(r"[a-zA-Z+-]", version)[0])] or [0]
    if operator == "~":
        place = min(1, len(numbers) - 1)
    else:
        place = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
    return ".".join(str(one) for one in [*numbers[:place], numbers[place] + 1])
