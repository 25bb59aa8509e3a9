"""Who asked for whom in a compiled requirements file: pip-compile and `uv pip compile` write it as `# via` comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from py_secure_ci.dependencies.graph import trace
from py_secure_ci.dependencies.names import is_name, normalise
from py_secure_ci.pins import Pin

_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?")
_VIA = re.compile(r"#\s*via\b\s*(.*)$")
_MORE = re.compile(r"\s+#\s{2,}(\S.*)$")


def traced(pins: Iterable[Pin], text: str) -> tuple[Pin, ...]:
    """The pins with `direct`, `via` and `requires` from the comments; as they were if there are none."""
    asked = list(_asked(text))
    found = tuple(pins)
    if not asked:
        return found
    direct = {name for name, by in asked if not by}
    requires: dict[str, set[str]] = {}
    for name, by in asked:
        if by:
            requires.setdefault(by, set()).add(name)
    paths = trace({"": direct}, requires)
    return tuple(
        replace(
            pin,
            direct=pin.name in direct,
            via=paths[pin.name].via if pin.name in paths else (),
            requires=tuple(sorted(requires.get(pin.name, ()))),
        )
        for pin in found
    )


def _asked(text: str) -> Iterator[tuple[str, str]]:
    """(package, who asked for it); an empty name where the project did (`-r x.in`, `shop (pyproject.toml)`)."""
    name, listing = "", False
    for line in text.split("\n"):
        if pin := _PIN.match(line):
            name, listing = normalise(pin[1]), False
        if name and (via := _VIA.search(line)):
            listing = True
            yield from ((name, by) for by in _names(via[1]))
        elif listing and (more := _MORE.match(line)):
            yield from ((name, by) for by in _names(more[1]))
        elif not line.lstrip().startswith("#"):
            listing = False


def _names(text: str) -> Iterator[str]:
    for part in filter(None, (one.strip() for one in text.split(","))):
        yield normalise(part) if is_name(part) else ""
