"""The benches still work: in their small form, with the real tools; what they measure is not judged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


def run(*words: str) -> str:
    ended = subprocess.run(
        [sys.executable, str(SCRIPTS / words[0]), *words[1:]], capture_output=True, text=True, check=False, timeout=900
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.slow
@pytest.mark.network
def test_the_bench_of_speed() -> None:
    said = run("bench", "--small", "--by-hand")
    assert "| the same bytes cold, warm and without a cache | yes |" in said
    assert "## shop: the tools by hand" in said
    assert "| all, peak " in said


@pytest.mark.slow
@pytest.mark.network
def test_the_bench_of_secret_scanners() -> None:
    rows = {row[1]: row[2:4] for row in (line.split(" | ") for line in run_secrets())}
    assert rows["not found, but told as a gap"] == ["3", "3"]  # what is not UTF-8 text
    looked = rows["files that it says it looked at"]
    assert looked[0] == looked[1] != "0"


def run_secrets() -> list[str]:
    said = run("bench_secrets", "--tool", "detect-secrets", "kingfisher")
    return [line.replace("| ", " | ", 1).removesuffix(" |") for line in said.splitlines()]
