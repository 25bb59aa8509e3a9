"""Where the project's own tests can change the tree, they start when every scanner has read it."""

import threading
from pathlib import Path
from tempfile import mkdtemp

import pytest

from py_secure_ci.checking.pipeline import check
from py_secure_ci.checking.services import Installed, Services
from py_secure_ci.config.settings import Config, StageSettings
from py_secure_ci.model import Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.report import Completed, ToolInfo
from py_secure_ci.running.request import Ended
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import Tree
from py_secure_ci.tool import Command, Reading, Selection, Tool


class Nobody:
    def planned(self, tools): ...

    def started(self, tool): ...

    def finished(self, outcome, seconds): ...


def tool(name, stage, text):
    return Tool(
        name=name,
        stage=stage,
        about="",
        uri="",
        commands=lambda task: (Command(argv=(f"/{name}",)),),
        parse=lambda task, executions: Reading(
            looked_at=frozenset(task.files), notes=(executions["main"].stdout, text)
        ),
        select=lambda files, settings: Selection(files),
    )


@pytest.mark.parametrize("stage", [Stage.SAST, Stage.SECRETS, Stage.CI, Stage.SBOM, Stage.LINT])
def test_a_scanner_reads_before_a_test_writes(stage, tmp_path):
    (tmp_path / "a.py").write_text("bad")
    tests_began = threading.Event()

    def run(request):
        if request.argv == ("/tests",):
            tests_began.set()
            (tmp_path / "a.py").write_text("good")
            return Ended(status=0)
        tests_began.wait(0.3)  # a scanner is slower than the tests are to start
        return Ended(status=0, stdout=(tmp_path / "a.py").read_bytes())

    tools = {"tests": tool("tests", Stage.TEST, ""), "scanner": tool("scanner", stage, "")}
    services = Services(
        run=run,
        install=lambda one, python: Installed(ToolInfo(name=one.name, stage=one.stage, version="1"), Path("/")),
        environment=lambda folder, network: {},
        scratch=lambda: Path(mkdtemp(dir=tmp_path)),
        interpreter=lambda: None,
        observer=Nobody(),
        jobs=2,
        open_tree=True,
    )
    config = Config(stages={Stage.TEST: StageSettings(tools=("tests",)), stage: StageSettings(tools=("scanner",))})
    tree = Tree(root=tmp_path, repository=None, files=("a.py",))
    done = check(config, tools, (Stage.TEST, stage), tree, Sources(tmp_path, ("a.py",)), Dependencies(), services)
    by_name = {one.tool.name: one for one in done.outcomes}
    assert isinstance(by_name["scanner"], Completed)
    assert "bad" in by_name["scanner"].notes
    assert tests_began.is_set()
