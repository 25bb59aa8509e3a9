"""What the installer's words mean, said so that a person can act on it."""

from __future__ import annotations

import re

from py_secure_ci.errors import ToolchainError

# First match wins: what uv says -> what happened, what to do.
_KNOWN = (
    (
        r"Hash mismatch for `(?P<package>[^`]+)`",
        "{package} is not what was locked (wrong hash): it was refused",
        "the package index gave other bytes than the lock file names; do not use that index until you know why",
    ),
    (
        r"No space left on device|os error 28\b|os error 112\b",
        "the disk is full",
        "free some room, or set PY_SECURE_CI_CACHE to a place that has some",
    ),
    (
        r"No interpreter found|Failed to inspect Python interpreter|Failed to query Python interpreter",
        "there is no usable Python interpreter there",
        "name an interpreter that exists and runs",
    ),
    (
        r"Network connectivity is disabled|the network was disabled",
        "it is not in the cache, and the network may not be used (--offline)",
        "run once without --offline, or bring a filled cache (PY_SECURE_CI_CACHE)",
    ),
    (
        r"invalid peer certificate|UnknownIssuer|certificate verify failed",
        "the package index's certificate is not trusted",
        "set SSL_CERT_FILE (or PIP_CERT) to a file with your certificate authority",
    ),
    (
        r"\b(401 Unauthorized|403 Forbidden|407 Proxy)",
        "the package index refuses access",
        "check the index address and its password (PIP_INDEX_URL, UV_DEFAULT_INDEX)",
    ),
    (
        r"error sending request|dns error|Failed to fetch|Failed to download|tcp connect|timed out",
        "the package index cannot be reached",
        "check the network, or set HTTPS_PROXY, PIP_INDEX_URL or UV_DEFAULT_INDEX to what can be reached",
    ),
    (
        r"Permission denied|Read-only file system|os error (13|30)\b",
        "its folder cannot be written",
        "set PY_SECURE_CI_CACHE to a folder that can be written",
    ),
    (
        r"has no wheels with a matching|no usable wheels|Building source distributions is disabled",
        "there is no build of it for this Python on this platform",
        "run py-secure-ci with another Python (PY_SECURE_CI_PYTHON), or leave the tool out",
    ),
    (
        r"Because (?P<package>\S+) was not found in the package registry|there is no version of (?P<other>\S+)",
        "the package index has no {package}",
        "check the index address (PIP_INDEX_URL, UV_DEFAULT_INDEX): it lacks what the lock names",
    ),
)
_PASSWORD = re.compile(r"(//[^/@\s:]*):[^/@\s]*@")


def explained(name: str, doing: str, output: str) -> ToolchainError:
    """The error for a failed installer: what failed, why, and what to do."""
    for pattern, reason, hint in _KNOWN:
        found = re.search(pattern, output)
        if found:
            package = next((value for value in found.groupdict().values() if value), name)
            return ToolchainError(f"cannot {doing} {name}: {reason.format(package=package)}", hint=hint)
    last = [line.strip() for line in output.splitlines() if line.strip()][-6:]
    told = _PASSWORD.sub(r"\1:****@", " / ".join(last)) or "the installer said nothing"
    return ToolchainError(f"cannot {doing} {name}: {told}", hint="the next run tries again")
