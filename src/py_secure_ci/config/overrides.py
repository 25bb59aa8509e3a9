"""What the command line may outvote of the YAML file: thresholds, and how the project is installed."""

from __future__ import annotations

import shlex
from dataclasses import replace

from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.config.schema_errors import did_you_mean
from py_secure_ci.config.settings import Config, EnvironmentSettings
from py_secure_ci.errors import UsageError
from py_secure_ci.model import Kind, Severity

_NOTHING = "none"
_WORDS = {
    kind.value: (*(one.word for one in Severity if one.kind is kind and one is not Severity.UNKNOWN), _NOTHING)
    for kind in Kind
}


def override(config: Config, fail_on: str | None, install: str | None) -> Config:
    """Settings with `--fail-on` and `--install` in force; None and empty text change nothing. Raises UsageError."""
    if fail_on:
        config = replace(config, policy=_policy(config.policy, _thresholds(fail_on)))
    if install:
        config = replace(config, environment=_environment(config.environment, install))
    return config


def _policy(settings: PolicySettings, thresholds: dict[str, str]) -> PolicySettings:
    return replace(
        settings,
        fail_on_security=thresholds.get(Kind.SECURITY.value, settings.fail_on_security),
        fail_on_quality=thresholds.get(Kind.QUALITY.value, settings.fail_on_quality),
    )


def _thresholds(text: str) -> dict[str, str]:
    """Read `security=high,quality=none`."""
    found: dict[str, str] = {}
    for part in text.split(","):
        kind, _, word = (piece.strip() for piece in part.partition("="))
        if kind not in _WORDS:
            raise UsageError(
                f"--fail-on {part.strip()!r}: there is no threshold {kind!r}.{did_you_mean(kind, _WORDS)}",
                hint="Write it like this: --fail-on security=high,quality=none",
            )
        if word not in _WORDS[kind]:
            raise UsageError(
                f"--fail-on {part.strip()!r}: {word!r} is no severity of {kind}.{did_you_mean(word, _WORDS[kind])}",
                hint=f"One of: {', '.join(_WORDS[kind])}",
            )
        if kind in found:
            raise UsageError(f"--fail-on: {kind} is given twice")
        found[kind] = word
    return found


def _environment(settings: EnvironmentSettings, install: str) -> EnvironmentSettings:
    if install.strip() in ("auto", _NOTHING):
        return replace(settings, install=install.strip())
    try:
        words = tuple(shlex.split(install))
    except ValueError as error:
        raise UsageError(f"--install: not a command: {error}", hint="Close every quotation mark.") from None
    if not words:
        raise UsageError("--install: empty", hint="Give auto, none, or a command.")
    return replace(settings, install=words)
