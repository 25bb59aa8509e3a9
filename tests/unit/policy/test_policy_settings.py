from __future__ import annotations

from datetime import date
from typing import Any

import jsonschema
import pytest

from py_secure_ci.config.policy_schema import POLICY_SCHEMA
from py_secure_ci.config.policy_settings import PolicySettings, build
from py_secure_ci.errors import ConfigError
from py_secure_ci.judging.severities import from_score
from py_secure_ci.model import Stage

TOOLS = ("ruff", "bandit", "mypy", "pip-audit")


def place(path: tuple[str | int, ...]) -> str:
    return ".py-secure-ci.yml:" + str(10 + len(path))


def suppression(**more: Any) -> dict[str, Any]:
    return {"suppressions": [{"rule": "bandit/B101", "reason": "because", **more}]}


def gap(**more: Any) -> dict[str, Any]:
    return {"accepted_gaps": [{"subject": "a.py", "reason": "because", **more}]}


WRONG: list[tuple[dict[str, Any], str, str]] = [  # policy, key, what the message says
    (suppression(rule="bandit/B999"), "suppressions[0].rule", "bandit has no rule 'B999'"),
    (suppression(rule="ruff/F40l"), "suppressions[0].rule", "did you mean F40"),
    (suppression(rule="bandid/B101"), "suppressions[0].rule", "did you mean bandit?"),
    (suppression(rule="B101"), "suppressions[0].rule", "did you mean bandit/B101?"),
    (suppression(rule=""), "suppressions[0].rule", "write `tool/rule`"),
    (suppression(rule="bandit/"), "suppressions[0].rule", "write `tool/rule`"),
    (suppression(reason=""), "suppressions[0].reason", "a reason is needed"),
    (suppression(reason=" - "), "suppressions[0].reason", "a reason is needed"),
    ({"suppressions": [{"rule": "bandit/B101"}]}, "suppressions[0]", "a reason is needed"),
    (suppression(expires="2027-02-30"), "suppressions[0].expires", "is not a date"),
    (suppression(expires="30.06.2027"), "suppressions[0].expires", "YYYY-MM-DD"),
    (suppression(expires="20270630"), "suppressions[0].expires", "YYYY-MM-DD"),
    (suppression(package="jinja2<<3"), "suppressions[0].package", "jinja2<3"),
    (suppression(fingerprint="abc"), "suppressions[0].fingerprint", "is no fingerprint"),
    (suppression(paths=["../x"]), "suppressions[0].paths[0]", "leads out of the project"),
    (suppression(paths=["a", "/"]), "suppressions[0].paths[1]", "empty path"),
    (gap(reason=""), "accepted_gaps[0].reason", "a reason is needed"),
    (gap(subject=" "), "accepted_gaps[0].subject", "write what it is about"),
    (gap(tool="bandid"), "accepted_gaps[0].tool", "did you mean bandit?"),
    (gap(expires="soon"), "accepted_gaps[0].expires", "is not a date"),
    ({"fail_on": {"security": "error"}}, "fail_on.security", "is a word for quality findings"),
    ({"fail_on": {"security": "unknown"}}, "fail_on.security", "write one of critical"),
    ({"fail_on": {"quality": "high"}}, "fail_on.quality", "is a word for security findings"),
    ({"fail_on": {"quality": "eror"}}, "fail_on.quality", "did you mean error?"),
    ({"stages": {"sats": {}}}, "stages.sats", "did you mean sast?"),
    ({"stages": {"sast": {"security": "warning"}}}, "stages.sast.security", "is a word for quality"),
    ({"paths": [{"paths": ["a"], "fail_on": {"security": "x"}}]}, "paths[0].fail_on.security", "is not known"),
    ({"severity": {"bandit/B101": "hihg"}}, "severity.bandit/B101", "did you mean high?"),
    ({"severity": {"bandit/B999": "high"}}, "severity.bandit/B999", "has no rule"),
    ({"at_most": {"ruff": -1}}, "at_most.ruff", "is no count"),
    ({"at_most": {"ruff": "few"}}, "at_most.ruff", "is no count"),
    ({"at_most": {"ruf": 1}}, "at_most.ruf", "did you mean ruff?"),
    ({"new_rules": "ignore"}, "new_rules", "write one of block, warn"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "key", "says"), WRONG, ids=[f"{row[1]} {row[2]}" for row in WRONG])
def test_a_wrong_policy_names_line_and_key(policy: dict[str, Any], key: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        build(policy, place, tools=TOOLS)
    where, _, rest = error.value.message.partition(": ")
    assert where.startswith(".py-secure-ci.yml:1")
    assert rest.startswith(f"policy.{key}: ")
    assert says in error.value.message
    assert error.value.exit_status == 2


GOOD: dict[str, Any] = {
    "fail_on": {"security": "low", "quality": "none"},
    "new_only": False,
    "strict": True,
    "new_rules": "warn",
    "severity": {"bandit/B1*": "low", "CVE-2026-1": "critical"},
    "stages": {"sast": {"security": "high"}},
    "paths": [{"paths": ["tests/**"], "fail_on": {"security": "none"}}],
    "at_most": {"ruff": 120, "bandit/B1*": "baseline"},
    "suppressions": [
        {
            "rule": "GHSA-abcd-1234-efgh",
            "package": "jinja2<3",
            "reason": "r",
            "expires": "2027-06-30",
            "owner": "@team",
        },
        {"rule": "*", "fingerprint": "v1:" + "0" * 32, "paths": ["src/"], "reason": "r"},
    ],
    "accepted_gaps": [{"subject": "a.py", "reason": "r", "tool": "bandit"}],
}


def test_a_good_policy() -> None:
    jsonschema.Draft202012Validator.check_schema(POLICY_SCHEMA)
    jsonschema.validate(GOOD, POLICY_SCHEMA)
    built = build(GOOD, place, tools=TOOLS)
    assert built.at_most == {"ruff": 120, "bandit/B1*": None}
    assert built.stages[Stage.SAST].security == "high"
    assert built.suppressions[0].place == ".py-secure-ci.yml:12"
    assert build({}, place) == PolicySettings()


def test_a_date_of_the_yaml_reader_is_taken() -> None:
    policy = suppression(expires=date(2027, 6, 30))
    jsonschema.validate(policy, POLICY_SCHEMA)
    assert build(policy, place).suppressions[0].expires == "2027-06-30"


@pytest.mark.parametrize(
    "wrong", [{"x": 1}, {"strict": 1}, {"suppressions": [{"rule": "a/b"}]}, {"at_most": {"a": True}}]
)
def test_the_schema_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, POLICY_SCHEMA)


@pytest.mark.parametrize(
    ("score", "word"),
    [(10.0, "critical"), (9.0, "critical"), (8.9, "high"), (7.0, "high"), (6.9, "medium"), (4.0, "medium"),
     (3.9, "low"), (0.1, "low"), (0.0, "info"), (None, "unknown"), (11.0, "unknown")],
)  # fmt: skip
def test_cvss_bands(score: float | None, word: str) -> None:
    assert from_score(score).word == word
