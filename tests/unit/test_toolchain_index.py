"""What uv is told of the user's settings: pip's, in uv's words, and no secret that is none of its business."""

from __future__ import annotations

from pathlib import Path

import pytest

from py_secure_ci.toolchain.failures import explained
from py_secure_ci.toolchain.index import (
    index_words,
    installer_environment,
    pip_config_files,
    pip_settings,
    uv_config_words,
)

BEST = {"UV_INDEX_STRATEGY": "unsafe-best-match"}


def _told(environ: dict[str, str], files: tuple[Path, ...] = ()) -> dict[str, str]:
    return installer_environment(environ, pip_settings(environ, files))


def test_secrets_and_settings_of_others_stay_behind() -> None:
    dropped = {
        "GITHUB_TOKEN": "t",
        "UV_PUBLISH_TOKEN": "t",
        "UV_NO_VERIFY_HASHES": "1",
        "PYTHONPATH": "/x",
        "INPUT_A": "b",
    }
    assert _told({"PATH": "/bin", "no_proxy": "x", **dropped}) == {"PATH": "/bin", "no_proxy": "x", **BEST}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"PIP_INDEX_URL": "https://u:p@i/simple"}, {"UV_DEFAULT_INDEX": "https://u:p@i/simple"}),
        ({"PIP_EXTRA_INDEX_URL": "https://a\nhttps://b"}, {"UV_INDEX": "https://a https://b"}),
        ({"PIP_FIND_LINKS": "/w  /v"}, {"UV_FIND_LINKS": "/w,/v"}),
        ({"PIP_CERT": "/ca.pem"}, {"SSL_CERT_FILE": "/ca.pem"}),
        ({"REQUESTS_CA_BUNDLE": "/ca.pem"}, {"SSL_CERT_FILE": "/ca.pem"}),
        ({"PIP_PROXY": "http://p"}, {"HTTPS_PROXY": "http://p", "HTTP_PROXY": "http://p"}),
        ({"PIP_DEFAULT_TIMEOUT": "180"}, {"UV_HTTP_TIMEOUT": "180"}),
        ({"PIP_TRUSTED_HOST": "a\nb"}, {"UV_INSECURE_HOST": "a b"}),
    ],
)
def test_pip_settings_are_said_in_uv_words(said: dict[str, str], told: dict[str, str]) -> None:
    assert _told(said) == {**told, **BEST}


@pytest.mark.parametrize("uv", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_what_is_said_to_uv_itself_wins(uv: str) -> None:
    assert _told({uv: "https://uv", "PIP_INDEX_URL": "https://pip"}) == {uv: "https://uv", **BEST}


def test_pip_conf_is_read_and_the_environment_wins_over_it(tmp_path: Path) -> None:
    weak, strong = tmp_path / "weak.conf", tmp_path / "strong.conf"
    weak.write_text("[global]\nindex_url = https://weak\ncert = /weak.pem\nretries = 1\n", encoding="utf-8")
    strong.write_text(
        "[global]\nindex-url = https://strong\n[install]\nretries = 2\nno-index = true\n", encoding="utf-8"
    )
    files = (tmp_path / "absent.conf", weak, strong)
    told = _told({"PIP_CERT": "/env.pem"}, files)
    assert told == {"UV_DEFAULT_INDEX": "https://strong", "SSL_CERT_FILE": "/env.pem", "UV_HTTP_RETRIES": "2", **BEST}
    assert index_words(pip_settings({}, files)) == ("--no-index",)
    assert index_words({}) == ()


def test_a_percent_sign_or_rubbish_in_pip_conf_does_no_harm(tmp_path: Path) -> None:
    percent, rubbish = tmp_path / "a.conf", tmp_path / "b.conf"
    percent.write_text("[global]\nindex-url = https://u:p%40ss@i\n", encoding="utf-8")
    rubbish.write_bytes(b"\xff\xfe no section\n")
    assert _told({}, (percent, rubbish))["UV_DEFAULT_INDEX"] == "https://u:p%40ss@i"


def test_pip_conf_is_looked_for_where_pip_looks() -> None:
    linux = pip_config_files({"HOME": "/h", "PIP_CONFIG_FILE": "/mine"}, "linux")
    assert linux[-3:] == (Path("/h/.pip/pip.conf"), Path("/h/.config/pip/pip.conf"), Path("/mine"))
    assert Path("/etc/pip.conf") in linux
    assert pip_config_files({"HOME": "/h", "PIP_CONFIG_FILE": "/dev/null"}, "linux") == ()


def test_only_the_users_own_uv_config_is_read(tmp_path: Path) -> None:
    assert uv_config_words({"HOME": str(tmp_path)}) == ("--no-config",)
    file = tmp_path / ".config" / "uv" / "uv.toml"
    file.parent.mkdir(parents=True)
    file.write_text("", encoding="utf-8")
    assert uv_config_words({"HOME": str(tmp_path)}) == ("--config-file", str(file))
    assert uv_config_words({"HOME": str(tmp_path), "UV_CONFIG_FILE": "/x"}) == ()


@pytest.mark.parametrize(
    ("output", "reason", "hint"),
    [
        ("cause: Hash mismatch for `kingfisher-bin==2.14.0`", "kingfisher-bin==2.14.0 is not what was locked", "index"),
        ("cause: tcp connect error\n  cause: Connection refused (os error 111)", "cannot be reached", "HTTPS_PROXY"),
        ("error: No interpreter found at path `/nonexist/python`", "no usable Python interpreter", "interpreter"),
        ("hint: Packages were unavailable because the network was disabled.", "not in the cache", "--offline"),
        ("failed to write: No space left on device (os error 28)", "the disk is full", "PY_SECURE_CI_CACHE"),
        (
            "cause: Because x-bin was not found in the package registry and you",
            "the package index has no x-bin",
            "index",
        ),
        ("error: https://u:geheim@host/ said\nsomething new", "https://u:****@host/ said / something new", "again"),
        ("", "the installer said nothing", "again"),
    ],
)
def test_failures_are_said_in_plain_words(output: str, reason: str, hint: str) -> None:
    error = explained("syft", "install", output)
    assert error.message.startswith("cannot install syft: ")
    assert reason in error.message
    assert hint in error.hint
