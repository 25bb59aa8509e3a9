"""`--fail-on` and `--install` outvote the YAML file, and refuse what they do not know."""

from __future__ import annotations

import pytest

from py_secure_ci.config.overrides import override
from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.config.settings import Config
from py_secure_ci.errors import UsageError

CONFIG = Config(stages={}, policy=PolicySettings(fail_on_security="low", fail_on_quality="note"))


def test_nothing_given_changes_nothing() -> None:
    assert override(CONFIG, None, None) is CONFIG
    assert override(CONFIG, "", "") is CONFIG


def test_one_threshold_leaves_the_other() -> None:
    policy = override(CONFIG, "security=high", None).policy
    assert (policy.fail_on_security, policy.fail_on_quality) == ("high", "note")


def test_both_thresholds_with_blanks() -> None:
    policy = override(CONFIG, " security = critical , quality = none ", None).policy
    assert (policy.fail_on_security, policy.fail_on_quality) == ("critical", "none")


@pytest.mark.parametrize(
    "text",
    [
        "high",
        "security",
        "security=",
        "security=error",
        "quality=high",
        "security=unknown",
        "sec=high",
        ",",
        "security=low,security=high",
    ],
)
def test_a_wrong_threshold_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        override(CONFIG, text, None)


def test_install_is_a_word_or_the_words_of_a_command() -> None:
    assert override(CONFIG, None, "none").environment.install == "none"
    assert override(CONFIG, None, "pip install -e '.[a b]'").environment.install == ("pip", "install", "-e", ".[a b]")


@pytest.mark.parametrize("text", ["pip install 'x", " "])
def test_a_wrong_install_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        override(CONFIG, None, text)
