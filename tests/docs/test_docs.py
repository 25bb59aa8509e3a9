"""The documentation is true: commands parse and run, settings load, links lead somewhere, the reference is current."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from by_path import load
from py_secure_ci.all_formats import ALL_FORMATS
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.cli import _parser, main
from py_secure_ci.commands.configuration import default_tools
from py_secure_ci.config.load import load_config
from py_secure_ci.evidence import NAME, digest, evidence_text
from py_secure_ci.model import Stage
from py_secure_ci.output import write_all

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")),
]
GUIDES = ("start.md", "cookbook.md", "exit-codes.md", "reports.md", "stages.md")
# What takes a run of real tools; the slow test below runs them as well.
SLOW = ("run", "init", "doctor", "baseline", "gate")
MAX_PICTURE = 200_000


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def lines(page: Path) -> Iterator[list[str]]:
    """The words of each command in a shell block."""
    for line in "".join(blocks(page, "sh")).splitlines():
        if words := shlex.split(line, comments=True):
            yield words


def ours(page: Path) -> Iterator[list[str]]:
    """The arguments of each call of py-secure-ci."""
    for words in lines(page):
        if words[0].rpartition("/")[2] == "py-secure-ci":
            yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_parses(page: Path) -> None:
    for words in ours(page):
        assert _parser().parse_args(words).command == words[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_script_that_is_named_is_there(page: Path) -> None:
    for words in lines(page):
        if words[0].startswith("scripts/"):
            assert (ROOT / words[0]).is_file()
    for name in re.findall(r"`(?:node |python )?(scripts/[\w.-]+)", page.read_text(encoding="utf-8")):
        assert (ROOT / name).is_file(), name


def test_every_module_that_contributors_are_led_to_is_there() -> None:
    for page in (ROOT / "docs" / "architecture.md", ROOT / "docs" / "add-a-tool.md", ROOT / "CONTRIBUTING.md"):
        for name in re.findall(r"`([a-z_/]+\.py)`", page.read_text(encoding="utf-8")):
            if not name.endswith("/x.py"):
                assert (ROOT / name).is_file() or (ROOT / "src" / "py_secure_ci" / name).is_file(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_loads(page: Path) -> None:
    stages: dict[str, Stage] = {tool.name: tool.stage for tool in TOOLS}
    for block in blocks(page, "yaml"):
        if block.startswith("version: 1"):
            load_config(block.encode(), ".py-secure-ci.yml", stages, default_tools())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, part = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if part:
            heads = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert part in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_pictures_are_small_and_used() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < MAX_PICTURE, picture.name
        assert f"images/{picture.name}" in text


def test_the_configuration_reference_is_current() -> None:
    module = load(ROOT / "scripts" / "config_reference.py")
    written = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert written == module.reference(), "run scripts/config_reference.py"


def test_every_default_tool_and_every_file_is_described() -> None:
    stages = (ROOT / "docs" / "stages.md").read_text(encoding="utf-8")
    for tool in TOOLS:
        if tool.default:
            assert re.search(rf"^\| `{tool.stage.value}` \| [^|]*\b{tool.name}\b", stages, re.MULTILINE), tool.name
    reports = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    for one in ALL_FORMATS:
        if one.filename:
            assert one.filename in reports or one.filename.startswith("gl-"), one.filename


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a report, as after a run."""
    report, verdict = load(ROOT / "scripts" / "sample_report.py").sample(40)
    texts = {one.filename: one.render(report, verdict) for one in ALL_FORMATS if one.filename}
    texts[NAME] = evidence_text(report, verdict, {name: digest(text.encode()) for name, text in texts.items()})
    write_all(tmp_path / "py-secure-ci-report", texts)
    write_all(tmp_path / "reports" / "one", {"report.json": texts["report.json"]})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", GUIDES)
def test_the_quick_commands_of_the_guides_run(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ours(ROOT / "docs" / name):
        if words[0] not in SLOW:
            assert main(words) == 0, (words, capsys.readouterr().err)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("name", GUIDES)
def test_every_command_of_the_guides_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "shop"
    shutil.copytree(ROOT / "examples" / "shop", project)
    for part in ("api", "worker"):
        shutil.copytree(ROOT / "examples" / "clean", project / "services" / part)
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    subprocess.run(["git", "add", "-A"], cwd=project, check=True)
    monkeypatch.chdir(project)
    if name in {"exit-codes.md", "reports.md", "cookbook.md"}:
        assert main(["run", "--offline", "--exit-zero"]) == 0
    (project / "reports").mkdir(exist_ok=True)
    shutil.rmtree(project / ".github", ignore_errors=True)
    (project / ".py-secure-ci.yml").unlink()
    for words in lines(ROOT / "docs" / name):
        if words[0] == "py-secure-ci":
            offline = ["--offline"] if words[1] == "run" and "--offline" not in words else []
            assert main([*words[1:], *offline]) in (0, 1, 3), (words, capsys.readouterr().err)
        else:
            subprocess.run(words, cwd=project, check=True)
