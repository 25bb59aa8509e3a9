"""A project whose every file would run something, or lead elsewhere, is audited: nothing runs, nobody else is asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """An address on the loopback, and who connected to it."""
    visits: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(1)
                visits.append(connection.recv(200).decode("latin-1"))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", visits
    done.set()
    thread.join(5)
    listener.close()


def hostile(marker: Path, url: str) -> dict[str, str | bytes]:
    """Every way that is known to run code at resolution, at start or at a build, and to change where things come from."""
    write = f"open({str(marker)!r}, 'a').write(__file__ if '__file__' in globals() else 'x')\n"
    setup = f"{write}from setuptools import setup\nsetup(name='evil', install_requires=['six==1.16.0'])\n"
    modules = ("sitecustomize", "usercustomize", "pip_audit", "packaging", "requests", "pip", "setuptools", "backend")
    return {
        **{f"{name}.py": write for name in modules},
        "setup.py": setup,
        "evil/setup.py": setup,
        "evil/__init__.py": write,
        "conftest.py": write,
        "evil.pth": f"import os; {write}",
        "pip_audit/__main__.py": write,
        "pyproject.toml": (
            '[build-system]\nrequires = ["evil @ file:./evil"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            '[project]\nname = "shop"\ndynamic = ["version", "dependencies"]\n'
            f'[tool.uv]\nindex-url = "{url}/simple"\nextra-index-url = ["{url}/more"]\nfind-links = ["{url}/links"]\n'
        ),
        "requirements.txt": (
            f"--index-url {url}/simple\n--find-links {url}/links\n--trusted-host 127.0.0.1\n"
            f"six==1.16.0\n./evil\n-e ./evil\nevil2 @ git+{url}/evil.git\nevil3 @ {url}/evil.zip\nidna==3.7\n"
        ),
        "uv.lock": 'version = 1\n[[package]]\nname = "evil"\nversion = "1"\nsource = { directory = "evil" }\n',
        "pip.conf": f"[global]\nindex-url = {url}/simple\n[install]\nno-deps = false\n",
        "pip/pip.conf": f"[global]\nindex-url = {url}/simple\n",
        ".pip/pip.conf": f"[global]\nindex-url = {url}/simple\n",
        "uv.toml": f'index-url = "{url}/simple"\n',
        ".syft.yaml": "exclude: ['**']\n",
        ".env": f"PIP_INDEX_URL={url}/simple\n",
        ".netrc": "machine 127.0.0.1 login me password word\n",
        "environment.yml": f"dependencies:\n  - !!python/object/apply:eval [{write!r}]\n",
        "MANIFEST.in": "include *\n",
    }


def test_nothing_of_the_project_runs_and_nobody_else_is_asked(
    checked: Callable[..., Any], elsewhere: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, visits = elsewhere
    marker = tmp_path / "marker"
    ran = checked(hostile(marker, url))
    assert not marker.exists(), marker.read_text()
    assert visits == []
    assert ran.status == 3, ran.stderr
    assert ran.verdict["status"] == "INCOMPLETE"
    assert {f"{url}/simple"} == {pin["source"] for pin in _pins(ran) if pin["file"] == "requirements.txt"}
    assert {"requirements.txt: evil2", "requirements.txt: evil3", "pyproject.toml: dependencies"} <= ran.gaps.keys()
    assert {one["advisory"]["package"] for one in ran.findings if one.get("advisory")} == {"idna"}
    assert ran.outcome("syft")["kind"] == "completed"


def _pins(ran: Any) -> list[dict[str, Any]]:
    return [pin for one in ran.report["report"]["dependencies"]["declarations"] for pin in one.get("pins", [])]
