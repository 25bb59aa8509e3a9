"""What pip-audit, uv and syft let pass in a declaration, and the verdict here: none of it is a PASS."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

pytestmark = pytest.mark.network

BAD = "jinja2==2.10"
PACKAGE = '[[package]]\nname = "{}"\nversion = "{}"\n'
UV = "version = 1\n" + PACKAGE + 'source = {{ registry = "INDEX" }}\n'


@dataclass(frozen=True)
class Row:
    """`found`: that many findings; `says`: what the reasons match."""

    situation: str
    files: dict[str, str | bytes]
    found: int = 0
    says: str = ""


ROWS = (
    Row("an empty file", {"requirements.txt": ""}, says=r"holds no requirement"),
    Row("comments only", {"requirements.txt": "# nothing\n"}, says=r"holds no requirement"),
    Row("only an include of nothing", {"requirements.txt": "-r gone.txt\n"}, says=r"gone\.txt"),
    Row("two versions of one package", {"requirements.txt": f"{BAD}\njinja2==2.11\n"}, found=11),
    Row("one package twice", {"requirements.txt": f"{BAD}\n{BAD}\n"}, found=12),
    Row("a pin in an extra", {"pyproject.toml": f'[project]\nname = "x"\nversion = "1"\n[project.optional-dependencies]\nx = ["{BAD}"]\n'}, found=6),
    Row("a pin in a group", {"pyproject.toml": f'[dependency-groups]\nx = ["{BAD}"]\n'}, found=6),
    Row("a pin for another platform", {"requirements.txt": f"{BAD}; sys_platform == 'win32'\n"}, found=6),
    Row("a file that is not called requirements.txt", {"requirements/prod.txt": f"{BAD}\n"}, found=6),
    Row("reqs.txt", {"reqs.txt": f"{BAD}\n"}, found=6),
    Row("a uv.lock, which syft does not see", {"uv.lock": UV.format("jinja2", "2.10")}, found=6),
    Row("a pdm.lock, which syft does not see", {"pdm.lock": '[metadata]\nlock_version = "4.5.0"\n' + PACKAGE.format("jinja2", "2.10")}, found=6),
    Row("a pylock.toml, which syft does not see", {"pylock.toml": 'lock-version = "1.0"\ncreated-by = "x"\n' + PACKAGE.format("jinja2", "2.10").replace("package", "packages")}, found=6),
    Row("the develop section, which syft leaves out", {"Pipfile.lock": '{"_meta": {"pipfile-spec": 6}, "develop": {"jinja2": {"version": "==2.10"}}}'}, found=6),
    Row("a script with inline metadata", {"run.py": f'# /// script\n# dependencies = ["{BAD}"]\n# ///\n'}, found=6),
    Row("a conda file", {"environment.yml": "dependencies:\n  - numpy=1.21\n"}, says=r"environment\.yml: numpy"),
    Row("a lock that is cut", {"uv.lock": UV.format("jinja2", "2.10")[:-20]}, says=r"uv\.lock"),
    Row("a lock of the future", {"uv.lock": UV.format("jinja2", "2.10").replace("version = 1", "version = 9", 1)}, says=r"lock version 9"),
    Row("a pylock without packages", {"pylock.toml": 'lock-version = "1.0"\ncreated-by = "x"\npackages = []\n'}, says=r"pins nothing"),
    Row("a lock older than its manifest", {"uv.lock": UV.format("six", "1.16.0") + '[[package]]\nname = "x"\nversion = "1"\nsource = { virtual = "." }\n', "pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["six", "toml"]\n'}, found=1),
    Row("a private name without its index", {"requirements.txt": "our-private-thing==1.0\n"}, says=r"our-private-thing"),
    Row("a private name in an exact requirement", {"pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["our-private-thing==1.0"]\n'}, says=r"our-private-thing"),
    Row("a private name behind an index line", {"requirements.txt": "-i INDEX\nour-private-thing==1.0\n"}, says=r"our-private-thing"),
    Row("a version that is none", {"requirements.txt": "six==latest\n"}, says=r"six"),
    Row("an advisory with bounds that are no versions", {"requirements.txt": "torch==2.0.0\n"}, says=r"torch"),
)  # fmt: skip


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.situation, marks=[pytest.mark.slow] * (n > 1)) for n, row in enumerate(ROWS)]
)
def test_a_declaration_that_nobody_looked_at_does_not_pass(row: Row, checked: Callable[..., Any]) -> None:
    ran = checked(row.files)
    assert ran.status in (1, 3), ran.stderr
    assert ran.verdict["status"] != "PASS"
    assert not row.found or len(ran.findings) == row.found, [one["rule"] for one in ran.findings]
    assert re.search(row.says, ran.reasons), ran.reasons
    assert row.found or ran.status == 3
    assert "internal error" not in ran.stderr


@pytest.mark.parametrize(
    ("public", "status"), [((), 3), (("our-published-thing",), 0)], ids=["nobody says so", "the YAML says so"]
)
def test_the_way_out_of_an_unknown_name(public: tuple[str, ...], status: int, checked: Callable[..., Any]) -> None:
    sca = {"advisories": {"on_stale": "warn"}, "public": list(public)}
    assert checked({"requirements.txt": "our-published-thing==1.0\n"}, sca=sca).status == status


@pytest.mark.slow
def test_a_private_name_may_be_accepted_by_name(checked: Callable[..., Any]) -> None:
    gap = {"subject": "*: our-private-*", "tool": "pip-audit", "reason": "ours; checked where it is made"}
    files = {"requirements.txt": "our-private-thing==1.0\nour-private-part==1.0\n"}
    assert checked(files, policy={"accepted_gaps": [gap]}).status == 0
    assert checked({"requirements.txt": "other-thing==1.0\n"}, policy={"accepted_gaps": [gap]}).status == 3
