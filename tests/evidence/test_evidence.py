"""Evidence: each changed byte of any covered file is found, and so is each changed word of the evidence itself."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from py_secure_ci.all_formats import ALL_FORMATS
from py_secure_ci.cli import main
from py_secure_ci.evidence import NAME, digest, evidence_text
from py_secure_ci.model import Finding, Gap, Location, Severity, Stage, State
from py_secure_ci.output import write_all
from py_secure_ci.report import Completed, Context, Failed, Report, Skipped, Status, ToolInfo, Verdict
from py_secure_ci.toolchain.places import LOCKS
from py_secure_ci.version import VERSION

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "evidence.schema.json").read_text())


def tool(name: str, stage: Stage) -> ToolInfo:
    lock = f"sha256:{digest((LOCKS / f'{name}.lock').read_bytes())}"
    return ToolInfo(name=name, stage=stage, version="1", source="locked", lock=lock)


def sample() -> tuple[Report, Verdict]:
    found = Finding(tool="bandit", rule="B602", severity=Severity.HIGH, message="m", location=Location("a.py", 1))
    found = replace(found, fingerprint="f" * 64, state=State.NEW)
    report = Report(
        version=VERSION,
        context=Context(project="demo", commit="a" * 40, tree="b" * 64, config_file=".py-secure-ci.yml"),
        outcomes=(
            Completed(tool=tool("bandit", Stage.SAST), findings=(found,), looked_at=3, gaps=(Gap("b.py", "too big"),)),
            Failed(tool=tool("mypy", Stage.TYPE), reason="broke"),
            Skipped(tool=tool("zizmor", Stage.CI), reason="no workflows"),
        ),
    )
    verdict = Verdict(
        status=Status.INCOMPLETE, failed=True, findings=(found,), blocking=("f" * 64,), reasons=("one",), incomplete=("x",)
    )  # fmt: skip
    return report, verdict


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    report, verdict = sample()
    texts = {one.filename: one.render(report, verdict) for one in ALL_FORMATS if one.filename}
    texts["timings.json"] = "{}\n"
    texts[NAME] = evidence_text(report, verdict, {name: digest(text.encode()) for name, text in texts.items()})
    write_all(tmp_path / "out", texts)
    return tmp_path / "out"


def verify(folder: Path) -> int:
    return main(["verify", str(folder / NAME)])


def statement(folder: Path) -> Any:
    return json.loads((folder / NAME).read_text())


def test_it_fits_its_schema_and_covers_every_file(folder: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(statement(folder), SCHEMA)
    names = {one["name"] for one in statement(folder)["subject"]}
    assert names == {one.name for one in folder.iterdir()} - {NAME} | {"git-commit"}


def test_untouched_files_are_told_to_be_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(folder) == 0
    told = capsys.readouterr().out
    assert "differs" not in told
    assert "note" not in told


def test_each_changed_byte_of_any_file_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(7)  # noqa: S311 - which bytes is of no matter
    for path in sorted(folder.iterdir()):
        before = path.read_bytes()
        for place in {0, len(before) - 1, *(chance.randrange(len(before)) for _ in range(3))}:
            changed = bytearray(before)
            changed[place] ^= 1
            path.write_bytes(changed)
            capsys.readouterr()
            status = verify(folder)
            told = capsys.readouterr()
            assert status in ((1, 2) if path.name == NAME else (1,)), (path.name, place)
            assert path.name in told.out + told.err or path.name == NAME
        path.write_bytes(before)
    assert verify(folder) == 0


@pytest.mark.parametrize("name", ["report.json", "summary.md", "report.html"])
def test_a_missing_file_is_found(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / name).unlink()
    assert verify(folder) == 1
    assert f"differs: {name}: cannot be read" in capsys.readouterr().out


def test_a_better_verdict_cannot_be_written_into_the_evidence_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = statement(folder)
    data["predicate"]["verdict"]["status"] = "PASS"
    (folder / NAME).write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")
    assert verify(folder) == 1
    assert 'predicate.verdict.status: the evidence says "PASS", the report "INCOMPLETE"' in capsys.readouterr().out


def test_a_subject_cannot_lead_out_of_the_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = statement(folder)
    data["subject"].append({"name": "../secret", "digest": {"sha256": "0" * 64}})
    (folder / NAME).write_text(json.dumps(data))
    assert verify(folder) == 1
    assert "../secret: leads out of the folder" in capsys.readouterr().out


def test_files_beside_it_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "added.txt").write_text("x")
    assert verify(folder) == 0
    assert "note: added.txt is not covered" in capsys.readouterr().out


def test_a_lock_that_we_do_not_carry_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, verdict = sample()
    strange = replace(report.outcomes[0].tool, lock="sha256:" + "0" * 64)
    report = replace(report, outcomes=(replace(report.outcomes[0], tool=strange), *report.outcomes[1:]))
    texts = {"report.json": next(one for one in ALL_FORMATS if one.name == "json").render(report, verdict)}
    texts[NAME] = evidence_text(report, verdict, {"report.json": digest(texts["report.json"].encode())})
    write_all(tmp_path / "out", texts)
    assert verify(tmp_path / "out") == 1
    assert "bandit: its lock is not one" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"_type": "x"}', "\x00", '{"_type":"https://in-toto.io/Statement/v1"}']
)
def test_what_is_no_evidence_is_refused_in_words(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / NAME).write_text(text)
    assert verify(tmp_path) == 2
    told = capsys.readouterr().err
    assert told.startswith("py-secure-ci: ")
    assert "Traceback" not in told


def test_the_project_is_compared_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from py_secure_ci.source.sources import Sources
    from py_secure_ci.source.tree_digest import tree_digest

    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text("x = 1\n")
    report, verdict = sample()
    tree = tree_digest(Sources(project, ["a.py"]), ["a.py"])
    report = replace(report, context=replace(report.context, commit="", tree=tree))
    texts = {"report.json": next(one for one in ALL_FORMATS if one.name == "json").render(report, verdict)}
    texts[NAME] = evidence_text(report, verdict, {"report.json": digest(texts["report.json"].encode())})
    write_all(tmp_path / "out", texts)
    words = ["verify", str(tmp_path / "out" / NAME), "--project", str(project)]
    assert main(words) == 0
    (project / "a.py").write_text("x = 2\n")
    assert main(words) == 1
    assert "its files are not those that were checked" in capsys.readouterr().out
