"""Which declaration an environment is made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from py_secure_ci.errors import ProjectEnvironmentError
from py_secure_ci.pins import Pin
from py_secure_ci.project_environment.recipes import Project, choose, from_pins, read_project


def pin(name: str, version: str, file: str = "poetry.lock", *hashes: str, marker: str = "") -> Pin:
    return Pin(name=name, version=version, file=file, line=1, hashes=hashes, marker=marker)


def write(root: Path, files: dict[str, str]) -> tuple[str, ...]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return tuple(sorted(files))


@pytest.mark.parametrize(
    ("files", "kind", "read"),
    [
        (["uv.lock", "pyproject.toml", "requirements.txt"], "uv.lock", ("uv.lock", "pyproject.toml")),
        (["uv.lock", "requirements.txt"], "requirements", ("requirements.txt",)),  # a lock of nothing
        (["pylock.toml", "poetry.lock"], "pylock", ("pylock.toml",)),
        (["pylock.dev.toml"], "pylock", ("pylock.dev.toml",)),
        (["poetry.lock", "requirements.txt"], "pins", ("poetry.lock",)),
        (["pdm.lock", "requirements.txt"], "requirements", ("requirements.txt",)),  # no pins were read of it
        (["requirements-dev.txt", "requirements.txt"], "requirements", ("requirements-dev.txt", "requirements.txt")),
        (["requirements/test.txt", "docs/requirements.txt"], "requirements", ("requirements/test.txt",)),
        (["requirements-docs.txt"], "nothing", ()),
        (["setup.py"], "setup", ("setup.py",)),
        (["README.md"], "nothing", ()),
    ],
)
def test_the_best_declaration_wins(tmp_path: Path, files: list[str], kind: str, read: tuple[str, ...]) -> None:
    tree = write(tmp_path, dict.fromkeys(files, ""))
    recipe = choose(tmp_path, tree, (pin("a", "1"),), Project(buildable="setup.py" in files))
    assert (recipe.kind, recipe.files) == (kind, read)


def test_pyproject_is_the_last_word_and_says_that_it_is_no_lock(tmp_path: Path) -> None:
    text = '[project]\nname="a"\nversion="1"\nrequires-python=">=3.9"\n[dependency-groups]\ndev=["pytest"]\n'
    tree = write(tmp_path, {"pyproject.toml": text})
    project = read_project(tmp_path, tree)
    assert project == Project(requires_python=">=3.9", buildable=False, declares=True, groups=("dev",))
    recipe = choose(tmp_path, tree, (), project)
    assert (recipe.kind, recipe.groups, recipe.hashed) == ("pyproject", ("dev",), False)
    assert "without a lock" in recipe.how


@pytest.mark.parametrize(
    ("files", "buildable"),
    [
        ({"pyproject.toml": '[build-system]\nrequires=["flit_core"]\n'}, True),
        ({"pyproject.toml": '[project]\nname="a"\n'}, False),
        ({"pyproject.toml": "[tool.black]\n", "setup.py": ""}, True),
        ({"setup.py": ""}, True),
        ({"setup.cfg": ""}, False),
        ({}, False),
    ],
)
def test_what_can_be_built(tmp_path: Path, files: dict[str, str], buildable: bool) -> None:
    assert read_project(tmp_path, write(tmp_path, files)).buildable is buildable


def test_a_broken_pyproject_is_an_error_with_its_line(tmp_path: Path) -> None:
    tree = write(tmp_path, {"pyproject.toml": "[project\n"})
    with pytest.raises(ProjectEnvironmentError, match=r"pyproject\.toml cannot be read: .*line 1"):
        read_project(tmp_path, tree)


def test_pins_of_another_manager_become_hashed_requirements() -> None:
    recipe = from_pins(
        "poetry.lock",
        (
            pin("b", "2", "poetry.lock", "sha256:bb", "sha256:aa", marker="sys_platform == 'win32'"),
            pin("a", "1", "poetry.lock", "sha256:cc"),
            pin("a", "1", "poetry.lock", "sha256:cc"),  # asked for by two groups
        ),
    )
    assert recipe.requirements == (
        "a==1 \\\n    --hash=sha256:cc\n"
        "b==2 ; sys_platform == 'win32' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    )
    assert recipe.hashed


def test_one_pin_without_a_hash_makes_the_whole_unhashed_and_says_so() -> None:
    recipe = from_pins("Pipfile.lock", (pin("a", "1", "Pipfile.lock"), pin("b", "2", "Pipfile.lock", "sha256:bb")))
    assert (recipe.requirements, recipe.hashed) == ("a==1\nb==2\n", False)
    assert recipe.how == "Pipfile.lock, which holds no hashes"


@pytest.mark.parametrize(("text", "hashed"), [("a==1 --hash=sha256:aa\n", True), ("a==1\n", False)])
def test_hashes_in_requirements_are_insisted_on(tmp_path: Path, text: str, hashed: bool) -> None:
    tree = write(tmp_path, {"requirements.txt": text})
    assert choose(tmp_path, tree, (), Project()).hashed is hashed
