"""Nothing that a project holds is ever run: not its setup.py, not its build backend, not what a dependency names."""

from __future__ import annotations

from pathlib import Path

from py_secure_ci.dependencies.imports import read_imports
from py_secure_ci.dependencies.read_all import read_dependencies


def test_hostile_project_is_read_and_never_run(tmp_path: Path) -> None:
    marker = tmp_path / "MARKER"
    evil = f"open({str(marker)!r}, 'w').write('x')\n"
    files = {
        "setup.py": f"from setuptools import setup\n{evil}setup(install_requires=[{evil.strip()}])\n",
        "backend.py": evil,
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "x"\ndynamic = ["dependencies"]\n',
        "requirements.txt": "./evil\nevil @ git+file:///nowhere\n-e evil\n",
        "evil/setup.py": f"from setuptools import setup\n{evil}setup()\n",
        "environment.yml": f"dependencies:\n  - !!python/object/apply:exec [{evil.strip()!r}]\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    names = tuple(files)
    found = read_dependencies(names, lambda path: (tmp_path / path).read_text(encoding="utf-8"))
    read_imports(names, lambda path: (tmp_path / path).read_text(encoding="utf-8"))
    assert not marker.exists()
    assert not found.pins
    assert {one.file for one in found.unpinned} == {"setup.py", "pyproject.toml", "requirements.txt", "environment.yml"}
