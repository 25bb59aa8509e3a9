"""`init`: a starter configuration and the CI file, never over something that is there."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

from py_secure_ci.commands.configuration import project_root
from py_secure_ci.config.load import DEFAULT_FILE
from py_secure_ci.errors import OutputError

_DATA = Path(__file__).parent.parent / "data"
_STAMP = _DATA / "release.json"  # written by scripts/release into what it builds
_WORKFLOW = ".github/workflows/py-secure-ci.yml"
_PIPELINE = ".gitlab-ci.yml"
_FILES = {"github": _WORKFLOW, "gitlab": _PIPELINE}


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write what is missing, leave what is there, and say what to do next."""
    root = project_root(arguments.path)
    host = arguments.ci or guess_host(root)
    steps = [_config(root)]
    if host != "none":
        steps += _ci(root, host)
    for number, step in enumerate(step for step in steps if step):
        print(("Next:\n" if not number else "") + f"  - {step}")
    return 0


def guess_host(root: Path) -> str:
    """`github` or `gitlab`, by the files that are there, then by where the repository came from."""
    if os.path.lexists(root / _PIPELINE):
        return "gitlab"
    if os.path.lexists(root / ".github"):
        return "github"
    try:
        origin = (root / ".git" / "config").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "github"
    return "gitlab" if "gitlab" in origin.lower() else "github"


def pinned() -> tuple[str, str]:
    """(ref, remark): the commit of this release and its version, or the newest major tag where nothing is stamped."""
    try:
        stamp = json.loads(_STAMP.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "v1", "replace by the full commit SHA of a release"
    return str(stamp["commit"]), f"v{stamp['version']}"


def template(name: str) -> str:
    """A file of data/init with our own ref filled in."""
    ref, remark = pinned()
    text = (_DATA / "init" / name).read_text(encoding="utf-8")
    return text.replace("REF", ref).replace("VERSION", remark)


def _config(root: Path) -> str:
    if not _write(root, DEFAULT_FILE, template("config.yml")):
        return ""
    return f"read {DEFAULT_FILE} and change what does not fit; `py-secure-ci run` tries it here and now"


def _ci(root: Path, host: str) -> list[str]:
    text = template(f"{host}.yml")
    if _write(root, _FILES[host], text):
        steps = [f"commit {_FILES[host]} and open a {'pull' if host == 'github' else 'merge'} request"]
    elif host == "gitlab":
        print(f"Add this to it:\n\n{text}")
        steps = [f"commit {_PIPELINE} with the lines above added"]
    else:
        steps = []
    if pinned()[0] == "v1":
        steps.append("pin v1 to the full commit SHA of a release: a tag can be moved")
    return steps


def _write(root: Path, name: str, text: str) -> bool:
    """Whether the file was written; one that is there, even as a link to nowhere, stays as it is."""
    path = root / name
    try:
        if not Path(os.path.realpath(path.parent)).is_relative_to(root):
            raise OutputError(f"{name}: its folder is a link out of the project", hint="Write the file by hand.")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        print(f"{name} is there already and stays as it is.")
        return False
    except OSError as error:
        raise OutputError(f"{name}: cannot be written: {error.strerror}") from None
    print(f"{name} written.")
    return True
