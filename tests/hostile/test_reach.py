"""What the project's own code can write to while it is tested or built: its own scratch folder, and nothing of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

LEVELS = ("namespaces", "filters")
AT_LEVEL = (
    "import sys; from py_secure_ci.running import runner; from py_secure_ci.running.sandbox import Level; "
    "level = Level(sys.argv.pop(1)); runner.strongest = lambda _: level; "
    "from py_secure_ci.cli import main; sys.exit(main(sys.argv[1:]))"
)
# Tries every place, and writes down which of them took it.
REACH = """\
import glob, pathlib

def reached():
    places = [*{places!r}, *(one for pattern in {scratch!r} for one in glob.glob(pattern))]
    for place in places:
        path = pathlib.Path(place)
        try:
            if path.is_dir():
                (path / "reached").write_text("x")
                (path / "reached").unlink()
            else:
                path.open("a").close()
        except OSError:
            continue
        yield place

said = pathlib.Path({said!r})
said.write_text(said.read_text() + "".join(place + chr(10) for place in reached()))
"""
BACKEND = """
import pathlib

def build_editable(folder, settings=None, metadata=None):
    import zipfile
    name = "evil-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("evil-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: evil\\nVersion: 1\\n")
        wheel.writestr("evil-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("evil-1.dist-info/RECORD", "")
    return name
"""
PYPROJECT = (
    "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    "[project]\nname = 'evil'\nversion = '1'\n"
)
OFF = dict.fromkeys(("lint", "format", "type", "secrets", "sca", "sbom", "ci"), False)
YAML = {
    "stages": {**OFF, "sast": {"tools": ["bandit"]}, "test": {"tools": ["pytest"], "coverage": 0}},
    "projects": [{"path": "a"}, {"path": "b"}],
}


def supported(level: str) -> bool:
    from py_secure_ci.running.launching import Launcher

    launcher = Launcher()
    found = launcher.abilities.get("namespaces" if level == "namespaces" else "landlock")
    launcher.close()
    return bool(found)


@pytest.mark.parametrize("level", LEVELS)
def test_neither_tests_nor_builds_reach_what_is_ours(level: str, kit: Any, tmp_path: Path) -> None:
    if not supported(level):
        pytest.skip("this machine has no such sandbox")
    one = kit.Project(tmp_path / "project")
    cache = Path.home() / ".cache" / "py-secure-ci"
    step, env = tmp_path / "step.txt", tmp_path / "env.txt"
    said = {name: tmp_path / f"said-{name}.txt" for name in ("test", "build")}
    for path in (step, env, *said.values()):
        path.touch()
    places = [
        str(place)
        for place in (
            one.root / "b" / "app.py", one.root / ".git", one.root / ".git" / "objects", one.root / "a" / "app.py",
            one.root / ".py-secure-ci.yml", one.output, step, env, Path(sys.base_prefix), Path(sys.prefix), Path.home(),
            *(cache / name for name in (".", "tools", "results", "baselines", "uv", "environments")),
            Path(__file__).resolve().parents[2] / "src" / "py_secure_ci",
        )
    ]  # fmt: skip
    scratch = [f"{place}/py-secure-ci-*/task*/*" for place in (tmp_path / "tmp", cache)]
    (tmp_path / "tmp").mkdir()

    def text(kind: str) -> str:
        return REACH.format(places=places, scratch=scratch, said=str(said[kind]))

    one.write(
        {
            ".py-secure-ci.yml": json.dumps(YAML),
            "a/app.py": "X = 1\n",
            "a/pyproject.toml": PYPROJECT,
            "a/backend.py": text("build") + BACKEND,
            "a/test_a.py": text("test") + "def test_a():\n    pass\n",
            "b/app.py": "import subprocess\n\nsubprocess.call(input(), shell=True)\n",
        }
    ).commit()
    variables = one.environment(
        GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(step), GITHUB_ENV=str(env), TMPDIR=str(tmp_path / "tmp")
    )
    argv = [sys.executable, "-c", AT_LEVEL, level, *one.argv("--no-cache")[3:]]
    done = subprocess.run(argv, cwd=tmp_path, env=variables, capture_output=True, timeout=150, check=False)
    ran = kit.Ran(done.returncode, done.stdout.decode(), done.stderr.decode(), one.output)
    kit.no_traceback(ran)
    assert ran.status == 1, ran.stdout + ran.stderr
    for path in said.values():
        reached = path.read_text("utf-8").split()
        assert reached, "it was not run"
        assert all(one.startswith(f"{tmp_path}/tmp/py-secure-ci-") for one in reached), reached
        tasks = {one.split("/task")[1].split("/")[0] for one in reached}
        assert len(tasks) == 1 if level == "namespaces" else len(tasks) <= 2, reached  # Landlock: the build's as well
        assert "bandit.ini" not in {Path(one).name for one in reached}
    rules = {finding["rule"] for finding in ran.report["verdict"]["findings"]}
    assert "B602" in rules
