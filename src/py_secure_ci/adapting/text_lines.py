"""One finding a line, in a form of which every line has to be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from py_secure_ci.errors import WrongShape


def each_line(tool: str, text: str, form: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """A match for each line. Raises WrongShape for a line of another form, and for one without an end."""
    lines = text.split("\n")
    if rest := lines.pop():
        raise WrongShape(f"{tool}'s output ends inside a line: {rest[:200]!r}")
    for line in lines:
        match = form.fullmatch(line)
        if match is None:
            raise WrongShape(f"{tool} wrote a line of no known form: {line[:200]!r}")
        yield match
