"""Which pip installs, with which settings, and what its failures mean in plain words. Standard library only."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import _start

OPTIONS = ("--no-input", "--disable-pip-version-check", "--no-warn-script-location", "--progress-bar=off")
PLAIN_VARIABLES = frozenset(
    "PATH HOME USER LOGNAME LANG LC_ALL LC_CTYPE TMPDIR TEMP TMP TZ XDG_CACHE_HOME XDG_CONFIG_HOME XDG_CONFIG_DIRS"
    " NETRC LD_LIBRARY_PATH DYLD_LIBRARY_PATH SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE"
    " HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE APPDATA"
    " LOCALAPPDATA PROGRAMDATA PROGRAMFILES NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE".split()
)
# Where packages come from and how to get there. Not: where to (PIP_TARGET, PIP_USER) or what (PIP_CONSTRAINT).
PIP_VARIABLES = frozenset(
    f"PIP_{name}"
    for name in (
        "INDEX_URL EXTRA_INDEX_URL NO_INDEX FIND_LINKS TRUSTED_HOST CERT CLIENT_CERT PROXY TIMEOUT DEFAULT_TIMEOUT"
        " RETRIES RESUME_RETRIES CACHE_DIR NO_CACHE_DIR CONFIG_FILE KEYRING_PROVIDER USE_FEATURE USE_DEPRECATED"
    ).split()
)
OURS = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_REQUIRE_HASHES": "0"}  # a pip.conf may say otherwise
# First match wins: what pip says -> what happened, what to do.
FAILURES = (
    (r"DO NOT MATCH THE HASHES", "a package is not the one that was locked: {package} was refused",
     "The package index gave other bytes than the lock file names. Do not use that index until you know why."),
    (r"No space left on device|Errno 28\b", "the disk is full",
     "Free some room, or set PY_SECURE_CI_CACHE (and TMPDIR) to a place that has some."),
    (r"CERTIFICATE_VERIFY_FAILED|SSLError", "the package index's certificate is not trusted",
     "Set PIP_CERT or SSL_CERT_FILE to a file with your certificate authority."),
    (r"401 Client Error|403 Client Error", "the package index refuses access", "Check PIP_INDEX_URL and its password."),
    (r"ProxyError|NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|Network is unreachable",
     "the package index cannot be reached",
     "Check the network, or set PIP_INDEX_URL, HTTPS_PROXY or PIP_FIND_LINKS to what can be reached."),
    (r"No matching distribution found for (?P<package>\S+)", "the package index has no usable {package}",
     "Check the network and PIP_INDEX_URL; this Python may also be one that the package has no build for."),
    (r"No module named '?(venv|ensurepip)|ensurepip is not", "this Python cannot make virtual environments",
     "Install the venv module (Debian and Ubuntu: python3-venv), or pip 22.3 or newer."),
)  # fmt: skip


@dataclass(frozen=True)
class Pip:
    """The two commands: one makes the environment, the other installs into it."""

    make_environment: list[str]
    start: list[str]

    def install(self, *words: str) -> list[str]:
        """The command that installs `words`."""
        return [*self.start, "install", *OPTIONS, *words]


def pick_pip(environment: Path) -> Pip:
    """Use this Python's own pip if it can install elsewhere: quicker, and it works without ensurepip."""
    venv = [sys.executable, "-I", "-m", "venv"]
    target = _start.python_of(str(environment))
    if _pip_version() >= (22, 3):
        return Pip([*venv, "--without-pip", str(environment)], [sys.executable, "-I", "-m", "pip", "--python", target])
    return Pip([*venv, str(environment)], [target, "-I", "-m", "pip"])


def _pip_version() -> tuple[int, int]:
    """(0, 0) when there is no pip."""
    said = subprocess.run(
        [sys.executable, "-I", "-c", "import pip; print(pip.__version__)"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", check=False,
    ).stdout  # fmt: skip
    number = re.match(r"(\d+)\.(\d+)", said)
    return (int(number[1]), int(number[2])) if number else (0, 0)


def installer_environment(given: Mapping[str, str]) -> dict[str, str]:
    """What pip may know of our environment: nothing but how to reach the index and where to work."""
    allowed = PLAIN_VARIABLES | PIP_VARIABLES
    return {name: value for name, value in given.items() if name.upper() in allowed} | OURS


def explain(output: str) -> tuple[str, str]:
    """What happened and what to do, from the words of pip or venv."""
    for pattern, reason, hint in FAILURES:
        found = re.search(pattern, output)
        if found:
            named = found.groupdict().get("package") or _refused(output)
            return reason.format(package=named), hint
    return "it failed", "The last lines above say why. The next start tries again."


def _refused(output: str) -> str:
    found = re.search(r"^\s{4}(\S+) from .*:\s*$|^\s{4}(\S+).*\n\s+Expected sha256", output, re.MULTILINE)
    return (found[1] or found[2]) if found else "see below"
