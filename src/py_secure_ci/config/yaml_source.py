"""YAML text to plain data and the line of every key; nothing but plain values, and no bombs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from py_secure_ci.errors import ConfigError

MAX_BYTES = 1_000_000
MAX_NODES = 20_000
MAX_DEPTH = 40
_PLAIN = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlSource:
    """Plain data, and the line (from 1) that each key or list item stands on, by its path.

    `texts`: how plain values are written that YAML takes for something else than text, such as 3.10.
    """

    file: str
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    texts: Mapping[KeyPath, str] = field(default_factory=dict)

    def place(self, path: KeyPath) -> str:
        """`file:line: a.b[0]` of the nearest known ancestor of `path`."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return f"{self.file}:{self.lines.get(known, 1)}: {dotted(path) or 'the file'}"

    def line(self, path: KeyPath) -> int:
        """The line of a path, or of its nearest known ancestor."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def dotted(path: KeyPath) -> str:
    """`('a', 0, 'b')` as people write it: `a[0].b`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


_HINTS = {
    r"'\t'": "Indent with spaces; YAML takes no tabs.",
    "cannot start any token": "Put a text that begins with such a character in quotes.",
    "undefined alias": "Put a text that begins with `*` in quotes, such as a pattern of files.",
    "expected alphabetic or numeric character": "Put a text that begins with `*` or `&` in quotes.",
    "but got": "Close every bracket and quotation mark, and put a comma between two entries on one line.",
    "mapping values are not allowed": "Put a text that holds `: ` in quotes, and indent keys of one mapping alike.",
    "could not find expected ':'": "Write `key: value`, with a space after the colon.",
    "more than one": "Keep one document in the file.",
    "unexpected end of stream": "Close every quotation mark.",
    "expected <block end>": "Indent keys of one mapping, and entries of one list, alike.",
}


def _hint(problem: str) -> str:
    return next((hint for words, hint in _HINTS.items() if words in problem), "")


def read_yaml(raw: bytes, file: str) -> YamlSource:
    """Read one YAML mapping. Raises ConfigError with `file:line` for everything that is wrong with it."""
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{file}:1: the file has {len(raw):,} bytes; the limit is {MAX_BYTES:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{file}:{line}: this is not UTF-8 text", hint="Save the file as UTF-8.") from None
    return _Reader(file).read(text)


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.texts: dict[KeyPath, str] = {}
        self.nodes = 0

    def read(self, text: str) -> YamlSource:
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise self._bad_yaml(error) from None
        data = {} if node is None else self._value(node, (), ())
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise ConfigError(f"{self.file}:1: the file should be a mapping of keys such as `version: 1`")
        return YamlSource(self.file, data, self.lines, self.texts)

    def _bad_yaml(self, error: Exception) -> ConfigError:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is nested too deeply"
        if "expected a single document" in str(error):
            problem = "the file holds more than one YAML document (`---`)"
        return ConfigError(f"{self.file}:{line}: this is not valid YAML: {problem}", hint=_hint(str(problem)))

    def _value(self, node: yaml.Node, path: KeyPath, above: tuple[yaml.Node, ...]) -> Any:
        self.nodes += 1
        line = node.start_mark.line + 1
        if any(node is one for one in above):
            raise ConfigError(f"{self.file}:{line}: this YAML alias holds itself")
        if self.nodes > MAX_NODES or len(above) > MAX_DEPTH:
            raise ConfigError(
                f"{self.file}:{line}: the file unfolds to more than {MAX_NODES:,} values or {MAX_DEPTH} levels",
                hint="Write the values out instead of multiplying them with YAML aliases.",
            )
        self.lines.setdefault(path, line)
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN:
            raise ConfigError(f"{self.file}:{line}: {dotted(path)}: the YAML tag {node.tag!r} is not allowed here")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, (*above, node))
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, index), (*above, node)) for index, item in enumerate(node.value)]
        if not node.tag.endswith(":str"):
            self.texts[path] = str(node.value)
        return self._scalar(node, line)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, above: tuple[yaml.Node, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError(f"{self.file}:{line}: a key should be a plain word")
            key = key_node.value
            where = (*path, key)
            if key in result:
                first = self.lines[where]
                raise ConfigError(
                    f"{self.file}:{line}: {dotted(where)}: this key is there twice (first on line {first})",
                    hint="Keep one of them; YAML would silently take the last.",
                )
            self.lines[where] = line
            result[key] = self._value(value_node, where, above)
        return result

    def _scalar(self, node: yaml.Node, line: int) -> Any:
        text, tag = str(node.value), node.tag.removeprefix("tag:yaml.org,2002:")
        try:
            if tag == "int":
                return int(text.replace("_", ""), 0)
            if tag == "float":
                return float(text.replace("_", ""))
        except ValueError:
            return text
        plain = {"null": None, "str": text, "timestamp": text, "value": text, "merge": text}
        if tag == "bool":
            return text.lower() in ("true", "yes", "on")
        if tag not in plain:
            raise ConfigError(f"{self.file}:{line}: the YAML tag {node.tag!r} is not allowed here")
        return plain[tag]
