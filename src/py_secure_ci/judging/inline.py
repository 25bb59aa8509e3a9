"""Comments that speak to a scanner: our own `# py-secure-ci: ignore[rules] reason`, and a count of the tools' own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from py_secure_ci.judging.python_text import Source
from py_secure_ci.report import Inline

_MARK = re.compile(r"(?:^|(?<=\s))#\s*py-secure-ci\s*:(?P<rest>[^#]*)", re.IGNORECASE | re.DOTALL)
_IGNORE = re.compile(r"\s*ignore\s*\[(?P<rules>[^\]]*)\](?P<reason>.*)", re.DOTALL)
_RULE = re.compile(r"[\w.*?-]+/[\w.*?:-]+|[A-Za-z]{2,}-[\w.*?-]*\d[\w.*?-]*")  # `tool/rule`, or an advisory's id
_HASH = re.compile(r"(?:^|(?<=\s))#[^\n]*")
_PYTHON = (".py", ".pyi", ".pyw")
_NATIVE = {
    "noqa": re.compile(r"#\s*(?:noqa|ruff\s*:\s*noqa|flake8\s*[:=]\s*noqa)\b", re.IGNORECASE),
    "ruff: ignore": re.compile(r"#\s*ruff\s*:\s*(?:file-ignore|ignore|disable)\b"),
    "pylint: disable": re.compile(r"#\s*pylint\s*:[^\n]*\b(?:disable|skip-file)"),
    "nosec": re.compile(r"#\s*nosec\b", re.IGNORECASE),
    "type: ignore": re.compile(r"#\s*type\s*:\s*ignore\b"),
    "mypy: ignore-errors": re.compile(r"#\s*mypy\s*:[^\n]*\b(?i:ignore[-_]errors|disable[-_]error[-_]code)\b"),
    "pyright: ignore": re.compile(r"#\s*pyright\s*:[^\n]*(?:\bignore\b|\bbasic\b|=\s*(?:false|none)\b)"),
    "ty: ignore": re.compile(r"#\s*ty\s*:\s*ignore\b"),
    "pyrefly: ignore": re.compile(r"#\s*pyrefly\s*:\s*ignore\b"),
    "deptry: ignore": re.compile(r"#\s*deptry\s*:\s*ignore\b"),
    "isort: skip": re.compile(r"#\s*isort\s*:\s*(?:skip|off)"),
    "pragma: allowlist secret": re.compile(r"\b(?:pragma\s*:\s*(?:allowlist|whitelist)[ -](?:nextline[ -])?secret)\b"),
    "pragma: no cover": re.compile(r"#\s*pragma\s*:\s*no\s*cover\b"),
    "fmt: off": re.compile(r"#\s*fmt\s*:\s*(?:off|skip)\b"),
    "nosemgrep": re.compile(r"#\s*nosem(?:grep)?\b"),
    "zizmor: ignore": re.compile(r"#\s*zizmor\s*:\s*ignore\b"),
}
# None of the words above can stand in a text without one of these: most texts are done after a look for them.
_HINTS = ("noqa", "nosec", "ignore", "pragma", "fmt", "nosem", "disable", "pyright", "pylint", "isort")


def inline_suppressions(path: str, text: str) -> tuple[Inline, ...]:
    """Our comments in one file, in line order. A comment that is not of the right form carries its `problem`."""
    if "py-secure-ci" not in text.lower():
        return ()
    found = []
    for line, alone, comment in _comments(path, text):
        if (match := _MARK.search(comment)) is not None:
            found.append(_inline(path, line, alone, match["rest"]))
    return tuple(found)


def native_suppressions(path: str, text: str) -> Mapping[str, int]:
    """How many comments of each kind tell one of the tools to look away."""
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS) or not any(
        _stands(name, shape, text, lowered) for name, shape in _NATIVE.items()
    ):
        return {}
    counts = Counter(
        name for _, _, comment in _comments(path, text) for name, shape in _NATIVE.items() if shape.search(comment)
    )
    return dict(sorted(counts.items()))


def _stands(name: str, shape: re.Pattern[str], text: str, lowered: str) -> bool:
    """Whether a word of ours stands anywhere in a text, in a comment or not; looking for plain text first is quick."""
    return re.split(r"\W", name, maxsplit=1)[0] in lowered and shape.search(text) is not None


def _comments(path: str, text: str) -> Iterator[tuple[int, bool, str]]:
    """Line, whether nothing else is on it, and text of each comment. Outside Python, `#` after white space is one."""
    if path.endswith(_PYTHON):
        source = Source(text)
        for start, end in source.comments:
            line = source.line_of(start)
            yield line, not source.text[source.line_starts[line - 1] : start].strip(), source.text[start:end]
        return
    for line, words in enumerate(text.splitlines(), 1):
        match = _HASH.search(words)
        if match is not None:
            yield line, not words[: match.start()].strip(), match.group()


def _inline(path: str, line: int, alone: bool, rest: str) -> Inline:
    match = _IGNORE.fullmatch(rest)
    if match is None:
        return Inline(
            path=path, line=line, alone=alone, problem="it should read `# py-secure-ci: ignore[tool/rule] reason`"
        )
    rules = tuple(rule.strip() for rule in match["rules"].split(",") if rule.strip())
    reason = match["reason"].strip(" \t:-\u2013\u2014")
    wrong = [rule for rule in rules if not _RULE.fullmatch(rule)]
    problem = ""
    if not rules:
        problem = "it names no rule between the brackets"
    elif wrong:
        problem = f"{wrong[0]!r} is no rule; write `tool/rule` (such as `bandit/B101`) or an advisory's id"
    elif not any(map(str.isalnum, reason)):
        problem = "it gives no reason after the brackets"
    return Inline(path=path, line=line, rules=rules, reason=reason, alone=alone, problem=problem)
