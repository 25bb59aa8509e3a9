"""What a report, a baseline's source, an evidence or a cache calls a file: it leads nowhere but below our own folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from py_secure_ci.all_formats import ALL_FORMATS
from py_secure_ci.cli import main
from py_secure_ci.commands.inside import inside
from py_secure_ci.commands.reports import report_of_project
from py_secure_ci.errors import OutputError, ReportError
from py_secure_ci.judging.baseline import BASELINE_FILE
from py_secure_ci.output import write_all
from py_secure_ci.report import Context, Report, Status, Verdict

AWAY = ["..", "../x", "a/../../x", "/x", "a//b", "./a", "a/.", "", "a\0b", "\ud800", "link", "link/b"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one below it, and links: one out of it, one to the folder below, one to itself."""
    root = tmp_path / "deep" / "root"
    (root / "a" / "b").mkdir(parents=True)
    (tmp_path / "deep" / "x").mkdir()
    (root / "link").symlink_to(tmp_path / "deep" / "x", target_is_directory=True)
    (root / "near").symlink_to("a", target_is_directory=True)
    (root / "loop").symlink_to("loop")
    return root


@pytest.mark.parametrize("name", [*AWAY, "near/b"])
def test_a_name_that_leads_away_has_no_place(name: str, root: Path) -> None:
    assert inside(root, name) is None


@pytest.mark.parametrize("name", ["a", "a/b", "not there/yet.json", "...", " "])
def test_any_other_has_one_also_where_the_folder_is_reached_by_a_link(name: str, root: Path) -> None:
    (root.parent / "way").symlink_to("root", target_is_directory=True)
    assert inside(root, name) == root / name
    assert inside(root.parent / "way", name) == root.parent / "way" / name


def report(folder: Path, *projects: str) -> Path:
    """A report over these projects."""
    told = Report(version="1", context=Context(project="demo", projects=projects), outcomes=())
    verdict = Verdict(status=Status.PASS, failed=False, findings=(), blocking=(), reasons=(), incomplete=())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    path.write_text(next(one for one in ALL_FORMATS if one.name == "json").render(told, verdict), encoding="utf-8")
    return path


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("project", [*filter(None, AWAY), "near", "loop", "gone"])
def test_a_baseline_is_written_nowhere_else(
    project: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = report(tmp_path / "stored", "a", project)
    report(path.parent / "projects" / "a")
    if not {"\0", "\ud800"} & set(project) and project != "..":
        report(path.parent / "projects" / project.lstrip("/"))  # all that a forger can see to
    before = files(tmp_path)
    assert main(["baseline", "write", str(root), "--report", str(path)]) == 2
    said = capsys.readouterr().err
    assert str(path) in said
    assert "Name the report.json that" in said
    assert files(tmp_path) == before


def test_each_project_gets_the_baseline_of_its_own_report(root: Path, tmp_path: Path) -> None:
    path = report(tmp_path / "stored", ".", "a", "a/b")
    for one in ("root", "projects/a", "projects/a/b"):
        report(tmp_path / "stored" / one)
    assert main(["baseline", "write", str(root), "--report", str(path)]) == 0
    assert files(root) == {BASELINE_FILE, f"a/{BASELINE_FILE}", f"a/b/{BASELINE_FILE}"}


@pytest.mark.parametrize("project", ["../../x", "link"])
def test_no_report_is_read_from_elsewhere(
    project: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = tmp_path / "deep" / "stored"
    path = report(stored, project)
    report(tmp_path / "deep" / "x")
    (stored / "projects").mkdir()
    (stored / "projects" / "link").symlink_to(tmp_path / "deep" / "x", target_is_directory=True)
    assert (stored / "projects" / project / "report.json").is_file()
    with pytest.raises(ReportError, match="leads out of the folder"):
        report_of_project(str(path), project)
    assert main(["gate", str(path), str(root)]) == 2
    assert f"projects: {project!r} leads out" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "..", "/x", "../x", "a/x", "a\0b"])
def test_no_file_of_a_report_lies_elsewhere(name: str, root: Path, tmp_path: Path) -> None:
    before = files(tmp_path)
    with pytest.raises(OutputError, match="is no name for a file"):
        write_all(root, {"summary.md": "", name: "forged"})
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["/etc/hostname", "link/secret", "near/fine", "a\0b", "\ud800"])
def test_no_file_of_an_evidence_is_read_elsewhere(name: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in (root / "link" / "secret", root / "a" / "fine"):
        place.write_text("x", encoding="utf-8")
    subjects = [{"name": name, "digest": {"sha256": "0" * 64}}]
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:py-secure-ci:evidence:v1"}
    path = root / "evidence.intoto.json"
    path.write_text(json.dumps({**statement, "subject": subjects}), encoding="utf-8")
    assert main(["verify", str(path)]) == 1
    said = capsys.readouterr().out
    assert "leads out of the folder" in said
    assert "its SHA-256 is" not in said
