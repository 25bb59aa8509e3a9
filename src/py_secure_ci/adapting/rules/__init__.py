"""Our own semgrep rules, packaged as data so that they need no network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

_PACKS = ("python.yml", "frameworks.yml")
_FRAMEWORK = re.compile(r"\bframework: (?:\"([^\"]*)\"|(\w+))")


@cache
def _rules() -> tuple[tuple[str, frozenset[str], str], ...]:
    """(id, the frameworks that it is for, its YAML) of every rule; without frameworks it is for all code."""
    return tuple(rule for pack in _PACKS for rule in _read((Path(__file__).parent / pack).read_text(encoding="utf-8")))


def _read(text: str) -> Iterator[tuple[str, frozenset[str], str]]:
    for block in re.split(r"^(?=- id: )", text, flags=re.MULTILINE)[1:]:
        found = _FRAMEWORK.search(block)
        words = (found[1] or found[2]).split(", ") if found else ()
        yield block.split("\n", 1)[0].removeprefix("- id: "), frozenset(words), block


def rules_text(frameworks: Iterable[str] = ()) -> str:
    """The rules for all code and for these frameworks, as YAML."""
    wanted = frozenset(frameworks)
    return "rules:\n" + "".join(block for _, its, block in _rules() if not its or its & wanted)


def rule_ids(frameworks: Iterable[str] | None = None) -> frozenset[str]:
    """The ids of the rules that `rules_text` gives; None: of every rule there is."""
    wanted = None if frameworks is None else frozenset(frameworks)
    return frozenset(name for name, its, _ in _rules() if wanted is None or not its or its & wanted)
