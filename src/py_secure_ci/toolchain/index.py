"""What an installer may know of our environment: how to reach the package index, and nothing else."""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_PLAIN = frozenset(
    "PATH HOME USER LOGNAME LANG LC_ALL LC_CTYPE TMPDIR TEMP TMP XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME NETRC"
    " LD_LIBRARY_PATH DYLD_LIBRARY_PATH SSL_CERT_FILE SSL_CERT_DIR SSL_CLIENT_CERT HTTP_PROXY HTTPS_PROXY ALL_PROXY"
    " NO_PROXY SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE APPDATA LOCALAPPDATA PROGRAMDATA"
    " PROCESSOR_ARCHITECTURE".split()
)
# Of uv's own settings those that say where from and how; none that says what, where to, or "do not check hashes".
_UV = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|INDEX_STRATEGY|INDEX_\w+_(USERNAME|PASSWORD)"
    r"|KEYRING_PROVIDER|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS|HTTP_\w+|CONCURRENT_\w+|CACHE_DIR|LINK_MODE"
    r"|COMPILE_BYTECODE|OFFLINE|CONFIG_FILE|REQUEST_TIMEOUT)"
)


def _spaced(value: str) -> str:
    return " ".join(value.split())


def _commas(value: str) -> str:
    return ",".join(value.split())


# pip's option -> uv's variables, the words between (pip separates by white space), whether uv's older name says it too
_FROM_PIP: tuple[tuple[str, tuple[str, ...], Callable[[str], str], tuple[str, ...]], ...] = (
    ("index-url", ("UV_DEFAULT_INDEX",), str.strip, ("UV_INDEX_URL",)),
    ("extra-index-url", ("UV_INDEX",), _spaced, ("UV_EXTRA_INDEX_URL",)),
    ("find-links", ("UV_FIND_LINKS",), _commas, ()),
    ("trusted-host", ("UV_INSECURE_HOST",), _spaced, ()),
    ("keyring-provider", ("UV_KEYRING_PROVIDER",), str.strip, ()),
    ("cert", ("SSL_CERT_FILE",), str.strip, ()),
    ("client-cert", ("SSL_CLIENT_CERT",), str.strip, ()),
    ("proxy", ("HTTPS_PROXY", "HTTP_PROXY"), str.strip, ("https_proxy", "http_proxy")),
    ("timeout", ("UV_HTTP_TIMEOUT",), str.strip, ("UV_REQUEST_TIMEOUT",)),
    ("retries", ("UV_HTTP_RETRIES",), str.strip, ()),
)
_YES = frozenset({"1", "true", "yes", "on", "y", "t"})


def pip_config_files(environ: Mapping[str, str], platform: str = sys.platform) -> tuple[Path, ...]:
    """Pip's documented configuration files, the weakest first (https://pip.pypa.io/en/stable/topics/configuration/)."""
    named = environ.get("PIP_CONFIG_FILE", "")
    last = (Path(named),) if named else ()
    if named in {"/dev/null", "nul"}:  # pip's way to say: none at all
        return ()
    if platform == "win32":
        home, roaming = environ.get("USERPROFILE", ""), environ.get("APPDATA", "")
        every = [Path(environ.get("PROGRAMDATA", ""), "pip", "pip.ini")]
        every += [Path(home, "pip", "pip.ini")] * bool(home) + [Path(roaming, "pip", "pip.ini")] * bool(roaming)
        return (*every, *last)
    home = environ.get("HOME", "")
    folders = [Path(one, "pip") for one in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")) if one]
    folders += [Path("/Library/Application Support/pip")] * (platform == "darwin") + [Path("/etc")]
    if home:
        mac = Path(home, "Library/Application Support/pip")
        xdg = Path(environ.get("XDG_CONFIG_HOME") or Path(home, ".config"), "pip")
        folders += [Path(home, ".pip"), mac if platform == "darwin" and os.path.isdir(mac) else xdg]
    return (*(folder / "pip.conf" for folder in folders), *last)


def pip_settings(environ: Mapping[str, str], files: tuple[Path, ...]) -> dict[str, str]:
    """Pip's settings that matter to us: its files, then its environment variables over them."""
    found: dict[str, str] = {}
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for file in files:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(file.read_text(encoding="utf-8", errors="replace"))
        except (OSError, configparser.Error):  # absent, or so broken that pip would not read it either
            continue
        for section in sections.keys() & set(parser.sections()):
            sections[section] |= {key.replace("_", "-"): value for key, value in parser.items(section) if value}
    for settings in sections.values():
        found |= settings
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            found[name[len("PIP_") :].lower().replace("_", "-")] = value
    if "default-timeout" in found:
        found.setdefault("timeout", found["default-timeout"])
    return found


def installer_environment(environ: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of uv: allow-listed variables, and what pip was told, in uv's words.

    What the user says to uv itself wins over what they say to pip.
    """
    given = {name: value for name, value in environ.items() if name.upper() in _PLAIN or _UV.fullmatch(name)}
    told = dict(given)
    for option, names, translate, older in _FROM_PIP:
        value = translate(settings.get(option, ""))
        if value and not any(given.get(name) for name in (*names, *older)):
            told |= dict.fromkeys(names, value)
    bundle = environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE")
    if bundle:
        told.setdefault("SSL_CERT_FILE", bundle)
    # pip looks in all indexes for the best match, uv stops at the first that knows the name. The hashes decide.
    told.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return told


def index_words(settings: Mapping[str, str]) -> tuple[str, ...]:
    """What has no environment variable: pip's `no-index`."""
    return ("--no-index",) if settings.get("no-index", "").lower() in _YES else ()


def uv_config_words(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The user's uv.toml or none: uv would otherwise read one from any folder above, such as the checked project's."""
    if environ.get("UV_CONFIG_FILE"):
        return ()
    home, xdg = environ.get("HOME", ""), environ.get("XDG_CONFIG_HOME", "")
    config = Path(xdg) if xdg else Path(environ.get("APPDATA") or Path(home, ".config"))
    file = config / "uv" / "uv.toml"
    return ("--config-file", str(file)) if file.is_absolute() and os.path.isfile(file) else ("--no-config",)
