"""The YAML file: what is wrong with it is told with file, line and key."""

import pytest

from py_secure_ci.config.load import load_config
from py_secure_ci.errors import ConfigError
from py_secure_ci.model import Stage

TOOLS = {"ruff": Stage.LINT, "pylint": Stage.LINT, "mypy": Stage.TYPE, "pytest": Stage.TEST, "pip-audit": Stage.SCA}
DEFAULTS = {
    Stage.LINT: ("ruff",),
    Stage.TYPE: ("mypy",),
    Stage.TEST: ("pytest",),
    Stage.SCA: ("pip-audit",),
    Stage.SAST: (),
}
FILE = ".py-secure-ci.yml"


def load(text):
    return load_config(text if isinstance(text, bytes) else text.encode(), FILE, TOOLS, DEFAULTS)


def test_no_file_means_every_default():
    config = load_config(None, FILE, TOOLS, DEFAULTS)
    assert {stage: one.tools for stage, one in config.stages.items()} == {
        Stage.LINT: ("ruff",),
        Stage.TYPE: ("mypy",),
        Stage.TEST: ("pytest",),
        Stage.SCA: ("pip-audit",),
    }
    assert config.stages[Stage.TEST].options == {"coverage": 80}
    assert config.file == ""


def test_an_empty_file_is_the_same_as_none_but_named():
    config = load("# nothing yet\n")
    assert config.stages == load_config(None, FILE, TOOLS, DEFAULTS).stages
    assert config.file == FILE


def test_what_is_named_wins_and_the_rest_keeps_its_default():
    config = load(
        "stages:\n  lint: {tools: [ruff, pylint]}\n  type: false\n  test: {coverage: 65}\n"
        "tools:\n  ruff: {args: [--select=E], timeout: 12}\nexclude: [docs/**]\n"
        "environment:\n  install: pip install -e '.[dev]'\n"
    )
    assert config.stages[Stage.LINT].tools == ("ruff", "pylint")
    assert Stage.TYPE not in config.stages
    assert config.stages[Stage.TEST].tools == ("pytest",)
    assert config.stages[Stage.TEST].options == {"coverage": 65}
    assert config.options("ruff").args == ("--select=E",)
    assert config.options("ruff").timeout == 12
    assert config.options("mypy").timeout == 600
    assert config.exclude == ("docs/**",)
    assert config.environment.install == ("pip", "install", "-e", ".[dev]")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("stages:\n  lnt: {}\n", 2, ["stages.lnt", "unknown key", "`lint`"]),
        ("exclud: []\n", 1, ["exclud", "unknown key", "`exclude`"]),
        ("tools:\n\n  rufff: {timeout: 3}\n", 3, ["tools.rufff", "unknown tool", "`ruff`"]),
        ("stages:\n  lint:\n    tools: [ruf]\n", 3, ["stages.lint.tools[0]", "'ruf'", "`ruff`"]),
        ("stages:\n  lint: {tools: ruff}\n", 2, ["stages.lint.tools", "a list", "'ruff'"]),
        ("tools:\n  ruff:\n    timeout: soon\n", 3, ["tools.ruff.timeout", "a number", "'soon'"]),
        ("tools:\n  ruff:\n    timeout: 0\n", 3, ["tools.ruff.timeout", "more than 0"]),
        ("version: 2\n", 1, ["version", "1", "2"]),
        ("stages:\n  test: {coverage: 101}\n", 2, ["stages.test.coverage", "at most 100"]),
        ("exclude:\n - a\n - 3\n", 3, ["exclude[1]", "text"]),
        ("a: 1\nb: [\n", 3, ["not valid YAML"]),
        ("exclude: []\nversion: 1\nexclude: [x]\n", 3, ["exclude", "twice", "line 1"]),
        ("tools:\n  ruff: {timeout: 1}\n  ruff: {timeout: 2}\n", 3, ["tools.ruff", "twice"]),
        ("- a\n", 1, ["mapping"]),
        ("version: 1\n---\nversion: 1\n", 2, ["more than one"]),
        ("exclude: !!python/object/apply:os.system [id]\n", 1, ["exclude"]),
        ("exclude: [!!binary aGk=]\n", 1, ["tag"]),
        ("? [a]\n: 1\n", 1, ["plain word"]),
        ("exclude: &a [*a]\n", 1, ["alias"]),
        ("\tversion: 1\n", 1, ["not valid YAML"]),
        (b"version: 1\nexclude: ['\xff\xfe']\n", 2, ["UTF-8"]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line, words):
    with pytest.raises(ConfigError) as caught:
        load(text)
    message = caught.value.message
    assert message.startswith(f"{FILE}:{line}:"), message
    for word in words:
        assert word in message
    assert caught.value.exit_status == 2


def test_every_error_is_told_in_line_order():
    with pytest.raises(ConfigError) as caught:
        load("verion: 1\nstages:\n  lint: {tols: []}\ntools: {x: {}}\n")
    assert [line.split(":")[1] for line in caught.value.message.split("\n")] == ["1", "3", "4"]


def test_an_alias_bomb_is_refused_quickly():
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    with pytest.raises(ConfigError, match="unfolds to more than"):
        load(text)


def test_deep_nesting_is_refused():
    with pytest.raises(ConfigError):
        load("exclude: " + "[" * 5000 + "]" * 5000)


def test_a_huge_file_is_refused_before_it_is_parsed():
    with pytest.raises(ConfigError, match="limit"):
        load(b"#" * 1_000_001)
