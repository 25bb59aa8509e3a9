from __future__ import annotations

import time

import pytest

from py_secure_ci.judging.fingerprints import identities, moved, with_fingerprints
from py_secure_ci.model import Advisory, Finding, Location, Severity


def finding(
    path: str, line: int | None, column: int | None = None, *, tool: str = "ruff", rule: str = "X1", **more: object
) -> Finding:
    return Finding(
        tool=tool,
        rule=rule,
        severity=Severity.LOW,
        message="m",
        location=Location(path, line, column),
        **more,  # type: ignore[arg-type]
    )


def at(text: str, mark: str, *, path: str = "a.py", nth: int = 0, **more: object) -> str:
    """The fingerprint of a finding at the nth place where `mark` stands."""
    offset = -1
    for _ in range(nth + 1):
        offset = text.index(mark, offset + 1)
    unix = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    line, column = unix.count("\n") + 1, len(unix) - unix.rfind("\n")
    (one,) = with_fingerprints([finding(path, line, column, **more)], {path: text}.get)  # type: ignore[arg-type]
    return one.fingerprint


SAME = [
    pytest.param("x = eval(a)\n", "# one\n\nx = eval(a)\n", "eval", id="lines above"),
    pytest.param("x = eval(a)\n", "# one\r\nx = eval(a)\r\n", "eval", id="CRLF"),
    pytest.param("x = eval(a)  # why\n", "x = eval(a)  # because\n", "eval", id="comment"),
    pytest.param("def f():\n  x = eval(a)\n", "def f():\n\tx = eval(a)\n", "eval", id="indentation"),
    pytest.param("x = g(eval(a), b)\n", "x = g(\n    eval(\n        a,\n    ),\n    b,\n)\n", "eval", id="split call"),
    pytest.param("x = eval('a')\n", 'x = eval("a")\n', "eval", id="quotes"),
    pytest.param("x = eval('it\\'s')\n", 'x = eval("it\'s")\n', "eval", id="escaped quotes"),
    pytest.param("x = eval('a' 'b')\n", "x = eval('ab')\n", "eval", id="joined strings"),
    pytest.param("x = (eval(a))\n", "x = eval(a)\n", "eval", id="parentheses"),
    pytest.param("for a, b in eval(x):\n    pass\n", "for (a, b) in eval(x):\n    pass\n", "b", id="tuple target"),
    pytest.param("if x: eval(a)\n", "if x:\n    eval(a)\n", "eval", id="body on the next line"),
    pytest.param("def f(): eval(a)\n", "def f():\n    eval(a)\n", "eval", id="function on one line"),
    pytest.param("a(); eval(b)\n", "a()\neval(b)\n", "eval", id="semicolon"),
    pytest.param("from x import a, b\n", "from x import (\n    a,\n    b,\n)\n", "b", id="import list"),
    pytest.param("x = [eval(a), 1]\n", "x = [0, eval(a), 2, 3]\n", "eval", id="other elements"),
    pytest.param("def f(a): pass\n", "def f(a, b, *, c=1): pass\n", "f(", id="parameters"),
    pytest.param("class A(): x = eval(b)\n", "class A:\n    x = eval(b)\n", "eval", id="class brackets"),
    pytest.param("x = 0XFF + eval(a)\n", "x = 0xff + eval(a)\n", "eval", id="number case"),
    pytest.param("a = (\nx = eval(b)\ndef f():\n    exec(c)\n", "def f():\n    exec(c)\n", "exec", id="broken above"),
    pytest.param("x = f'{a[\"b\"]}' + eval(c)\n", "x = f\"{a['b']}\" + eval(c)\n", "eval", id="quotes in f-strings"),
    pytest.param('x = f"{a["b"]}"; eval(c)\n', "x = f'{a[\"b\"]}'\neval(c)\n", "eval", id="nested quotes of 3.12"),
    pytest.param("assert (\n    a\n    == eval(b)\n)\n", "assert a == eval(b)\n", "eval", id="assert in brackets"),
    pytest.param("with a as b, eval(c) as d: x\n", "with (\n    a as b, eval(c) as d,\n): x\n", "eval", id="with"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "mark"), SAME)
def test_layout_does_not_matter(before: str, after: str, mark: str) -> None:
    assert at(before, mark) == at(after, mark)


DIFFERENT = [
    pytest.param("x = eval(a)\n", "x = eval(b)\n", "eval", id="other code"),
    pytest.param("x = eval('a')\n", "x = eval('c')\n", "eval", id="other text"),
    pytest.param("def f(): eval(a)\n", "def g(): eval(a)\n", "eval", id="other function"),
    pytest.param("from x import a\n", "from y import a\n", "a", id="other module"),
    pytest.param("class A:\n  def f(s): eval(a)\n", "def f(s): eval(a)\n", "eval", id="other class"),
]


@pytest.mark.parametrize(("before", "after", "mark"), DIFFERENT)
def test_code_does_matter(before: str, after: str, mark: str) -> None:
    assert at(before, mark) != at(after, mark)


def test_rule_tool_and_path_matter() -> None:
    text = "x = eval(a)\n"
    variants = {
        at(text, "eval"),
        at(text, "eval", rule="X2"),
        at(text, "eval", tool="bandit"),
        at(text, "eval", path="b.py"),
    }
    assert len(variants) == 4


def test_moved_gives_the_fingerprint_of_the_other_path() -> None:
    text = "x = eval(a)\n"
    assert moved(at(text, "eval", path="new.py"), "old.py") == at(text, "eval", path="old.py")


def test_equal_lines_are_told_apart_by_order() -> None:
    text = "x = eval(a)\ny = 1\nx = eval(a)\n"
    found = [finding("a.py", 3, 5), finding("a.py", 1, 5)]
    third, first = with_fingerprints(found, lambda _: text)
    assert third.fingerprint != first.fingerprint
    (alone,) = with_fingerprints(found[1:], lambda _: text)
    assert alone.fingerprint == first.fingerprint


def test_message_and_severity_do_not_matter() -> None:
    one, other = (
        finding("a.py", 1, 1),
        Finding(tool="ruff", rule="X1", severity=Severity.HIGH, message="else", location=Location("a.py", 1, 1)),
    )
    both = [with_fingerprints([each], lambda _: "x\n")[0].fingerprint for each in (one, other)]
    assert both[0] == both[1]


def test_a_secret_is_no_part_of_its_fingerprint() -> None:
    texts = [f"password = '{word}'\n" for word in ("one", "two", "three")]
    assert len({at(text, "'", rule="S105") for text in texts}) == 1
    assert len({at(text, "password", tool="detect-secrets", rule="x", secret=True) for text in texts}) == 1
    assert len({at(f"password: {w}\n", "password", path="a.yml", secret=True) for w in ("one", "two", "six")}) == 1


def test_a_secret_of_another_name_is_another_one() -> None:
    assert at("password = 'a'\n", "'", rule="S105") != at("token = 'a'\n", "'", rule="S105")


def test_a_literal_beside_a_secret_gives_away_eight_bits_only() -> None:
    prints = {at(f"connect(password='{number}')\n", "connect", rule="B501") for number in range(2000)}
    assert len(prints) <= 256


def test_packages_have_no_version_and_of_their_files_only_the_order() -> None:
    def package(version: str, path: str, *ids: str) -> Finding:
        advisory = Advisory(package="jinja2", version=version, ids=ids)
        return finding(path, 3, tool="pip-audit", rule=ids[0], advisory=advisory)

    (one,) = with_fingerprints([package("2.1", "a.txt", "CVE-1")], lambda _: None)
    (other,) = with_fingerprints([package("2.2", "b.txt", "CVE-1")], lambda _: None)
    assert one.fingerprint == other.fingerprint
    twice = [
        package("2.2", "b.txt", "CVE-1", "PYSEC-2"),
        package("2.1", "a.txt", "CVE-1"),
        package("2.0", "b.txt", "CVE-1"),
    ]
    second, first, third = with_fingerprints(twice, lambda _: None)
    assert (first.fingerprint, second.fingerprint) == (one.fingerprint, third.fingerprint)
    assert first.fingerprint != second.fingerprint
    (old_first, old_second) = with_fingerprints(
        [package("2.1", "a.txt", "PYSEC-2"), package("2.2", "b.txt", "PYSEC-2")], lambda _: None
    )
    assert old_second.fingerprint in identities(second)
    assert old_first.fingerprint not in identities(second)
    (later,) = with_fingerprints([package("2.1", "a.txt", "CVE-1", "PYSEC-2")], lambda _: None)
    (earlier,) = with_fingerprints([package("2.1", "a.txt", "PYSEC-2")], lambda _: None)
    assert earlier.fingerprint in identities(later)


def test_anchors_and_whole_files_have_no_line() -> None:
    tests = [finding("src/a.py", line, tool="pytest", rule="failed", anchor="tests/t.py::test_a") for line in (3, 9)]
    assert len({with_fingerprints([one], lambda _: "")[0].fingerprint for one in tests}) == 1
    (one,) = with_fingerprints(tests[:1], lambda _: "")
    (renamed,) = with_fingerprints(
        [finding("x", 1, tool="pytest", rule="failed", anchor="tests/u.py::test_a")], lambda _: ""
    )
    assert moved(renamed.fingerprint, "tests/t.py") == one.fingerprint
    whole = [finding("a.py", line, 1, tool="ruff-format", rule="unformatted") for line in (None, 1)]
    assert len({with_fingerprints([one], lambda _: "")[0].fingerprint for one in whole}) == 1


@pytest.mark.parametrize("text", ["", "x", "'''", "(((\n", "\ufeff\ufeff", ")]}\n;;;\n", "f'{", "\\", "def\nclass\n"])
def test_any_text_has_an_answer(text: str) -> None:
    for line in (1, 2, 99):
        for column in (None, 1, 500):
            (one,) = with_fingerprints([finding("a.py", line, column)], lambda _: text)
            assert one.fingerprint.startswith("v1:")
            assert len(one.fingerprint) == 35


def test_no_source_still_gives_fingerprints_by_order() -> None:
    found = with_fingerprints([finding("a.py", 2, 1), finding("a.py", 1, 1)], lambda _: None)
    assert len({one.fingerprint for one in found}) == 2


def test_a_long_statement_with_many_findings_is_quick() -> None:
    text = "x = [\n" + "".join(f"    eval({number}),\n" for number in range(20_000)) + "]\n"
    found = [finding("a.py", line, 5) for line in range(2, 20_002)]
    start = time.perf_counter()
    assert len({one.fingerprint for one in with_fingerprints(found, lambda _: text)}) == 20_000
    assert time.perf_counter() - start < 10
