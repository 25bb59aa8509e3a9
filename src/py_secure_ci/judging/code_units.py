"""Which piece of code a finding is about, in a form that layout, quotes and neighbours do not change."""

from __future__ import annotations

import keyword
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from py_secure_ci.judging.python_text import COMPOUND, Source, Statement, Token, tokens

# A longer piece is told by its beginning: a list of 300 routes may grow at its end.
_LONGEST = 40
_HEAD = 12
_SPAN = 500  # tokens that are looked through for those
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
# After these words a bracket groups, it does not call. Soft keywords count at the start of a statement only.
_WORDS = frozenset(keyword.kwlist) - {"False", "None", "True"}
_SOFT = frozenset({"match", "case"})
CALL = re.compile(r"(?<![\w.])[^\W\d][\w.]*\s*\(")
_PINNED = re.compile(  # an action's or image's name, its version, and the comment that says which one that is
    r"(\s*-?\s*(?:uses|image)\s*:\s*[\"']?[^\s\"'#@]*[^\s\"'#@:])(?:@[^\s\"']+|:[^\s\"'/]+)[\"']?\s*(?:#.*)?"
)
_KEY = re.compile(r"\s*-?\s*[\"']?([A-Za-z_][\w.-]*)[\"']?\s*[:=]")


@dataclass(frozen=True, slots=True)
class Unit:
    """`scope`: the qualified name of what is around it. `words`: its tokens in normal form."""

    scope: str
    words: tuple[str, ...]


def python_unit(source: Source, line: int, column: int | None, *, blank: bool) -> Unit:
    """The piece of Python at a position. Without a column it is the beginning of the line's statement.

    `blank` leaves the texts of strings and numbers out altogether (a secret is among them).
    """
    offset = source.offset(line, column or 1)
    if offset is None:
        return Unit("", ("past the end",))
    if column is None:
        while offset < source.line_end(line) and source.text[offset].isspace():
            offset += 1
    comment = _comment_at(source, offset, exact=column is not None)
    if comment is not None:
        return Unit(source.scope_at(offset), ("#", "" if blank else digest(comment)))
    while source.statement_at(offset) is None and offset > source.line_starts[line - 1]:
        offset -= 1
    statement = source.statement_at(offset)
    if statement is None:
        return Unit(source.scope_at(offset), ("blank",))
    return _in_statement(source, statement, offset, head=column is None, blank=blank)


def exact_text(source: Source, line: int, column: int | None) -> str:
    """Every letter and digit of the piece of Python at a position, strings in full; without a column, of the line."""
    start = source.offset(line, column or 1)
    if start is None:
        return ""
    statement = source.statement_at(start)
    if column is None or statement is None:
        first, last = source.line_starts[line - 1], source.line_end(line)
        begun = source.statement_at(first)
        begin = begun.start if begun is not None else first  # a line inside a string of several is no piece by itself
        found = [one for one in tokens(source, min(begin, first), last) if one.end > first]
    else:
        found = _without_header(statement.scope, tokens(source, statement.start, statement.end), start)[1]
        found = _element(_Parsed(found), start) if found else []
    return "".join(letters(one.text, one.kind) for one in found)


def letters(text: str, kind: str = "") -> str:
    """What no formatter changes of a text: its letters and digits, in small letters, a string's prefix left out."""
    return "".join(filter(str.isalnum, text.lstrip("rbuftRBUFT") if kind == "string" else text)).lower()


def _in_statement(source: Source, statement: Statement, offset: int, *, head: bool, blank: bool) -> Unit:
    parsed = source.memo.get(statement.start)
    if not isinstance(parsed, _Parsed):  # statements may be thousands of lines long, with a finding on each
        parsed = source.memo[statement.start] = _Parsed(tokens(source, statement.start, statement.end))
    scope, words = _without_header(statement.scope, parsed.words, offset)
    if not words:
        return Unit(scope, ("blank",))
    if words is not parsed.words:
        parsed = _Parsed(words)
    piece = _head(words) if head else _element(parsed, offset)
    return Unit(scope, tuple(_normal(piece, blank))[:_LONGEST])


def call_offset(source: Source, line: int, column: int) -> int | None:
    """Where a call begins when `line` is that of one of its arguments but `column` is the call's own.

    That is how bandit places a call of several lines. None where no call begins at that column.
    """
    here = source.offset(line, 1)
    if here is None:  # past the end: the file changed, or a tool miscounts
        return None
    statement = source.statement_at(source.line_end(line))
    first = source.line_of(statement.start) if statement is not None else line
    for number in range(line, first - 1, -1):
        offset = source.line_starts[number - 1] + column - 1
        if offset < source.line_end(number) and CALL.match(source.text, offset):
            return offset
    return None


def text_unit(text: str, line: int, *, blank: bool, unpinned: bool = False) -> Unit:
    """The piece of anything that is not Python: a line's key, and a check number of the rest.

    `unpinned` leaves out which version of an action or image is used, and the comment that names it.
    """
    lines = text.split("\n")
    if line > len(lines):
        return Unit("", ("past the end",))
    said = without_pin(lines[line - 1]) if unpinned else lines[line - 1]
    key = _KEY.match(said)
    return Unit("", (key.group(1) if key else "", "" if blank else digest(said)))


def without_pin(line: str) -> str:
    """`uses: an/action@v4  # why` as `uses: an/action`; any other line as it is."""
    found = _PINNED.fullmatch(line)
    return found.group(1) if found is not None else line


def digest(text: str) -> str:
    """Eight bits of a text's letters and digits: enough to tell neighbours apart, too few to try passwords against."""
    return sha256("".join(filter(str.isalnum, text)).lower().encode()).hexdigest()[:2]


def _comment_at(source: Source, offset: int, *, exact: bool) -> str | None:
    index = bisect_right(source.comments, (offset, len(source.text) + 1)) - 1
    if index < 0:
        return None
    start, end = source.comments[index]
    inside = start <= offset <= end if exact else start == offset
    return source.text[start:end] if inside else None


def _without_header(scope: str, words: list[Token], offset: int) -> tuple[str, list[Token]]:
    """For `if x: return y` on one line, the part that holds the offset, as if it stood on its own line."""
    while words and words[0].text in COMPOUND:
        colon = _header_end(words)
        if colon is None or colon + 1 == len(words) or offset < words[colon + 1].start:
            return scope, words[: None if colon is None else colon]
        name = _defined(words)
        scope = ".".join(filter(None, (scope, name)))
        words = words[colon + 1 :]
    return scope, words


def _header_end(words: list[Token]) -> int | None:
    depth = lambdas = 0
    for index, token in enumerate(words):
        depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if depth:
            continue
        if token.text == "lambda":
            lambdas += 1
        elif token.text == ":" and lambdas:
            lambdas -= 1
        elif token.text == ":":
            return index
    return None


def _defined(words: list[Token]) -> str:
    texts = [token.text for token in words[:3]]
    texts = texts[1:] if texts[:1] == ["async"] else texts
    return texts[1] if len(texts) > 1 and texts[0] in ("def", "class") else ""


def _head(words: list[Token]) -> list[Token]:
    """How the statement begins: up to its first value, call or display."""
    if _defined(words):
        return words[: 3 if words[0].text == "async" else 2]
    kept: list[Token] = []
    for token, grouping in _grouped(words):
        if grouping:
            continue
        if token.kind in ("string", "number") or token.text in _OPEN:
            break
        kept.append(token)
        if token.text == "=":
            break
    return kept[:_HEAD]


def _grouped(words: list[Token]) -> Iterator[tuple[Token, bool]]:
    """Every token, and whether it is a bracket that only groups: formatters put those in and take them out."""
    stack: list[bool] = []
    before: Token | None = None
    for token in words:
        grouping = False
        if token.text in _OPEN:
            grouping = token.text == "(" and not _calls(before, first=before is words[0])
            stack.append(grouping)
        elif token.text in _CLOSE:
            grouping = stack.pop() if stack else False
        yield token, grouping
        before = token


def _calls(before: Token | None, *, first: bool) -> bool:
    if before is None:
        return False
    if before.kind == "name":
        return before.text not in _WORDS and not (first and before.text in _SOFT)
    return before.kind == "string" or before.text in _CLOSE


class _Parsed:
    """The tokens of a statement with their levels, and where they start."""

    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.levels = _levels(words)
        self.starts = [token.start for token in words]


def _element(parsed: _Parsed, offset: int) -> list[Token]:
    """The smallest comma-separated piece that holds the offset; at a definition's own level, its name."""
    words, levels = parsed.words, parsed.levels
    target = max(bisect_right(parsed.starts, offset) - 1, 0)
    level = levels[target][1]
    if level == 0 and _defined(words):
        return _head(words)
    begin = target
    while begin and not _parts(levels[begin - 1], level):
        begin -= 1
    end = target + 1
    while end < min(len(levels), begin + _SPAN) and not _parts(levels[end], level):
        end += 1
    return _module(words) + [token for token, _, mark in levels[begin:end] if mark != "grouping"]


def _levels(words: list[Token]) -> list[tuple[Token, int, str]]:
    """Each token with how many brackets it is in (not counting those that group) and whether it groups or parts."""
    found, level = [], 0
    for index, (token, grouping) in enumerate(_grouped(words)):
        closes = index + 1 < len(words) and words[index + 1].text in _CLOSE
        mark = "grouping" if grouping else "parting" if token.text == "," and not closes else ""
        if token.text in _CLOSE and not grouping:
            level = max(0, level - 1)
        found.append((token, level, mark))
        if token.text in _OPEN and not grouping:
            level += 1
    return found


def _parts(entry: tuple[Token, int, str], level: int) -> bool:
    return entry[1] < level or (entry[1] == level and entry[2] == "parting")


def _module(words: list[Token]) -> list[Token]:
    """What `from x import` says before the names."""
    if words[0].text != "from":
        return []
    return words[: next((i for i, token in enumerate(words) if token.text == "import"), 0)]


def _normal(words: list[Token], blank: bool) -> Iterator[str]:
    pending: list[str] | None = None
    for token in words:
        if token.kind == "string":
            pending = [*(pending or []), token.text.lstrip("rbuftRBUFT")]
            continue
        if pending is not None:
            yield _value("".join(pending), blank)
            pending = None
        if token.kind == "number":
            number = token.text.lower()
            yield _value(number.strip("0") if "." in number else number, blank)
        elif token.text != ",":
            yield token.text
    if pending is not None:
        yield _value("".join(pending), blank)


def _value(text: str, blank: bool) -> str:
    return "''" if blank else f"'{digest(text)}'"
