"""scripts/release: distributions that come out the same every time, the component, the changelog check."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest


def release(checkout: Path, kit: Any, *words: str, **variables: str) -> Any:
    """Run the script of a checkout."""
    return kit.execute([str(checkout / "scripts" / "release"), *words], cwd=checkout, env=variables)


@pytest.mark.slow
@pytest.mark.network
def test_a_release_is_whole_and_can_be_made_again(tmp_path: Path, tools_cache: str, kit: Any) -> None:
    cache = {"PY_SECURE_CI_CACHE": tools_cache}
    first = release(kit.root, kit, "build", str(tmp_path / "one"), **cache)
    assert first.status == 0, first.output + first.errors
    again = release(kit.root, kit, "build", str(tmp_path / "two"), TZ="Asia/Tokyo", **cache)
    assert again.output == first.output
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {
        "SHA256SUMS",
        "py-secure-ci.cdx.json",
        *(name for name in names if name.startswith("py_secure_ci-")),
    }
    assert len(names) == 4
    for line in (tmp_path / "one" / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "one" / name).read_bytes()).hexdigest() == digest
    (wheel,) = (tmp_path / "one").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        stamp = json.loads(archive.read("py_secure_ci/data/release.json"))
        assert "py_secure_ci/data/init/github.yml" in archive.namelist()
        assert "py_secure_ci/locks/py-secure-ci.lock" in archive.namelist()
    assert stamp["commit"] == kit.git(kit.root, "rev-parse", "HEAD")
    components = json.loads((tmp_path / "one" / "py-secure-ci.cdx.json").read_text())["components"]
    assert {"pyyaml", "jsonschema", "uv"} <= {component["name"].lower() for component in components}


@pytest.mark.parametrize(
    ("text", "tag", "status"),
    [
        ("# Changes\n\n## 0.1.0 - 2026-01-02\n\n- Something.\n\n## 0.0.9 - 2025-01-02\n\n- Other.\n", "v0.1.0", 0),
        ("# Changes\n\n## 0.1.0 - 2026-01-02\n\n- Something.\n", "v0.2.0", 1),
        ("# Changes\n\n## 0.1.0 - 2026-01-02\n\n\n## 0.0.9 - 2025-01-02\n\n- Other.\n", "v0.1.0", 1),
        ("# Changes\n\n## Not released yet\n\n- Something.\n", "v0.1.0", 1),
    ],
    ids=["told", "another tag", "nothing told", "not released"],
)
def test_the_changelog_must_tell_of_the_version(tmp_path: Path, kit: Any, text: str, tag: str, status: int) -> None:
    for name in (
        "scripts/release",
        "scripts/_development.py",
        "scripts/_start.py",
        "scripts/_make.py",
        "scripts/_pip.py",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((kit.root / name).read_bytes())
    (tmp_path / "scripts" / "release").chmod(0o755)
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.1.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(text)
    done = release(tmp_path, kit, "changelog", tag)
    assert done.status == status, done.errors
    assert done.output == ("- Something.\n" if status == 0 else "")


def test_the_component_is_laid_out_as_gitlab_wants_it(tmp_path: Path, kit: Any) -> None:
    done = release(kit.root, kit, "component", str(tmp_path / "component"))
    assert done.status == 0, done.errors
    made = {path.relative_to(tmp_path / "component").as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert made == {"templates/py-secure-ci.yml", "README.md", "LICENSE"}


@pytest.mark.slow
@pytest.mark.network
def test_the_hooks_run_under_pre_commit(published: Path, shop: Path, kit: Any, client: Any, tmp_path: Path) -> None:
    (shop / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {published}\n  rev: v1\n  hooks:\n  - id: py-secure-ci\n"
    )
    kit.commit_all(shop)
    (shop / "shop" / "new.py").write_text(
        "import subprocess\n\n\ndef run(word):\n    subprocess.run(word, shell=True)\n"
    )
    kit.git(shop, "add", "--all")
    done = kit.execute(
        [client("pre-commit"), "run"], cwd=shop, env={"PRE_COMMIT_HOME": str(tmp_path / "home")}, seconds=300
    )
    assert done.status == 1, done.output + done.errors
    assert "bandit/B602" in done.output
    assert "hook id: py-secure-ci" in done.output
