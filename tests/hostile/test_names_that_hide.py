"""A file's name or kind hides nothing: it is looked into, or every page says that it was not."""

from __future__ import annotations

import html
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

KEY = "AKIA" + "Z3MJ5TQ7RX2WBLPK"
LINE = f"aws_key = '{KEY}'\n"
EVIL = "import subprocess\n\nsubprocess.call(input(), shell=True)\n"
YAML = {
    "stages": {
        **dict.fromkeys(("lint", "format", "type", "test", "sca", "sbom", "ci"), False),
        "sast": {"tools": ["bandit"]},
        "secrets": {"tools": ["detect-secrets"]},
    }
}
NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": [LINE, *EVIL.splitlines(True)]}
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}  # fmt: skip
TEXTS = ("a.bin", "b.pdf", "c.png", "d.zip", "e.tar.gz", "f.so", "g", "h.mo", "i.lock", "j.min.js", "k.svg", "l.ipynb")


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x.py", LINE + EVIL)
    return stream.getvalue()


@pytest.fixture
def ran(kit: Any, tmp_path: Path) -> Any:
    one = kit.Project(tmp_path / "project")
    one.write({".py-secure-ci.yml": json.dumps(YAML), "ok.py": "X = 1\n", **dict.fromkeys(TEXTS, LINE)})
    one.write(
        {"l.ipynb": json.dumps(NOTEBOOK), "late.txt": "x" * 9000 + "\n\0\n" + LINE, "wide.txt": "x" * 100_000 + LINE}
    )
    one.write({"real.zip": zipped(), "real.whl": zipped(), "real.db": b"SQLite format 3\0" + LINE.encode()})
    return one.commit().run()


def test_text_is_text_whatever_it_is_called(ran: Any) -> None:
    found = {one["location"]["path"] for one in ran.report["verdict"]["findings"] if one["tool"] == "detect-secrets"}
    assert found == {*TEXTS, "late.txt", "wide.txt"}
    assert KEY not in ran.everything()


@pytest.mark.parametrize("page", ["console", "summary.md", "report.html"])
def test_what_nobody_looks_into_is_told_on_every_page(page: str, ran: Any) -> None:
    text = " ".join(html.unescape(ran.stdout if page == "console" else ran.text(page)).split())
    for words in (
        "bandit: left out (a notebook, which bandit does not read): l.ipynb",
        "bandit: left out (default (an archive: what is inside is not looked at)): d.zip, e.tar.gz, real.whl",
        "detect-secrets: left out (default (an archive: what is inside is not looked at)): real.whl, real.zip",
        "detect-secrets: left out (binary: it holds no text): real.db",
    ):
        assert words in text, text[-3000:]
