"""Where findings are, in the words of platforms that know the repository and not the project."""

from __future__ import annotations

import posixpath
from urllib.parse import quote

from py_secure_ci.formats.escaping import visible
from py_secure_ci.model import Finding, Location
from py_secure_ci.report import Report


class Places:
    """Repository-relative paths of one report, each worked out once."""

    def __init__(self, report: Report) -> None:
        """Paths are told from `report.context.prefix`."""
        self._prefix = report.context.prefix
        self._paths: dict[str, str] = {}
        self._uris: dict[str, str] = {}
        declared = [declaration.file for declaration in report.dependencies.declarations]
        config = report.context.config_file
        self._known = {path: None for path in [config, *declared] if path}

    def path(self, path: str) -> str:
        """The path from the repository's root; empty if it leads out of the repository."""
        if path not in self._paths:
            self._paths[path] = _joined(self._prefix, path)
        return self._paths[path]

    def shown(self, path: str) -> str:
        """The same, as text for people and for formats that take no undecodable names."""
        return visible(self.path(path))

    def uri(self, path: str) -> str:
        """The same as a relative URI: every byte that is not a plain letter is percent-encoded."""
        if path not in self._uris:
            self._uris[path] = quote(_bytes(self.path(path)), safe="/")
        return self._uris[path]

    def of(self, finding: Finding) -> Location | None:
        """Where to show a finding.

        Its location; for one of the whole project a file that is sure to exist and says something about it (what it
        is anchored to, the configuration, the first dependency declaration); None if there is none.
        """
        if finding.location is not None and self.path(finding.location.path):
            return finding.location
        if finding.anchor in self._known:
            return Location(finding.anchor)
        return next((Location(path) for path in self._known if self.path(path)), None)


def _bytes(path: str) -> bytes:
    """The bytes of a file name; a half of a surrogate pair, which no file name has, becomes U+FFFD."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return visible(path).encode()


def _joined(prefix: str, path: str) -> str:
    if not path or path.startswith("/"):
        return ""
    joined = posixpath.normpath(posixpath.join(prefix, path))
    return "" if joined in {".", ".."} or joined.startswith(("../", "/")) else joined
