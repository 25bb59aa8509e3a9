"""Frameworks are found by declaration, by pin and by import."""

from __future__ import annotations

import pytest

from py_secure_ci.dependencies.frameworks import django_hint, frameworks_of
from py_secure_ci.dependencies.read_all import read_dependencies
from py_secure_ci.errors import SourceError


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"requirements.txt": "Django==5.2\n"}, {"django"}),
        ({"pyproject.toml": "[project]\nname='a'\nversion='1'\ndependencies=['flask>=2']\n"}, {"flask"}),
        ({"requirements.txt": "djangorestframework==3.16.0\n"}, {"django"}),
        ({"app/main.py": "import os\nfrom fastapi import FastAPI\n"}, {"fastapi"}),
        ({"app/main.py": "def f():\n    import flask.views\n"}, {"flask"}),
        ({"app/main.py": "from starlette.applications import Starlette\nimport djangoish\n"}, {"starlette"}),
        ({"README.md": "from django import x\n", "a.py": "# import flask\nx = 'from fastapi import y'\n"}, set()),
        ({"requirements.txt": "flask-login==0.6\n"}, set()),
    ],
)
def test_found(files: dict[str, str], found: set[str]) -> None:
    dependencies = read_dependencies(tuple(files), files.__getitem__)
    assert frameworks_of(dependencies, tuple(files), files.get) == found


def test_a_file_that_cannot_be_read_is_passed_over() -> None:
    def read(path: str) -> str | None:
        if path == "a.py":
            raise SourceError("no")
        return "import flask\n"

    assert frameworks_of(read_dependencies((), lambda _: ""), ("a.py", "b.py"), read) == {"flask"}


@pytest.mark.parametrize(
    ("files", "chosen", "hints"),
    [
        ({"requirements.txt": "Django==5.2\n", "web/manage.py": ""}, ("pytest",), 1),
        ({"requirements.txt": "Django==5.2\n", "web/manage.py": ""}, ("pytest", "django-check"), 0),
        ({"requirements.txt": "Django==5.2\n", "a.py": ""}, ("pytest",), 0),
        ({"requirements.txt": "flask==3.0.0\n", "manage.py": ""}, ("pytest",), 0),
    ],
)
def test_a_django_project_is_told_of_its_own_checks(files: dict[str, str], chosen: tuple[str, ...], hints: int) -> None:
    dependencies = read_dependencies(tuple(files), files.__getitem__)
    assert len(django_hint(dependencies, tuple(files), chosen)) == hints
