"""Annotations, and everything else that is printed, against models of the runner's two command parsers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from py_secure_ci.formats import console
from py_secure_ci.formats.escaping import neutralise
from py_secure_ci.formats.github_annotations import command, render
from py_secure_ci.model import Finding, Location, Severity, State
from py_secure_ci.report import Report, Status, Verdict

Sample = tuple[Report, Verdict]
OfFindings = Callable[[tuple[Finding, ...]], Sample]
IGNORED = re.compile("[\u00ad\u034f\u200b-\u200f\u2060-\u206f\ufe00-\ufe0f\ufeff]")
COMMAND = re.compile(r"::([a-z-]+)(?: ([^\n]*?))?::(.*)", re.IGNORECASE | re.DOTALL)


def runner_lines(text: str) -> list[str]:
    """The runner ends lines at CR, LF and CR LF, and may overlook characters that are drawn as nothing."""
    return [IGNORED.sub("", line) for line in re.split(r"\r\n|\r|\n", text)]


def is_v2(line: str) -> bool:
    return line.lstrip().startswith("::")


def is_v1(line: str) -> bool:
    return "##[" in line


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    match = COMMAND.fullmatch(line)
    assert match, line
    properties = dict(part.split("=", 1) for part in (match[2] or "").split(",") if part)
    for escape, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        properties = {key: value.replace(escape, char) for key, value in properties.items()}
    data = match[3]
    for escape, char in (("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        data = data.replace(escape, char)
    return match[1], properties, data


def test_every_line_is_one_of_our_commands(sample: Sample) -> None:
    lines = runner_lines(render(*sample))
    assert lines.pop() == ""
    for line in lines:
        name, properties, data = parsed(line)
        assert name in {"error", "warning", "notice"}
        assert properties.keys() <= {"file", "line", "endLine", "col", "endColumn", "title"}
        assert data
        assert not is_v1(line)
    assert max(Counter(parsed(line)[0] for line in lines).values()) <= 10


def test_incomplete_is_an_error_and_what_is_left_is_told(sample_of: Callable[[Status], Sample]) -> None:
    lines = [parsed(line) for line in render(*sample_of(Status.INCOMPLETE)).splitlines()]
    assert lines[0] == ("error", {"title": "Not checked"}, "reason 0: ::error::x")
    assert lines[-1][0] == "notice"
    assert lines[-1][2].endswith("see the job summary")
    told = [data.split()[0] for name, _, data in lines if name == "error"][5:]
    assert told[:2] == ["m0", "m4"]  # on a changed line first, then the worst


def finding(**more: object) -> Finding:
    values = {"tool": "bandit", "rule": "B1", "severity": Severity.HIGH, "message": "m", "fingerprint": "f"}
    return Finding(**{**values, **more})  # type: ignore[arg-type]


def test_over_budget_goes_into_one_notice(findings_of: OfFindings) -> None:
    many = tuple(finding(severity=s, fingerprint=str(n)) for s in (Severity.HIGH, Severity.LOW) for n in range(25))
    counts = Counter(line.split()[0] for line in render(*findings_of(many)).splitlines())
    assert counts == {"::error": 10, "::notice": 10}
    assert "31 more" in render(*findings_of(many)).splitlines()[-1]


def test_what_was_there_before_is_counted_not_annotated(findings_of: OfFindings) -> None:
    report, verdict = findings_of((finding(state=State.EXISTING), finding(state=State.EXISTING)))
    assert len(render(report, verdict).splitlines()) == 2  # they block, so they are told
    lines = render(report, replace(verdict, blocking=())).splitlines()
    assert [parsed(line)[2] for line in lines] == ["2 known findings: see the job summary"]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (Location("a", 3, 2, 3, 5), {"line": "3", "endLine": "3", "col": "2", "endColumn": "5"}),
        (Location("a", 3, 2, 4, 5), {"line": "3", "endLine": "4"}),
        (Location("a", 3, 2, 1, 5), {"line": "3", "endLine": "3", "col": "2", "endColumn": "5"}),
        (Location("a", 3, 5, 3, 2), {"line": "3", "endLine": "3", "col": "5"}),
        (Location("a", 0, 0), {}),
        (Location("a", None, 4), {}),
    ],
)
def test_columns_only_where_the_runner_takes_them(
    place: Location, told: dict[str, str], findings_of: OfFindings
) -> None:
    _, properties, _ = parsed(render(*findings_of((finding(location=place),))).splitlines()[0])
    properties.pop("title")
    assert properties == {"file": "examples/sh op/a", **told}


@pytest.mark.parametrize("text", ["%" * 9000, "\n" * 9000 + "x", "é\U0001f40d" * 5000, "%\n" * 4000, "a" * 4096])
def test_long_messages_are_cut_between_escapes(text: str) -> None:
    data = command("error", f"x{text}").split("::", 2)[2]
    assert len(data.encode("utf-16-le")) // 2 <= 4096
    assert not re.search(r"%(?!25|0A|0D)", data)


@pytest.mark.parametrize("count", range(17))
def test_echoed_text_is_no_command(count: int, nasty: tuple[str, ...]) -> None:
    for line in runner_lines(neutralise(nasty[count])):
        assert not is_v2(line)
        assert not is_v1(line)
        assert "\x1b" not in line


@settings(max_examples=150, deadline=None)
@given(st.text(st.one_of(st.characters(), st.sampled_from(":#[\r\n\u00ad\u200d\ufe0f\u2028\x1b\udce9 ")), max_size=30))
def test_no_echoed_text_is_a_command(text: str) -> None:
    for line in runner_lines(neutralise(text)):
        assert not is_v2(line)
        assert not is_v1(line)
    neutralise(text).encode("utf-8")


def test_the_console_prints_no_command(sample: Sample) -> None:
    for width in (20, 40, 100):
        for line in runner_lines(console.render(*sample, width=width)):
            assert not is_v2(line)
            assert not is_v1(line)


def test_colour_adds_colour_only(sample: Sample) -> None:
    colored = console.render_color(*sample)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == console.render(*sample)


def test_the_mark_is_under_the_code(findings_of: OfFindings) -> None:
    code = "\tvalue = \U0001f40d + unused"
    place = Location("a.py", 7, 14, 7, 20)
    lines = console.render(*findings_of((finding(location=place, code=code),))).splitlines()
    at = next(index for index, line in enumerate(lines) if "unused" in line)
    assert lines[at].endswith("| value = \U0001f40d + unused")
    mark = lines[at + 1]
    assert mark.count("^") == len("unused")
    assert mark.index("^") == lines[at].index("unused") + 1  # the snake is two columns wide


def test_a_secret_is_never_shown(findings_of: OfFindings) -> None:
    hidden = finding(secret=True, code="password = 'hunter2'", location=Location("a.py", 1, 1, 1, 5))
    assert "hunter2" not in console.render(*findings_of((hidden,)))


def test_a_minified_line_is_shown_in_part(findings_of: OfFindings) -> None:
    code = "x" * 5000 + "BAD" + "y" * 5000
    place = Location("a.py", 1, 5001, 1, 5004)
    lines = console.render(*findings_of((finding(location=place, code=code),))).splitlines()
    line = next(line for line in lines if "BAD" in line)
    assert len(line) <= 100
    assert lines[lines.index(line) + 1].index("^") == line.index("BAD")
