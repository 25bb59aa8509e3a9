"""`projects:`: every file belongs to exactly one project, and each has its own verdict, configuration and category."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from py_secure_ci.cli import main
from py_secure_ci.commands.project import open_project
from py_secure_ci.commands.projects import Member, members_of
from py_secure_ci.commands.session import Session
from py_secure_ci.model import Stage

CONFIG = ".py-secure-ci.yml"
RUFF = "stages: {format: false, type: false, test: false, sast: false, secrets: false, sca: false, sbom: false, ci: false}\n"
BAD, GOOD = "import os\n", "X = 1\n"  # F401 is an error of ruff's


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def git(root: Path) -> Path:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "--no-verify", "-m", "all")):
        subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)
    return root


def members(root: Path) -> tuple[Member, ...]:
    with Session(dict(os.environ)) as session:
        return members_of(open_project(str(root), None, None, session), session)


def files(found: tuple[Member, ...]) -> dict[str, tuple[str, ...]]:
    return {one.folder: one.project.tree.files for one in found}


def test_the_longest_folder_wins_and_the_rest_is_the_roots(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            CONFIG: "projects: [services/*, services/api/inner, libs/core]\n",
            "a.py": "", "services/README.md": "x", "services/api/b.py": "", "services/api/inner/c.py": "",
            "services/web/d.py": "", "libs/core/e.py": "", "libs/core2/f.py": "", "libs/g.py": "",
        },
    )  # fmt: skip
    assert files(members(git(tmp_path))) == {
        "": (CONFIG, "a.py", "libs/core2/f.py", "libs/g.py", "services/README.md"),
        "libs/core": ("e.py",),
        "services/api": ("b.py",),
        "services/api/inner": ("c.py",),
        "services/web": ("d.py",),
    }


FOLDERS = ["a", "a/b", "a/b/c", "ab", "b", "é x"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(FOLDERS), unique=True, min_size=1),
    st.sets(st.sampled_from([*(f"{folder}/f.py" for folder in FOLDERS), "f.py", "a/g.txt", "c/d/f.py"])),
)
def test_every_file_is_in_exactly_one_project(named: list[str], there: set[str]) -> None:
    with TemporaryDirectory() as top:
        inside = [folder for folder in named if any(path.startswith(f"{folder}/") for path in there)]
        text = "version: 1\n" + (f"projects: {json.dumps(inside, ensure_ascii=False)}\n" if inside else "")
        found = files(members(write(Path(top), {CONFIG: text, **dict.fromkeys(there, "")})))
        whole = [f"{folder}/{path}".lstrip("/") for folder, paths in found.items() for path in paths]
        assert sorted(whole) == sorted({CONFIG, *there})
        for folder, paths in found.items():
            for path in paths:
                full = f"{folder}/{path}".lstrip("/")
                assert folder == max(
                    (one for one in ["", *inside] if full.startswith(f"{one}/" if one else "")), key=len
                )


@pytest.mark.parametrize(
    ("entries", "line", "words"),
    [
        ("[nowhere]", 2, "projects[0]: no folder with files of the repository fits 'nowhere'"),
        ("[lib, 'serv*']", 2, "projects[1]: no folder"),
        ("\n  - lib\n  - l*\n", 4, "projects[1]: lib is a project already"),
        ("\n  - lib\n  - ./lib/\n", 4, "projects[1]: lib is a project already"),
        ("[../other]", 2, "leads out of the repository"),
        ("[lib/../../x]", 2, "leads out of the repository"),
        ("[/etc]", 2, "leads out of the repository"),
        ("['C:/x']", 2, "leads out of the repository"),
        ("[.]", 2, "is the root project"),
        ("['**']", 2, "write one pattern"),
        ("[ignored]", 2, "no folder with files"),
        ("[left]", 2, "no folder with files"),
        ("[]", 2, "this list is empty"),
        ("lib", 2, "this should be a list"),
        ("[{stages: {}}]", 2, "projects[0]"),
        ("[{path: lib, colour: red}]", 2, "projects[0]"),
        ("[{path: own, stages: {test: false}}]", 2, "has a .py-secure-ci.yml of its own"),
        ("[deep]", 1, "only the repository's root names projects"),
        ("\n  - path: lib\n    policy:\n      fail_on: {security: dreadful}\n", 5, "dreadful"),
    ],
)
def test_what_cannot_be_is_told_with_line_and_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entries: str, line: int, words: str
) -> None:
    write(
        tmp_path,
        {
            CONFIG: f"exclude: [left]\nprojects: {entries}\n",
            "a.py": "", "lib/a.py": "", "ignored/a.py": "", "left/a.py": "", ".gitignore": "ignored\n",
            "own/a.py": "", f"own/{CONFIG}": "version: 1\n",
            "deep/a.py": "", "deep/x/a.py": "", f"deep/{CONFIG}": "projects: [x]\n",
        },
    )  # fmt: skip
    output = tmp_path.parent / f"{tmp_path.name}-out"
    assert main(["run", str(git(tmp_path)), "--output-dir", str(output)]) == 2
    said = capsys.readouterr().err
    assert f"{CONFIG}:{line}: " in said
    assert words.lower() in said.lower()
    assert not output.exists()


def test_a_project_behind_a_link_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {CONFIG: "projects: [lib]\n", "real/a.py": ""})
    (tmp_path / "lib").symlink_to("real")
    assert main(["run", str(git(tmp_path)), "--output-dir", str(tmp_path.parent / "o")]) == 2
    assert "no folder with files" in capsys.readouterr().err


def test_settings_are_inherited_key_by_key_or_are_the_projects_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            CONFIG: "stages: {type: false, test: {coverage: 70}}\ntools: {ruff: {timeout: 9}, mypy: {timeout: 8}}\n"
            "policy: {strict: true, new_only: false, fail_on: {quality: none}}\nexclude: ['*.txt']\n"
            "projects:\n  - plain\n  - own\n  - path: said\n    stages: {test: false}\n    tools: {ruff: {timeout: 5}}\n"
            "    policy: {fail_on: {security: high}}\n    exclude: ['*.md']\n",
            "plain/a.py": "", "plain/a.txt": "", "said/a.py": "", "said/a.md": "", "said/a.txt": "", "own/a.py": "",
            "own/a.txt": "", f"own/{CONFIG}": "stages: {lint: false}\n",
        },
    )  # fmt: skip
    found = {one.folder: one.project for one in members(git(tmp_path))}
    plain, said, own = (found[name].config for name in ("plain", "said", "own"))
    assert Stage.TYPE not in plain.stages
    assert plain.stages[Stage.TEST].options == {"coverage": 70}
    assert (plain.policy.new_only, plain.policy.strict, plain.policy.fail_on_quality) == (False, False, "none")
    assert found[""].config.policy.strict
    assert Stage.TEST not in said.stages
    assert Stage.TYPE not in said.stages
    assert (said.options("ruff").timeout, said.options("mypy").timeout) == (5, 8)
    assert (said.policy.new_only, said.policy.fail_on_security, said.policy.fail_on_quality) == (False, "high", "error")
    assert (Stage.LINT in own.stages, Stage.TYPE in own.stages, own.policy.new_only) == (False, True, True)
    assert {name: one.tree.files for name, one in found.items()} == {
        "": (CONFIG,),
        "own": (CONFIG, "a.py", "a.txt"),
        "plain": ("a.py",),
        "said": ("a.py", "a.txt"),
    }
    assert len({one.config.digest for one in found.values()}) == 4
    assert plain.file == f"../{CONFIG}"


def run(root: Path, output: Path, *words: str) -> tuple[int, dict[str, Any]]:
    status = main(["run", str(root), "--offline", "--output-dir", str(output), *words])
    paths = (output, output / "root", *sorted(path.parent for path in (output / "projects").rglob("report.json")))
    names = (path.relative_to(output).as_posix() for path in paths)
    return status, {name: json.loads((output / name / "report.json").read_text()) for name in names}


def test_a_verdict_for_each_and_one_over_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write(
        tmp_path / "r",
        {
            CONFIG: f"{RUFF}projects: [bad, good, broken]\n", "top.py": GOOD, "bad/a.py": BAD, "good/a.py": GOOD,
            "broken/a.py": GOOD, f"broken/{CONFIG}": RUFF, "broken/ruff.toml": "this is not TOML",
        },
    )  # fmt: skip
    status, reports = run(git(root), tmp_path / "out")
    assert {name: one["verdict"]["status"] for name, one in reports.items()} == {
        ".": "INCOMPLETE", "root": "PASS", "projects/bad": "FAIL", "projects/broken": "INCOMPLETE",
        "projects/good": "PASS",
    }  # fmt: skip
    assert status == 3
    whole = reports["."]
    assert whole["report"]["context"]["projects"] == [".", "bad", "broken", "good"]
    assert whole["verdict"]["failed"] is True
    (finding,) = whole["verdict"]["findings"]
    assert (finding["location"]["path"], finding["project"]) == ("bad/a.py", "bad")
    assert whole["verdict"]["blocking"] == [finding["fingerprint"]]
    assert {one.partition(":")[0] for one in whole["verdict"]["incomplete"]} == {"broken"}
    sarif = json.loads((tmp_path / "out" / "py-secure-ci.sarif").read_text())
    uris = {
        run["automationDetails"]["id"]: [
            one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]
        ]
        for run in sarif["runs"]
    }
    assert uris == {"py-secure-ci/ruff/": [], "py-secure-ci/ruff/bad/": ["bad/a.py"], "py-secure-ci/ruff/good/": []}
    own = json.loads((tmp_path / "out" / "projects" / "bad" / "py-secure-ci.sarif").read_text())
    assert [run["automationDetails"]["id"] for run in own["runs"]] == ["py-secure-ci/ruff/bad/"]
    capsys.readouterr()
    assert main(["gate", str(tmp_path / "out" / "report.json"), str(root)]) == 3
    assert "INCOMPLETE" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "out" / "evidence.intoto.json"), "--project", str(root)]) == 0
    write(root, {"good/b.py": "Y = 2\n"})
    assert main(["verify", str(tmp_path / "out" / "evidence.intoto.json"), "--project", str(root)]) != 0


def test_fail_before_pass_and_an_idle_root_says_nothing(tmp_path: Path) -> None:
    root = git(write(tmp_path / "r", {CONFIG: f"{RUFF}projects: ['*']\n", "bad/a.py": BAD, "good/a.py": GOOD}))
    status, reports = run(root, tmp_path / "out")
    assert (status, reports["."]["verdict"]["status"]) == (1, "FAIL")
    assert reports["."]["report"]["context"]["projects"] == ["bad", "good"]
    write(root, {"bad/a.py": GOOD})
    assert run(root, tmp_path / "out")[0] == 0
    assert main(["gate", str(tmp_path / "out" / "report.json"), str(root)]) == 0
    write(root, {"bad/a.py": BAD, CONFIG: f"{RUFF}projects: [good]\n"})
    assert run(root, tmp_path / "out")[0] == 1  # what no project has any more is the root's
    assert not (tmp_path / "out" / "projects" / "bad" / "report.json").exists()


def test_a_stage_that_only_some_projects_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {CONFIG: f"{RUFF}projects: [a]\n", "top.py": GOOD, "a/a.py": BAD, f"a/{CONFIG}": "stages: {lint: false}\n"}
    root = git(write(tmp_path / "r", files))
    assert main(["run", str(root), "--stage", "lint", "--output-dir", str(tmp_path / "o")]) == 3
    assert main(["run", str(root), "--stage", "paint", "--output-dir", str(tmp_path / "o")]) == 2
    write(root, {f"a/{CONFIG}": RUFF})
    assert main(["run", str(root), "--stage", "sast", "--output-dir", str(tmp_path / "o")]) == 2
    assert "in every project" in capsys.readouterr().err


def test_parts_of_several_projects_merge_to_the_bytes_of_one_machine(tmp_path: Path) -> None:
    text = f"{RUFF.replace('sast: false, ', '')}projects: [a, b/c]\n"
    names = {CONFIG: text, "top.py": GOOD, "a/a.py": BAD, "b/c/a.py": BAD, "b/x.py": "import pickle\n"}
    root = git(write(tmp_path / "r", names))
    status, _ = run(root, tmp_path / "one")
    parts = tmp_path / "parts"
    assert main(["plan", str(root), "--offline", "--jobs", "3", "--output-dir", str(parts)]) == 0
    for number in (1, 2, 3):
        assert main(["run", str(root), "--part", f"{number}-of-3", "--output-dir", str(parts)]) == 0
    assert main(["merge", str(parts), "--path", str(root), "--output-dir", str(tmp_path / "all")]) == status == 1
    assert texts(tmp_path / "one") == texts(tmp_path / "all")
    (parts / "part-2-of-3.json").unlink()
    assert main(["merge", str(parts), "--path", str(root), "--output-dir", str(tmp_path / "all")]) == 3


def texts(folder: Path) -> dict[str, bytes]:
    different = {"timings.json", "evidence.intoto.json", ".gitignore"}
    found = (path for path in folder.rglob("*") if path.is_file() and path.name not in different)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}
