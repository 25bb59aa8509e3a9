"""By which names GitLab knows a vulnerability: the tool's rule, CWE, CVE, GHSA, PYSEC."""

from __future__ import annotations

import re

from py_secure_ci.formats.escaping import cut, one_line
from py_secure_ci.formats.sarif_text import web_uri
from py_secure_ci.model import Finding, Rule

MAX_IDENTIFIERS = 20  # GitLab stores no more
# What an advisory's name looks like, the type it has there, and where it is explained.
_ADVISORIES = (
    (re.compile(r"CVE-\d{4}-\d+", re.ASCII), "cve", "https://nvd.nist.gov/vuln/detail/{}"),
    (re.compile(r"GHSA(-[0-9a-z]{4}){3}", re.ASCII), "ghsa", "https://github.com/advisories/{}"),
    (re.compile(r"[A-Za-z]+-[0-9A-Za-z-]+", re.ASCII), "osv", "https://osv.dev/vulnerability/{}"),
)


def identifiers(finding: Finding, rule: Rule | None) -> list[dict[str, str]]:
    """The primary one first: it is what GitLab follows a vulnerability by."""
    found = [_advisory(word) for word in finding.advisory.ids] if finding.advisory else []
    found = found or [_rule(finding, rule)]
    for number in sorted({*finding.cwe, *(rule.cwe if rule else ())}):
        uri = f"https://cwe.mitre.org/data/definitions/{number}.html"
        found.append({"type": "cwe", "name": f"CWE-{number}", "value": str(number), "url": uri})
    return found[:MAX_IDENTIFIERS]


def _rule(finding: Finding, rule: Rule | None) -> dict[str, str]:
    prefix = re.sub(r"[^a-z0-9]+", "_", finding.tool.lower())
    value = cut(one_line(finding.rule), 255) or "unnamed"
    found = {"type": f"{prefix}_rule_id", "name": cut(one_line(finding.name), 255), "value": value}
    if rule is not None and (uri := web_uri(rule.uri)):
        found["url"] = uri
    return found


def _advisory(word: str) -> dict[str, str]:
    for pattern, type_, uri in _ADVISORIES:
        if pattern.fullmatch(word):
            return {"type": type_, "name": word, "value": word, "url": uri.format(word)}
    name = cut(one_line(word), 255) or "unnamed"
    return {"type": "advisory", "name": name, "value": name}
