"""Opening a project: its folder, its configuration, its tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from py_secure_ci.adapting.external.custom_tool import custom_tool
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.commands.session import Session
from py_secure_ci.config.load import DEFAULT_FILE, load_config
from py_secure_ci.config.settings import Config
from py_secure_ci.errors import ConfigError, SourceError, UsageError
from py_secure_ci.model import Stage
from py_secure_ci.source.git import Git
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import Tree, read_tree
from py_secure_ci.tool import Tool

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


def tools_by_name(config: Config) -> dict[str, Tool]:
    """The registry by name, and the tools and reports of the user's own."""
    return {tool.name: tool for tool in (*TOOLS, *(custom_tool(one) for one in config.custom))}


def _fitting(root: Path, pattern: str) -> tuple[str, ...]:
    """The files below `root` that a pattern of `import` fits, sorted."""
    try:
        found = sorted(path for path in root.glob(pattern) if path.is_file())
    except (ValueError, NotImplementedError, OSError):  # an absolute pattern, or one that leads out
        return ()
    return tuple(path.relative_to(root).as_posix() for path in found)


def default_tools() -> dict[Stage, tuple[str, ...]]:
    """The tools of each stage when the YAML says nothing."""
    return {stage: tuple(tool.name for tool in TOOLS if tool.stage is stage and tool.default) for stage in Stage}


def find_config(root: Path, given: str | None) -> Config:
    """The settings of a project. Raises ConfigError if a file that was asked for is missing or wrong."""
    path = Path(given) if given else root / DEFAULT_FILE
    stages = {tool.name: tool.stage for tool in TOOLS}
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if given:
            raise ConfigError(f"{given}: there is no such file", hint="Name an existing YAML file.") from None
        _refuse_near_names(root)
        raw = None
    except OSError as error:
        raise ConfigError(f"{path.name}: cannot be read: {error.strerror}") from None
    return load_config(
        raw,
        given or DEFAULT_FILE,
        stages,
        default_tools(),
        lambda pattern: _fitting(root, pattern),
        lambda path: (root / path).is_file(),
    )


def _refuse_near_names(root: Path) -> None:
    """A file under a name that looks right but is never read would be a gate that nobody configured."""
    for name in (".py-secure-ci.yaml", "py-secure-ci.yml", "py-secure-ci.yaml"):
        if (root / name).is_file():
            raise ConfigError(
                f"{name}: this file is not read", hint=f"Rename it to {DEFAULT_FILE}, or name it with --config."
            )


def project_root(path: str) -> Path:
    """The folder to check. Raises UsageError if it is none."""
    root = Path(path)
    try:
        if not root.exists():
            raise UsageError(f"{path}: there is no such folder")
        if not root.is_dir():
            raise UsageError(f"{path}: this is not a folder", hint="Name the folder that holds the project.")
        return root.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"{path}: cannot be opened: {error}") from None


def open_project(
    path: str, config_file: str | None, output: Path | None, session: Session, ours: Iterable[Path] = ()
) -> Project:
    """Read configuration and tree. Raises UsageError, ConfigError or SourceError. `ours`: see `read_tree`."""
    root = project_root(path)
    session.distrust(root)
    return open_with(find_config(root, config_file), root, output_folder(root, output), session, ours)


def open_with(config: Config, root: Path, folder: Path, session: Session, ours: Iterable[Path] = ()) -> Project:
    """The same with a configuration that is known. `folder`: where the report goes. Raises SourceError."""
    git = Git(root, session.run, session.environment(session.new_folder(), False))
    try:
        tree = read_tree(root, git, config.exclude, config.file, folder, ours)
    except PermissionError as error:
        raise SourceError(f"{error.filename}: cannot be read: {error.strerror}") from None
    return Project(root=root, config=config, tree=tree, sources=Sources(root, tree.files), git=git, output=folder)


def output_folder(root: Path, output: Path | None) -> Path:
    """Where the report goes. Raises UsageError if that would be the project itself."""
    folder = (output or root / DEFAULT_OUTPUT).absolute()
    if folder == root or folder in root.parents:
        raise UsageError(
            f"--output-dir {output}: the report cannot go into the project's own folder itself",
            hint="Give it a folder of its own.",
        )
    return folder
