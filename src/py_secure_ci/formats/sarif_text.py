"""Text as SARIF wants it: within every platform's limit, nothing hidden, no link that a tool's words could forge."""

from __future__ import annotations

import re

from py_secure_ci.formats.escaping import cut, visible

LIMIT = 1024  # characters; GitLab skips a result with a longer string, GitHub refuses some
URI = re.compile(r"https?://[!-~]+")


def sarif_text(text: str, limit: int = LIMIT) -> str:
    """A message or description: lines stay, `[text](target)` does not become a link."""
    if not (text.isascii() and text.isprintable()):
        text = visible(text.replace("\r\n", "\n"), keep="\n\t")
    return cut(text.replace("](", "] ("), limit)


def web_uri(uri: str) -> str:
    """`uri` if it is one that a browser opens and that fits, or nothing."""
    return uri if len(uri) <= LIMIT and URI.fullmatch(uri) else ""
