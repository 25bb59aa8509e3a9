"""Our own semgrep rules, packaged as data so that they need no network."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path


@cache
def rules_text() -> str:
    """The rule pack as YAML."""
    return (Path(__file__).parent / "python.yml").read_text(encoding="utf-8")


@cache
def rule_ids() -> frozenset[str]:
    """The id of every rule of the pack."""
    return frozenset(re.findall(r"^- id: (\S+)$", rules_text(), re.MULTILINE))
