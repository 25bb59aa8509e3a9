"""A tool's official release: one archive, locked by its checksum, of which one program is taken.

Nothing of an archive is unpacked before its checksum is right, and even then only one file by its name, in bounded
room: a lock may be wrong, and a bomb must not fill the disk.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import platform
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from py_secure_ci.errors import ToolchainError
from py_secure_ci.toolchain.holding import holding
from py_secure_ci.toolchain.installation import Installation

ENDING = ".release.json"
MAX_ARCHIVE, MAX_UNPACKED = 128 * 1024 * 1024, 512 * 1024 * 1024  # bytes
SECONDS = 60.0  # without a byte
_PROXIES = ("http", "https")


@dataclass(frozen=True, slots=True)
class Archive:
    """One platform's file of a release. `member`: the program's name inside."""

    url: str
    sha256: str
    member: str


def is_released(name: str, locks: Path) -> bool:
    """Whether there is a lock of an official release."""
    return (locks / f"{name}{ENDING}").is_file()


def from_release(
    name: str, locks: Path, tools: Path, environ: Mapping[str, str], stopped: Callable[[], bool]
) -> Installation:
    """The locked release, fetched first if it is not there whole. Raises ToolchainError with what to do."""
    lock = (locks / f"{name}{ENDING}").read_bytes()
    said = json.loads(lock)
    archive = _for_this_machine(name, said["archives"])
    folder = tools / f"{name}-{archive.sha256[:32]}"
    program = folder / "bin" / archive.member
    try:
        with holding(folder.with_name(f"{folder.name}.lock"), stopped):
            if not program.is_file():
                _put(program, _member(name, archive, _fetch(name, archive, environ)))
    except OSError as error:
        raise ToolchainError(f"cannot keep the tool {name} in {folder}: {error}", hint=_HINT.format(name)) from error
    digest = hashlib.sha256(lock).hexdigest()
    return Installation(name=name, version=said["version"], source="release", bin=program.parent, lock=digest)


def _for_this_machine(name: str, archives: Mapping[str, Mapping[str, str]]) -> Archive:
    here = f"{sys.platform}-{platform.machine().lower()}"
    if here not in archives:
        known = ", ".join(sorted(archives))
        raise ToolchainError(f"{name}: no release for {here} is locked (there are: {known})", hint=_HINT.format(name))
    return Archive(**archives[here])


def _fetch(name: str, archive: Archive, environ: Mapping[str, str]) -> bytes:
    import http.client  # with all of TLS behind it, which hardly any run needs
    import urllib.request

    variables = {one: environ.get(f"{one}_proxy") or environ.get(f"{one.upper()}_PROXY") for one in _PROXIES}
    proxies = {one: value for one, value in variables.items() if value}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
    try:
        with opener.open(archive.url, timeout=SECONDS) as answer:
            data = bytes(answer.read(MAX_ARCHIVE + 1))
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ToolchainError(f"cannot fetch {name} from {archive.url}: {reason}", hint=_HINT.format(name)) from None
    if len(data) > MAX_ARCHIVE:
        raise ToolchainError(f"{archive.url} has more than {MAX_ARCHIVE:,} bytes: it was refused")
    found = hashlib.sha256(data).hexdigest()
    if found != archive.sha256:
        raise ToolchainError(
            f"{archive.url} is not what was locked (checksum {found[:12]}…, not {archive.sha256[:12]}…): refused",
            hint=_HINT.format(name),
        )
    return data


def _member(name: str, archive: Archive, data: bytes) -> bytes:
    """The program's bytes. Raises ToolchainError if the archive has no such file, or too large a one."""
    try:
        found = _from_zip(archive, data) if zipfile.is_zipfile(io.BytesIO(data)) else _from_tar(archive, data)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise ToolchainError(f"the archive of {name} cannot be unpacked: {error}", hint=_HINT.format(name)) from None
    if found is None:
        raise ToolchainError(f"the archive of {name} has no file {archive.member!r}", hint=_HINT.format(name))
    return found


def _from_tar(archive: Archive, data: bytes) -> bytes | None:
    with gzip.open(io.BytesIO(data)) as unzipped, tarfile.open(fileobj=_Bounded(unzipped), mode="r|") as tar:
        for entry in tar:
            if entry.name.removeprefix("./") == archive.member and entry.isreg():
                file = tar.extractfile(entry)
                return None if file is None else file.read()
    return None


def _from_zip(archive: Archive, data: bytes) -> bytes | None:
    with zipfile.ZipFile(io.BytesIO(data)) as packed, contextlib.suppress(KeyError):
        return _Bounded(packed.open(archive.member)).read()
    return None


class _Bounded(io.RawIOBase):
    """A stream that ends in an error once too much has come out of it."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self._stream, self._left = stream, MAX_UNPACKED

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes. Raises OSError past the limit."""
        data = self._stream.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise OSError(f"it holds more than {MAX_UNPACKED:,} bytes")
        return data


def _put(program: Path, data: bytes) -> None:
    """Write the program whole, and let it be run."""
    program.parent.mkdir(parents=True, exist_ok=True)
    part = program.with_name(f"{program.name}.part")
    part.write_bytes(data)
    part.chmod(part.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    part.replace(program)


_HINT = "put {0} where PATH leads; then nothing is fetched"
