"""What a scanner took for a secret is in no message and no code line of any tool."""

from py_secure_ci.model import Edit, Finding, Location, Severity
from py_secure_ci.redaction import MASK, redact

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


def test_a_value_that_is_an_everyday_word_does_not_cut_other_words():
    source = {"a.py": ('SECRET_KEY = "test"',)}
    found = redact(
        [
            finding("detect-secrets", "keyword", "a.py", 1, "Secret Keyword", secret=True),
            finding("pip-audit", "CVE-1", "uv.lock", 9, "pytest 9.0.2 is old: uv lock --upgrade-package pytest"),
            finding("bandit", "B105", "b.py", 2, "Possible hardcoded password: 'test'"),
        ],
        lambda path, first, last: source[path][first - 1 : last],
    )
    assert found[1].message == "pytest 9.0.2 is old: uv lock --upgrade-package pytest"
    assert found[2].message == f"Possible hardcoded password: '{MASK}'"
