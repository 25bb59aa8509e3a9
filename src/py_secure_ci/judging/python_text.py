"""Python source cut into statements and tokens without parsing: any text, broken or too new, has an answer."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

PYTHON = (".py", ".pyi", ".pyw")  # how the files end that are cut so
_STRING = (
    r"""(?s:\"{3}(?:[^\\]|\\.)*?(?:\"{3}|\Z)|'{3}(?:[^\\]|\\.)*?(?:'{3}|\Z)"""
    r"""|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)"""
)
_LANDMARK = re.compile(rf"(?P<comment>\#[^\n]*)|(?P<string>{_STRING})|[()\[\]{{}}\n;]|(?s:\\.)")
_TOKEN = re.compile(
    rf"(?P<comment>\#[^\n]*)|(?P<string>(?:[rbuftRBUFT]{{1,2}})?{_STRING})|(?P<name>[^\W\d]\w*)"
    r"|(?P<number>\.?\d(?:[eE][+-]?\d|[\w.])*)|(?P<op>[!=<>:]=|->|[^\s\\])"
)
_FIRST = re.compile(r"(?P<space>[ \t\f]*)(?:async[ \t]+)?(?P<word>[^\W\d]\w*)?(?:[ \t]+(?P<name>[^\W\d]\w*))?")
# Words that can only begin a statement: where one opens a line inside brackets, a bracket was never closed.
_RESYNC = re.compile(
    r"[ \t]*(?:async[ \t]+def|def|class|import|return|while|with|try|raise|del|pass|break|continue|global|nonlocal"
    r"|assert|elif|except|finally)\b"
)
_FORMATTED = re.compile(r"(?i)(?<!\w)(?:[ft]|[ft]r|r[ft])\Z")
_BRACES = {quote: re.compile(rf"(?s:\\.)|\{{\{{|\{{|\}}|\n|{quote}") for quote in ("'", '"', "'''", '"""')}
_NESTED = 20  # braces open at once in an f-string: nobody writes more, but to keep us busy for ever
_DEPTH = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
COMPOUND = frozenset(
    {"if", "elif", "else", "for", "while", "with", "try", "except", "finally", "def", "class", "async"}
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: comment | string | name | number | op. `start` and `end` are offsets into the text."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A simple statement or the header of a compound one; `scope` is the qualified name around it."""

    start: int
    end: int
    scope: str


class Source:
    """One text with its lines, comments and statements. Lines end as on Unix, Windows or old Macs."""

    def __init__(self, text: str) -> None:
        """Scan once: everything else is a look-up."""
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self.line_starts = [0]
        self.memo: dict[int, object] = {}  # what readers keep for a statement, by its start
        self.comments: list[tuple[int, int]] = []
        self.statements: list[Statement] = []
        self._scopes: list[tuple[int, str]] = []
        self._scan()
        self._starts = [statement.start for statement in self.statements]

    def offset(self, line: int, column: int) -> int | None:
        """Where a line and column (from 1, in code points) are; None past the last line."""
        if line > len(self.line_starts):
            return None
        return min(self.line_starts[line - 1] + column - 1, self.line_end(line))

    def line_end(self, line: int) -> int:
        """The offset just past the last character of a line."""
        return self.line_starts[line] - 1 if line < len(self.line_starts) else len(self.text)

    def line_of(self, offset: int) -> int:
        """The number of the line that holds an offset."""
        return bisect_right(self.line_starts, offset)

    def statement_at(self, offset: int) -> Statement | None:
        """The statement that covers the offset."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0 or self.statements[index].end < offset:
            return None
        return self.statements[index]

    def scope_at(self, offset: int) -> str:
        """The scope of the last statement before the offset."""
        index = bisect_right(self._starts, offset) - 1
        return self.statements[index].scope if index >= 0 else ""

    def _scan(self) -> None:
        text, depth, start, position, line = self.text, 0, 0, 0, 0
        while match := _LANDMARK.search(text, position):
            position = match.end()
            if match.lastgroup == "string":
                position = _string_end(text, match.start(), position)
                self._count_lines(match.start(), position)
                continue
            if match.lastgroup == "comment":
                self.comments.append(match.span())
                continue
            mark = match.group()
            depth = max(0, depth + _DEPTH.get(mark, 0))
            if mark == ";" and not depth:
                self._add(start, match.start(), line)
                start = position
            elif mark.endswith("\n"):
                self.line_starts.append(position)
                if mark == "\n" and (not depth or _RESYNC.match(text, position)):
                    self._add(start, match.start(), line)
                    depth, start, line = 0, position, position
        self._add(start, len(text), line)

    def _count_lines(self, start: int, end: int) -> None:
        while (start := self.text.find("\n", start, end) + 1) > 0:
            self.line_starts.append(start)

    def _add(self, start: int, end: int, line: int) -> None:
        piece = self.text[start:end]
        bare = piece.lstrip()
        if not bare or bare[0] == "#":
            return
        first, own = _FIRST.match(self.text, line), _FIRST.match(self.text, start)
        indent = len(first["space"].expandtabs()) if first else 0
        # `if x: a; b` — what follows the semicolon belongs to the header's body
        if start != line and first and first["word"] in COMPOUND:
            indent += 1
        while self._scopes and self._scopes[-1][0] >= indent:
            self._scopes.pop()
        self.statements.append(Statement(start + len(piece) - len(bare), end, ".".join(n for _, n in self._scopes)))
        if own and own["word"] in ("def", "class") and own["name"]:
            self._scopes.append((indent, own["name"]))


def tokens(source: Source, start: int, end: int) -> list[Token]:
    """The tokens of a stretch of the text, comments and white space left out."""
    found, position = [], start
    while position < end and (match := _TOKEN.search(source.text, position, end)):
        position = match.end()
        kind = match.lastgroup or "op"
        if kind == "string":
            quote = min(i for i in (match.group().find('"'), match.group().find("'")) if i >= 0)
            position = _string_end(source.text, match.start() + quote, position)
        if kind != "comment":
            found.append(Token(kind, source.text[match.start() : position], match.start(), position))
    return found


def _string_end(text: str, quote_at: int, plain_end: int) -> int:
    """Where the string really ends: in an f-string, quotes between braces do not end it (Python 3.12)."""
    if (
        not quote_at
        or text[quote_at - 1] not in "fFtTrR"
        or not _FORMATTED.search(text, max(0, quote_at - 3), quote_at)
    ):
        return plain_end
    quote = text[quote_at] * (3 if text.startswith(text[quote_at] * 3, quote_at) else 1)
    start, depth = quote_at + len(quote), 0
    for match in _BRACES[quote].finditer(text, start, start + 20_000):
        mark = match.group()
        if mark == "{" or (mark == "{{" and depth):
            depth += len(mark)
            if depth > _NESTED:
                return plain_end
        elif mark == "}":
            depth = max(0, depth - 1)
        elif mark == "\n" and len(quote) == 1:
            return plain_end
        elif mark == quote and not depth:
            return match.end()
    return plain_end
