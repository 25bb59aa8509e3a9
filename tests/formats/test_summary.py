"""The job summary: valid Markdown whatever the messages say, and never too long."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from py_secure_ci.formats.escaping import cut, markdown, markdown_code
from py_secure_ci.formats.summary import MAX_BYTES, render
from py_secure_ci.model import Finding
from py_secure_ci.report import Report, Status, Verdict

Sample = tuple[Report, Verdict]
OURS = re.compile(r"</?(?:details|summary|code)>|<br>|<!-- -->")
ODD = st.sampled_from("|`*_~[]()!\\{}$<>&@#\r\n\u202e\u200b\x1b\udce9:/")


@settings(max_examples=200, deadline=None)
@given(st.text(st.one_of(st.characters(), ODD), max_size=60))
def test_no_markup_survives(text: str) -> None:
    for told in (markdown(text), markdown_code(text)):
        inside = OURS.sub("", told)
        assert not set(inside) & set("|`*_~[]()!\\{}$<>@\n\r\u202e\u200b\x1b")
        assert re.fullmatch(r"(?:[^&#]|&(?:amp|lt|gt|#\d+);)*", inside)
        assert "://" not in inside
        told.encode("utf-8")


def test_what_is_drawn_is_what_was_said() -> None:
    assert markdown("a < b & c | d") == "a &lt; b &amp; c &#124; d"
    assert markdown("@you #1") == "&#64;<!-- -->you &#35;<!-- -->1"
    assert markdown_code("a.py") == "<code>a.py</code>"


def test_tables_have_their_columns_and_details_are_closed(sample: Sample) -> None:
    lines = render(*sample).splitlines()
    for above, line in pairwise(lines):
        if above.startswith("|") and line.startswith("|"):
            assert above.count("|") == line.count("|")
    assert lines.count("<details>") == lines.count("</details>") == len([x for x in lines if x.startswith("<summary>")])
    assert OURS.sub("", "\n".join(lines)).count("<") == 0


def test_first_screen_answers_in_order(sample_of: Callable[[Status], Sample]) -> None:
    text = render(*sample_of(Status.INCOMPLETE))
    parts = [
        "INCOMPLETE",
        "23 findings: 19 block",
        "**Why**",
        "Look here first",
        "**Not checked",
        "See more:",
        "Fix one:",
    ]
    places = [text.index(part) for part in [*parts, "### Stages"]]
    assert places == sorted(places)
    assert text[: places[-1]].count("\n") < 25


def test_a_huge_report_is_cut_on_a_line_and_closed(sample_of: Callable[[Status], Sample]) -> None:
    report, verdict = sample_of(Status.FAIL)
    many: tuple[Finding, ...] = tuple(replace(one, message="é|" * 150) for one in verdict.findings) * 200
    text = render(report, replace(verdict, findings=many))
    assert MAX_BYTES - 4000 < len(text.encode()) < MAX_BYTES
    assert text.endswith("**Cut here: the rest is in `report.json`.**\n")
    lines = text.splitlines()
    assert lines.count("<details>") == lines.count("</details>")


def test_cut_counts_what_the_platform_counts() -> None:
    for text in ("a" * 50, "\U0001f40d" * 50, "a\U0001f40d" * 50):
        for limit in (2, 9, 10, 49):
            assert len(cut(text, limit).encode("utf-16-le")) // 2 <= limit
    assert cut("abc", 3) == "abc"
