"""The container image: built here on a stand-in base, then run as any user, read-only, without a network."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

NAME = "localhost/py-secure-ci:test"
BASE = "localhost/py-secure-ci-base:test"
SEEDED = {"ruff/F401", "bandit/B608", "detect-secrets/secret-keyword", "zizmor/template-injection"}
# Of the context and the notes: where it ran, on which patch release of Python, and in which sandbox.
ELSEWHERE = {"host", "branch", "repository_uri", "project", "base", "base_source", "python"}
STAGES = ("--stage", "lint", "sast", "secrets", "ci", "--offline")


@dataclass(frozen=True)
class Podman:
    """Builds and runs images with a store of its own."""

    program: str
    builder: str
    variables: dict[str, str]
    kit: Any

    def run(self, folder: Path, *words: str, options: tuple[str, ...] = ()) -> Any:
        """`podman run` with a folder mounted as the project."""
        # A mount namespace of its own: the runtime does not start where both generations of cgroups are mounted.
        script = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"'
        argv = ["unshare", "-m", "sh", "-c", script, "sh", self.program, "run", "--rm", "-v", f"{folder}:/src"]
        return self.kit.execute([*argv, *options, NAME, *words], cwd=folder, env=self.variables)

    def build(self, *words: str) -> Any:
        """One step of building."""
        return self.kit.execute([self.builder, *words], cwd=self.kit.root, env=self.variables)


@pytest.fixture(scope="session")
def podman(client: Callable[[str], str], kit: Any, tmp_path_factory: pytest.TempPathFactory) -> Podman:
    """A podman that works without a daemon, cgroups and a network of its own; the image is built."""
    base, program, builder = client("base-image"), client("podman"), client("buildah")
    client("crun")
    if os.geteuid() != 0:
        pytest.skip("missing: root, to build and run images here")
    folder = tmp_path_factory.mktemp("containers")
    store = Path(base).parent / "images"  # kept, so that the base is unpacked once
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{store}/graph"\nrunroot = "{store}/run"\n'
    )
    (folder / "registries.conf").write_text("unqualified-search-registries = []\n")
    (folder / "containers.conf").write_text(
        '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\ncgroups = "disabled"\nnetns = "host"\n'
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
    )
    names = {
        "CONTAINERS_CONF": "containers",
        "CONTAINERS_STORAGE_CONF": "storage",
        "CONTAINERS_REGISTRIES_CONF": "registries",
    }
    made = Podman(program, builder, {name: str(folder / f"{file}.conf") for name, file in names.items()}, kit)
    make_base(made, base)
    words = ("--isolation", "chroot", "--network", "host", "--layers")
    built = kit.execute(
        [str(kit.root / "scripts" / "image"), NAME, *words],
        cwd=kit.root, env={**made.variables, "BUILDER": builder, "BASE": BASE},
    )  # fmt: skip
    assert built.status == 0, built.output + built.errors
    return made


def make_base(podman: Podman, archive: str) -> None:
    """Import the stand-in for the base image, once."""
    if podman.build("inspect", "--type", "image", BASE).status == 0:
        return
    container = podman.build("from", "scratch").output.strip()
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    for words in (("add", container, archive, "/"), ("config", "--env", path, container), ("commit", container, BASE)):
        done = podman.build(*words)
        assert done.status == 0, done.errors
    podman.build("rm", container)


@pytest.fixture
def mounted(shop: Path) -> Path:
    """examples/shop as somebody's checkout: it belongs to a user that the image does not know."""
    shutil.rmtree(shop / ".venv", ignore_errors=True)
    own(shop, 4321, 4322)
    return shop


def own(folder: Path, user: int, group: int) -> None:
    """Give a tree to somebody."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, group, follow_symlinks=False)


def found(folder: Path) -> set[str]:
    """`tool/rule` of every finding that blocks, in the report that was written into the folder."""
    verdict = json.loads((folder / "py-secure-ci-report" / "report.json").read_text())["verdict"]
    blocking = set(verdict["blocking"])
    return {f"{one['tool']}/{one['rule']}" for one in verdict["findings"] if one["fingerprint"] in blocking}


def owners(folder: Path) -> set[tuple[int, int]]:
    """Who owns the report."""
    report = folder / "py-secure-ci-report"
    return {(path.stat().st_uid, path.stat().st_gid) for path in (report, *report.rglob("*"))}


def test_all_that_a_person_types(podman: Podman, mounted: Path, kit: Any) -> None:
    (line,) = [one for one in (kit.root / "README.md").read_text().splitlines() if one.startswith("docker run")]
    assert line == 'docker run --rm -v "$PWD:/src" py-secure-ci'  # the words of `Podman.run`
    done = podman.run(mounted)
    assert done.status in (1, 3), done.output + done.errors
    assert found(mounted) >= SEEDED
    assert owners(mounted) == {(4321, 4322)}


def installing() -> tuple[str, ...]:
    """Options that let the container reach a package index the way this machine does."""
    words: list[str] = []
    for name in ("SSL_CERT_FILE", "PIP_CONFIG_FILE"):
        if file := os.environ.get(name, ""):
            words += ["--volume", f"{file}:/run/{name}:ro", "--env", f"{name}=/run/{name}"]
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        words += ["--env", name] if name in os.environ else []
    return tuple(words)


def comparable(folder: Path) -> Any:
    """The report of a run, without what tells where and by which door it was made."""
    data = json.loads((folder / "py-secure-ci-report" / "report.json").read_text())
    data["report"]["context"] = {k: v for k, v in data["report"]["context"].items() if k not in ELSEWHERE}
    del data["report"]["notes"]
    return data


def test_the_image_gives_the_report_of_the_command_line(
    podman: Podman, shop: Path, tools_cache: str, kit: Any, tmp_path: Path
) -> None:
    (shop / ".gitignore").write_text("py-secure-ci-report/\n")
    kit.commit_all(shop)
    here = tmp_path / "here" / shop.name
    shutil.copytree(shop, here)
    own(shop, 4321, 4322)
    typed = kit.execute(
        [str(kit.root / "scripts" / "py-secure-ci"), "run", "--offline"],
        cwd=here, env={"PY_SECURE_CI_PYTHON": sys.executable, "PY_SECURE_CI_CACHE": tools_cache},
    )  # fmt: skip
    done = podman.run(shop, "run", "--offline", options=installing())
    assert (typed.status, done.status) == (1, 1), typed.errors + done.output + done.errors
    texts = [json.dumps(comparable(folder), indent=1, sort_keys=True).splitlines() for folder in (here, shop)]
    difference = "\n".join(difflib.unified_diff(*texts, n=6, lineterm=""))
    assert not difference, difference


def test_any_user_a_read_only_root_and_no_network(podman: Podman, mounted: Path) -> None:
    own(mounted, 7001, 7002)
    options = ("--user", "7001:7002", "--read-only", "--network", "none", "--cap-drop", "ALL")
    done = podman.run(mounted, "run", *STAGES, options=options)
    assert done.status == 1, done.output + done.errors
    assert found(mounted) == SEEDED
    assert owners(mounted) == {(7001, 7002)}


def test_a_project_of_roots(podman: Podman, mounted: Path) -> None:
    own(mounted, 0, 0)
    done = podman.run(mounted, "run", *STAGES, options=("--read-only", "--network", "none"))
    assert done.status == 1, done.output + done.errors
    assert owners(mounted) == {(0, 0)}


def test_a_folder_that_may_not_be_written_is_told(podman: Podman, mounted: Path) -> None:
    done = podman.run(mounted, "run", *STAGES, options=("--user", "7001:7002", "--network", "none"))
    assert done.status == 3, done.output + done.errors
    assert "cannot write the report" in done.errors


def test_other_words_are_the_commands_of_py_secure_ci(podman: Podman, mounted: Path) -> None:
    done = podman.run(mounted, "--version")
    assert done.output.startswith("py-secure-ci ")


def test_hadolint_has_nothing_to_say(client: Callable[[str], str], kit: Any) -> None:
    done = kit.execute([client("hadolint"), str(kit.root / "Dockerfile")], cwd=kit.root)
    assert (done.status, done.output) == (0, "")
