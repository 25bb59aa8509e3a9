"""Files of the repository that lead out of it, or say that it is another one: refused, and nothing there is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

EVIL = "import subprocess\n\nsubprocess.call(input(), shell=True)\n"
OFF = dict.fromkeys(("lint", "format", "type", "test", "secrets", "sca", "sbom", "ci"), False)
BANDIT = {"stages": {**OFF, "sast": {"tools": ["bandit"]}}}
LOOKS_LIKE_GIT = {
    "HEAD": "ref: refs/heads/main\n",
    "config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n",
    "info/exclude": "evil.py\n/objects\n/refs\n/info\nHEAD\nconfig\n",
    "objects/info/keep": "",
    "refs/heads/keep": "",
}


def made(kit: Any, folder: Path, **more: Any) -> Any:
    one = kit.Project(folder / "project")
    one.write({".py-secure-ci.yml": json.dumps({**BANDIT, **more}), "evil.py": EVIL})
    return one


def refused(kit: Any, ran: Any, status: int, word: str) -> None:
    kit.no_traceback(ran)
    assert ran.status == status, ran.stdout + ran.stderr
    assert word in ran.stderr
    assert "PASS" not in ran.stdout


@pytest.mark.parametrize("how", ["a project", "the folder that is checked"])
def test_files_that_look_like_a_repository_do_not_say_which_files_there_are(how: str, kit: Any, tmp_path: Path) -> None:
    one = made(kit, tmp_path, **({"projects": [{"path": "a"}]} if how == "a project" else {}))
    one.write(
        {"a/fine.py": "X = 1\n", "a/evil.py": EVIL, **{f"a/{name}": text for name, text in LOOKS_LIKE_GIT.items()}}
    )
    one.commit()
    assert "a/evil.py" in one.git("ls-files")
    if how != "a project":
        one.root = one.root / "a"
        one.write({".py-secure-ci.yml": json.dumps(BANDIT)})
    refused(kit, one.run(timeout=60), 3, "repository")


@pytest.mark.parametrize("old", [False, True], ids=["this git", "a git that knows no safe.bareRepository"])
def test_a_folder_that_looks_like_a_repository(old: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from py_secure_ci.commands.session import Session
    from py_secure_ci.errors import SourceError
    from py_secure_ci.source import git

    for name, text in LOOKS_LIKE_GIT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    if old:
        words = ["safe.x" if one.startswith("safe.bareRepository") else one for one in git._SAFE]
        monkeypatch.setattr(git, "_SAFE", tuple(f"{one}=1" if one == "safe.x" else one for one in words))
    with Session({}) as session, pytest.raises(SourceError, match="look like a git repo" if old else "bare repository"):
        git.Git(tmp_path, session.run, session.environment(session.new_folder(), False)).place()


@pytest.mark.parametrize("link", ["py-secure-ci-report", "out/below", "py-secure-ci-report/projects/a"])
def test_a_report_folder_that_leads_elsewhere(link: str, kit: Any, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    kept = {name: f"{name} of somebody" for name in ("report.json", "junit.xml", "x-junit.xml", ".y.part")}
    for name, text in kept.items():
        (victim / name).write_text(text, "utf-8")
    one = made(kit, tmp_path)
    (one.root / link).parent.mkdir(parents=True, exist_ok=True)
    (one.root / link).symlink_to(victim, target_is_directory=True)
    one.commit()
    ran = one.run("--output-dir", str(one.root / ("out/below" if link == "out/below" else "py-secure-ci-report")))
    refused(kit, ran, 3 if "projects" in link else 2, "symbolic link")
    assert {path.name: path.read_text("utf-8") for path in victim.iterdir()} == kept


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/stdin", "secret.yml"])
def test_settings_that_lead_elsewhere(target: str, kit: Any, tmp_path: Path) -> None:
    secret = "AKIA" + "Z3MJ5TQ7RX2WBLPK"
    (tmp_path / "secret.yml").write_text(f"{secret}: {secret}\n", "utf-8")
    one = made(kit, tmp_path)
    (one.root / ".py-secure-ci.yml").unlink()
    (one.root / ".py-secure-ci.yml").symlink_to(tmp_path / target)
    ran = one.commit().run(timeout=60)
    refused(kit, ran, 2, "symbolic link")
    assert secret not in ran.stdout + ran.stderr


def test_settings_without_an_end(kit: Any, tmp_path: Path) -> None:
    one = made(kit, tmp_path)
    one.write({".py-secure-ci.yml": "# " + "x" * 5_000_000 + "\n"})
    refused(kit, one.commit().run(timeout=60), 2, "bytes")
