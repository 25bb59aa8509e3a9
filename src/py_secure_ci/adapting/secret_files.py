"""What every tool that looks for secrets shares: which files are due, and what a finding says."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from py_secure_ci.adapting.file_kinds import BINARY, LOCKS, packed
from py_secure_ci.model import Confidence, Excluded, Finding, Location, Rule, Severity, Suppression
from py_secure_ci.tool import Selection

CWE = (798,)


def select_texts(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    """For `Tool.select`: what may be text; lock files and archives are told as left out."""
    texts = tuple(file for file in files if posixpath.splitext(file)[1].lower() not in BINARY)
    locks = frozenset(file for file in texts if posixpath.basename(file) in LOCKS)
    left_out = tuple(Excluded(file, "default (a lock file holds hashes)") for file in texts if file in locks)
    return Selection(tuple(file for file in texts if file not in locks), (*left_out, *packed(files)))


def secret(
    tool: str,
    rule: str,
    said: str,
    rating: tuple[Severity, Confidence],
    location: Location,
    suppression: Suppression | None = None,
) -> Finding:
    """A finding. `said`: the kind of secret in words, never the secret."""
    return Finding(
        tool=tool,
        rule=rule,
        severity=rating[0],
        confidence=rating[1],
        message=f"Possible secret: {said}",
        location=location,
        cwe=CWE,
        fix="Revoke it where it is valid, then take it out of the code and of the history.",
        secret=True,
        suppression=suppression,
    )


def secret_rule(rule: str, summary: str, uri: str, name: str = "") -> Rule:
    """The rule of such findings."""
    return Rule(rule, name=name, summary=summary, uri=uri, cwe=CWE, tags=("security",))
