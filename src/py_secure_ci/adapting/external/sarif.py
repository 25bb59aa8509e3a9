"""SARIF 2.1.0 of any tool as findings (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from py_secure_ci.adapting.external.places import Places
from py_secure_ci.adapting.external.sarif_rules import Rules
from py_secure_ci.adapting.external.severities import SARIF, kind_of
from py_secure_ci.errors import WrongShape
from py_secure_ci.judging.severities import from_score
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional, word
from py_secure_ci.tool import Reading

LONGEST = 2000  # characters of a message
SHOWN_KINDS = frozenset({"fail", "open", "review"})
QUIET_KINDS = frozenset({"pass", "notApplicable", "informational"})


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the tool's name and stage in this run, and where its paths may lead."""

    tool: str
    stage: Stage
    places: Places


def read_sarif(text: str, reader: Reader) -> Reading:
    """Every run of a log. A run that says itself that it failed, and a log without runs, is a wrong shape."""
    log = as_dict(load_json(text, "the SARIF"), "the SARIF")
    version = field(log, "version", str, "the SARIF")
    if not version.startswith("2.1"):
        raise WrongShape(f"the SARIF is of version {version!r}, not 2.1.0")
    runs = [as_dict(one, "a run") for one in field(log, "runs", list, "the SARIF")]
    if not runs:
        raise WrongShape("the SARIF holds no run: nothing ran")
    read = [_Run(run, reader) for run in runs]
    hidden = sum(one.hidden for one in read)
    return Reading(
        findings=tuple(finding for one in read for finding in one.findings),
        rules=tuple({rule.id: rule for one in read for rule in one.used}.values()),
        gaps=tuple(gap for one in read for gap in one.gaps),
        notes=(f"Results that the report itself suppresses: {hidden}.",) if hidden else (),
    )


class _Run:
    def __init__(self, run: dict[str, Any], reader: Reader) -> None:
        self._run, self._reader = run, reader
        self._rules = Rules(run)
        self._artifacts = [as_dict(one, "an artifact") for one in as_list(run.get("artifacts") or [], "artifacts")]
        self._bases = as_dict(run.get("originalUriBaseIds") or {}, "originalUriBaseIds")
        self.hidden = 0
        self.used: list[Rule] = []
        self.gaps = tuple(self._invocations())
        results = field(run, "results", list, "a run of the SARIF")
        told = [self._finding(as_dict(one, "a result")) for one in results]
        self.findings = tuple(one for one in told if one is not None)

    def _invocations(self) -> list[Gap]:
        gaps = []
        for value in as_list(self._run.get("invocations") or [], "invocations"):
            one = as_dict(value, "an invocation")
            if optional(one, "executionSuccessful", bool, "an invocation") is False:
                raise WrongShape("the report says itself that the tool did not succeed (executionSuccessful: false)")
            for note in as_list(one.get("toolExecutionNotifications") or [], "notifications"):
                notice = as_dict(note, "a notification")
                if notice.get("level") == "error":
                    place = self._place(notice)
                    said = field(field(notice, "message", dict, "a notification"), "text", str, "a notification")
                    gaps.append(Gap(place.path if place else self._reader.tool, said[:200]))
        return gaps

    def _finding(self, one: dict[str, Any]) -> Finding | None:
        kind = optional(one, "kind", str, "a result") or "fail"
        if kind not in SHOWN_KINDS | QUIET_KINDS:
            raise WrongShape(f"a result is of the unknown kind {kind!r}")
        if kind in QUIET_KINDS or one.get("baselineState") == "absent":
            return None
        if _suppressed(one):
            self.hidden += 1
            return None
        rule, descriptor = self._rules.of(one)
        secret = self._reader.stage is Stage.SECRETS
        place = self._place(one)
        self.used.append(rule)
        return Finding(
            tool=self._reader.tool,
            rule=rule.id,
            severity=self._severity(one, rule, descriptor),
            message=(rule.summary or f"Possible secret: {rule.id}") if secret else _message(one, rule, descriptor),
            location=place,
            cwe=rule.cwe,
            secret=secret,
            anchor="" if place else f"{rule.id}:{_logical(one)}",
        )

    def _severity(self, one: dict[str, Any], rule: Rule, descriptor: dict[str, Any]) -> Severity:
        properties = [as_dict(each.get("properties") or {}, "properties") for each in (one, descriptor)]
        for each in properties:
            if (score := each.get("security-severity")) is not None:
                return from_score(_number(score))
        default = as_dict(descriptor.get("defaultConfiguration") or {}, "defaultConfiguration")
        level = optional(one, "level", str, "a result") or optional(default, "level", str, "a rule") or "warning"
        stage = Stage.SAST if "security" in rule.tags else self._reader.stage
        return word(SARIF[kind_of(stage)], level, "a result's level")

    def _place(self, one: dict[str, Any]) -> Location | None:
        for value in as_list(one.get("locations") or [], "locations"):
            physical = as_dict(as_dict(value, "a location").get("physicalLocation") or {}, "a physicalLocation")
            path = self._reader.places.path(self._uri(as_dict(physical.get("artifactLocation") or {}, "a location")))
            if path:
                region = as_dict(physical.get("region") or {}, "a region")
                keys = ("startLine", "startColumn", "endLine", "endColumn")
                line, column, end, last = (_position(region.get(key)) for key in keys)
                return Location(path, line, column if line else None, end if line else None, last if column else None)
        return None

    def _uri(self, location: dict[str, Any], depth: int = 0) -> str:
        index = location.get("index")
        if "uri" not in location and isinstance(index, int) and 0 <= index < len(self._artifacts):
            location = as_dict(self._artifacts[index].get("location") or {}, "an artifact")
        uri = optional(location, "uri", str, "a location") or ""
        base = as_dict(self._bases.get(str(location.get("uriBaseId"))) or {}, "a base")
        if not base or depth > 8 or "://" in uri:
            return uri
        before = self._uri(base, depth + 1)
        return f"{before.rstrip('/')}/{uri}" if before else uri


def _suppressed(one: dict[str, Any]) -> bool:
    said = [as_dict(each, "a suppression") for each in as_list(one.get("suppressions") or [], "suppressions")]
    return bool(said) and all(each.get("status", "accepted") == "accepted" for each in said)


def _message(one: dict[str, Any], rule: Rule, descriptor: dict[str, Any]) -> str:
    message = field(one, "message", dict, "a result")
    text = optional(message, "text", str, "a message") or optional(message, "markdown", str, "a message")
    if text is None:
        strings = as_dict(descriptor.get("messageStrings") or {}, "messageStrings")
        known = as_dict(strings.get(str(message.get("id"))) or {}, "a message")
        text = optional(known, "text", str, "a message") or rule.summary or rule.id
    words = [str(each) for each in as_list(message.get("arguments") or [], "arguments")]
    filled = re.sub(r"\{(\d+)\}", lambda at: words[int(at[1])] if int(at[1]) < len(words) else at[0], text)
    return filled.strip()[:LONGEST] or rule.id


def _logical(one: dict[str, Any]) -> str:
    for value in as_list(one.get("locations") or [], "locations"):
        for name in as_list(as_dict(value, "a location").get("logicalLocations") or [], "logicalLocations"):
            return str(as_dict(name, "a logicalLocation").get("fullyQualifiedName", ""))
    return ""


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _position(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None
