"""Licence policy: expressions against lists, and what the YAML may say."""

from __future__ import annotations

import pytest

from py_secure_ci.adapting.licences import said_by_metadata
from py_secure_ci.config.licence_policy import canonical, licence_policy
from py_secure_ci.config.load import load_config
from py_secure_ci.errors import ConfigError
from py_secure_ci.model import Stage


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("MIT", ""),
        ("Apache-2.0", ""),
        ("ISC", "not allowed"),
        ("GPL-3.0-only", "denied"),
        ("MIT OR GPL-3.0-only", ""),
        ("MIT AND GPL-3.0-only", "denied"),
        ("ISC OR GPL-3.0-only", "not allowed"),
        ("ISC AND MIT", "not allowed"),
        ("MIT AND (ISC OR Apache-2.0)", ""),
        ("MIT AND ISC OR Apache-2.0", ""),
        ("(MIT OR ISC) AND GPL-3.0-only", "denied"),
        ("Apache-2.0 WITH LLVM-exception", ""),
        ("GPL-3.0-only WITH Classpath-exception-2.0", "denied"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ""),
        ("BSD-2-Clause AND ISC", ""),
        ("LicenseRef-ours", "not allowed"),
    ],
)
def test_an_expression_against_both_lists(expression: str, said: str) -> None:
    allow = ["MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0", "BSD-2-Clause AND ISC"]
    policy = licence_policy({"allow": allow, "deny": ["GPL-3.0-only", "GPL-2.0-only"]})
    assert policy.objection(canonical(expression)) == said


def test_without_a_list_of_allowed_ones_what_is_not_denied_is_allowed() -> None:
    policy = licence_policy({"deny": ["AGPL-3.0-only"]})
    assert [policy.objection(one) for one in ("MIT", "AGPL-3.0-only", "MIT OR AGPL-3.0-only")] == ["", "denied", ""]


def test_an_empty_list_of_allowed_ones_allows_nothing() -> None:
    assert licence_policy({"allow": []}).objection("MIT") == "not allowed"


@pytest.mark.parametrize(
    ("entry", "licence"),
    [
        ({"expression": "mit or apache-2.0"}, "MIT OR Apache-2.0"),
        ({"text": "BSD-3-Clause", "classifiers": ["License :: OSI Approved :: BSD License"]}, "BSD-3-Clause"),
        ({"text": "Apache License, Version 2.0"}, "Apache-2.0"),
        ({"text": "Copyright (c) 2020 ...", "classifiers": ["License :: OSI Approved :: MIT License"]}, "MIT"),
        ({"classifiers": ["License :: OSI Approved", "License :: OSI Approved :: MIT License"]}, "MIT"),
        ({"text": "BSD", "classifiers": ["License :: OSI Approved :: BSD License"]}, ""),
        ({"classifiers": ["License :: OSI Approved :: MIT License", "License :: Other/Proprietary License"]}, ""),
        ({"text": "UNKNOWN", "classifiers": []}, ""),
        ({}, ""),
    ],
)
def test_what_metadata_says_for_certain(entry: dict[str, object], licence: str) -> None:
    assert said_by_metadata(entry) == licence


def loaded(text: str) -> tuple[str, ...]:
    tools = {"pip-audit": Stage.SCA, "licences": Stage.SCA}
    return load_config(text.encode(), "c.yml", tools, {Stage.SCA: ("pip-audit",)}).stages[Stage.SCA].tools


def test_a_policy_switches_the_check_on() -> None:
    assert loaded("stages: {sca: {licences: {deny: [MIT]}}}\n") == ("pip-audit", "licences")
    assert loaded("stages: {sca: {tools: [], licences: {allow: [MIT]}}}\n") == ("licences",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stages:\n  sca:\n    licences:\n      allow: [MIT, GPLish]\n", "c.yml:4"),
        ("stages: {sca: {licences: {packages: {a: free}, deny: [MIT]}}}\n", "'free' is no SPDX"),
        ("stages: {sca: {licences: {unknown: maybe, deny: [MIT]}}}\n", "maybe"),
        ("stages: {sca: {licences: {}}}\n", "licences"),
        ("stages: {sca: {licences: {denied: [MIT]}}}\n", "denied"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        loaded(text)
