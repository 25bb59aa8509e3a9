"""setup.cfg and setup.py, read without running either. See https://setuptools.pypa.io/en/latest/userguide/."""

from __future__ import annotations

import ast
import configparser
import re
import warnings

from py_secure_ci.dependencies.entries import COMPUTED, Entries
from py_secure_ci.dependencies.names import normalise
from py_secure_ci.dependencies.requirements import logical_lines
from py_secure_ci.dependencies.toml_text import Lines
from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Declaration

_SETUP = re.compile(
    r"(?m)^[ \t]*(?:from|import)\s+(?:setuptools|distutils|skbuild|numpy\.distutils)\b|^(?:\w+\.)?setup\s*\("
)
_LISTS = {"install_requires": (), "tests_require": ("tests",), "setup_requires": ("build-system",)}


def read_setup_cfg(text: str, file: str) -> Declaration:
    """`install_requires`, `tests_require` and every extra. Raises `WrongShape`."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError) as error:
        raise WrongShape(f"not a valid setup.cfg: {' '.join(str(error).split())}") from None
    entries, lines = Entries(file), Lines(text)
    options = dict(parser["options"]) if parser.has_section("options") else {}
    for key, groups in _LISTS.items():
        _cfg_list(entries, lines, key, options.get(key, ""), groups)
    if parser.has_section("options.extras_require"):
        for extra, value in parser["options.extras_require"].items():
            _cfg_list(entries, lines, extra, value, (extra.split(":")[0].strip(),))
    metadata = dict(parser["metadata"]) if parser.has_section("metadata") else {}
    name, version = metadata.get("name", ""), metadata.get("version", "")
    return entries.declaration(
        "pip",
        locked=False,
        project=normalise(name) if name else "",
        project_version="" if version.startswith(("attr:", "file:")) else version,
    )


def _cfg_list(entries: Entries, lines: Lines, key: str, value: str, groups: tuple[str, ...]) -> None:
    start = lines.key(key)
    if value.strip().startswith("file:"):
        entries.gap(key, start, COMPUTED, groups)
        return
    separated = value.replace(";;", "\n") if "\n" in value.strip() else value.replace(",", "\n")
    for _, one in logical_lines(separated if "\n" in value.strip() or _is_simple(value) else value):
        entries.requirement(one, lines.quoted(one, start), groups)


def _is_simple(value: str) -> bool:
    """`a, b` on one line is a list; `a>=1,<2` is one requirement."""
    return all(part.strip()[:1].isalpha() for part in value.split(",") if part.strip())


def calls_setup(text: str) -> bool:
    """Whether a `setup.py` is one, and not somebody's module of that name."""
    return _SETUP.search(text) is not None


def read_setup_py(text: str, file: str) -> Declaration:
    """What `setup()` is called with, where it is written out; anything computed is a gap. Raises `WrongShape`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise WrongShape(f"setup.py cannot be parsed: {type(error).__name__}") from None
    entries = Entries(file)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) == "setup"]
    name = version = ""
    for call in calls:
        name, version = name or _literal(call, "name"), version or _literal(call, "version")
        _setup_call(entries, call)
    if not calls:
        entries.gap("setup.py", 1, COMPUTED)
    return entries.declaration("pip", locked=False, project=normalise(name) if name else "", project_version=version)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _literal(call: ast.Call, key: str) -> str:
    for word in call.keywords:
        if word.arg == key and isinstance(word.value, ast.Constant) and isinstance(word.value.value, str):
            return word.value.value
    return ""


def _setup_call(entries: Entries, call: ast.Call) -> None:
    for word in call.keywords:
        if word.arg is None:
            entries.gap("setup.py", word.value.lineno, COMPUTED)
        elif word.arg in _LISTS:
            _literal_list(entries, word.value, word.arg, _LISTS[word.arg])
        elif word.arg == "extras_require":
            _extras(entries, word.value)


def _extras(entries: Entries, node: ast.expr) -> None:
    if not isinstance(node, ast.Dict):
        entries.gap("extras_require", node.lineno, COMPUTED)
        return
    for key, value in zip(node.keys, node.values, strict=True):
        extra = str(key.value).split(":")[0] if isinstance(key, ast.Constant) else "extras_require"
        _literal_list(entries, value, extra, (extra,))


def _literal_list(entries: Entries, node: ast.expr, key: str, groups: tuple[str, ...]) -> None:
    """A list of plain strings (or one string with a requirement a line)."""
    items = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else [node]
    for item in items:
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            for _, one in logical_lines(item.value):
                entries.requirement(one, item.lineno, groups)
        else:
            entries.gap(key, item.lineno, COMPUTED, groups)
