"""What a manifest says of indexes: a foreign one never vouches for a name, and what is in no index is a gap."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from py_secure_ci.pins import Dependencies

Project = Callable[[dict[str, str]], Dependencies]
CORP = "https://pkgs.example.com/simple"
HEAD = '[project]\nname = "x"\nversion = "1"\ndependencies = ["six==1.0"]\n'


@pytest.mark.parametrize(
    ("settings", "source"),
    [
        ("", ""),
        (f'[tool.uv]\nindex-url = "{CORP}"\n', CORP),
        (f'[tool.uv]\nextra-index-url = ["INDEX", "{CORP}"]\n', CORP),
        (f'[tool.uv.pip]\nindex-url = "https://me:word@{CORP.removeprefix("https://")}"\n', CORP),
        (f'[[tool.uv.index]]\nname = "corp"\nurl = "{CORP}"\n', CORP),
        (f'[[tool.uv.index]]\nname = "corp"\nurl = "{CORP}"\nexplicit = true\n', ""),
        (f'[[tool.uv.index]]\nname = "corp"\nurl = "{CORP}"\nexplicit = true\n[tool.uv.sources]\nsix = {{ index = "corp" }}\n', CORP),
        ('[[tool.uv.index]]\nname = "main"\nurl = "INDEX"\n[tool.uv.sources]\nSix = [{ index = "main" }]\n', ""),
        ('[tool.uv.sources]\nsix = { index = "not-here" }\n', "not-here"),
        (f'[[tool.pdm.source]]\nname = "pypi"\nurl = "{CORP}"\n', CORP),
    ],
)  # fmt: skip
def test_the_index_of_an_exact_requirement(settings: str, source: str, project: Project) -> None:
    found = project({"pyproject.toml": HEAD + settings})
    assert [(pin.name, pin.source, pin.public) for pin in found.pins] == [("six", source, False)]


@pytest.mark.parametrize(
    "said", ['git = "https://example.com/six.git"', 'url = "https://example.com/six.whl"', 'path = "../six"', "workspace = true"]
)  # fmt: skip
def test_an_exact_requirement_that_comes_from_elsewhere_is_a_gap(said: str, project: Project) -> None:
    found = project({"pyproject.toml": f"{HEAD}[tool.uv.sources]\nsix = {{ {said} }}\n"})
    assert not found.pins
    assert [(one.name, one.line) for one in found.unpinned] == [("six", 4)]


def test_a_member_of_the_workspace_is_no_gap(project: Project) -> None:
    member = '[project]\nname = "six"\nversion = "1"\n'
    found = project(
        {"pyproject.toml": f"{HEAD}[tool.uv.sources]\nsix = {{ workspace = true }}\n", "p/pyproject.toml": member}
    )
    assert not found.unpinned
    assert not found.pins


@pytest.mark.parametrize(
    ("value", "source"), [('"1.0"', CORP), ('{ version = "1.0", source = "other" }', "https://other.example.com"), ('{ version = "1.0", source = "PyPI" }', "")]
)  # fmt: skip
def test_poetry_sources(value: str, source: str, project: Project) -> None:
    sources = f'[[tool.poetry.source]]\nname = "corp"\nurl = "{CORP}"\n'
    sources += '[[tool.poetry.source]]\nname = "other"\nurl = "https://other.example.com"\npriority = "explicit"\n'
    sources += '[[tool.poetry.source]]\nname = "PyPI"\n'
    found = project({"pyproject.toml": f"{sources}[tool.poetry.dependencies]\nsix = {value}\n"})
    assert [(pin.name, pin.source) for pin in found.pins] == [("six", source)]


def pipfile_lock(sources: list[str], **details: str) -> str:
    named = [{"name": f"s{number}", "url": url} for number, url in enumerate(sources)]
    package = {"version": "==1.0", **details}
    return json.dumps({"_meta": {"pipfile-spec": 6, "sources": named}, "default": {"six": package}})


@pytest.mark.parametrize(
    ("sources", "index", "expected"),
    [
        (["INDEX"], "", ("", True)),
        (["INDEX", CORP], "", ("", False)),
        (["INDEX", CORP], "s0", ("", True)),
        (["INDEX", CORP], "s1", (CORP, False)),
        ([CORP, "INDEX"], "", (CORP, False)),
        ([], "", ("", False)),
    ],
)
def test_pipfile_lock_vouches_where_only_one_index_is_meant(
    sources: list[str], index: str, expected: tuple[str, bool], project: Project
) -> None:
    found = project({"Pipfile.lock": pipfile_lock(sources, **({"index": index} if index else {}))})
    assert [(pin.source, pin.public) for pin in found.pins] == [expected]


def test_pipfile_sources(project: Project) -> None:
    text = f'[[source]]\nname = "corp"\nurl = "{CORP}"\n[[source]]\nname = "main"\nurl = "INDEX"\n[packages]\n'
    found = project({"Pipfile": text + 'six = "==1.0"\nabc = { version = "==1.0", index = "main" }\n'})
    assert [(pin.name, pin.source) for pin in found.pins] == [("six", CORP), ("abc", "")]


def test_pdm_lock_vouches_by_its_files_or_by_the_manifests_sources(project: Project) -> None:
    lock = '[metadata]\nlock_version = "4.5.0"\ngroups = ["default"]\n[[package]]\nname = "six"\nversion = "1.0"\n'
    file = "https://" + ".".join(("files", "pythonhosted", "org")) + "/six.whl"
    cases = {
        f'files = [{{ url = "{file}", hash = "sha256:0" }}]\n': ("", ("", True)),
        'files = [{ url = "https://pkgs.example.com/six.whl", hash = "sha256:0" }]\n': ("", ("", False)),
        'files = [{ file = "six.whl", hash = "sha256:0" }]\n': ("", ("", False)),
    }
    for files, (settings, expected) in cases.items():
        found = project({"pdm.lock": lock + files, "pyproject.toml": HEAD + settings})
        assert [(pin.source, pin.public) for pin in found.pins] == [expected], files
    for url, expected in (("INDEX", ("", True)), (CORP, (CORP, False))):
        settings = f'[[tool.pdm.source]]\nname = "pypi"\nurl = "{url}"\n'
        found = project({"pdm.lock": lock, "pyproject.toml": HEAD + settings})
        assert [(pin.source, pin.public) for pin in found.pins] == [expected]


def test_pylock_vouches_by_index_or_by_files(project: Project) -> None:
    file = "https://" + ".".join(("files", "pythonhosted", "org")) + "/six.whl"
    head = 'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "six"\nversion = "1.0"\n'
    cases = {
        'index = "INDEX"\n': ("", True),
        f'index = "{CORP}"\n': (CORP, False),
        f'wheels = [{{ url = "{file}", hashes = {{}} }}]\n': ("", True),
        'wheels = [{ path = "six.whl", hashes = {} }]\n': ("", False),
        "": ("", False),
    }
    for text, expected in cases.items():
        found = project({"pylock.toml": head + text})
        assert [(pin.source, pin.public) for pin in found.pins] == [expected], text


def test_a_lock_of_uv_or_poetry_vouches_where_it_names_the_default_index(project: Project) -> None:
    uv = 'version = 1\n[[package]]\nname = "six"\nversion = "1.0"\nsource = { registry = "INDEX" }\n'
    poetry = '[metadata]\nlock-version = "2.1"\n[[package]]\nname = "six"\nversion = "1.0"\n'
    legacy = f'{poetry}[package.source]\ntype = "legacy"\nurl = "{CORP}"\nreference = "corp"\n'
    for name, text, expected in (
        ("uv.lock", uv, ("", True)),
        ("uv.lock", uv.replace("INDEX", CORP), (CORP, False)),
        ("uv.lock", uv.replace("INDEX", "../links"), ("../links", False)),
        ("poetry.lock", poetry, ("", True)),
        ("poetry.lock", legacy, (CORP, False)),
    ):
        found = project({name: text})
        assert [(pin.source, pin.public) for pin in found.pins] == [expected], text


def test_a_requirements_file_never_vouches_and_conda_keeps_its_index(project: Project) -> None:
    found = project({"requirements.txt": "--index-url INDEX\nsix==1.0\n"})
    assert [(pin.source, pin.public) for pin in found.pins] == [("", False)]
    conda = f"dependencies:\n  - pip:\n    - --extra-index-url {CORP}\n    - six==1.0\n"
    found = project({"environment.yml": conda})
    assert [(pin.name, pin.line, pin.source, pin.public) for pin in found.pins] == [("six", 4, CORP, False)]
