"""Environments found and made, with the real uv, without a network: packages are wheels of our own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import venv
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uv

from py_secure_ci.config.settings import EnvironmentSettings
from py_secure_ci.errors import ProjectEnvironmentError
from py_secure_ci.pins import Pin
from py_secure_ci.project_environment.finding import ProjectEnvironment, find_or_make

VERSION = ".".join(map(str, sys.version_info[:3]))


@dataclass
class Ended:
    status: int | None
    stdout: str = ""
    stderr: str = ""
    problem: str = ""


@dataclass
class Runner:
    """Starts real processes and remembers their words."""

    calls: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(self, argv: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], timeout: float) -> Ended:
        self.calls.append(argv)
        try:
            done = subprocess.run(argv, cwd=cwd, env=dict(env), capture_output=True, timeout=timeout, check=False)
        except OSError as error:
            return Ended(None, problem=f"cannot be started: {error.strerror}")
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    @property
    def verbs(self) -> list[str]:
        return [" ".join(argv[1:3]) for argv in self.calls if Path(argv[0]).name.startswith("uv")]


@dataclass
class Bench:
    """A project and a place to make environments in."""

    root: Path
    cache: Path
    wheels: Path
    uv_cache: Path
    runner: Runner = field(default_factory=Runner)
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.root / name.replace("__", ".")).write_text(text, "utf-8")

    def ask(self, settings: EnvironmentSettings | None = None, **more: Any) -> ProjectEnvironment:
        files = more.pop("files", tuple(sorted(path.name for path in self.root.iterdir() if os.path.isfile(path))))
        words: dict[str, Any] = {
            "environ": self.environ,
            "installer_environ": {
                "PATH": f"{Path(sys.executable).resolve().parent}:{os.defpath}",
                "HOME": str(self.cache),
                "UV_CACHE_DIR": str(self.uv_cache),
                "UV_FIND_LINKS": str(self.wheels),
                "UV_PYTHON_PREFERENCE": "only-system",
            },
            "cache": self.cache,
            "uv": Path(uv.find_uv_bin()),
            "run": self.runner,
            "offline": True,
            "timeout": 60.0,
        }
        return find_or_make(self.root, files, settings or EnvironmentSettings(), **{**words, **more})

    def wheel(self, name: str, version: str = "1.0", text: str = "") -> str:
        """Put a wheel among those to be found; gives its hash."""
        path = self.wheels / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}.py", text or f"VERSION = {version!r}\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
        return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What uv knows of the machine's interpreters, asked once."""
    return tmp_path_factory.mktemp("uv")


@pytest.fixture
def bench(tmp_path: Path, uv_cache: Path) -> Bench:
    made = Bench(tmp_path / "project", tmp_path / "cache", tmp_path / "wheels", uv_cache)
    for folder in (made.root, made.cache, made.wheels):
        folder.mkdir()
    return made


def imports(environment: ProjectEnvironment, code: str) -> str:
    done = subprocess.run([environment.python, "-I", "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr


def test_the_folder_in_the_root_is_used(bench: Bench) -> None:
    venv.create(bench.root / ".venv", symlinks=True)
    found = bench.ask()
    assert (found.python, found.version, found.made) == (bench.root / ".venv/bin/python", VERSION, False)
    assert found.how == ".venv is used"


def test_an_active_environment_comes_first(bench: Bench, tmp_path: Path) -> None:
    venv.create(bench.root / ".venv", symlinks=True)
    venv.create(tmp_path / "active", symlinks=True)
    bench.environ["VIRTUAL_ENV"] = str(tmp_path / "active")
    assert bench.ask().python == tmp_path / "active/bin/python"


@pytest.mark.parametrize("name", ["loop", "a" * 300])
@pytest.mark.parametrize("how", ["VIRTUAL_ENV", "CONDA_PREFIX", ".venv"])
def test_an_environment_that_cannot_be_there_is_passed_over(bench: Bench, tmp_path: Path, how: str, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    if how == ".venv":
        (bench.root / ".venv").symlink_to(tmp_path / name)
    else:
        bench.environ[how] = str(tmp_path / name)
    assert bench.ask().python.is_relative_to(bench.cache)


@pytest.mark.parametrize("said", ["loop", "a" * 300, "~nobody-of-that-name/python"])
def test_an_interpreter_that_cannot_be_there_is_told(bench: Bench, said: str) -> None:
    (bench.root / "loop").symlink_to("loop")
    with pytest.raises(ProjectEnvironmentError, match="no interpreter for the project"):
        bench.ask(EnvironmentSettings(python=said))


def test_our_own_environment_is_not_the_projects(bench: Bench) -> None:
    bench.environ["VIRTUAL_ENV"] = sys.prefix
    assert bench.ask().python.is_relative_to(bench.cache)


def test_an_environment_that_is_committed_is_never_run(bench: Bench, tmp_path: Path) -> None:
    trap = bench.root / ".venv/bin/python"
    trap.parent.mkdir(parents=True)
    (bench.root / ".venv/pyvenv.cfg").touch()
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", "utf-8")
    trap.chmod(0o755)
    found = bench.ask(files=(".venv/bin/python",))
    assert ".venv is not used: it is part of the repository" in found.how
    assert not (tmp_path / "ran").exists()


def test_an_environment_whose_interpreter_is_gone_is_passed_over_and_told(bench: Bench) -> None:
    venv.create(bench.root / ".venv", symlinks=True)
    (bench.root / ".venv/bin/python").unlink()
    (bench.root / ".venv/bin/python").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    (bench.root / ".venv/bin/python").chmod(0o755)
    found = bench.ask()
    assert found.made
    assert found.how.startswith(".venv is not used: its interpreter fails; an environment of Python")


def test_an_environment_of_a_python_that_does_not_fit_is_passed_over(bench: Bench) -> None:
    venv.create(bench.root / ".venv", symlinks=True)
    bench.write(pyproject__toml='[project]\nname="a"\nversion="1"\nrequires-python=">=3.99"\n')
    with pytest.raises(ProjectEnvironmentError, match=r"no interpreter for the project \(requires-python is `>=3\.99`"):
        bench.ask()


def test_one_is_made_from_hashed_requirements_and_kept(bench: Bench) -> None:
    digest = bench.wheel("demo_pkg")
    bench.write(requirements__txt=f"demo-pkg==1.0 --hash={digest}\n")
    first = bench.ask()
    assert imports(first, "import demo_pkg; print(demo_pkg.VERSION)") == "1.0"
    assert (first.made, first.version) == (True, VERSION)
    assert first.how == f"an environment of Python {VERSION} was made from requirements.txt"
    bench.runner.calls.clear()
    again = bench.ask()
    assert (again.python, again.made, again.how) == (first.python, False, first.how)
    assert bench.runner.verbs == ["python find"]


def test_a_changed_lock_gets_another_environment(bench: Bench) -> None:
    bench.write(requirements__txt=f"demo-pkg==1.0 --hash={bench.wheel('demo_pkg')}\n")
    first = bench.ask()
    bench.write(requirements__txt=f"demo-pkg==2.0 --hash={bench.wheel('demo_pkg', '2.0')}\n")
    assert imports(bench.ask(), "import demo_pkg; print(demo_pkg.VERSION)") == "2.0"
    assert imports(first, "import demo_pkg; print(demo_pkg.VERSION)") == "1.0"


def test_a_wrong_hash_is_refused_and_nothing_is_left_to_use(bench: Bench) -> None:
    digest = bench.wheel("demo_pkg")
    bench.write(requirements__txt=f"demo-pkg==1.0 --hash=sha256:{'0' * 64}\n")
    for _ in range(2):  # the second time over what the first left
        with pytest.raises(ProjectEnvironmentError, match=r"installing its requirements: .*[Hh]ash"):
            bench.ask()
    bench.write(requirements__txt=f"demo-pkg==1.0 --hash={digest}\n")
    assert bench.ask().made


def test_one_that_was_left_half_made_is_made_again(bench: Bench) -> None:
    bench.write(requirements__txt=f"demo-pkg==1.0 --hash={bench.wheel('demo_pkg')}\n")
    first = bench.ask()
    place = first.python.parent.parent
    (place / "ready").unlink()
    next(place.rglob("demo_pkg.py")).unlink()
    again = bench.ask()
    assert (again.python, again.made) == (first.python, True)
    assert imports(again, "import demo_pkg; print(demo_pkg.VERSION)") == "1.0"


def test_without_a_network_a_missing_package_is_an_error_that_says_so(bench: Bench) -> None:
    bench.write(requirements__txt="not-on-this-machine==1.0\n")
    with pytest.raises(ProjectEnvironmentError, match="not-on-this-machine") as caught:
        bench.ask()
    assert "offline" in caught.value.hint


def test_pins_of_another_lock_are_installed_with_their_hashes(bench: Bench) -> None:
    digest = bench.wheel("demo_pkg")
    bench.write(poetry__lock="", pyproject__toml="[tool.poetry]\n")
    pins = (Pin(name="demo-pkg", version="1.0", file="poetry.lock", line=1, hashes=(digest,)),)
    made = bench.ask(pins=pins)
    assert imports(made, "import demo_pkg; print(demo_pkg.VERSION)") == "1.0"
    assert made.how.endswith("was made from poetry.lock")
    assert any("--require-hashes" in call for call in bench.runner.calls)


def test_uv_lock_is_exported_as_it_stands(bench: Bench) -> None:
    bench.write(
        pyproject__toml='[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.10"\n'
        'dependencies = ["demo-pkg"]\n'
        "[dependency-groups]\ndev = []\n",
        uv__lock='version = 1\nrequires-python = ">=3.10"\n\n[[package]]\nname = "app"\nversion = "1"\n'
        'source = { virtual = "." }\ndependencies = [{ name = "demo-pkg" }]\n\n'
        '[[package]]\nname = "demo-pkg"\nversion = "1.0"\n'
        f'source = {{ registry = "../wheels" }}\nwheels = [{{ path = "demo_pkg-1.0-py3-none-any.whl", '
        f'hash = "{bench.wheel("demo_pkg")}" }}]\n',
    )
    made = bench.ask()
    assert imports(made, "import demo_pkg; print(demo_pkg.VERSION)") == "1.0"
    assert bench.runner.verbs == ["python find", "venv --no-project", "export --quiet", "pip sync"]


def test_nothing_of_the_project_runs_when_only_types_are_asked_for(bench: Bench, tmp_path: Path) -> None:
    bench.write(setup__py=f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    found = bench.ask(build_project=False)
    assert found.made
    assert not (tmp_path / "ran").exists()
    assert bench.runner.verbs == ["python find", "venv --no-project"]


def test_a_source_distribution_is_not_built_for_types(bench: Bench, tmp_path: Path) -> None:
    (bench.root / "sub").mkdir()
    (bench.root / "sub/setup.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", "utf-8")
    bench.write(requirements__txt="./sub\n")
    with pytest.raises(ProjectEnvironmentError, match=r"[Bb]uild"):
        bench.ask(build_project=False)
    assert not (tmp_path / "ran").exists()


def test_install_none_gives_a_bare_interpreter(bench: Bench) -> None:
    bench.write(requirements__txt="not-on-this-machine==1.0\n")
    found = bench.ask(EnvironmentSettings(install="none"))
    assert (found.made, found.version) == (False, VERSION)
    assert "(install: none)" in found.how
    assert bench.runner.verbs == ["python find"]


def test_a_command_is_run_with_the_environment_active(bench: Bench) -> None:
    code = (
        "import os, pathlib, sys; pathlib.Path(sys.prefix, 'told').write_text(os.environ['VIRTUAL_ENV'] + os.getcwd())"
    )
    made = bench.ask(EnvironmentSettings(install=("python", "-c", code)))
    place = made.python.parent.parent
    assert (place / "told").read_text("utf-8") == f"{place}{bench.root}"


def test_a_command_that_fails_leaves_no_environment(bench: Bench) -> None:
    settings = EnvironmentSettings(install=("python", "-c", "raise SystemExit('no such mirror')"))
    for _ in range(2):
        with pytest.raises(ProjectEnvironmentError, match="no such mirror"):
            bench.ask(settings)


@pytest.mark.parametrize("words", [".env", ".env/bin/python"])
def test_an_environment_named_in_the_yaml_is_used(bench: Bench, words: str) -> None:
    venv.create(bench.root / ".env", symlinks=True)
    found = bench.ask(EnvironmentSettings(python=words))
    assert found.python == bench.root / ".env/bin/python"
    assert found.how == f"{words} is used, as the configuration says"


def test_a_version_named_in_the_yaml_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(ProjectEnvironmentError, match=r"python: 3\.77") as caught:
        bench.ask(EnvironmentSettings(python="3.77"))
    assert "install one that fits" in caught.value.hint


def test_two_runs_at_once_make_one(bench: Bench) -> None:
    bench.write(requirements__txt=f"demo-pkg==1.0 --hash={bench.wheel('demo_pkg')}\n")
    answers: list[ProjectEnvironment] = []
    ask: Callable[[], None] = lambda: answers.append(bench.ask())  # noqa: E731
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.python for one in answers}) == 1
    assert sorted(one.made for one in answers) == [False, False, True]


def test_a_missing_uv_is_told(bench: Bench) -> None:
    with pytest.raises(ProjectEnvironmentError, match="cannot be started"):
        bench.ask(uv=Path("/nowhere/uv"))


def test_a_build_leaves_the_tree_alone_and_its_editable_install_leads_into_it(tmp_path: Path) -> None:
    from py_secure_ci.project_environment.copying import copied, lead_back

    root, environment = tmp_path / "root", tmp_path / "env"
    (root / "src").mkdir(parents=True)
    (root / "src" / "a.py").write_text("x = 1\n")
    site = environment / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    with copied(root, ("src/a.py",), tmp_path / "copy") as copy:
        (copy / "demo.egg-info").mkdir()  # what setuptools writes beside the sources
        (site / "__editable__.demo.pth").write_text(f"{copy}/src\n")
        lead_back(environment, copy, root)
    assert (site / "__editable__.demo.pth").read_text() == f"{root}/src\n"
    assert sorted(path.name for path in root.iterdir()) == ["src"]
    assert not (tmp_path / "copy").exists()
