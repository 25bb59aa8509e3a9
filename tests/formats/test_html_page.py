"""The page: nothing that tools say becomes HTML, nothing is asked of a network, and the answer comes first."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from py_secure_ci.formats.history import Point
from py_secure_ci.formats.html import render
from py_secure_ci.formats.html_data import page_data, web_link
from py_secure_ci.formats.html_parts import tag
from py_secure_ci.model import Finding, Rule
from py_secure_ci.report import Completed, Report, Status, Verdict

Sample = tuple[Report, Verdict]
BIDI = re.compile("[\u200b\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]")


class Page(HTMLParser):
    """Every tag with its attributes, every text, and what stands in script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._in = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        (self.raw.get(self._in, self.texts)).append(data)


def data_of(page: Page) -> Any:
    return json.loads(page.raw["script"][0])


def test_only_our_own_elements_are_there(sample: Sample) -> None:
    page = Page(render(*sample))
    names = {name for name, _ in page.tags}
    assert names <= set(
        "html head meta title link style body header main footer section nav a h1 h2 p ul li div table thead tbody tr th "
        "td code strong span label input select option noscript script".split()
    )
    assert [name for name, _ in page.tags].count("script") == 2
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset"}]
    for name, attributes in page.tags:
        target = attributes.get("href") or ""
        assert (name == "a" and re.match(r"#|https?://", target)) or not target or target == "data:,"


def test_the_policy_allows_this_script_and_this_style_only(sample: Sample) -> None:
    page = Page(render(*sample))
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for text, directive in ((page.raw["style"][0], "style-src"), (page.raw["script"][1], "script-src")):
        digest = base64.b64encode(sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy


def test_the_script_never_parses_html(sample: Sample) -> None:
    script = Page(render(*sample)).raw["script"][1]
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
        "XMLHttp",
        "import(",
    ):
        assert word not in script


def test_every_finding_is_in_the_data_and_stands_as_judged(sample: Sample) -> None:
    report, verdict = sample
    data = data_of(Page(render(report, verdict)))
    assert len(data["findings"]) == len(verdict.findings)
    assert sum(one["t"] == "blocks" for one in data["findings"]) == len(verdict.blocking)
    assert sum(one["t"] == "suppressed" for one in data["findings"]) == 1
    for one, finding in zip(data["findings"], verdict.findings, strict=True):
        assert data["rules"][one["r"]]["n"] == finding.name
        assert ("k" in one) == bool(finding.code and not finding.secret and one["t"] != "fixed")


def test_nothing_hidden_is_left(sample: Sample) -> None:
    text = render(*sample)
    assert not BIDI.search(text)
    assert not BIDI.search(json.dumps(data_of(Page(text)), ensure_ascii=False))
    text.encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(st.text(st.one_of(st.characters(), st.sampled_from("<>&\"'/-!\u2028\udce9")), max_size=60))
def test_any_text_is_text(words: str) -> None:
    page = Page(tag("p", words))
    assert [name for name, _ in page.tags] == ["p"]


def test_the_data_cannot_end_its_element(findings_of: Callable[[tuple[Finding, ...]], Sample], sample: Sample) -> None:
    hostile = replace(sample[1].findings[0], message="</script><script>alert(1)</script><!--", secret=False)
    text = page_data(*findings_of((hostile,)))
    assert not set("<>&") & set(text)
    assert text.isascii()
    assert json.loads(text)["findings"][0]["m"] == hostile.message


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "data:text/html,x", "https://a b", "file:///etc/passwd", "", "//x"]
)
def test_only_addresses_of_the_web_become_links(uri: str, sample_of: Callable[[Status], Sample]) -> None:
    report, verdict = sample_of(Status.FAIL)
    outcomes = tuple(
        replace(one, rules=tuple(Rule(rule.id, uri=uri) for rule in one.rules)) if isinstance(one, Completed) else one
        for one in report.outcomes
    )
    assert web_link(uri) == ""
    assert not [
        rule for rule in data_of(Page(render(replace(report, outcomes=outcomes), verdict)))["rules"] if "u" in rule
    ]


def test_answer_then_gaps_then_findings_then_the_rest(sample_of: Callable[[Status], Sample]) -> None:
    text = render(*sample_of(Status.INCOMPLETE))
    parts = ['class="verdict INCOMPLETE"', "because" if "because" in text else "reason 0", 'id="gaps"', 'id="findings"',
             'id="checks"', 'id="controls"', 'id="notes"', 'id="data"']  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "semgrep" in text[places[2] : places[3]]
    assert "big.py" in text[places[2] : places[3]]


def test_the_same_values_give_the_same_bytes(sample: Sample) -> None:
    assert render(*sample) == render(*sample)


def test_the_trend_is_drawn_from_earlier_reports_and_ends_in_this_one(sample_of: Callable[[Status], Sample]) -> None:
    report, verdict = sample_of(Status.FAIL)
    assert "Trend" not in "".join(Page(render(report, verdict)).texts)
    history = [Point("2026-01-02T00:00:00", "bbbb", "FAIL", 50, 40), Point("2026-01-01T00:00:00", "a<b", "FAIL", 80, 4)]
    text = render(replace(report, context=replace(report.context, time="2026-03-01T00:00:00")), verdict, history)
    section = text[text.index('id="trend"') :]
    bars = [int(height) for height in re.findall(r'class="bar-rest"[^>]*height="(\d+)"', section)]
    assert bars == [120, 75, round(23 / 80 * 120)]
    assert "a&lt;b" in section
