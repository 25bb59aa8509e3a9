"""A vulnerability database for trivy of a few advisories, for recordings and for tests with the real program.

trivy keeps its own as a bbolt file (https://github.com/etcd-io/bbolt): two meta pages, a list of free pages, and a tree
of leaves; here the whole tree is one leaf, whose buckets lie inside it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PAGE, MAGIC, VERSION = 4096, 0xED0CDAED, 2
META, FREELIST, LEAF, BUCKET = 0x04, 0x10, 0x02, 0x01
SOURCE = "pip::GitHub Security Advisory Pip"
Tree = Mapping[str, Any]


def header(page: int, flags: int, count: int, overflow: int = 0) -> bytes:
    return struct.pack("<QHHI", page, flags, count, overflow)


def leaf(page: int, tree: Tree) -> bytes:
    """A leaf with everything below it."""
    items = [(key.encode(), *value_of(value)) for key, value in sorted(tree.items())]
    elements, data = b"", b""
    for number, (key, flags, value) in enumerate(items):
        position = 16 * (len(items) - number) + len(data)
        elements += struct.pack("<IIII", flags, position, len(key), len(value))
        data += key + value
    size = 16 + len(elements) + len(data)
    return header(page, LEAF, len(items), (size - 1) // PAGE if page else 0) + elements + data


def value_of(value: Any) -> tuple[int, bytes]:
    if isinstance(value, Bucket):
        return BUCKET, struct.pack("<QQ", 0, 0) + leaf(0, value.tree)
    return 0, json.dumps(value).encode()


class Bucket:
    def __init__(self, **tree: Any) -> None:
        self.tree = tree


def fnv(data: bytes) -> int:
    digest = 0xCBF29CE484222325
    for byte in data:
        digest = ((digest ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return digest


def meta(page: int, pages: int) -> bytes:
    body = struct.pack("<IIIIQQQQQ", MAGIC, VERSION, PAGE, 0, 3, 0, 2, pages, page)
    return (header(page, META, 0) + body + struct.pack("<Q", fnv(body))).ljust(PAGE, b"\0")


def bolt(tree: Tree) -> bytes:
    """The whole file."""
    root = leaf(3, tree)
    root = root.ljust(-(-len(root) // PAGE) * PAGE, b"\0")
    pages = 3 + len(root) // PAGE
    return meta(0, pages) + meta(1, pages) + header(2, FREELIST, 0).ljust(PAGE, b"\0") + root


def write(cache: Path, updated: str = "2026-11-20T06:00:00Z") -> Path:
    """What `trivy --cache-dir CACHE` takes for its database; gives CACHE."""
    advisories = Bucket(**{"CVE-2014-1402": {"VulnerableVersions": ["<2.7.2"], "PatchedVersions": ["2.7.2"]}})
    more = Bucket(**{"CVE-2018-20060": {"VulnerableVersions": ["<1.23"], "PatchedVersions": ["1.23"]}})
    others = {  # what the canary may be
        name: Bucket(**{"CVE-2018-20060": {"VulnerableVersions": [f"<={version}"], "PatchedVersions": []}})
        for name, version in (("pyyaml", "5.3"), ("requests", "2.19.0"), ("flask", "0.12.2"), ("django", "1.11.0"))
    }
    tree = {
        SOURCE: Bucket(jinja2=advisories, urllib3=more, **others),
        "data-source": Bucket(**{SOURCE: {"ID": "ghsa", "Name": "GitHub Security Advisory Pip", "URL": ""}}),
        "vulnerability": Bucket(
            **{
                "CVE-2014-1402": {"Title": "temporary files", "Severity": "MEDIUM", "VendorSeverity": {"ghsa": 2}},
                "CVE-2018-20060": {"Title": "credentials", "Severity": "CRITICAL", "VendorSeverity": {"ghsa": 4}},
            }
        ),
    }
    folder = cache / "db"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trivy.db").write_bytes(bolt(tree))
    times = {"Version": 2, "NextUpdate": "2026-11-21T06:00:00Z", "UpdatedAt": updated, "DownloadedAt": updated}
    (folder / "metadata.json").write_text(json.dumps(times))
    return cache
