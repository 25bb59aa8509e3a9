"""The environment of children: an allow-list, so that no token of ours is ever in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

_FIXED = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "NO_COLOR": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    # From Python 3.11: `python -m pip`, which some tools start, must not import a `types.py` of the project's.
    "PYTHONSAFEPATH": "1",
    "PYTHONUTF8": "1",
}
# Without these no program starts on Windows.
_WINDOWS = (
    "COMSPEC",
    "NUMBER_OF_PROCESSORS",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "WINDIR",
)
# How to reach the network from here. A proxy's address may hold a password: it goes only where it is needed.
_NETWORK = (
    *("ALL_PROXY", "FTP_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("all_proxy", "ftp_proxy", "http_proxy", "https_proxy", "no_proxy"),
    *("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
)
_XDG = ("CACHE", "CONFIG", "DATA", "STATE")


def child_environment(
    parent: Mapping[str, str],
    *,
    home: Path,
    tmp: Path,
    extra: Mapping[str, str] = MappingProxyType({}),
    network: bool = False,
    distrusted: Iterable[Path] = (),
) -> dict[str, str]:
    """The whole environment of a child.

    Of `parent` only the search path is taken (see `safe_path`), on Windows what programs need to start, and with
    `network` the proxies and certificate stores. `home` and `tmp` are folders of the child's own. `extra` wins over
    everything. `distrusted`: trees (the project's) whose programs must not be found by name.
    """
    kept = (*(_WINDOWS if sys.platform == "win32" else ()), *(_NETWORK if network else ()))
    environment = {name: parent[name] for name in kept if parent.get(name)}
    environment |= _FIXED
    environment["PATH"] = safe_path(parent.get("PATH", ""), distrusted)
    environment |= {"HOME": str(home), "TMPDIR": str(tmp), "TEMP": str(tmp), "TMP": str(tmp)}
    environment |= {f"XDG_{name}_HOME": str(home / f".{name.lower()}") for name in _XDG}
    environment["XDG_RUNTIME_DIR"] = str(tmp)
    if sys.platform == "win32":
        environment |= {"USERPROFILE": str(home), "APPDATA": str(home), "LOCALAPPDATA": str(home)}
    return environment | dict(extra)


def safe_path(path: str, distrusted: Iterable[Path] = ()) -> str:
    """`path` without relative entries, missing folders, folders that anybody may write to, and distrusted trees."""
    trees = tuple(Path(os.path.realpath(tree)) for tree in distrusted)
    kept = [entry for entry in dict.fromkeys(path.split(os.pathsep)) if _trusted(entry, trees)]
    return os.pathsep.join(kept) or os.defpath


def _trusted(entry: str, trees: tuple[Path, ...]) -> bool:
    folder = Path(entry)
    try:
        if not folder.is_absolute() or not folder.is_dir():
            return False
        real = Path(os.path.realpath(folder, strict=True))
        open_to_all = sys.platform != "win32" and bool(real.stat().st_mode & 0o002)
    except (OSError, ValueError):
        return False
    return not open_to_all and not any(real == tree or tree in real.parents for tree in trees)
