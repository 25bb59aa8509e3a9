"""requirements files: includes, constraints, options, and everything that is no pin."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from py_secure_ci.dependencies.requirements import logical_lines
from py_secure_ci.pins import Dependencies

Project = Callable[[Mapping[str, str]], Dependencies]
HASH = "sha256:" + "a" * 64


def pins(found: Dependencies) -> list[tuple[str, str, str, int]]:
    return [(pin.name, pin.version, pin.file, pin.line) for pin in found.pins]


def gaps(found: Dependencies) -> list[tuple[str, str, int]]:
    return [(one.name, one.file, one.line) for one in found.unpinned]


def test_pins_with_extras_markers_hashes_and_continuations(project: Project) -> None:
    text = (
        "\ufeff# comment\r\nFlask[async]==3.0.0  # why\r\n"
        'pywin32==306 ; sys_platform == "win32"\r\n'
        f"jinja2==3.1.6 \\\r\n    --hash={HASH} \\\r\n    --hash={HASH}\r\n"
    )
    found = project({"requirements.txt": text})
    assert pins(found) == [
        ("flask", "3.0.0", "requirements.txt", 2),
        ("pywin32", "306", "requirements.txt", 3),
        ("jinja2", "3.1.6", "requirements.txt", 4),
    ]
    assert found.pins[1].marker == 'sys_platform == "win32"'
    assert found.pins[2].hashes == (HASH,)
    assert not found.unpinned
    assert found.declarations[0].locked


@pytest.mark.parametrize(
    ("line", "name", "word"),
    [
        ("flask", "flask", "no exact version"),
        ("flask>=2,<3", "flask", "no exact version (<3,>=2)"),
        ("flask==3.*", "flask", "wildcard"),
        ("flask===foo", "flask", "not a PEP 440 version"),
        ("flask==1.0,==2.0", "flask", "contradicts"),
        ("flask==1.0,>2", "flask", "contradicts"),
        ("flask @ https://example.com/f.whl", "flask", "a URL"),
        ("flask @ git+https://user:hunter2@example.com/f", "flask", "version control"),
        ("git+https://example.com/f.git#egg=flask", "flask", "version control"),
        ("-e git+https://example.com/f.git#egg=flask", "flask", "version control"),
        ("./evil/pkg", "pkg", "local path"),
        ("-e ../other", "other", "local path"),
        ("file:///opt/x-1.0.tar.gz", "x-1-0-tar-gz", "local path"),
        ("flask==${VERSION}", "flask", "environment variable"),
        ("flask = 1.0", "flask = 1.0", "not a valid requirement"),
        ("-r https://example.com/r.txt", "requirements.txt", "outside the tree"),
        ("-r ../../etc/passwd", "requirements.txt", "outside the tree"),
        ("-r missing.txt", "missing.txt", "missing file"),
        ("--unheard-of x", "--unheard-of", "does not document"),
    ],
)
def test_what_is_no_pin_is_a_gap(project: Project, line: str, name: str, word: str) -> None:
    found = project({"requirements.txt": f"six==1.16.0\n{line}\n"})
    assert pins(found) == [("six", "1.16.0", "requirements.txt", 1)]
    assert gaps(found) == [(name, "requirements.txt", 2)]
    assert word in found.unpinned[0].reason
    assert "hunter2" not in repr(found)


def test_exact_versions_in_other_clothes_are_pins(project: Project) -> None:
    found = project({"requirements.txt": "a===1.0\nb==2.0,>1\nc == 3.0\nd==1!2.0+local.1\n"})
    assert [(one[0], one[1]) for one in pins(found)] == [
        ("a", "1.0"),
        ("b", "2.0"),
        ("c", "3.0"),
        ("d", "1!2.0+local.1"),
    ]


def test_includes_are_read_once_wherever_they_are_and_cycles_end(project: Project) -> None:
    found = project(
        {
            "requirements.txt": "-r deep/base.list\n--requirement=deep/more.list\n",
            "deep/base.list": "-r more.list\nflask==1.0\n",
            "deep/more.list": "-r base.list\ndjango==3.2\n",
        }
    )
    assert pins(found) == [("flask", "1.0", "deep/base.list", 2), ("django", "3.2", "deep/more.list", 2)]
    assert not found.unpinned


def test_constraints_pin_what_is_asked_for_and_ask_for_nothing(project: Project) -> None:
    found = project({"requirements.txt": "-c limits.list\nflask\n", "limits.list": "flask==1.0\nother>=2\n"})
    assert pins(found) == [("flask", "1.0", "limits.list", 1)]
    assert not found.unpinned


def test_constraints_that_the_requirement_does_not_allow_pin_nothing(project: Project) -> None:
    found = project({"requirements.txt": "-c limits.list\nflask>=2\n", "limits.list": "flask==1.0\n"})
    assert gaps(found) == [("flask", "requirements.txt", 2)]


def test_compiled_file_answers_for_its_source_and_is_stale_when_it_does_not(project: Project) -> None:
    files = {"requirements.in": "flask>=1\n", "requirements.txt": "flask==1.0\njinja2==2.0\n"}
    assert not project(files).unpinned
    stale = project({**files, "requirements.in": "flask>=2\nnew\n"})
    assert gaps(stale) == [("flask", "requirements.in", 1), ("new", "requirements.in", 2)]
    assert "flask >=2 is declared, 1.0 is locked; new is declared but not locked" in stale.declarations[1].stale


def test_open_second_line_is_not_hidden_by_a_pinned_first(project: Project) -> None:
    found = project({"requirements.txt": "django==3.2 ; python_version<'3.8'\ndjango>=4 ; python_version>='3.8'\n"})
    assert gaps(found) == [("django", "requirements.txt", 2)]


def test_a_folder_of_the_tree_is_no_gap_where_its_own_declarations_are_read(project: Project) -> None:
    requirements = "-e .[dev]\n./part\npart2 @ file:part2\n-e more/part3\nsix==1.0\n"
    manifest = '[project]\nname = "x"\nversion = "1"\n'
    folders = ("", "deploy/part/", "deploy/part2/", "more/part3/")
    found = project({"deploy/requirements.txt": requirements, **{f"{one}pyproject.toml": manifest for one in folders}})
    assert not found.unpinned
    assert [pin.name for pin in found.pins] == ["six"]


def test_a_folder_without_declarations_and_one_outside_stay_gaps(project: Project) -> None:
    found = project({"requirements.txt": "-e .\n./part\n../part\n/part\n", "../part/setup.py": "", "part/a.py": ""})
    assert [(one.name, one.line) for one in found.unpinned] == [(".", 1), ("part", 2), ("part", 3), ("part", 4)]


def test_other_index_is_noted_without_credentials(project: Project) -> None:
    found = project({"requirements.txt": "--extra-index-url https://me:hunter2@pkgs.example.com/simple?t=1\nx==1\n"})
    assert found.pins[0].source == "https://pkgs.example.com/simple"
    assert "hunter2" not in repr(found)
    assert project({"requirements.txt": "-i INDEX\nx==1\n"}).pins[0].source == ""


def test_prose_is_no_requirements_file_but_garbage_under_a_certain_name_is_a_gap(project: Project) -> None:
    prose = "Constraints\n===========\n\nThese are the rules, as they are.\n"
    assert not project({"docs/ref/constraints.txt": prose, "docs/requirements/intro.txt": prose}).declarations
    found = project({"requirements.txt": "\n".join(f"words number {n}" for n in range(50))})
    assert len(found.unpinned) == 1
    assert "50 lines" in found.unpinned[0].reason


@pytest.mark.parametrize(
    "path",
    [
        "requirements.txt",
        "requirements-dev.txt",
        "dev_requirements.txt",
        "reqs.txt",
        "requirements/prod.txt",
        "a/requirements.in",
    ],
)
def test_names_that_are_read(project: Project, path: str) -> None:
    assert pins(project({path: "six==1.0\n"})) == [("six", "1.0", path, 1)]


def test_logical_lines_keep_the_number_of_the_first_line() -> None:
    text = "a \\\n  b\n# c \\\nd # e\n\n  \nf\\"
    assert list(logical_lines(text)) == [(1, "a   b"), (4, "d"), (7, "f")]


@pytest.mark.parametrize("text", ["", "# nothing yet\n\n"])
def test_file_without_requirements_is_a_gap_that_somebody_has_to_accept(project: Project, text: str) -> None:
    assert gaps(project({"requirements.txt": text})) == [("requirements.txt", "requirements.txt", 1)]
    assert not project({"requirements.txt": "-r base.list\n", "base.list": "six==1.0\n"}).unpinned


@pytest.mark.parametrize(
    "head",
    ["# This file is autogenerated by pip-compile with Python 3.11\n", "# This file was autogenerated by uv via x\n"],
)
def test_compiled_file_says_who_asked_for_whom(project: Project, head: str) -> None:
    text = head + (
        f"click==8.1 \\\n    --hash={HASH}\n    # via flask\n"
        "flask==3.0\n    # via\n    #   -r requirements.in\n    #   other\n"
        "jinja2==3.1  # via flask, other\n"
        "other==1.0\n    # via shop (pyproject.toml)\n"
    )
    found = project({"requirements.txt": text}).declarations[0]
    assert found.manager in ("pip-tools", "uv-pip")
    assert {pin.name: (pin.direct, pin.via, pin.requires) for pin in found.pins} == {
        "click": (False, ("flask", "click"), ()),
        "flask": (True, ("flask",), ("click", "jinja2")),
        "jinja2": (False, ("flask", "jinja2"), ()),
        "other": (True, ("other",), ("flask", "jinja2")),
    }
