"""A finding stays known when the function around it gets another name, and one that came is never taken for one that went."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from difflib import unified_diff

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from py_secure_ci.judging.baseline import of_report
from py_secure_ci.judging.comparison import Edited, compare
from py_secure_ci.judging.dedupe import merged
from py_secure_ci.judging.fingerprints import with_fingerprints
from py_secure_ci.judging.former import former
from py_secure_ci.judging.replaced import replaced
from py_secure_ci.model import Finding, Location, Severity, Stage, State
from py_secure_ci.report import Completed, Context, Hunk, Report, ToolInfo
from py_secure_ci.source.diff import changed_lines, hunks

RULES = {"B307": r"eval\(", "B101": r"assert ", "D103": r"def ", "B107": r"(?<=, )key="}


def report(text: str, path: str = "a.py") -> Report:
    """What a tool that knows a few words would say; columns count from 1."""
    found = [
        Finding(
            tool="bandit", rule=rule, severity=Severity.HIGH, message="m",
            location=Location(path, number, match.start() + 1, number, match.end() + 1), code=line,
        )
        for number, line in enumerate(text.split("\n"), 1)
        for rule, words in RULES.items()
        for match in re.finditer(words, line)
    ]  # fmt: skip
    done = Completed(
        tool=ToolInfo(name="bandit", stage=Stage.SAST, version="1"), findings=with_fingerprints(found, lambda _: text)
    )
    return Report(version="1", context=Context(project="p"), outcomes=(done,))


def patch(before: str, after: str, path: str = "a.py") -> bytes:
    """As git has it without context."""
    lines = unified_diff(before.splitlines(True), after.splitlines(True), "a/a.py", f"b/{path}", n=0)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines).encode()


def told(before: str, after: str, path: str = "a.py") -> tuple[list[str], int]:
    """The rules of new findings, and how many are fixed. `path`: where the file is now; it was a.py."""
    between = patch(before, after, path)
    renames = {path: "a.py"} if path != "a.py" else {}
    now = replace(report(after, path), changed=changed_lines(between), renames=renames)
    exchanged = replaced(now, lambda _: after, lambda _: before)
    baseline = of_report(report(before))
    known = {one for entry in baseline.entries for one in entry.fingerprints}
    was = former(now, lambda _: after, lambda _: before, hunks(between), exchanged, known)
    groups = merged(now.findings)
    seen = compare(groups, baseline, now, Edited(exchanged, was))
    return [
        group.kept.rule for group, state in zip(groups, seen.states, strict=True) if state is State.NEW
    ], len(seen.fixed)  # fmt: skip


def counts(before: str, after: str) -> tuple[int, int]:
    new, fixed = told(before, after)
    return len(new), fixed


ONE = "def first(word):\n    x = 1\n    return eval(word)\n\n\ndef second(word):\n    y = 2\n    assert word\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ONE, ONE.replace("first", "renamed")),
        (ONE, ONE.replace("first", "one").replace("second", "two")),
        (ONE, ONE.replace("    return eval(word)\n\n\ndef second(word):\n", "    return eval(word)\n\n\nif True:\n")),
        ("class A:\n    def f(self):\n        assert self\n", "class B:\n    def f(self):\n        assert self\n"),
        ("def f(a, key='x'):\n    assert a\n", "def other(a, key='x'):\n    assert a\n"),
    ],
)
def test_another_name_is_no_news(before: str, after: str) -> None:
    new, fixed = told(before, after)
    gone = before.count("def ") - after.count("def ")  # with the function, what there was to say of its own line
    assert (new, fixed) == ([], gone)


def test_a_function_renamed_in_a_file_that_was_renamed() -> None:
    assert told(ONE, ONE.replace("first", "renamed"), "b.py") == ([], 0)
    assert told(ONE, ONE.replace("first", "f").replace("eval(word)", "eval(other)"), "b.py") == (["B307"], 1)


def test_what_git_does_not_know_of_did_not_stay() -> None:
    """The work tree may be ahead of the commit that the patch leads to: where texts differ, nothing is taken over."""
    after = ONE.replace("first", "renamed")
    now = replace(report("# more\n" + after), changed=changed_lines(patch(ONE, after)))
    texts = (lambda _: "# more\n" + after), (lambda _: ONE)
    was = former(now, *texts, hunks(patch(ONE, after)), frozenset())
    groups = merged(now.findings)
    assert compare(groups, of_report(report(ONE)), now, Edited(former=was)).states.count(State.NEW) >= 1


def test_a_function_that_becomes_a_method() -> None:
    before = "def f(word):\n    x = 1\n    return eval(word)\n"
    after = "class A:\n" + "".join(f"    {line}\n" for line in before.splitlines())
    assert told(before, after) == ([], 0)


def test_a_function_with_another_one_put_in_its_middle() -> None:
    before = "def f(word):\n    assert word\n    x = 1\n    return eval(word)\n"
    after = "def f(word):\n    assert word\n\n\ndef g(word):\n    x = 1\n    return eval(word)\n"
    assert told(before, after) == (["D103"], 0)


@pytest.mark.parametrize(
    ("before", "after", "rules", "fixed"),
    [
        # another call in the place of a known one
        (ONE, ONE.replace("eval(word)", "eval(other)"), ["B307"], 1),
        # renamed, and another call in it
        (ONE, ONE.replace("eval(word)", "eval(other)").replace("first", "renamed"), ["B307"], 1),
        # another function in the place of a known one
        (ONE, ONE.replace("def first(word):\n    x = 1\n", "def third(word):\n    z = 3\n"), ["D103"], 1),
        # with another argument
        (ONE, ONE.replace("def first(word)", "def third(word, more)"), ["D103"], 1),
        # one goes, another one of the same rule comes elsewhere
        (ONE, ONE.replace("    return eval(word)\n", "") + "    return eval(word)\n", ["B307"], 1),
        # renamed and doubled; the function's own line stayed only where the one below it did
        (ONE, ONE.replace("first", "f").replace("    x = 1\n", "    x = eval(word)\n"), ["B307", "D103"], 1),
        (ONE, ONE.replace("first", "f").replace("    x = 1\n", "    x = 1\n    y = eval(word)\n"), ["B307"], 0),
        # another password in a function that was renamed
        ("def f(a, key='x'):\n    assert a\n", "def g(a, key='abcdef'):\n    assert a\n", ["B107", "D103"], 2),
    ],
)
def test_what_came_is_new_and_what_went_is_fixed(before: str, after: str, rules: list[str], fixed: int) -> None:
    new, gone = told(before, after)
    assert (sorted(new), gone) == (rules, fixed)


def test_a_statement_whose_other_lines_changed_did_not_stay() -> None:
    before = "def f(word):\n    return eval(\n        word)\n"
    after = "def g(word):\n    return eval(\n        open(word).read())\n"
    assert told(before, after) == (["B307"], 1)


@dataclass(frozen=True)
class Function:
    """A function with lines of its own, some of them defects; `number` makes each line one of a kind."""

    name: str
    lines: tuple[tuple[int, str], ...]

    def text(self) -> str:
        body = "".join(f"    {word.format(n=number)}\n" for number, word in self.lines)
        return f"def {self.name}(word):\n    '''It does.'''\n{body}\n\n"


WORDS = ("assert word != {n}", "return eval(word, {n})", "value_{n} = word", "assert word", "call(eval(word))")
DEFECTS = WORDS[:2] + WORDS[3:]


@st.composite
def modules(draw: st.DrawFn, words: tuple[str, ...] = WORDS) -> tuple[Function, ...]:
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    lines = iter(range(sum(sizes)))
    return tuple(
        Function(f"f{index}", tuple((next(lines), draw(st.sampled_from(words))) for _ in range(size)))
        for index, size in enumerate(sizes)
    )


def text_of(module: tuple[Function, ...]) -> str:
    return "import os\n\n\n" + "".join(one.text() for one in module)


def renamed(data: st.DataObject, module: tuple[Function, ...]) -> tuple[Function, ...]:
    """Some functions under names that nobody had."""
    some = data.draw(st.sets(st.sampled_from(range(len(module)))))
    return tuple(replace(one, name=f"renamed_{one.name}") if index in some else one for index, one in enumerate(module))


@given(st.data())
def test_renamed_functions_are_no_news(data: st.DataObject) -> None:
    module = data.draw(modules())
    after = renamed(data, module)
    assert told(text_of(module), text_of(after)) == ([], 0)


@given(st.data())
def test_one_defect_more_is_exactly_one_new_whatever_was_renamed(data: st.DataObject) -> None:
    module = data.draw(modules())
    after = list(renamed(data, module))
    at = data.draw(st.integers(0, len(after) - 1))
    lines = list(after[at].lines)
    lines.insert(data.draw(st.integers(0, len(lines))), (99, data.draw(st.sampled_from(DEFECTS))))
    after[at] = replace(after[at], lines=tuple(lines))
    assert counts(text_of(module), text_of(tuple(after))) == (1, 0)
    assert counts(text_of(tuple(after)), text_of(module)) == (0, 1)


def exchanged(data: st.DataObject, words: tuple[str, ...]) -> tuple[int, int]:
    """What is told of a defect that goes and another one of its rule, with words of its own, that comes."""
    module = data.draw(modules(words))
    places = [
        (index, n) for index, one in enumerate(module) for n, (_, word) in enumerate(one.lines) if word in DEFECTS
    ]
    assume(places)
    index, line = data.draw(st.sampled_from(places))
    after = list(renamed(data, module))
    word = "eval(word, {n}, 'fresh')" if "eval" in after[index].lines[line][1] else "assert word != fresh_{n}"
    after[index] = replace(after[index], lines=after[index].lines[:line] + after[index].lines[line + 1 :])
    at = data.draw(st.integers(0, len(after) - 1))
    lines = list(after[at].lines)
    lines.insert(data.draw(st.integers(0, len(lines))), (98, word))
    after[at] = replace(after[at], lines=tuple(lines))
    return counts(text_of(module), text_of(tuple(after)))


@given(st.data())
def test_one_that_goes_and_one_that_comes_are_one_fixed_and_one_new(data: st.DataObject) -> None:
    assert exchanged(data, WORDS[:3]) == (1, 1)


@given(st.data())
def test_among_equal_lines_nothing_that_came_is_hidden(data: st.DataObject) -> None:
    """Which of several equal lines went is for the diff to say: it may name more of them, never fewer."""
    new, fixed = exchanged(data, WORDS)
    assert new == fixed
    assert new >= 1


def test_a_rewritten_file_costs_little() -> None:
    """Two hundred hunks of lines that are all alike, in another order: what a comparison of lines likes least."""
    before = "".join(f"mark_{n} = 1\n" + "assert x\nassert y\n" * 90 for n in range(200))
    after = "".join(f"mark_{n} = 1\n" + "assert y\nassert x\n" * 90 for n in range(200))
    changed = {"a.py": tuple(Hunk(181 * n + 2, 180, 181 * n + 2, 180) for n in range(200))}
    now = report(after)
    begin = time.process_time()
    former(now, lambda _: after, lambda _: before, changed, frozenset())
    assert time.process_time() - begin < 10
