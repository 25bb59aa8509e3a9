"""The environment of children holds what is on the list, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from py_secure_ci.running.environment import child_environment, safe_path

HOME, TMP = Path("/scratch/home"), Path("/scratch/tmp")
NOT_FOR_CHILDREN = (
    *("GITHUB_TOKEN", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"),
    *(
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "INPUT_TOKEN",
        "CI_JOB_TOKEN",
        "CI",
        "AWS_SECRET_ACCESS_KEY",
    ),
    *(
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PYTHONHOME",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "BASH_ENV",
    ),
    *("GIT_DIR", "GIT_CONFIG_COUNT", "SSH_AUTH_SOCK", "VIRTUAL_ENV", "PIP_INDEX_URL", "UV_INDEX_URL", "MYPYPATH"),
    *("HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "ANYTHING_ELSE"),
)


def test_only_what_is_listed() -> None:
    parent = dict.fromkeys(NOT_FOR_CHILDREN, "canary") | {"PATH": "/usr/bin", "HOME": "/root", "LANG": "de_DE"}
    assert child_environment(parent, home=HOME, tmp=TMP) == {
        "HOME": "/scratch/home",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PATH": "/usr/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "TEMP": "/scratch/tmp",
        "TMP": "/scratch/tmp",
        "TMPDIR": "/scratch/tmp",
        "TZ": "UTC",
        "XDG_CACHE_HOME": "/scratch/home/.cache",
        "XDG_CONFIG_HOME": "/scratch/home/.config",
        "XDG_DATA_HOME": "/scratch/home/.data",
        "XDG_RUNTIME_DIR": "/scratch/tmp",
        "XDG_STATE_HOME": "/scratch/home/.state",
    }


def test_proxies_and_certificates_only_with_the_network() -> None:
    parent = {"HTTPS_PROXY": "http://user:word@proxy:1", "SSL_CERT_FILE": "/c.pem", "GITHUB_TOKEN": "canary"}
    environment = child_environment(parent, home=HOME, tmp=TMP, network=True)
    assert environment["HTTPS_PROXY"] == "http://user:word@proxy:1"
    assert environment["SSL_CERT_FILE"] == "/c.pem"
    assert "canary" not in environment.values()


def test_extra_wins() -> None:
    environment = child_environment({}, home=HOME, tmp=TMP, extra={"GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC-1"})
    assert (environment["GIT_CONFIG_NOSYSTEM"], environment["TZ"]) == ("1", "UTC-1")


@pytest.mark.parametrize("entry", ["", ".", "bin", "../bin", "/no/such/folder", "~/bin", "a\0b"])
def test_search_path_entries_that_are_dropped(entry: str) -> None:
    assert safe_path(f"{entry}:/usr/bin:{entry}") == "/usr/bin"


def test_search_path_leaves_out_open_and_distrusted_folders(tmp_path: Path) -> None:
    project, link, own, everybodys = (tmp_path / name for name in ("project", "link", "own", "everybodys"))
    for folder in (project / "bin", own, everybodys):
        folder.mkdir(parents=True)
    link.symlink_to(project / "bin")
    everybodys.chmod(0o777)
    path = os.pathsep.join(map(str, (project / "bin", link, everybodys, own, own)))
    assert safe_path(path, [project]) == str(own)


def test_an_empty_search_path_is_not_the_current_folder() -> None:
    assert safe_path("") == os.defpath
