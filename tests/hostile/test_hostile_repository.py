"""Whatever a repository holds: nothing of it runs, nothing is written, every output stays sane, and it does not pass."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

IGNORABLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
OURS = re.compile(r"::(error|warning|notice)( [a-zA-Z]+=[^\n]*?)?::")


def as_commands(text: str) -> list[str]:
    """What the GitHub runner would take for commands: at the start of a line after any white space, or `##[` anywhere."""
    lines = [IGNORABLE.sub("", line) for line in re.split(r"\r\n|\r|\n", text)]
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def sane(ran: Any, kit: Any, *, github: bool = False) -> None:
    kit.no_traceback(ran)
    for text in (ran.stdout, ran.stderr):
        taken = as_commands(text)
        assert [line for line in taken if not (github and OURS.match(line))] == []
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text.replace("\r\n", "\n")
        )
    for path in ran.output.iterdir():
        text = path.read_bytes().decode("utf-8")
        if path.suffix in (".json", ".sarif"):
            json.loads(text)
        if path.suffix == ".xml":
            ET.fromstring(text)  # noqa: S314 - written by ourselves
        if path.suffix == ".md":
            assert "<img" not in text
            assert "\x1b" not in text
            assert "](javascript" not in text
    for name in ("py-secure-ci.sarif", "audit.sarif"):
        kit.valid_sarif(ran.sarif(name))


def run(project: Any, static: tuple[str, ...], kit: Any, **environ: str) -> Any:
    ran = project.run("--stage", *static, timeout=150, **environ)
    assert not project.marker.exists(), "code of the repository was run"
    assert list(project.elsewhere.iterdir()) == []
    assert project.secret not in ran.everything()
    sane(ran, kit, github=environ.get("GITHUB_ACTIONS") == "true")
    return ran


def test_nothing_of_it_runs_and_nothing_is_hidden(
    hostile: Callable[..., Any], static: tuple[str, ...], kit: Any
) -> None:
    project = hostile().commit()
    root = str(project.root)
    ran = run(
        project,
        static,
        kit,
        PATH=f".{os.pathsep}{root}{os.pathsep}{os.environ['PATH']}",
        PYTHONSTARTUP=f"{root}/setup.py",
    )
    assert ran.status in (1, 3)
    rules = {f"{one['tool']}/{one['rule']}" for one in ran.report["verdict"]["findings"]}
    assert {"bandit/B602", "detect-secrets/aws-access-key", "zizmor/template-injection", "ruff/F401"} <= rules
    assert any(rule.startswith("pip-audit/") for rule in rules)


def test_names_and_texts_that_are_commands(
    hostile: Callable[..., Any],
    static: tuple[str, ...],
    commands: tuple[str, ...],
    names: Callable[[str], str],
    kit: Any,
    tmp_path: Path,
) -> None:
    source = "import os\nimport subprocess\n\nsubprocess.call({0!r}, shell=True)  # {1}\nx: int = {0!r}\n"
    files: dict[str, str | bytes] = {}
    for text in commands:
        shown = " ".join(text.split())
        files[f"app/{names(text)}.py"] = source.format(text, shown)
        files[f"{names(text)}/key.txt"] = "key = 'AKIA" + "Z3MJ5TQ7RX2WBLPK'\n"
        files[f".github/workflows/{names(text)}.yml"] = f"name: {json.dumps(text)}\non: push\njobs: {{}}\n"
    files["more/requirements.txt"] = "".join(f"{' '.join(text.split())}\n" for text in commands)
    project = hostile(**files).commit()
    step = tmp_path / "step.md"
    ran = run(project, static, kit, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(step))
    assert ran.status in (1, 3)
    taken = as_commands(ran.stdout)
    assert taken
    assert all(
        len([line for line in taken if line.startswith(f"::{word}")]) <= 10 for word in ("error", "warning", "notice")
    )
    assert "<img" not in step.read_text("utf-8")


def test_links_loops_and_special_files(hostile: Callable[..., Any], static: tuple[str, ...], kit: Any) -> None:
    project = hostile()
    for name, target in {
        "passwd.py": "/etc/passwd",
        "etc": "/etc",
        "loop": "loop",
        "a_loop": "b_loop",
        "b_loop": "a_loop",
        "up": "..",
        "gone.py": "nowhere.py",
        "proc.py": "/proc/self/environ",
    }.items():
        (project.root / name).symlink_to(target)
    project.commit()
    os.mkfifo(project.root / "pipe.py")
    ran = project_without_fifo_hash(project, static)
    assert not project.marker.exists()
    sane(ran, kit)
    assert "root:x:0" not in ran.everything()


def project_without_fifo_hash(project: Any, static: tuple[str, ...]) -> Any:
    return project.run("--stage", *static, timeout=150)


BIG = "[project]\nname='x'\nversion='1'\ndependencies=[\n" + "'six==1.16.0',\n" * 700_000 + "]\n"
BOMBS: dict[str, dict[str, Any]] = {
    "a pyproject.toml of 10 MB": {"pyproject.toml": BIG},
    "YAML that doubles": {
        ".github/workflows/bomb.yml": "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)),
        "environment.yml": "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))
        + "dependencies: *j\n",
        "pixi.lock": "[" * 50_000,
    },
    "JSON that is deep": {"Pipfile.lock": "[" * 200_000, "pylock.toml": "a=" + "[" * 100_000, "uv.lock": "[" * 100_000},
    "Python that is deep": {
        "app/deep.py": "x = " + "(" * 10_000 + ")" * 10_000 + "\n",
        "app/deeper.py": "x = " + "-" * 10_000 + "1\n",
        "app/long.py": "x = " + "+".join(["1"] * 20_000) + "\n",
        "app/nested.py": "".join(" " * n + "if x:\n" for n in range(99)) + " " * 99 + "pass\n",
    },
    "literals that are giant": {
        "app/list.py": f"x = [{'0x1F, ' * 200_000}]\n",
        "app/text.py": f"x = {'a' * 3_000_000!r}\n",
        "app/number.py": f"x = {'9' * 100_000}\n",
    },
    "lines without end": {"app/line.txt": "x" * 5_000_000, "requirements-dev.txt": "six==" + "1" * 1_000_000 + "\n"},
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in BOMBS])
def test_bombs(name: str, hostile: Callable[..., Any], static: tuple[str, ...], kit: Any) -> None:
    project = hostile(**BOMBS[name]).commit()
    ran = run(project, static, kit)
    assert ran.status in (1, 3)
    assert ran.wall < 140
    assert ran.memory < 1500 * 1024 * 1024


def trapped_git(project: Any) -> None:
    hook = f"#!/bin/sh\ntouch '{project.marker}'\n"
    evil = project.root.parent / "evil.sh"
    evil.write_text(hook, "utf-8")
    evil.chmod(0o755)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-commit", "fsmonitor-watchman"):
        path = project.root / ".git" / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(hook, "utf-8")
        path.chmod(0o755)
    for key in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.gitProxy", "diff.external",
        "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "credential.helper", "gpg.program",
        "alias.ls-files", "uploadpack.packObjectsHook", "diff.evil.textconv", "log.showSignature",
    ):  # fmt: skip
        project.git("config", key, "true" if key == "log.showSignature" else str(evil))
    (project.root / ".gitattributes").write_text("* filter=evil diff=evil\n", "utf-8")
    with (project.root / "app" / "shell.py").open("a", encoding="utf-8") as file:
        file.write("# changed: git would ask the filter\n")


def test_a_repository_whose_git_runs_commands(hostile: Callable[..., Any], static: tuple[str, ...], kit: Any) -> None:
    project = hostile().commit()
    trapped_git(project)
    ran = run(project, static, kit)
    assert ran.status in (1, 3)


def test_variables_that_lead_elsewhere(
    hostile: Callable[..., Any], static: tuple[str, ...], kit: Any, tmp_path: Path
) -> None:
    project = hostile().commit()
    other = kit.Project(tmp_path / "other")
    other.write({"a.py": "x = 1\n"}).commit()
    ran = run(
        project, static, kit,
        GIT_DIR=str(other.root / ".git"), GIT_WORK_TREE=str(other.root), GIT_INDEX_FILE=str(other.root / ".git/index"),
        GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="core.fsmonitor", GIT_CONFIG_VALUE_0=str(project.root / "git"),
        LD_PRELOAD=str(project.root / "evil.so"), MYPYPATH=str(project.root), RUFF_NO_CACHE="false", RUFF_FIX="1",
        PIP_CONFIG_FILE=str(project.root / "pip.conf"), UV_CONFIG_FILE="", BASH_ENV=str(project.root / ".envrc"),
    )  # fmt: skip
    rules = {one["rule"] for one in ran.report["verdict"]["findings"]}
    assert {"B602", "F401"} <= rules


def test_a_work_tree_that_leads_elsewhere_is_refused(
    hostile: Callable[..., Any], static: tuple[str, ...], kit: Any
) -> None:
    project = hostile().commit()
    project.git("config", "core.worktree", "/etc")
    ran = project.run("--stage", *static, timeout=60)
    kit.no_traceback(ran)
    assert ran.status == 3
    assert "core.worktree" in ran.stderr


def test_names_that_are_no_text(hostile: Callable[..., Any], static: tuple[str, ...], kit: Any) -> None:
    project = hostile().commit()
    for raw in (b"app/\xff\xfe.py", b"app/caf\xe9.txt"):
        Path(os.fsdecode(os.fsencode(project.root) + b"/" + raw)).write_bytes(b"import os\n")
    ran = run(project, static, kit)
    assert ran.status in (1, 3)


TESTS_ALONE = dict.fromkeys(("lint", "format", "type", "sast", "secrets", "sca", "sbom", "ci"), False)
WORDS_OF_TESTS = """\
import pytest, sys, warnings

WORDS = {words!r}

@pytest.mark.parametrize("word", WORDS, ids=WORDS)
def test_a(word):
    print(word)
    print(word, file=sys.stderr)
    warnings.warn(word)
    raise ValueError(word)

@pytest.mark.skip(reason=WORDS[0] + WORDS[4] + WORDS[7])
def test_b():
    pass

for word in WORDS:  # classes and functions that are called so
    globals()[word] = type(word, (), {{"__test__": True, "test_" + word: lambda self: 1 / 0}})
    globals()["test_" + word] = lambda: 1 / 0
"""


def test_what_tests_say_is_text_everywhere(commands: tuple[str, ...], kit: Any, tmp_path: Path) -> None:
    one = kit.Project(tmp_path / "project")
    yaml = {"stages": {**TESTS_ALONE, "test": {"tools": ["pytest"], "coverage": 0}}, "environment": {"install": "none"}}
    one.write(
        {".py-secure-ci.yml": json.dumps(yaml), "test_a.py": WORDS_OF_TESTS.format(words=list(commands))}
    ).commit()
    step = tmp_path / "step.md"
    ran = one.run(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(step))
    assert ran.status in (1, 3), ran.stdout + ran.stderr
    assert ran.outcome("pytest")["kind"] == "completed"
    assert len(ran.report["verdict"]["findings"]) >= len(commands)
    sane(ran, kit, github=True)
    assert as_commands(ran.stderr) == []
    for text in (step.read_text("utf-8"), ran.text("summary.md")):
        assert "<img" not in text
        assert "](javascript" not in text
        assert "\x1b" not in text
    assert "<img src=x" not in ran.text("report.html")
