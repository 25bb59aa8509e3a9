"""`init` writes files that are valid, and never over something that is there."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path

import pytest
import yaml

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.commands import init
from py_secure_ci.commands.configuration import default_tools
from py_secure_ci.config.load import load_config
from py_secure_ci.config.settings import Config
from py_secure_ci.errors import OutputError

WORKFLOW = ".github/workflows/py-secure-ci.yml"


def run_init(root: Path, ci: str | None = None) -> None:
    assert init.run(Namespace(path=str(root), ci=ci), {}) == 0


def load(raw: bytes | None) -> Config:
    return load_config(raw, ".py-secure-ci.yml", {tool.name: tool.stage for tool in TOOLS}, default_tools())


def test_the_starter_configuration_changes_nothing(tmp_path: Path) -> None:
    run_init(tmp_path, "none")
    written, default = load((tmp_path / ".py-secure-ci.yml").read_bytes()), load(None)
    assert written.stages == default.stages
    assert written.policy == default.policy
    assert written.environment == default.environment
    assert list(tmp_path.iterdir()) == [tmp_path / ".py-secure-ci.yml"]


def test_every_example_in_it_is_valid(tmp_path: Path) -> None:
    run_init(tmp_path, "none")
    text = (tmp_path / ".py-secure-ci.yml").read_text()
    uncommented = re.sub(r"^#(?! )|^#(?=  )", "", text, flags=re.MULTILINE)
    assert "suppressions" in yaml.safe_load(uncommented)["policy"]
    assert load(uncommented.encode()).policy.suppressions[0].rule == "bandit/B101"


def test_github_by_default_and_the_workflow_asks_for_little(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_init(tmp_path)
    workflow = yaml.safe_load((tmp_path / WORKFLOW).read_text())
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["check"]["permissions"] == {
        "contents": "read",
        "security-events": "write",
        "actions": "read",
    }
    said = capsys.readouterr().out
    assert f"{WORKFLOW} written." in said
    assert "Next:" in said


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (".py-secure-ci.yml", WORKFLOW):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("mine")
    run_init(tmp_path, "github")
    assert (tmp_path / ".py-secure-ci.yml").read_text() == (tmp_path / WORKFLOW).read_text() == "mine"
    assert "there already" in capsys.readouterr().out


def test_an_existing_pipeline_gets_the_lines_on_the_console(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".gitlab-ci.yml").write_text("build: {script: [make]}\n")
    run_init(tmp_path)
    assert (tmp_path / ".gitlab-ci.yml").read_text() == "build: {script: [make]}\n"
    assert "include:" in capsys.readouterr().out


def test_gitlab_is_told_by_the_origin(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text('[remote "origin"]\n\turl = git@gitlab.example.com:a/b.git\n')
    run_init(tmp_path)
    include = yaml.safe_load((tmp_path / ".gitlab-ci.yml").read_text())["include"][0]
    assert include["inputs"]["ref"] in include["remote"]


def test_a_folder_that_leads_out_of_the_project_is_refused(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / ".github").symlink_to(elsewhere)
    with pytest.raises(OutputError):
        run_init(root, "github")
    assert list(elsewhere.iterdir()) == []


def test_a_dangling_link_stays(tmp_path: Path) -> None:
    (tmp_path / ".py-secure-ci.yml").symlink_to(tmp_path / "nowhere")
    run_init(tmp_path, "none")
    assert not (tmp_path / "nowhere").exists()


def test_a_release_pins_its_own_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = tmp_path / "release.json"
    stamp.write_text('{"commit": "0123456789012345678901234567890123456789", "version": "1.2.3"}')
    monkeypatch.setattr(init, "_STAMP", stamp)
    assert "org/py-secure-ci@0123456789012345678901234567890123456789 # v1.2.3" in init.template("github.yml")
    assert "py-secure-ci/0123456789012345678901234567890123456789/gitlab/" in init.template("gitlab.yml")
