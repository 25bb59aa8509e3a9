"""What is wrong with one value of the policy: an empty string, or what to write instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from py_secure_ci.model import Kind, Severity
from py_secure_ci.tables import matches_any, table

_WORDS = {one.word: one for one in Severity}
_ADVISORY = re.compile(r"[A-Za-z]{2,}-[\w.*?-]*[\d*][\w.*?-]*")
_FINGERPRINT = re.compile(r"v1:[0-9a-f]{32}")
_WILD = frozenset("*?")


def rule_problem(rule: str, tools: Collection[str]) -> str:
    """A rule is `tool/rule` with wildcards, an advisory's id, or `*`."""
    if rule == "*" or _ADVISORY.fullmatch(rule):
        return ""
    tool, slash, name = rule.partition("/")
    if not slash or not tool or not name:
        names = {one: f"{known}/{one}" for known, ones in table("rules").items() for one in ones}
        from difflib import get_close_matches

        found = get_close_matches(rule, names, n=1, cutoff=0.6)
        close = f" (did you mean {names[found[0]]}?)" if found else ""
        return f"{rule!r} is no rule; write `tool/rule`, such as bandit/B101, or an advisory's id{close}"
    if problem := tool_problem(tool, tools):
        return problem
    known = table("rules").get(tool)
    if known is None or _WILD & set(name) or any(matches_any(one, (name,)) for one in known):
        return ""
    hint = f" (for a rule of a newer {tool}, write {tool}/{name[:-1]}*)" if len(name) > 1 else ""
    return f"{tool} has no rule {name!r}{_close(name, known)}{hint}"


def tool_problem(tool: str, tools: Collection[str]) -> str:
    """A tool's name or a glob over such names; nothing is known to be wrong without a list of tools."""
    if not tool:
        return "name a tool, or `*`"
    if not tools or any(matches_any(one, (tool,)) for one in tools):
        return ""
    return f"there is no tool {tool!r}{_close(tool, tools)}"


def reason_problem(reason: object) -> str:
    """Somebody will read the reason in a year: it has letters in it."""
    if isinstance(reason, str) and any(map(str.isalpha, reason)):
        return ""
    return "a reason is needed: say why this is no problem here"


def date_problem(text: str) -> str:
    """An ISO date or nothing."""
    if not text:
        return ""
    if text == str(None):
        return "there is nothing here; write a date as YYYY-MM-DD, such as 2027-06-30, or take the key away"
    try:
        date.fromisoformat(text)
    except ValueError:
        return f"{text!r} is not a date; write it as YYYY-MM-DD, such as 2027-06-30"
    return "" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else f"{text!r} is not a date; write it as YYYY-MM-DD"


def date_text(value: object) -> str:
    """What a YAML reader made of a date (a date, or a string) as text."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def package_problem(package: str) -> str:
    """A requirement: a name, perhaps with a version range."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(package) if package else None
    except InvalidRequirement:
        return f"{package!r} is no package with a version range; write it like jinja2<3.1.6 or jinja2>=3,<4"
    if requirement is not None and (requirement.marker or requirement.extras or requirement.url):
        return f"{package!r}: a name and a version range are all that can be given here"
    return ""


def fingerprint_problem(fingerprint: str) -> str:
    """One of our fingerprints, whole."""
    if not fingerprint or _FINGERPRINT.fullmatch(fingerprint):
        return ""
    return f"{fingerprint!r} is no fingerprint; copy it whole from report.json (v1: and 32 hexadecimal digits)"


def threshold_problem(kind: Kind, word: str) -> str:
    """A word of that kind, or `none`. `unknown` is no threshold: it is judged as high."""
    known = [one.word for one in Severity if one.kind is kind and one is not Severity.UNKNOWN]
    if word in _WORDS and word not in known and word != "unknown":
        return f"{word!r} is a word for {_WORDS[word].kind.value} findings; write one of {', '.join([*known, 'none'])}"
    return word_problem(word, [*known, "none"])


def severity_problem(word: str) -> str:
    """Any of our severity words."""
    return word_problem(word, list(_WORDS))


def count_problem(count: object) -> str:
    """A whole number from 0, or `baseline`."""
    if count == "baseline" or (isinstance(count, int) and not isinstance(count, bool) and count >= 0):
        return ""
    return f"{count!r} is no count; write a number from 0, or `baseline`"


def word_problem(word: str, known: Sequence[str]) -> str:
    """One of a few words."""
    return "" if word in known else f"{word!r} is not known; write one of {', '.join(known)}{_close(word, known)}"


def glob_problem(glob: str) -> str:
    """A path glob inside the project."""
    if not glob.strip("/"):
        return "an empty path fits nothing; leave `paths` out to mean every file"
    if glob.startswith("/") or ".." in glob.split("/"):
        return f"{glob!r} leads out of the project; write it relative to the project's root"
    return ""


def empty_problem(text: str) -> str:
    """Something has to be written."""
    return "" if text.strip() else "write what it is about, such as a path or a package"


def _close(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, [*known], n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""
