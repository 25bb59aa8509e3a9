"""Every rule of ours for web frameworks, with the real semgrep: it finds the bad example and leaves the good one alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from py_secure_ci.adapting.rules import rule_ids
from py_secure_ci.dependencies.frameworks import FRAMEWORKS
from py_secure_ci.tool import Execution, Reading, Task
from py_secure_ci.toolchain import Toolchain
from py_secure_ci.toolchain.places import cache_folder
from py_secure_ci.tools.semgrep import TOOL

pytestmark = [pytest.mark.network, pytest.mark.slow]

KEY = "fake" + "-for-the-test"
FASTAPI = "from fastapi import FastAPI\nfrom starlette.middleware.sessions import SessionMiddleware\n"
CORS = "from fastapi.middleware.cors import CORSMiddleware\n"
SESSIONS = '    "django.contrib.sessions.middleware.SessionMiddleware",\n'
CSRF = '    "django.middleware.csrf.CsrfViewMiddleware",\n'
# Rule -> (file, bad, good); `{}` tells the two apart in the file's name.
EXAMPLES: dict[str, tuple[str, str, str]] = {
    "flask-debug": (
        "{}.py",
        "from flask import Flask\napp = Flask(__name__)\napp.run(debug=True)\n",
        "from flask import Flask\napp = Flask(__name__)\napp.run(debug=False)\n",
    ),
    "django-debug": ("{}/settings.py", "DEBUG = True\n", "import os\nDEBUG = os.environ.get('DEBUG') == '1'\n"),
    "django-allowed-hosts": ("{}/settings.py", "ALLOWED_HOSTS = ['*']\n", "ALLOWED_HOSTS = ['shop.example']\n"),
    "framework-secret-key": (
        "{}.py", f"SECRET_KEY = '{KEY}'\n", "import os\nSECRET_KEY = os.environ['SECRET_KEY']\n"
    ),
    "cors-any-origin-with-credentials": (
        "{}.py",
        f"{CORS}app.add_middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)\n",
        f"{CORS}app.add_middleware(CORSMiddleware, allow_origins=['*'])\n",
    ),
    "csrf-exempt": (
        "{}.py",
        "from django.views.decorators.csrf import csrf_exempt\n@csrf_exempt\ndef hook(request):\n    return None\n",
        "from django.views.decorators.csrf import csrf_protect\n@csrf_protect\ndef hook(request):\n    return None\n",
    ),
    "markup-from-values": (
        "{}.py",
        "from django.utils.safestring import mark_safe\ndef page(name):\n    return mark_safe(f'<b>{name}</b>')\n",
        "from django.utils.safestring import mark_safe\ndef page():\n    return mark_safe('<b>shop</b>')\n",
    ),
    "fastapi-debug": ("{}.py", f"{FASTAPI}app = FastAPI(debug=True)\n", f"{FASTAPI}app = FastAPI()\n"),
    "session-secret-in-code": (
        "{}.py",
        f"{FASTAPI}app.add_middleware(SessionMiddleware, https_only=True, secret_key='{KEY}')\n",
        f"{FASTAPI}import os\napp.add_middleware(SessionMiddleware, https_only=True, secret_key=os.environ['KEY'])\n",
    ),
    "session-cookie-without-https": (
        "{}.py",
        f"{FASTAPI}app.add_middleware(SessionMiddleware, secret_key=key)\n",
        f"{FASTAPI}app.add_middleware(SessionMiddleware, secret_key=key, https_only=True)\n",
    ),
    "cookie-without-secure": (
        "{}.py",
        "def page(response):\n    response.set_cookie('basket', '1')\n",
        "def page(response, more):\n    response.set_cookie('basket', '1', secure=True, httponly=True)\n"
        "    response.set_cookie('basket', '1', **more)\n",
    ),
    "django-cors-any-origin-with-credentials": (
        "{}/settings.py",
        "CORS_ALLOW_ALL_ORIGINS = True\nCORS_ALLOW_CREDENTIALS = True\n",
        "CORS_ALLOW_ALL_ORIGINS = True\nCORS_ALLOW_CREDENTIALS = False\n",
    ),
    "django-without-csrf-middleware": (
        "{}/settings.py", f"MIDDLEWARE = [\n{SESSIONS}]\n", f"MIDDLEWARE = [\n{SESSIONS}{CSRF}]\n"
    ),
    "django-raw-sql-from-values": (
        "{}.py",
        "from django.db.models.expressions import RawSQL\ndef find(query, name):\n"
        "    query.annotate(x=RawSQL(f'select {name}', ()))\n    return query.extra(where=[f'name = {name}'])\n",
        "from django.db.models.expressions import RawSQL\ndef find(query, name):\n"
        "    query.annotate(x=RawSQL('select %s', (name,)))\n    return query.extra(where=['name = %s'], params=[name])\n",
    ),
    "sqlalchemy-text-from-values": (
        "{}.py",
        "from sqlalchemy import text\ndef find(name):\n    return text(f'select {name}')\n",
        "from sqlalchemy import text\ndef find(name):\n    return text('select :name').bindparams(name=name)\n",
    ),
}  # fmt: skip


def scan(tmp_path: Path, frameworks: frozenset[str]) -> tuple[Task, Reading]:
    root, scratch = tmp_path / "project", tmp_path / "scratch"
    canary = scratch / "canary" / "canary.py"
    canary.parent.mkdir(parents=True)
    assert TOOL.canary is not None
    canary.write_text(TOOL.canary.files["canary.py"], encoding="utf-8")
    for rule, (name, *texts) in EXAMPLES.items():
        for kind, text in zip(("bad", "good"), texts, strict=True):
            path = root / rule / name.format(kind)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    files = tuple(sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py")))
    task = Task(root=root, scratch=scratch, files=files, canaries=(str(canary),), frameworks=frameworks)
    programs = Toolchain(cache_folder(os.environ), os.environ).install("semgrep").bin
    executions = {}
    for command in TOOL.commands(task):
        for name, text in command.inputs.items():
            (scratch / name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            command.argv, cwd=root, env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(scratch), **command.env},
            input=command.stdin.encode(), capture_output=True, check=False, timeout=300,
        )  # fmt: skip
        executions[command.name] = Execution(
            status=done.returncode, stdout=done.stdout.decode(), stderr=done.stderr.decode()
        )
    return task, TOOL.parse(task, executions)


def found(task: Task, reading: Reading) -> set[tuple[str, str]]:
    """(rule, file) of what is said of the examples."""
    return {
        (one.rule, one.location.path)
        for one in reading.findings
        if one.location and one.location.path not in task.canaries
    }


def test_every_rule_for_frameworks_has_its_examples() -> None:
    assert set(EXAMPLES) == rule_ids(FRAMEWORKS) - rule_ids(())
    assert len(EXAMPLES) == 15
    assert len(rule_ids()) == 23
    assert rule_ids() == rule_ids(FRAMEWORKS)


def test_each_rule_finds_the_bad_and_leaves_the_good(tmp_path: Path) -> None:
    task, reading = scan(tmp_path, frozenset(FRAMEWORKS))
    said = found(task, reading)
    assert reading.gaps == ()
    for rule, (name, _, _) in EXAMPLES.items():
        assert (rule, f"{rule}/{name.format('bad')}") in said
        assert (rule, f"{rule}/{name.format('good')}") not in said
    assert {path for _, path in said if "/good" in path} == set()


def test_without_a_framework_none_of_them_is_loaded(tmp_path: Path) -> None:
    task, reading = scan(tmp_path, frozenset())
    assert {rule for rule, _ in found(task, reading)} & set(EXAMPLES) == set()
    assert "Rules for web frameworks: none, as none was found." in reading.notes
