"""Names, versions and index addresses: what counts as an exact pin, what may be shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
# The index that pip and every lock file mean when they name none; put together so that the sources name no host.
_HOST = ".".join(("pypi", "org"))
_DEFAULT_INDEX = frozenset({_HOST, ".".join(("pypi", "python", "org"))})
_DEFAULT_FILES = ".".join(("files", "pythonhosted", "org"))  # where that index keeps its files
DEFAULT_INDEX = f"https://{_HOST}/simple"


def normalise(name: str) -> str:
    """PEP 503."""
    return str(canonicalize_name(name))


def is_name(name: str) -> bool:
    """Whether PEP 508 allows the name."""
    return _NAME.fullmatch(name) is not None


def is_version(version: str) -> bool:
    """Whether PEP 440 allows the version, and Python can count so far: numbers of thousands of digits are refused."""
    try:
        Version(version)
    except ValueError:  # InvalidVersion is one
        return False
    return True


def exact_version(specifier: str) -> tuple[str, str]:
    """The one version that a specifier allows, and an empty reason; or an empty version and the reason why not."""
    try:
        parts = SpecifierSet(specifier)
    except InvalidSpecifier:
        return "", f"{specifier!r} is not a PEP 440 specifier"
    exact = [part for part in parts if part.operator in ("==", "===")]
    if not exact:
        return "", f"no exact version ({specifier})" if specifier else "no exact version"
    versions = {part.version for part in exact}
    version = min(versions)
    if version.endswith(".*"):
        return "", f"a wildcard is no exact version ({specifier})"
    if not is_version(version):
        return "", f"{version!r} is not a PEP 440 version"
    if len({Version(one) for one in versions if is_version(one)}) != len(versions) or not parts.contains(
        Version(version), prereleases=True
    ):
        return "", f"the specifier contradicts itself ({specifier})"
    return version, ""


def without_credentials(url: str) -> str:
    """An index address that may be shown: no user, password, query or fragment."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "an index address that is not valid"
    place = f"{host}:{port}" if port else host
    return f"{parts.scheme}://{place}{parts.path}" if parts.scheme else f"{place}{parts.path}"


def foreign_index(url: str) -> str:
    """The address without credentials if it is not the default index, else an empty string."""
    return "" if _host(url) in _DEFAULT_INDEX else without_credentials(url)


def is_default_file(url: str) -> bool:
    """Whether an address is that of a file of the default index: what a lock names so is a public package."""
    return _host(url) == _DEFAULT_FILES


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
