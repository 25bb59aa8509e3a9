"""Opening a project: its folder, its configuration, its tree."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from py_secure_ci.adapting.external.custom_tool import custom_tool
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.checking.execution import OPEN_TO_TESTS
from py_secure_ci.commands.configuration import find_config, project_root
from py_secure_ci.commands.session import Session
from py_secure_ci.config.settings import Config
from py_secure_ci.errors import SourceError, UsageError
from py_secure_ci.source.git import Git
from py_secure_ci.source.repository import Survey
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import Tree, read_tree
from py_secure_ci.tool import Tool

_PACKAGE = Path(__file__).resolve().parents[1]
_CODE = _PACKAGE.parents[1] if (_PACKAGE.parents[1] / "scripts" / "py-secure-ci").is_file() else _PACKAGE
DEFAULT_OUTPUT = "py-secure-ci-report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project, ready to be checked."""

    root: Path
    config: Config
    tree: Tree
    sources: Sources
    git: Git
    output: Path
    name: str = ""  # set where the folder's own name is not the project's, as for a merge base in a scratch folder


def ours(project: Project, session: Session) -> tuple[Path, ...]:
    """What no child may change because it is ours: what the session holds, and the report's folder."""
    return (*session.ours, *_apart(project, project.output))


def beside(project: Project) -> tuple[Path, ...]:
    """The rest of the repository that the project is in, other projects among it, and what git knows of it."""
    repository = project.tree.repository
    return _apart(project, repository.top, *repository.folders) if repository else ()


def within_reach(project: Project, session: Session) -> tuple[Path, ...]:
    """Our own code, the Python that runs it and the user's home, where all may write to the folder above."""
    home = session.environ.get("HOME", "")
    places = [_CODE, Path(sys.prefix), Path(sys.base_prefix), *([Path(home)] if home else [])]
    return _apart(
        project,
        *(one for one in places if any(open_ in Path(os.path.realpath(one)).parents for open_ in OPEN_TO_TESTS)),
    )


def _apart(project: Project, *folders: Path) -> tuple[Path, ...]:
    """Those that are there, and not closed together with the project's own folder."""
    there = (one for one in folders if os.path.isdir(one))
    return tuple(one for one in there if not Path(os.path.realpath(one)).is_relative_to(project.root))


def tools_by_name(config: Config) -> dict[str, Tool]:
    """The registry by name, and the tools and reports of the user's own."""
    return {tool.name: tool for tool in (*TOOLS, *(custom_tool(one) for one in config.custom))}


def open_project(
    path: str, config_file: str | None, output: Path | None, session: Session, ours: Iterable[Path] = ()
) -> Project:
    """Read configuration and tree. Raises UsageError, ConfigError or SourceError. `ours`: see `read_tree`."""
    root = project_root(path)
    session.distrust(root)
    git = _git(root, session)
    with ThreadPoolExecutor(1) as pool:
        survey = pool.submit(git.survey)  # git answers while the settings are read
        config = find_config(root, config_file)
        return _opened(config, root, output_folder(root, output), git, ours, survey.result)


def open_with(config: Config, root: Path, folder: Path, session: Session, ours: Iterable[Path] = ()) -> Project:
    """The same with a configuration that is known. `folder`: where the report goes. Raises SourceError."""
    return _opened(config, root, folder, _git(root, session), ours)


def _git(root: Path, session: Session) -> Git:
    return Git(root, session.run, session.environment(session.new_folder(), False))


def _opened(
    config: Config,
    root: Path,
    folder: Path,
    git: Git,
    ours: Iterable[Path],
    survey: Callable[[], Survey | None] | None = None,
) -> Project:
    try:
        tree = read_tree(root, git, config.exclude, config.file, folder, ours, survey)
    except PermissionError as error:
        raise SourceError(f"{error.filename}: cannot be read: {error.strerror}") from None
    return Project(root=root, config=config, tree=tree, sources=Sources(root, tree.files), git=git, output=folder)


def output_folder(root: Path, output: Path | None) -> Path:
    """Where the report goes. Raises UsageError if that would be the project itself, or where a link of its leads."""
    folder = (output or root / DEFAULT_OUTPUT).absolute()
    if folder == root or folder in root.parents:
        raise UsageError(
            f"--output-dir {output}: the report cannot go into the project's own folder itself",
            hint="Give it a folder of its own.",
        )
    plain = Path(os.path.normpath(folder))
    if plain.is_relative_to(root) and os.path.realpath(folder) != str(plain):
        raise UsageError(
            f"{plain.relative_to(root)}: the report's folder is reached through a symbolic link of the project",
            hint="Remove the link, or choose another folder with --output-dir.",
        )
    return folder
