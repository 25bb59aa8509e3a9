"""SARIF 2.1.0 (OASIS), as GitHub code scanning and GitLab take it: one run for each tool that looked."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Any

from py_secure_ci.formats.json_text import array_text, object_text
from py_secure_ci.formats.judged import active, plural
from py_secure_ci.formats.places import Places
from py_secure_ci.formats.sarif_results import artifact, judgement_data, result_data
from py_secure_ci.formats.sarif_rules import rule_data, rule_id
from py_secure_ci.formats.sarif_taxonomies import Taxa
from py_secure_ci.formats.sarif_text import sarif_text, web_uri
from py_secure_ci.model import Finding, Gap, Rule
from py_secure_ci.report import Completed, Report, ToolInfo, Verdict

MAX_RUNS = 20
MAX_RESULTS = 5_000  # of a run; GitHub keeps no more
MAX_BYTES = 10_000_000  # of the file, compressed
_MAX_TOLD = 100  # gaps named in one run
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_Owner = tuple[str, str]  # a tool's name and its project: code scanning keeps the alerts of each apart
_SEMANTIC = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.ASCII)


def render_upload(report: Report, verdict: Verdict) -> str:
    """For code scanning: nothing suppressed, within every limit; what was cut off is told in the run itself."""
    limit = MAX_RESULTS
    findings = active(verdict)
    while True:
        text = _text(report, findings, limit, audit=False)
        if limit <= 1 or _compressed_below(text, MAX_BYTES):
            return text
        limit //= 2


def render_audit(report: Report, verdict: Verdict) -> str:
    """The whole truth: every finding with its suppression and its standing against the baseline."""
    return _text(report, verdict.findings, len(verdict.findings), audit=True)


def _compressed_below(text: str, limit: int) -> bool:
    return len(text) < limit or len(zlib.compress(text.encode(), 1)) < limit


def _text(report: Report, findings: Iterable[Finding], limit: int, *, audit: bool) -> str:
    by_tool: dict[_Owner, list[Finding]] = {}
    for finding in findings:
        by_tool.setdefault((finding.tool, finding.project), []).append(finding)
    places = Places(report)
    looked = every = _looked(report)
    if not audit and len(looked) > MAX_RUNS:
        looked = _the_worst(looked, by_tool)
    left_out = [parts[0].tool.label for owner, parts in every.items() if owner not in looked]
    told = [_notification(f"no room for {plural(len(left_out), 'tool')}: {', '.join(left_out)}")] if left_out else []
    runs = []
    for owner, parts in looked.items():
        chosen = _Chosen(by_tool.get(owner, []), places, limit, audit=audit)
        runs.append(_run(report, parts, chosen, places, told))
        told = []  # once is enough
    return object_text({"$schema": _SCHEMA, "version": "2.1.0"}, runs=f"[{','.join(runs)}]") + "\n"


class _Chosen:
    """Which findings of a tool become results, where they are shown, and which rules they need."""

    def __init__(self, findings: list[Finding], places: Places, limit: int, *, audit: bool) -> None:
        placed = [(finding, places.of(finding)) for finding in findings]
        homed = [one for one in placed if audit or one[1] is not None]
        self.results = homed[:limit]
        self.homeless = len(placed) - len(homed)
        self.dropped = len(homed) - len(self.results)
        self.audit = audit
        self.rules: dict[str, list[Finding]] = {}
        for finding, _ in self.results:
            self.rules.setdefault(rule_id(finding.rule), []).append(finding)

    def text(self, places: Places) -> str:
        """The results as JSON."""
        index = {name: number for number, name in enumerate(self.rules)}
        data = (result_data(finding, index[rule_id(finding.rule)], place, places) for finding, place in self.results)
        if self.audit:
            judged = (judgement_data(finding, places) for finding, _ in self.results)
            data = (one | more for one, more in zip(data, judged, strict=True))
        return array_text(data)


def _looked(report: Report) -> dict[_Owner, list[Completed]]:
    """The tools that gave a verdict. One that failed in any part has none: an empty run would close its alerts."""
    looked: dict[_Owner, list[Completed]] = {}
    for outcome in report.outcomes:
        if isinstance(outcome, Completed):
            looked.setdefault((outcome.tool.name, outcome.tool.project), []).append(outcome)
    for outcome in report.outcomes:
        if not isinstance(outcome, Completed):
            looked.pop((outcome.tool.name, outcome.tool.project), None)
    return looked


def _the_worst(
    looked: dict[_Owner, list[Completed]], by_tool: dict[_Owner, list[Finding]]
) -> dict[_Owner, list[Completed]]:
    def rank(owner: _Owner) -> int:
        return max((finding.severity.rank for finding in by_tool.get(owner, ())), default=0)

    kept = set(sorted(looked, key=rank, reverse=True)[:MAX_RUNS])
    return {name: parts for name, parts in looked.items() if name in kept}


def _run(report: Report, parts: list[Completed], chosen: _Chosen, places: Places, told: list[dict[str, Any]]) -> str:
    tool = parts[0].tool
    known = {rule_id(rule.id): rule for part in parts for rule in part.rules}
    driver = _driver(report, parts[0])
    taxa = Taxa(tool.stage)
    driver["rules"] = [_rule(known.get(name, Rule(name)), tool, found, taxa) for name, found in chosen.rules.items()]
    if references := taxa.references():
        driver["supportedTaxonomies"] = references
    invocation: dict[str, Any] = {"executionSuccessful": True}
    if told := [*told, *_notifications(report, parts, places, chosen)]:
        invocation["toolExecutionNotifications"] = told
    data = {
        "tool": {"driver": driver},
        "automationDetails": {"id": _category(report, tool)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "invocations": [invocation],
    }
    if components := taxa.components():
        data["taxonomies"] = components
    return object_text(data, results=chosen.text(places))


def _rule(rule: Rule, tool: ToolInfo, found: list[Finding], taxa: Taxa) -> dict[str, Any]:
    data = rule_data(rule, tool.stage, found, tool.name)
    if related := taxa.relationships(rule, found):
        data["relationships"] = related
    return data


def _driver(report: Report, part: Completed) -> dict[str, Any]:
    tool = part.tool
    driver: dict[str, Any] = {"name": sarif_text(tool.name, 255)}
    if tool.version:
        driver["version"] = sarif_text(tool.version, 255)
        if _SEMANTIC.fullmatch(tool.version):
            driver["semanticVersion"] = driver["version"]
    if uri := web_uri(tool.uri):
        driver["informationUri"] = uri
    driver["properties"] = {"runBy": sarif_text(f"py-secure-ci {report.version}")}
    return driver


def _category(report: Report, tool: ToolInfo) -> str:
    parts = ["py-secure-ci", tool.name, *report.context.prefix.split("/"), *tool.project.split("/")]
    return "".join(f"{sarif_text(part)}/" for part in parts if part and part != ".")


def _notifications(report: Report, parts: list[Completed], places: Places, chosen: _Chosen) -> list[dict[str, Any]]:
    told = []
    if chosen.dropped:
        told.append(
            _notification(f"{plural(chosen.dropped, 'finding')} of less weight left out: the platform's limit.")
        )
    if chosen.homeless:
        told.append(_notification(f"{plural(chosen.homeless, 'finding')} about no file left out: see the report."))
    gaps = [(gap, part.unit == "files") for part in parts for gap in part.gaps]
    gaps += [(gap, False) for gap in report.gaps]
    told += [_gap(gap, is_file, places) for gap, is_file in gaps[:_MAX_TOLD]]
    if len(gaps) > _MAX_TOLD:
        told.append(_notification(f"{len(gaps) - _MAX_TOLD} more were not looked at: see the report."))
    return told


def _gap(gap: Gap, is_file: bool, places: Places) -> dict[str, Any]:
    data = _notification(f"{gap.subject} was not looked at: {gap.reason}")
    if is_file and places.path(gap.subject):
        place: dict[str, Any] = {"artifactLocation": artifact(gap.subject, places)}
        if gap.line is not None and gap.line > 0:
            place["region"] = {"startLine": gap.line}
        data["locations"] = [{"physicalLocation": place}]
    return data


def _notification(text: str) -> dict[str, Any]:
    return {"level": "warning", "message": {"text": sarif_text(text)}}
