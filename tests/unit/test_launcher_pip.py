"""What the launcher gives to pip, and what it makes of pip's words."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def launcher_pip(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """scripts/_pip.py, which is not part of the package."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return importlib.import_module("_pip")


def test_pip_learns_how_to_reach_the_index_and_nothing_else(launcher_pip: ModuleType) -> None:
    kept = {"PATH": "/bin", "HOME": "/h", "PIP_INDEX_URL": "https://i", "PIP_CERT": "/c", "https_proxy": "http://p"}
    dropped = {"GITHUB_TOKEN": "t", "PIP_TARGET": "/x", "PIP_CONSTRAINT": "c", "PYTHONPATH": "/p", "AWS_SECRET": "s"}
    given = launcher_pip.installer_environment({**kept, **dropped})
    assert given == {**kept, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_REQUIRE_HASHES": "0"}


MISMATCH = """\
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions,
    flit-core==3.12.0 from https://index.example/f/flit_core-3.12.0-py3-none-any.whl (from -r x.lock (line 1)):
        Expected sha256 0000
             Got        e7a0
"""


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (MISMATCH, "a package is not the one that was locked: flit-core==3.12.0 was refused"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("SSLError(SSLCertVerificationError(1, ' CERTIFICATE_VERIFY_FAILED", "certificate is not trusted"),
        ("ERROR: HTTP error 403: 403 Client Error: Forbidden for url", "the package index refuses access"),
        ("NewConnectionError('<...>: Failed to establish", "the package index cannot be reached"),
        ("ERROR: No matching distribution found for uv==0.13.9", "the package index has no usable uv==0.13.9"),
        ("The virtual environment was not created successfully because ensurepip is not available",
         "this Python cannot make virtual environments"),
        ("something new", "it failed"),
    ],
)  # fmt: skip
def test_failures_are_said_in_plain_words(launcher_pip: ModuleType, output: str, reason: str) -> None:
    told, hint = launcher_pip.explain(output)
    assert reason in told
    assert hint
