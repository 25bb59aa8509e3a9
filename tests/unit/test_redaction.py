"""What a scanner took for a secret is in no message and no code line of any tool."""

from py_secure_ci.checking.redaction import MASK, redact
from py_secure_ci.model import Edit, Finding, Location, Severity

VALUE = "hunter2" + "-is-not-real"
LINES = {"a.py": ("import os", f'password = "{VALUE}"', "print(password)"), ".env": (f"TOKEN={VALUE}x",)}


def lines(path, first, last):
    return LINES[path][first - 1 : last]


def finding(tool, rule, path, line, message, secret=False, code=""):
    return Finding(
        tool=tool,
        rule=rule,
        severity=Severity.LOW,
        message=message,
        location=Location(path, line),
        secret=secret,
        code=code,
        edits=(Edit(Location(path, line), VALUE),),
    )


def test_the_value_goes_out_of_every_finding():
    found = redact(
        [
            finding("detect-secrets", "keyword", "a.py", 2, "Secret Keyword", secret=True, code=LINES["a.py"][1]),
            finding("bandit", "B105", "a.py", 2, f"Possible hardcoded password: '{VALUE}'", code=LINES["a.py"][1]),
            finding("pytest", "test-failed", "a.py", 3, f"assert '{VALUE}' == ''", code="print(password)"),
            finding("detect-secrets", "entropy", ".env", 1, "High entropy", secret=True, code=LINES[".env"][0]),
        ],
        lines,
    )
    assert all(VALUE not in text for one in found for text in (one.message, one.code, one.fix))
    assert found[1].message == f"Possible hardcoded password: '{MASK}'"
    assert found[1].code == "" and found[1].secret and found[1].edits == ()
    assert found[2].code == "print(password)"


def test_without_a_secret_nothing_changes():
    kept = [finding("bandit", "B602", "a.py", 2, f"shell with '{VALUE}'", code="x")]
    assert redact(kept, lines) == tuple(kept)


def test_a_plain_word_is_masked_only_where_it_is_quoted():
    LINES["b.py"] = ('token = "formatted"',)
    LINES["c.py"] = ("pass",)
    found = redact(
        [
            finding("detect-secrets", "keyword", "b.py", 1, "Secret Keyword", secret=True),
            finding("ruff-format", "unformatted", "c.py", 1, "The file is not formatted"),
            finding("bandit", "B105", "c.py", 1, "Possible hardcoded password: 'formatted'"),
        ],
        lines,
    )
    assert [one.message for one in found[1:]] == [
        "The file is not formatted",
        f"Possible hardcoded password: '{MASK}'",
    ]


def test_a_password_that_only_bandit_finds_is_not_shown_either():
    (found,) = redact([finding("bandit", "B105", "a.py", 2, f"password: '{VALUE}'", code=LINES["a.py"][1])], lines)
    assert VALUE not in found.message + found.code
