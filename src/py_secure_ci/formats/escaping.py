"""Makes text that came from tools and repositories harmless wherever it is shown."""

from __future__ import annotations

import re

_LINE_END = re.compile(r"\r\n|\r|\n")
# Letters that are drawn as nothing, and that a culture-sensitive comparison skips. The other invisible characters
# (controls, bidirectional marks, zero-width spaces, soft hyphens) are not printable by Unicode's own word.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\U000e0100-\U000e01ef]")
_EMOJI_STYLE = re.compile("[\ufe00-\ufe0f]")
REPLACEMENT = "\ufffd"


def visible(text: str, keep: str = "") -> str:
    r"""`text` with nothing hidden in it, always encodable.

    Controls, escapes, bidirectional and zero-width characters become U+FFFD (those in `keep` stay). A byte of a file
    name that is no UTF-8 becomes `\xNN`.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _BLANK.sub(REPLACEMENT, _EMOJI_STYLE.sub("", text))
    if text.isprintable():
        return text
    for char in sorted(set(text)):
        if not char.isprintable() and char not in keep:
            text = text.replace(char, _stand_in(char))
    return text


def _stand_in(char: str) -> str:
    return f"\\x{ord(char) - 0xDC00:02x}" if "\udc80" <= char <= "\udcff" else REPLACEMENT


def one_line(text: str) -> str:
    """`text` as one visible line that no CI runner reads as a command, as long as it does not start a line."""
    if not (text.isascii() and text.isprintable()):
        text = visible(" ".join(text.split()))
    return text.replace("##[", "##\\[")


def code_line(text: str) -> str:
    """A source line to show: every character keeps its column (a tab becomes one blank), nothing hidden stays.

    Only the harmless form of `##[` and of undecodable bytes is longer than what it stands for.
    """
    return page_code(text).replace("\t", " ").replace("##[", "##\\[")


def page_code(text: str) -> str:
    """The same for a page that no CI runner reads: tabs and `##[` stay what they are."""
    return visible(_EMOJI_STYLE.sub(REPLACEMENT, text), keep="\t")


def neutralise(text: str) -> str:
    """Text of a tool, fit to be echoed in a CI log: each line is marked and none can be a runner's command.

    The runner takes `::command::` at the start of a line after any white space, `##[command]` anywhere in a line,
    a lone carriage return for a line end, and may overlook invisible characters while it compares.
    """
    lines = (visible(line, keep="\t").replace("##[", "##\\[") for line in _LINE_END.split(text))
    return "\n".join(f"| {line}" for line in lines)


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` UTF-16 units (what the platforms count), an ellipsis at the end if it was longer."""
    if len(text) * 2 <= limit or (len(text) <= limit and _units(text) <= limit):
        return text
    text = text[: limit - 1]
    while _units(text) >= limit:
        text = text[: len(text) - max(1, (_units(text) - limit + 1) // 2)]
    return text + "…"


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


_ENTITIES = str.maketrans({char: f"&#{ord(char)};" for char in "|`*_~[]()!\\{}$'\"^="})
_ENTITIES.update({ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"})
# An empty comment keeps what is drawn, and parts what would be taken for a mention or an issue after parsing.
_PARTING = "<!-- -->"
_ENTITIES.update({ord("@"): f"&#64;{_PARTING}", ord("#"): f"&#35;{_PARTING}"})


def markdown(text: str, limit: int = 300) -> str:
    """One line of prose for Markdown, a table's cell included: no markup, link, image, mention or HTML survives."""
    text = cut(one_line(text), limit).translate(_ENTITIES)
    return text.replace("://", "&#58;//").replace("www.", "www&#46;").replace("WWW.", "WWW&#46;")


def markdown_code(text: str, limit: int = 300) -> str:
    """The same as code (a path, a rule, a command), where nothing is taken for a mention anyway."""
    return f"<code>{markdown(text, limit).replace(_PARTING, '')}</code>" if text else ""
