"""Licence policy: SPDX expressions and the lists that the YAML holds (https://spdx.org/licenses/)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from py_secure_ci.errors import ConfigError

INCOMPLETE, FAIL, PASS = "incomplete", "fail", "pass"
Leaf = Callable[[str], bool]
_LIST = {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True}
LICENCE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "description": "Which licences dependencies may be under, as SPDX expressions. It switches the check on.",
    "anyOf": [{"required": ["allow"]}, {"required": ["deny"]}],
    "properties": {
        "allow": {**_LIST, "description": "Only these; without it everything that is not denied."},
        "deny": {**_LIST, "description": "Never these."},
        "packages": {
            "type": "object",
            "additionalProperties": {"type": "string", "minLength": 1},
            "description": "The licence of a package, by name, where its own metadata does not say it.",
        },
        "unknown": {
            "enum": [INCOMPLETE, FAIL, PASS],
            "description": "A package whose licence nobody says is a coverage gap (default), a finding, or nothing.",
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LicencePolicy:
    """`stages.sca.licences` of the YAML: canonical SPDX expressions. `rest`: there is no list of allowed ones.

    `packages`: what people found out themselves. `unknown`: what becomes of one whose licence nobody says.
    """

    allow: frozenset[str] = frozenset()
    rest: bool = False
    deny: frozenset[str] = frozenset()
    packages: Mapping[str, str] = field(default_factory=dict)
    unknown: str = INCOMPLETE

    def objection(self, expression: str) -> str:
        """Why an expression is against the policy: `denied`, `not allowed`, or nothing. Of an OR one side will do."""
        if expression in self.allow:
            return ""
        if expression in self.deny:
            return "denied"
        return "" if self._fits(expression) else "denied" if self._denied(expression) else "not allowed"

    def _fits(self, expression: str) -> bool:
        return _holds(expression, lambda one: not _listed(one, self.deny, self.allow) and self._allowed(one))

    def _allowed(self, one: str) -> bool:
        return self.rest or one in self.allow or _base(one) in self.allow

    def _denied(self, expression: str) -> bool:
        return not _holds(expression, lambda one: not _listed(one, self.deny, self.allow))


def _listed(one: str, deny: frozenset[str], allow: frozenset[str]) -> bool:
    """An exception only adds permissions: denying a licence denies it with one, unless the list allows that by name."""
    return one in deny or (_base(one) in deny and one not in allow)


def _base(one: str) -> str:
    return one.partition(" WITH ")[0]


def _holds(expression: str, leaf: Leaf) -> bool:
    """Whether the expression holds if `leaf` tells it of each licence; AND binds closer than OR."""
    words = iter(_words(expression))
    value, rest = _or(list(words), leaf)
    assert not rest  # noqa: S101 (the expression is canonical)
    return value


def _words(expression: str) -> Iterator[str]:
    """Brackets, AND, OR, and licences with their exception."""
    parts = expression.replace("(", " ( ").replace(")", " ) ").split()
    while parts:
        one = parts.pop(0)
        if parts[:1] == ["WITH"]:
            one = f"{one} WITH {parts[1]}"
            parts = parts[2:]
        yield one


def _or(words: list[str], leaf: Leaf) -> tuple[bool, list[str]]:
    value, words = _and(words, leaf)
    while words[:1] == ["OR"]:
        other, words = _and(words[1:], leaf)
        value = value or other
    return value, words


def _and(words: list[str], leaf: Leaf) -> tuple[bool, list[str]]:
    value, words = _one(words, leaf)
    while words[:1] == ["AND"]:
        other, words = _one(words[1:], leaf)
        value = value and other
    return value, words


def _one(words: list[str], leaf: Leaf) -> tuple[bool, list[str]]:
    if words[0] != "(":
        return leaf(words[0]), words[1:]
    value, rest = _or(words[1:], leaf)
    return value, rest[1:]


def canonical(expression: str) -> str:
    """The canonical form of an SPDX expression, or an empty string if it is none."""
    try:
        return str(canonicalize_license_expression(expression)) if expression.strip() else ""
    except InvalidLicenseExpression:
        return ""


def licence_policy(given: Mapping[str, Any], place: Callable[[str], str] = lambda key: key) -> LicencePolicy:
    """The policy of a YAML of checked shape. Raises ConfigError, with `place(key)`, for what is no SPDX expression."""

    def checked(key: str, said: Iterable[str]) -> Iterator[str]:
        for one in said:
            expression = canonical(one)
            if not expression:
                raise ConfigError(
                    f"{place(key)}: {one!r} is no SPDX licence expression",
                    hint="Write ids as SPDX lists them: MIT, Apache-2.0, GPL-3.0-or-later.",
                )
            yield expression

    return LicencePolicy(
        allow=frozenset(checked("allow", given.get("allow", ()))),
        rest="allow" not in given,
        deny=frozenset(checked("deny", given.get("deny", ()))),
        packages={
            canonicalize_name(name): next(checked("packages", (said,)))
            for name, said in given.get("packages", {}).items()
        },
        unknown=given.get("unknown", INCOMPLETE),
    )
