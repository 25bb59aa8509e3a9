"""What Django's checks said (scripts/run_django.py), read strictly, in the words of every tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from py_secure_ci.adapting.test_runs.record import refuse_unsealed
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Finding, Location, Rule, Severity
from py_secure_ci.reading import as_dict, as_list, field, load_json_lines, position, word
from py_secure_ci.tool import Execution

# https://docs.djangoproject.com/en/stable/ref/checks/#security: the check, the setting that it is about, its weakness.
SECURITY: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "security.W001": ("MIDDLEWARE", 693),
        "security.W002": ("MIDDLEWARE", 1021),
        "security.W003": ("MIDDLEWARE", 352),
        "security.W004": ("SECURE_HSTS_SECONDS", 319),
        "security.W005": ("SECURE_HSTS_INCLUDE_SUBDOMAINS", 319),
        "security.W006": ("SECURE_CONTENT_TYPE_NOSNIFF", 693),
        "security.W008": ("SECURE_SSL_REDIRECT", 319),
        "security.W009": ("SECRET_KEY", 330),
        "security.W010": ("SESSION_COOKIE_SECURE", 614),
        "security.W011": ("SESSION_COOKIE_SECURE", 614),
        "security.W012": ("SESSION_COOKIE_SECURE", 614),
        "security.W013": ("SESSION_COOKIE_HTTPONLY", 1004),
        "security.W014": ("SESSION_COOKIE_HTTPONLY", 1004),
        "security.W015": ("SESSION_COOKIE_HTTPONLY", 1004),
        "security.W016": ("CSRF_COOKIE_SECURE", 614),
        "security.W018": ("DEBUG", 489),
        "security.W019": ("X_FRAME_OPTIONS", 1021),
        "security.W020": ("ALLOWED_HOSTS", 644),
        "security.W021": ("SECURE_HSTS_PRELOAD", 319),
        "security.W022": ("SECURE_REFERRER_POLICY", 200),
        "security.E023": ("SECURE_REFERRER_POLICY", 200),
        "security.E024": ("SECURE_CROSS_ORIGIN_OPENER_POLICY", 346),
        "security.W025": ("SECRET_KEY_FALLBACKS", 330),
        "security.E026": ("CSRF_TRUSTED_ORIGINS", 352),
    }
)
KEYS = frozenset({"security.W009", "security.W025"})  # the line that they stand at holds a key
LEVELS = {"10": Severity.NOTE, "20": Severity.NOTE, "30": Severity.WARNING, "40": Severity.ERROR, "50": Severity.ERROR}
SECURITY_LEVELS = {
    "10": Severity.INFO, "20": Severity.LOW, "30": Severity.MEDIUM, "40": Severity.HIGH, "50": Severity.CRITICAL,
}  # fmt: skip
PLANTED = "canary_settings.py"
WHAT = "the record of Django's checks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer for one `manage.py`. `problem`: why there is none."""

    findings: tuple[Finding, ...] = ()
    rules: tuple[Rule, ...] = ()
    silenced: tuple[Excluded, ...] = ()
    problem: str = ""


def read_checks(tool: str, execution: Execution, name: str) -> Checked:
    """Raises WrongShape where the record cannot be believed."""
    try:
        text = execution.files[f"{name}.jsonl"]
    except KeyError:
        raise WrongShape(f"Django's checks left no record (exit status {execution.status})") from None
    refuse_unsealed(text, execution.stdout, name)
    events = [as_dict(one, WHAT) for one in load_json_lines(text, WHAT)]
    kinds = [field(one, "event", str, WHAT) for one in events]
    if not kinds or kinds[-1] != "end":
        raise WrongShape(
            f"Django's checks ended before they had told their results (exit status {execution.status})",
            hint="a settings file or an app may end the process (os._exit)",
        )
    if field(events[-1], "status", int, WHAT) != execution.status:
        raise WrongShape(f"Django's checks and their process do not agree on how they ended ({execution.status})")
    problems = [field(one, "reason", str, WHAT) for one in events if one["event"] == "problem"]
    if problems or execution.status not in (0, 1):
        return Checked(problem=problems[0] if problems else f"exit status {execution.status}")
    if execution.status != (1 if "message" in kinds else 0):
        raise WrongShape(f"Django's checks ended with status {execution.status}, which their messages contradict")
    return _answer(tool, events, kinds)


def _answer(tool: str, events: list[dict[str, Any]], kinds: list[str]) -> Checked:
    if kinds.count("checks") != 1 or set(kinds) - {"checks", "message", "end"}:
        raise WrongShape(f"{WHAT} is not of the known shape: {sorted(set(kinds))}")
    head = events[kinds.index("checks")]
    if field(head, "deployment", int, WHAT) < 1:
        raise WrongShape("none of Django's checks for deployment is registered: the project takes them away")
    file = field(head, "settings", str, WHAT)
    messages = [one for one in events if one["event"] == "message"]
    told = [one for one in messages if not field(one, "silenced", bool, WHAT)]
    hidden = sorted({field(one, "id", str, WHAT) for one in messages if one["silenced"]})
    return Checked(
        findings=tuple(_finding(tool, one) for one in told),
        rules=tuple(_rule(one) for one in {str(one["id"]): one for one in told}.values()),
        silenced=tuple(Excluded(name, f"{file}: SILENCED_SYSTEM_CHECKS") for name in hidden),
    )


def _finding(tool: str, one: dict[str, Any]) -> Finding:
    rule, about, text = (field(one, key, str, WHAT) for key in ("id", "about", "text"))
    levels = SECURITY_LEVELS if rule.startswith("security.") else LEVELS
    path, line = as_list(one.get("place"), WHAT)
    known = not str(path).startswith("/") or PurePath(str(path)).name == PLANTED
    return Finding(
        tool=tool,
        rule=rule,
        severity=word(levels, str(field(one, "level", int, WHAT)), "the level of a check"),
        message=" ".join(f"{about}: {text}".split() if about else text.split()),
        location=Location(str(path), None if line is None else position(line, WHAT)) if known else None,
        cwe=(SECURITY[rule][1],) if rule in SECURITY else (),
        fix=" ".join(field(one, "hint", str, WHAT).split()),
        secret=rule in KEYS,
        anchor=f"{rule} {about}".strip(),
    )


def _rule(one: dict[str, Any]) -> Rule:
    name = field(one, "id", str, WHAT)
    cwe = (SECURITY[name][1],) if name in SECURITY else ()
    tags = ("security", "django") if name.startswith("security.") else ("django",)
    uri = "https://docs.djangoproject.com/en/stable/ref/checks/"
    return Rule(id=name, summary=" ".join(str(one["text"]).split()), uri=uri, cwe=cwe, tags=tags)
