"""One table for PASS, FAIL and INCOMPLETE: what each format says, read back from its text, against the verdict itself.

A row is a finding: its mark (each message of the sample starts with one: m0, m1, …), severity and standing. Formats
that tell less are held against as much of the table as they tell.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from py_secure_ci.all_formats import ALL_FORMATS
from py_secure_ci.model import Finding, Severity, State
from py_secure_ci.report import Report, Status, Verdict

Sample = tuple[Report, Verdict]
Row = tuple[str, str, str]
RENDER = {one.name: one.render for one in ALL_FORMATS}
LEVEL = {one.word: one.level.value for one in Severity}
GITLAB_QUALITY = {
    "critical": "blocker", "high": "critical", "unknown": "critical", "error": "critical", "medium": "major",
    "warning": "major", "low": "minor", "note": "minor", "info": "info",
}  # fmt: skip
GITLAB_SECURITY = {
    "critical": "Critical", "high": "High", "unknown": "Unknown", "medium": "Medium", "low": "Low", "info": "Info",
}  # fmt: skip
GITLAB = ("gl-sast", "gl-secret-detection", "gl-dependency-scanning")


def standing(finding: Finding, verdict: Verdict) -> str:
    if finding.suppression is not None:
        return "suppressed"
    if finding.state is State.FIXED:
        return "fixed"
    if finding.fingerprint in verdict.blocking:
        return "blocks"
    return {State.NEW: "new", State.EXISTING: "known"}[finding.state]


def truth(verdict: Verdict) -> Counter[Row]:
    """Every finding of the verdict."""
    return Counter((mark(one.message), one.severity.word, standing(one, verdict)) for one in verdict.findings)


def there(verdict: Verdict) -> Counter[Row]:
    """Those that are there and that nobody answers for."""
    return Counter({row: count for row, count in truth(verdict).items() if row[2] in ("blocks", "new", "known")})


def mark(message: str) -> str:
    return message.split(maxsplit=1)[0]


def of_json(text: str) -> Counter[Row]:
    verdict = json.loads(text)["verdict"]
    words = {"new": "new", "existing": "known", "fixed": "fixed"}

    def said(one: Mapping[str, Any]) -> str:
        if one.get("suppression"):
            return "suppressed"
        return "blocks" if one["fingerprint"] in verdict.get("blocking", ()) else words[one["state"]]

    return Counter((mark(one["message"]), one["severity"], said(one)) for one in verdict["findings"])


class Page(HTMLParser):
    """The data of the page, the class of its verdict, its paragraphs, and the cells of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.status, self.data, self.paragraphs = "", "", [""]
        self.cells: list[list[str]] = []
        self._in = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in = "data" if tag == "script" and given.get("type") == "application/json" else tag
        if tag == "p" and "verdict" in (given.get("class") or "").split():
            self.status = (given.get("class") or "").split()[-1]
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th") and self.cells:
            self.cells[-1].append("")
        if tag == "p":
            self.paragraphs.append("")

    def handle_data(self, data: str) -> None:
        if self._in == "data":
            self.data += data
        elif self._in == "p":
            self.paragraphs[-1] += data
        elif self.cells and self.cells[-1]:
            self.cells[-1][-1] += data


def of_html(text: str) -> Counter[Row]:
    page = json.loads(Page(text).data)
    rows = [(mark(one["m"]), one["s"], one["t"]) for one in page["findings"]]
    assert all(one["l"] == LEVEL[one["s"]] for one in page["findings"])
    return Counter(rows)


def of_junit(text: str) -> Counter[Row]:
    found: Counter[Row] = Counter()
    for case in ET.fromstring(text).iter("testcase"):  # noqa: S314 - our own text
        for kind in ("failure", "skipped"):
            for one in case.findall(kind):
                told = re.fullmatch(r"(m\d+) .*\((\w+)\)", one.get("message", ""), re.DOTALL)
                if told is None:
                    continue  # a tool that had nothing to look at, an accepted gap
                assert (told[2] == "blocks") == (kind == "failure")
                found[told[1], one.get("type", ""), told[2]] += 1
    return found


FULL: dict[str, tuple[Callable[[str], Counter[Row]], Callable[[Verdict], Counter[Row]]]] = {
    "json": (of_json, truth),
    "html": (of_html, truth),
    "junit": (of_junit, there),
}


@pytest.mark.parametrize("name", FULL)
def test_every_finding_with_severity_and_standing(name: str, sample: Sample) -> None:
    read, due = FULL[name]
    assert read(RENDER[name](*sample)) == due(sample[1])


def results(text: str) -> list[dict[str, Any]]:
    return [result for run in json.loads(text)["runs"] for result in run["results"]]


def test_sarif_has_every_finding_with_its_level(sample: Sample) -> None:
    told = Counter((mark(one["message"]["text"]), one["level"]) for one in results(RENDER["sarif"](*sample)))
    assert told == Counter((row[0], LEVEL[row[1]]) for row in there(sample[1]).elements())


def test_audit_has_every_finding_with_level_state_and_suppression(sample: Sample) -> None:
    states = {"new": "new", "existing": "unchanged", "fixed": "absent"}
    told = Counter(
        (mark(one["message"]["text"]), one["level"], one["baselineState"], bool(one["suppressions"]))
        for one in results(RENDER["audit-sarif"](*sample))
    )
    assert told == Counter(
        (mark(one.message), one.severity.level.value, states[one.state.value], one.suppression is not None)
        for one in sample[1].findings
    )


def test_code_quality_has_every_finding_with_its_severity(sample: Sample) -> None:
    told = Counter((mark(one["description"]), one["severity"]) for one in json.loads(RENDER["gl-codequality"](*sample)))
    assert told == Counter((row[0], GITLAB_QUALITY[row[1]]) for row in there(sample[1]).elements())


def test_security_reports_have_every_security_finding_with_its_severity(sample: Sample) -> None:
    told = Counter(
        (mark(one["description"]), one["severity"])
        for name in GITLAB
        for one in json.loads(RENDER[name](*sample))["vulnerabilities"]
    )
    due = [row for row in there(sample[1]).elements() if row[1] in GITLAB_SECURITY]
    assert told == Counter((row[0], GITLAB_SECURITY[row[1]]) for row in due)


ANNOTATION = re.compile(r"::(\w+) (?:.*,)?title=(\S.*?) \((\w+)%2C (\w+(?: \w+)*)\)::(m\d+) ")
NOTICE = re.compile(r"::notice title=py-secure-ci (\w+)%3A [^:]*::(?:(\d+) more)?(?: and )?(?:(\d+) known findings?)?:")


def test_annotations_add_up(sample: Sample) -> None:
    """Ten of a level are shown; a notice counts the others. What is known and does not block is only counted."""
    words = {"error": "error", "warning": "warning", "notice": "note"}
    due, shown = there(sample[1]), Counter[Row]()
    more = known = 0
    for line in RENDER["annotations"](*sample).splitlines():
        if told := NOTICE.match(line):
            assert told[1] == sample[1].status.value
            more, known = int(told[2] or 0), int(told[3] or 0)
        elif told := ANNOTATION.match(line):
            assert LEVEL[told[3]] == words[told[1]]
            shown[told[5], told[3], told[4]] += 1
        else:
            assert line.startswith("::error title=Not checked::")
    assert shown <= due
    assert known == sum(count for row, count in due.items() if row[2] == "known")
    assert sum(shown.values()) + more + known == sum(due.values())


def severities(told: str) -> Counter[str]:
    """`2 high, 1 error (1 known)` as counts."""
    words = "|".join(LEVEL)
    return Counter({word: int(count) for count, word in re.findall(rf"(\d+) ({words})s?\b", told)})


def by_tool(rows: Iterable[tuple[str, str]]) -> dict[str, Counter[str]]:
    """Name and version -> counts by severity, for tools that ran."""
    return {name: severities(told) for name, told in rows if severities(told) or told.startswith("clean")}


def tools_of_console(text: str) -> dict[str, Counter[str]]:
    stages = "lint|format|type|test|sast|secrets|sca|sbom|ci"
    return by_tool(re.findall(rf"^  (?:{stages}) +(\S+) 1\.2\.3 +(.*)$", text, re.MULTILINE))


def tools_of_summary(text: str) -> dict[str, Counter[str]]:
    rows = re.findall(r"^\| [a-z]+ \| (\S+) 1\.2\.3 \| [^|]* \| ([^|]*) \|$", text, re.MULTILINE)
    return by_tool(rows)


def tools_of_html(text: str) -> dict[str, Counter[str]]:
    cells = [row for row in Page(text).cells if len(row) == 5 and row[1].endswith(" 1.2.3")]
    return by_tool((row[1].removesuffix(" 1.2.3"), row[3]) for row in cells)


TOOLS = {"console": tools_of_console, "summary": tools_of_summary, "html": tools_of_html}


@pytest.mark.parametrize("name", TOOLS)
def test_people_read_the_same_counts_of_each_tool(name: str, sample: Sample) -> None:
    report, verdict = sample
    due: dict[str, Counter[str]] = {
        one.tool.name: Counter() for one in report.outcomes if type(one).__name__ == "Completed"
    }
    for one in verdict.findings:
        if standing(one, verdict) in ("blocks", "new", "known"):
            due[one.tool][one.severity.word] += 1
    assert TOOLS[name](RENDER[name](*sample)) == due


def blocking_of_console(text: str) -> Counter[tuple[str, str]]:
    found = re.findall(r"^  \S+ +(\w+) (?:.*) \(blocks\)\n +(m\d+) ", text, re.MULTILINE)
    return Counter((m, word) for word, m in found)


def blocking_of_summary(text: str) -> Counter[tuple[str, str]]:
    found = re.findall(r"^\| (\w+) \| blocks \| .*? \| .*? \| (m\d+) ", text, re.MULTILINE)
    return Counter((m, word) for word, m in found)


BLOCKING = {"console": blocking_of_console, "summary": blocking_of_summary}


@pytest.mark.parametrize("name", BLOCKING)
def test_people_read_of_each_finding_that_blocks(name: str, sample: Sample) -> None:
    due = Counter((row[0], row[1]) for row in there(sample[1]).elements() if row[2] == "blocks")
    assert BLOCKING[name](RENDER[name](*sample)) == due


@pytest.mark.parametrize("name", ["console", "summary"])
def test_people_read_how_many_of_each_rule_do_not_block(name: str, sample: Sample) -> None:
    text = html.unescape(RENDER[name](*sample))
    words = "|".join(LEVEL)
    if name == "console":
        found = re.findall(rf"^  (\S+/.*?) +(\d+) ({words})s? +in .* \((new|known)\)$", text, re.MULTILINE)
    else:
        rows = re.findall(rf"^\| ({words}) \| (new|known) \| <code>(.*?)</code> \| (\d+) \|", text, re.MULTILINE)
        found = [(rule, count, word, how) for word, how, rule, count in rows]
    due = Counter(
        (one.name, one.severity.word, standing(one, sample[1]))
        for one in sample[1].findings
        if standing(one, sample[1]) in ("new", "known")
    )
    assert Counter({(rule, word, how): int(count) for rule, count, word, how in found}) == due


COUNTS = re.compile(r"(\d+) findings?: (\d+) block, (\d+) new that do not, (\d+) known; (\d+) suppressed, (\d+) fixed")


@pytest.mark.parametrize("name", ["console", "summary", "html"])
def test_the_line_of_counts(name: str, sample: Sample) -> None:
    text = RENDER[name](*sample)
    told = COUNTS.findall("\n".join(Page(text).paragraphs) if name == "html" else text)
    rows = truth(sample[1])
    each = Counter[str]()
    for row, count in rows.items():
        each[row[2]] += count
    due = (
        sum(there(sample[1]).values()), each["blocks"], each["new"], each["known"], each["suppressed"],
        len(sample[1].fixed),
    )  # fmt: skip
    assert [tuple(map(int, one)) for one in told] == [due]


def status_of(name: str, text: str) -> str:
    """The verdict as a format words it."""
    if name == "json":
        return str(json.loads(text)["verdict"]["status"])
    if name == "html":
        return Page(text).status
    if name == "junit":
        root = ET.fromstring(text)  # noqa: S314 - our own text
        return "INCOMPLETE" if root.findall(".//error") else "FAIL" if root.findall(".//failure") else "PASS"
    line = text.splitlines()[-1] if name == "console" else text
    found = re.findall(r"\b(PASS|FAIL|INCOMPLETE): ", line)
    return found[0] if found else "none"


@pytest.mark.parametrize("name", ["json", "html", "junit", "console", "summary", "controls"])
@pytest.mark.parametrize("status", list(Status), ids=lambda one: one.value)
def test_the_verdict_itself(name: str, status: Status, sample_of: Callable[[Status], Sample]) -> None:
    assert status_of(name, RENDER[name](*sample_of(status))) == status.value


def test_no_format_is_forgotten() -> None:
    """Whoever adds a format says here how it is held against the table."""
    elsewhere = {"cyclonedx", "spdx"}  # packages, no findings: test_sbom.py
    views = {"controls", "oscal"}  # counts by control: test_controls.py, test_oscal.py
    held = {*FULL, "sarif", "audit-sarif", "gl-codequality", *GITLAB, "annotations", *TOOLS}
    assert set(RENDER) == held | views | elsewhere
