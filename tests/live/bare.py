"""What a tool says by itself in a folder, as somebody calls it by hand: its exit status, and how much it reports."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLOSED = "http://127.0.0.1:9"  # nothing is fetched


@dataclass(frozen=True)
class Bare:
    """`lock`: where the program is installed from; empty: PATH. `words`: its command line. `count`: reads its stdout."""

    lock: str
    words: str
    count: Callable[[str], str]


def of_json(read: Callable[[Any], str]) -> Callable[[str], str]:
    def count(stdout: str) -> str:
        try:
            return read(json.loads(stdout))
        except ValueError:
            return "no report"

    return count


def lines_with(pattern: str, what: str) -> Callable[[str], str]:
    return lambda stdout: f"{len(re.findall(pattern, stdout, re.MULTILINE))} {what}"


def audited(report: Any) -> str:
    named = report["dependencies"]
    found = sum(len(one.get("vulns", ())) for one in named)
    skipped = sum("skip_reason" in one for one in named)
    return f"{len(named)} packages, {found} vulnerabilities" + (f", {skipped} skipped" if skipped else "")


def of_uv(report: Any) -> str:
    return f"{report['summary']['audited_packages']} packages, {report['summary']['vulnerabilities']} vulnerabilities"


def of_kingfisher(stdout: str) -> str:
    first = stdout.strip().partition("\n")[0]
    return of_json(lambda report: f"{len(report['findings'])} findings")(first)


def last_line(stdout: str) -> str:
    lines = stdout.strip().split("\n")
    return re.sub(r" in [\d.]+s.*|[=!]{2,} ?", "", lines[-1]).strip() or "no output"


def of_bandit(report: Any) -> str:
    errors = len(report["errors"])
    return f"{len(report['results'])} results" + (f", {errors} errors in its report" if errors else "")


def of_semgrep(report: Any) -> str:
    errors, scanned = len(report["errors"]), len(report["paths"]["scanned"])
    return f"{len(report['results'])} results, {scanned} files scanned" + (f", {errors} errors" if errors else "")


SCAN = "semgrep scan --json --metrics=off --disable-version-check --config {rules} ."
GITLEAKS = "-f json -r - --no-banner --no-color --redact=100"
BARE = {
    "pip-audit": Bare(
        "pip-audit",
        "pip-audit -r requirements.txt --no-deps --disable-pip --progress-spinner off -f json -s osv --osv-url {url}/v1/query",
        of_json(audited),
    ),
    "uv-audit": Bare(
        "uv-program",
        "uv audit --frozen --no-cache --preview-features audit-command,json-output --output-format json --service-url {url}",
        of_json(of_uv),
    ),
    "bandit": Bare("bandit", "bandit -q -r . -f json", of_json(of_bandit)),
    "mypy": Bare("mypy", "mypy --cache-dir={scratch}/mypy .", lines_with(r": error: ", "errors")),
    "detect-secrets": Bare(
        "detect-secrets",
        "detect-secrets scan",
        of_json(lambda report: f"{sum(map(len, report['results'].values()))} secrets"),
    ),
    "ruff": Bare("ruff", "ruff check --no-cache --output-format=json .", of_json(lambda said: f"{len(said)} findings")),
    "ruff-format": Bare("ruff", "ruff format --no-cache --check .", lines_with(r"^Would reformat", "files to reformat")),
    "syft": Bare(
        "syft",
        "syft scan dir:. -q -o cyclonedx-json",
        of_json(lambda said: f"{sum(one['type'] == 'library' for one in said.get('components', ()))} packages"),
    ),
    "semgrep": Bare("semgrep", SCAN, of_json(of_semgrep)),
    "kingfisher": Bare(
        "kingfisher",
        "kingfisher scan --format=json --no-validate --no-update-check --git-history=none .",
        of_kingfisher,
    ),
    "gitleaks": Bare("", f"gitleaks dir . {GITLEAKS}", of_json(lambda said: f"{len(said)} leaks")),
    "zizmor": Bare("zizmor", "zizmor --offline --no-progress --format=json-v1 .", of_json(lambda s: f"{len(s)} findings")),
    "pytest": Bare("pytest", "pytest -q -p no:cacheprovider", last_line),
    "uv-lock": Bare("uv-program", "uv export --frozen --offline --no-cache -q --no-hashes", lines_with(r"==", "pins")),
    "poetry-lock": Bare("poetry-program", "poetry check --lock --no-ansi", last_line),
    "pdm-lock": Bare("pdm-program", "pdm lock --check", last_line),
}  # fmt: skip


def snapshot_of(root: Path) -> dict[str, bytes]:
    """Every file but git's own."""
    paths = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    found = {str(path.relative_to(root)): path.read_bytes() for path in paths}
    return {name: data for name, data in found.items() if not name.startswith((".git/", "__pycache__"))}


def measure(
    tool: str, words: str, root: Path, scratch: Path, programs: Callable[[str], Path], path: str, **places: str
) -> str:
    """Run it on a copy of the folder. `words`: another command line than the usual; `places`: what it may name."""
    bare = BARE[tool]
    folder, home = scratch / "alone", scratch / "home"
    shutil.copytree(root, folder, symlinks=True)
    (folder / ".py-secure-ci.yml").unlink()
    home.mkdir()
    before = snapshot_of(folder)
    argv = [word.format(scratch=scratch, **places) for word in (words or bare.words).split()]
    path = os.pathsep.join([*([str(programs(bare.lock))] if bare.lock else []), path])
    done = subprocess.run(
        argv, cwd=folder, env=environment(home, path), capture_output=True, check=False, stdin=subprocess.DEVNULL,
        timeout=90,
    )  # fmt: skip
    said = [f"exit {done.returncode}", bare.count(done.stdout.decode("utf-8", "replace"))]
    if b"Traceback (most recent call last)" in done.stderr:
        said.append("a traceback")
    if snapshot_of(folder) != before:
        said.append("changes files")
    return singular(", ".join(said))


def singular(text: str) -> str:
    return re.sub(r"\b1 (\w+)s\b", r"1 \1", re.sub(r"\b1 (\w+)ies\b", r"1 \1y", text))


def environment(home: Path, path: str) -> dict[str, str]:
    """Nothing of ours but PATH, and no way out of the machine."""
    ways = {name: CLOSED for one in ("http_proxy", "https_proxy", "all_proxy") for name in (one, one.upper())}
    quiet = {"SEMGREP_ENABLE_VERSION_CHECK": "0", "SYFT_CHECK_FOR_APP_UPDATE": "false", "PDM_CHECK_UPDATE": "0"}
    git = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    own = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**ways, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1", **quiet, **git, **own}
