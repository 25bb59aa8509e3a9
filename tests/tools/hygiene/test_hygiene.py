"""Each check of the table on a tree that fails it, and on one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from by_path import load
from py_secure_ci.adapting.hygiene import CHECKS, NAMES, SECURITY, TEXTS, Seen, inspect
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.config.settings import Options
from py_secure_ci.errors import WrongShape
from py_secure_ci.judging.explain import explain
from py_secure_ci.path_globs import fits
from py_secure_ci.tool import Reading, Task

HERE = Path(__file__).parent
TOOL = next(tool for tool in TOOLS if tool.name == "hygiene")
recordings = load(HERE.parent / "conftest.py", "tool_recordings")


def read(case: str, checks: object = "all") -> Reading:
    tree = recordings.unpack((HERE / case / "tree.txt").read_text("utf-8"))
    texts = {name: data.decode() for name, data in tree.items() if fits(name, TEXTS)}
    canaries = tuple(f"/scratch/canary/{name}" for name in TOOL.canary.files) if TOOL.canary else ()
    settings = {} if checks is None else {"checks": checks}
    task = Task(root=Path("/project"), scratch=Path("/scratch"), files=tuple(sorted(tree)), texts=texts, canaries=canaries, options=Options(settings=settings))  # fmt: skip
    assert TOOL.commands(task) == ()
    return TOOL.parse(task, {})


def own(reading: Reading) -> list[tuple[str, str, int | None]]:
    places = [(one.rule, one.location) for one in reading.findings]
    return sorted((rule, at.path, at.line) for rule, at in places if at and not at.path.startswith("/scratch"))


def test_a_well_kept_project_has_no_finding() -> None:
    assert own(read("clean")) == []


def test_every_check_finds_what_it_is_for() -> None:
    found = own(read("findings"))
    assert found == [
        ("ci-permissions", ".github/workflows/ci.yml", None),
        ("env-file", "config/.env", None),
        ("environment-ignored", "pyproject.toml", None),
        ("lock-hashed", "requirements.txt", 2),
        ("pins", "requirements.txt", 3),
        ("requires-python", "pyproject.toml", None),
        ("security-policy", "pyproject.toml", None),
        ("src-layout", "shop/__init__.py", None),
        ("tests-present", "pyproject.toml", None),
    ]
    assert {rule for rule, _, _ in found} | {"lock-present"} == set(NAMES)


def test_dependencies_without_a_lock() -> None:
    seen = Seen(("pyproject.toml",), {"pyproject.toml": '[project]\nname = "a"\ndependencies = ["b"]\n'})
    assert [one.rule for one in inspect(seen, ("lock-present",))] == ["lock-present"]
    assert inspect(Seen(("pyproject.toml", "uv.lock"), seen.texts), ("lock-present",)) == []


def test_those_about_security_are_on_unless_others_are_named() -> None:
    assert {rule for rule, _, _ in own(read("findings", None))} == set(SECURITY) - {"lock-present"}
    assert {rule for rule, _, _ in own(read("findings", ["pins"]))} == {"pins"}


@pytest.mark.parametrize("said", ["none", ["pins", "pinns"], 3, []])
def test_a_check_that_there_is_not_is_an_error(said: object) -> None:
    with pytest.raises(WrongShape, match="checks: no check"):
        read("clean", said)


def test_the_canary_is_seen_whatever_is_chosen_and_never_shown_as_the_projects() -> None:
    planted = {
        one.rule
        for one in read("clean", ["pins"]).findings
        if one.location and one.location.path.startswith("/scratch")
    }
    assert TOOL.canary is not None
    assert TOOL.canary.expect <= planted


def test_broken_toml_is_no_clean_answer() -> None:
    with pytest.raises(WrongShape, match=r"pyproject\.toml is not valid TOML"):
        read("broken")


@pytest.mark.parametrize(
    ("gitignore", "covered"),
    [
        (".env\n", True),
        ("/.env", True),
        ("**/.env\n", True),
        ("*.env\n", True),
        (".env*\n", True),
        ("# .env\n", False),
        (".env\n!.env\n", False),
        ("env/\n", False),
        ("", False),
    ],
)
def test_what_a_gitignore_covers(gitignore: str, covered: bool) -> None:
    seen = Seen((".gitignore",), {".gitignore": gitignore})
    assert (inspect(seen, ("env-file",)) == []) == covered


def test_every_rule_is_explained_and_documented() -> None:
    page = (HERE.parents[2] / "docs" / "hygiene.md").read_text("utf-8")
    for one in CHECKS:
        assert "How to suppress it" in explain(f"hygiene/{one.rule}", None)
        assert "no description" not in explain(f"hygiene/{one.rule}", None)
        assert f'<a id="{one.rule}"></a>`{one.rule}` | {"yes" if one.rule in SECURITY else ""}'.rstrip() in page
