"""PEP 723 scripts. See https://packaging.python.org/en/latest/specifications/inline-script-metadata/."""

from __future__ import annotations

import re

from py_secure_ci.dependencies.entries import Entries
from py_secure_ci.dependencies.toml_text import Lines, strings
from py_secure_ci.errors import WrongShape
from py_secure_ci.pins import Declaration
from py_secure_ci.toml_values import load_toml

# The standard's own expression, with the block's type fixed.
_BLOCK = re.compile(r"(?m)^# /// script[ \t]*$\s(?P<content>(^#(| .*)$\s)+)^# ///[ \t]*$")
_MANY = 20  # starts; each would be followed to the end of the file
_START = re.compile(r"(?m)^# /// script[ \t]*$")


def is_script(text: str) -> bool:
    """Whether a Python file starts a metadata block."""
    return "# /// script" in text and _START.search(text) is not None


def read(text: str, file: str) -> Declaration:
    """The script's dependencies. Raises `WrongShape`: more than one block, or one without an end."""
    starts = len(_START.findall(text))
    blocks = list(_BLOCK.finditer(text + "\n")) if starts <= _MANY else []
    if len(blocks) != 1:
        raise WrongShape(f"{len(blocks)} complete `# /// script` blocks: exactly one is allowed")
    first = text.count("\n", 0, blocks[0].start("content"))
    content = "\n".join(line[2:] for line in blocks[0]["content"].splitlines())
    metadata = load_toml(content)
    entries, lines = Entries(file), Lines(content)
    for one in strings(metadata.get("dependencies", []), "dependencies"):
        entries.requirement(one, first + lines.quoted(one))
    return entries.declaration("uv", locked=False)
