"""Official releases: fetched from a server on the loopback, checked, unpacked in bounded room, and kept."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from loopback import serving
from py_secure_ci.errors import ToolchainError
from py_secure_ci.toolchain import Toolchain, release
from py_secure_ci.toolchain.places import LOCKS

HERE = f"{sys.platform}-{platform.machine().lower()}"
PROGRAM = b"#!/bin/sh\necho version 1.2.3\n"


def tar(name: str = "tool", data: bytes = PROGRAM, kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for entry, content in (("README.md", b"read me\n"), (name, data)):
            info = tarfile.TarInfo(entry)
            info.size = len(content) if kind == tarfile.REGTYPE or entry == "README.md" else 0
            info.type = tarfile.REGTYPE if entry == "README.md" else kind
            info.linkname = "/etc/passwd"
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zipped(name: str = "tool", data: bytes = PROGRAM) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], str]]:
    """`serve(data)` is the address of a server on the loopback that gives the data, and counts in `serve.asked`."""
    asked: list[str] = []
    with ExitStack() as stack:

        def make(data: bytes, status: int = 200) -> str:
            def answer(_method: str, path: str, _body: bytes) -> tuple[int, str, bytes]:
                asked.append(path)
                return status, "application/gzip", data

            return f"{stack.enter_context(serving(answer))}/tool.tar.gz"

        make.asked = asked  # type: ignore[attr-defined]
        yield make


def toolchain(folder: Path, url: str, data: bytes, **more: str) -> Toolchain:
    locks = folder / "locks"
    locks.mkdir(parents=True)
    entry = {"url": url, "sha256": hashlib.sha256(data).hexdigest(), "member": "tool", **more}
    (locks / "tool.release.json").write_text(json.dumps({"version": "1.2.3", "archives": {HERE: entry}}))
    return Toolchain(folder / "cache", {"PATH": os.defpath}, locks=locks)


@pytest.mark.parametrize("data", [tar(), tar("./tool"), zipped()], ids=["tar", "tar with a dot", "zip"])
def test_a_release_is_fetched_once_and_runs(data: bytes, serve: Callable[..., str], tmp_path: Path) -> None:
    chain = toolchain(tmp_path, serve(data), data)
    first, second = chain.from_release("tool"), chain.from_release("tool")
    assert first == second
    assert first is not None
    assert (first.version, first.source) == ("1.2.3", "release")
    assert serve.asked == ["/tool.tar.gz"]  # type: ignore[attr-defined]
    assert subprocess.run([first.bin / "tool"], capture_output=True, check=True).stdout == b"version 1.2.3\n"
    assert [path.name for path in first.bin.iterdir()] == ["tool"]


def refused(chain: Toolchain, words: str, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=words):
        chain.from_release("tool")
    assert not list((tmp_path / "cache").rglob("bin/tool"))


def test_another_checksum_is_refused(serve: Callable[..., str], tmp_path: Path) -> None:
    refused(toolchain(tmp_path, serve(tar(data=b"evil")), tar()), "not what was locked", tmp_path)


def test_an_answer_that_is_cut_short_is_refused(serve: Callable[..., str], tmp_path: Path) -> None:
    refused(toolchain(tmp_path, serve(tar()[:50]), tar()), "not what was locked", tmp_path)


def test_a_missing_release_is_told_with_what_to_do(serve: Callable[..., str], tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="cannot fetch tool") as caught:
        toolchain(tmp_path, serve(b"", 404), tar()).from_release("tool")
    assert "PATH" in caught.value.hint


def test_an_archive_that_is_too_large_is_refused(
    serve: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "MAX_ARCHIVE", 10)
    refused(toolchain(tmp_path, serve(tar()), tar()), "more than 10 bytes", tmp_path)


@pytest.mark.parametrize("name", ["tar", "zip", "before it", "no header"])
def test_a_bomb_is_refused_though_its_checksum_is_right(
    name: str, serve: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "MAX_UNPACKED", 100_000)
    zeros = bytes(1_000_000)
    data = {
        "tar": tar(data=zeros),
        "zip": zipped(data=zeros),
        "before it": tar("other", zeros),
        "no header": gzip.compress(zeros),
    }[name]
    refused(toolchain(tmp_path, serve(data), data), "more than 100,000|has no file|cannot be unpacked", tmp_path)


@pytest.mark.parametrize("data", [tar(kind=tarfile.SYMTYPE), tar("../tool"), tar("bin/tool"), b"no archive"])
def test_only_one_plain_file_by_its_name_is_taken(data: bytes, serve: Callable[..., str], tmp_path: Path) -> None:
    refused(toolchain(tmp_path, serve(data), data), "has no file|cannot be unpacked", tmp_path)


def test_another_platform_is_told(serve: Callable[..., str], tmp_path: Path) -> None:
    chain = toolchain(tmp_path, serve(tar()), tar())
    file = tmp_path / "locks" / "tool.release.json"
    file.write_text(file.read_text().replace(HERE, "plan9-mips"))
    refused(chain, "no release for .* is locked .there are: plan9-mips", tmp_path)


def test_our_lock_names_whole_checksums_of_one_version() -> None:
    said = json.loads((LOCKS / "gitleaks.release.json").read_text())
    assert {"linux-x86_64", "linux-aarch64", "darwin-arm64", "darwin-x86_64", "win32-amd64"} == set(said["archives"])
    for entry in said["archives"].values():
        assert len(bytes.fromhex(entry["sha256"])) == 32
        assert f"/v{said['version']}/gitleaks_{said['version']}_" in entry["url"]
        assert entry["url"].startswith("https://")
    assert len({entry["sha256"] for entry in said["archives"].values()}) == 5


def test_other_tools_have_no_release(tmp_path: Path) -> None:
    assert Toolchain(tmp_path, {}).from_release("ruff") is None
