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
SETTINGS = {"mypy": {"plugins": {"type": "boolean"}}}
FILE = ".py-secure-ci.yml"


def load(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return load_config(raw, FILE, TOOLS, DEFAULTS, settings=SETTINGS)


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
        # what the author meant, and what to write
        (
            "policy:\n  at_most: {ruff: many}\n",
            2,
            ["policy.at_most.ruff", "a whole number from 0, or `baseline`", "'many'"],
        ),
        ("policy:\n  at_most: {ruff: -1}\n", 2, ["policy.at_most.ruff", "at least 0"]),
        (
            "stages: {lint: {tools: [mypy]}}\n",
            1,
            ["stages.lint.tools[0]", "belongs to the stage type", "`stages.type.tools`"],
        ),
        ("environment: {python: 3.10}\n", 1, ["environment.python", '`"3.10"`']),
        ("environment: {install: pip install 'x}\n", 1, ["environment.install", "no command", "closing quotation"]),
        ("environment: {install: ''}\n", 1, ["environment.install", "empty"]),
        ("exclude: docs/\n", 1, ["exclude", "`exclude: [docs/]`"]),
        ("policy: {suppressions: {rule: a/b}}\n", 1, ["policy.suppressions", "a list", "`- `"]),
        ("policy: {suppressions: [{rule: ruff/F401, reason: 5}]}\n", 1, ["policy.suppressions[0].reason", '`"5"`']),
        ("policy: {suppressions: [{rule: ruff/F401, reason: so, expires: }]}\n", 1, ["expires", "YYYY-MM-DD"]),
        ("policy: {suppressions: [{reason: so}]}\n", 1, ["policy.suppressions[0]", "`rule` is missing", "`tool/rule`"]),
        ("policy: {fail_on: {quality: high}}\n", 1, ["policy.fail_on.quality", "a word for security findings"]),
        ("policy: {fail_on: high}\n", 1, ["policy.fail_on", "`security`", "`quality`"]),
        ("policy: {strict: 'on'}\n", 1, ["policy.strict", "without quotes, `true`"]),
        ("fail_on: {security: low}\n", 1, ["`policy.fail_on`"]),
        ("ruff: {timeout: 3}\n", 1, ["`tools.ruff`"]),
        ("stages: {lint: {timeout: 3}}\n", 1, ["stages.lint.timeout", "`tools.NAME.timeout`"]),
        ("stages: {test: {coverage: 80%}}\n", 1, ["stages.test.coverage", "`80`"]),
        ("stages: {lint: {tools: [ruff, ruff]}}\n", 1, ["stages.lint.tools", "'ruff' is there twice"]),
        ("stages: {lint: {tools: []}}\n", 1, ["stages.lint.tools", "nothing to run"]),
        ("tools: {mypy: {settings: {plugin: true}}}\n", 1, ["tools.mypy.settings.plugin", "`plugins`"]),
        ("tools: {ruff: {settings: {select: [E]}}}\n", 1, ["tools.ruff.settings.select", "nothing can be set here"]),
        ("tools: {ruff: {timeout: 99999999999999999999}}\n", 1, ["tools.ruff.timeout", "at most 604,800"]),
        ("stages: {sca: {advisories: {max_age_days: 1000000000000}}}\n", 1, ["max_age_days", "at most 36,500"]),
        ("import: [{path: a.sarif}]\n", 1, ["import[0].path", "file", "stage"]),
        ("<<: {version: 1}\n", 1, ["merge key"]),
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


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("stages:\n\tlint: false\n", "spaces"),
        ("exclude:\n  - *.min.py\n", "quotes"),
        ("exclude: [@team]\n", "quotes"),
        ("stages: {lint: {tools: [ruff]}\n", "Close every bracket"),
        ("exclude: 'x\n", "Close every quotation mark"),
        ("stages:\n  lint: false\n type: false\n", "alike"),
        ("a: b: c\n", "quotes"),
    ],
)
def test_what_is_no_yaml_is_told_with_a_way_out(text, hint):
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert hint in caught.value.hint


KEYS = (
    "version", "exclude", "environment", "environment.python", "environment.install", "stages", "stages.lint",
    "stages.lint.tools", "stages.test.coverage", "stages.test.levels", "stages.sca.advisories",
    "stages.sca.advisories.source", "stages.sca.licences", "tools", "tools.ruff", "tools.ruff.args",
    "tools.ruff.timeout", "tools.ruff.settings", "import", "projects", "policy", "policy.fail_on",
    "policy.fail_on.security", "policy.new_only", "policy.strict", "policy.new_rules", "policy.severity",
    "policy.stages", "policy.paths", "policy.at_most", "policy.suppressions", "policy.accepted_gaps",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "value", ["null", "[]", "{}", "-1", "1e400", "''", "[null]", "{x: null}", "'\\0'", "2026-02-30", "[[a]]"]
)
def test_whatever_stands_at_a_key_is_taken_or_told(key, value):
    """No value ends in anything but settings, or an error with line and key and without words of the schema."""
    names = key.split(".")
    text = "".join(f"{'  ' * depth}{name}:\n" for depth, name in enumerate(names)).rstrip() + f" {value}\n"
    try:
        load(text)
    except ConfigError as error:
        for line in error.message.splitlines():
            assert line.startswith(f"{FILE}:{len(names)}: {names[0]}"), line
            assert "does not fit (" not in line
            assert "{'" not in line


def test_a_tools_own_file_has_to_be_there():
    text = b"tools:\n  ruff: {config: ci/ruff.toml}\n"
    assert load_config(text, FILE, TOOLS, DEFAULTS, exists={"ci/ruff.toml"}.__contains__).options("ruff").config
    with pytest.raises(ConfigError, match=r"^\.py-secure-ci\.yml:2: tools\.ruff\.config: there is no file"):
        load_config(text, FILE, TOOLS, DEFAULTS, exists=lambda path: False)
    assert load_config(text + b"projects: [a]\n", FILE, TOOLS, DEFAULTS, exists=lambda path: False).projects


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
