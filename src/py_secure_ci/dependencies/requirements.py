"""pip's requirements and constraints files. See https://pip.pypa.io/en/stable/reference/requirements-file-format/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from posixpath import normpath

from packaging.requirements import InvalidRequirement, Requirement

from py_secure_ci.dependencies.compiled import compiled_by, made_by
from py_secure_ci.dependencies.entries import Entries, local_path, url_reason
from py_secure_ci.dependencies.manifest import neighbour
from py_secure_ci.dependencies.names import foreign_index
from py_secure_ci.dependencies.via_comments import traced
from py_secure_ci.pins import Declaration, Unpinned

_HASH = re.compile(r"\s--hash(?:=|\s+)(\S+)")
_LINE_OPTION = re.compile(r"\s--(?:global-option|config-settings?|install-option)(?:=|\s+)(?:\"[^\"]*\"|'[^']*'|\S+)")
_OPTION = re.compile(r"(--[a-z-]+|-[a-zA-Z])(?:\s*=\s*|\s+|(?<=-[a-zA-Z])(?=[^\s=]))?(.*)")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_NOT_A_NAME = re.compile(
    r"^(\.{0,2}/|\.{1,2}(\[|$)|[a-zA-Z]:\\|~)|^[a-z0-9+]+://|\.(whl|zip|tar\.gz|tgz|tar\.bz2)(\s|$|\[)"
)
_INCLUDE = {"-r": "requirement", "--requirement": "requirement", "-c": "constraint", "--constraint": "constraint"}
_INDEX = frozenset({"-i", "--index-url", "--extra-index-url", "-f", "--find-links"})
_EDITABLE = frozenset({"-e", "--editable"})
_HARMLESS = frozenset(
    {"--no-index", "--no-binary", "--only-binary", "--prefer-binary", "--pre", "--trusted-host", "--use-feature"}
    | {"--require-hashes"}
)
_COMPILERS = frozenset({"pip-tools", "uv-pip"})
_MANY_INVALID = 20


@dataclass(frozen=True, slots=True)
class Requirements:
    """A file, and the files that it includes: (kind, path or empty if it leaves the tree, line)."""

    declaration: Declaration
    includes: tuple[tuple[str, str, int], ...]


def read(text: str, file: str, *, constraints_only: bool = False, requirements: tuple[str, ...] = ()) -> Requirements:
    """Every line of a file. `constraints_only`: a `-c` file, whose open ranges ask for nothing.

    `requirements`: read these lines instead of the text (the pip part of a conda file).
    """
    entries, includes = Entries(file), []
    index = ""
    lines = list(enumerate(requirements, 1)) if requirements else list(logical_lines(text))
    for number, line in lines:
        option = _OPTION.match(line) if line.startswith("-") else None
        if option is None:
            _requirement(entries, line, number)
        elif option[1] in _INCLUDE:
            includes.append((_INCLUDE[option[1]], _inside(file, option[2].strip().strip("\"'")), number))
        elif option[1] in _INDEX:
            index = index or foreign_index(option[2].strip())
        else:
            _other_option(entries, option[1], option[2].strip(), number)
    _fold_invalid(entries)
    if not lines and not constraints_only:
        reason = "it holds no requirement: remove it, or accept this gap if that is meant"
        entries.unpinned.append(Unpinned(name=file.rsplit("/", 1)[-1], file=file, line=1, reason=reason))
    if index:
        entries = _from_index(entries, index)
    declaration = entries.declaration(made_by(text), locked=_is_lock(entries, constraints_only))
    if declaration.manager in _COMPILERS:
        declaration = replace(declaration, pins=traced(declaration.pins, text), compiled_by=compiled_by(text, file))
    return Requirements(declaration, tuple(includes))


def _is_lock(entries: Entries, constraints_only: bool) -> bool:
    """Whether every requirement names one version; a constraints file is a lock of what others ask for."""
    pinned = {(pin.name, pin.line) for pin in entries.pins}
    every = all((one.name, one.line) in pinned for one in entries.constraints)
    return bool(entries.pins) and (constraints_only or (every and all(one.path for one in entries.unpinned)))


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number of the first line, text) with continuations joined and comments gone, as pip reads them."""
    parts: list[str] = []
    first = 0
    for number, raw in enumerate([*text.split("\n"), ""], 1):
        line = raw.rstrip("\r")
        first = first if parts else number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            parts.append(line[:-1])
            continue
        whole = _without_comment("".join([*parts, line if not line.lstrip().startswith("#") else ""]))
        parts = []
        if whole:
            yield first, whole
    if parts and (whole := _without_comment("".join(parts))):
        yield first, whole


def _without_comment(line: str) -> str:
    """Cut at the first `#` that starts the line or follows a space. By hand: an expression would be quadratic."""
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return (line if at < 0 else line[:at]).strip()


def looks_like_requirements(text: str) -> bool:
    """Whether at least half of the lines, and at least one, are requirements or options: prose is not."""
    lines = [line for _, line in logical_lines(text[:200_000])][:200]
    return bool(lines) and 2 * sum(map(_is_known_line, lines)) >= len(lines)


def _is_known_line(line: str) -> bool:
    option = _OPTION.match(line) if line.startswith("-") else None
    if option:
        return option[1] in {*_INCLUDE, *_INDEX, *_EDITABLE, *_HARMLESS}
    try:
        Requirement(_LINE_OPTION.sub("", _HASH.sub("", line)).strip())
    except InvalidRequirement:
        return "://" in line and " " not in line.strip()
    return True


def _requirement(entries: Entries, line: str, number: int) -> None:
    hashes = _HASH.findall(line)
    wanted = _LINE_OPTION.sub("", _HASH.sub("", line)).strip()
    if _VARIABLE.search(wanted):
        name = re.split(r"[^A-Za-z0-9._-]", wanted)[0]
        entries.gap(name or "(variable)", number, "an environment variable stands in for part of the requirement")
    elif _NOT_A_NAME.search(wanted) and " @ " not in wanted:
        _path_or_url(entries, wanted, number)
    else:
        entries.requirement(wanted, number, hashes=hashes)


def _path_or_url(entries: Entries, wanted: str, number: int) -> None:
    egg = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", wanted)
    name = egg[1] if egg else re.split(r"[?#\s\[]", wanted)[0].rstrip("/").rsplit("/", 1)[-1]
    entries.gap(name, number, url_reason(wanted), path=local_path(wanted))


def _other_option(entries: Entries, option: str, value: str, number: int) -> None:
    if option in _EDITABLE:
        _path_or_url(entries, value.strip("\"'"), number)
    elif option not in _HARMLESS:
        entries.gap(option, number, "an option that pip does not document for requirements files")


def _inside(file: str, target: str) -> str:
    """The path of an included file from the root; empty if it leaves the tree, is a URL or holds a variable."""
    if "://" in target or target.startswith(("/", "~", "file:")) or "${" in target or "\\" in target or not target:
        return ""
    path = normpath(neighbour(file, target))
    return "" if path.startswith("../") or path in ("..", ".") else path


def _fold_invalid(entries: Entries) -> None:
    """A file of garbage is one gap, not a thousand."""
    invalid = [one for one in entries.unpinned if one.reason.startswith("not a valid requirement")]
    if len(invalid) > _MANY_INVALID:
        rest = [one for one in entries.unpinned if one not in invalid[1:]]
        entries.unpinned[:] = [one for one in rest if one is not invalid[0]]
        entries.gap(
            invalid[0].name, invalid[0].line, f"{len(invalid)} lines from here are not valid requirements (PEP 508)"
        )


def _from_index(entries: Entries, index: str) -> Entries:
    moved = Entries(entries.file, unpinned=entries.unpinned, constraints=entries.constraints, notes=entries.notes)
    for pin in entries.pins:
        moved.pin(
            pin.name,
            pin.version,
            pin.line,
            hashes=pin.hashes,
            direct=pin.direct,
            marker=pin.marker,
            via=pin.via,
            source=index,
        )
    return moved
