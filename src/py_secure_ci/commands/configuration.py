"""Where a project is, and what its YAML says; loads little, so that `doctor` and `init` are quick."""

from __future__ import annotations

import os
from pathlib import Path

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.config.load import DEFAULT_FILE, load_config
from py_secure_ci.config.settings import Config
from py_secure_ci.errors import ConfigError, UsageError
from py_secure_ci.model import Stage

MAX_SETTINGS = 4 * 1024 * 1024  # bytes


def project_root(path: str) -> Path:
    """The folder to check. Raises UsageError if it is none."""
    root = Path(path)
    try:
        if not root.exists():
            raise UsageError(f"{path}: there is no such folder")
        if not root.is_dir():
            raise UsageError(f"{path}: this is not a folder", hint="Name the folder that holds the project.")
        return Path(os.path.realpath(root, strict=True))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be opened: {error}") from None


def find_config(root: Path, given: str | None) -> Config:
    """The settings of a project. Raises ConfigError if a file that was asked for is missing or wrong."""
    path = Path(given) if given else root / DEFAULT_FILE
    stages = {tool.name: tool.stage for tool in TOOLS}
    try:
        raw = _settings(path, None if given else root)
    except FileNotFoundError:
        if given:
            raise ConfigError(f"{given}: there is no such file", hint="Name an existing YAML file.") from None
        if os.path.lexists(path):
            raise ConfigError(f"{path.name}: this link leads nowhere", hint="Remove it, or mend it.") from None
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
        lambda path: os.path.isfile(root / path),
        {tool.name: tool.options for tool in TOOLS},
    )


def default_tools() -> dict[Stage, tuple[str, ...]]:
    """The tools of each stage when the YAML says nothing."""
    return {stage: tuple(tool.name for tool in TOOLS if tool.stage is stage and tool.default) for stage in Stage}


def _fitting(root: Path, pattern: str) -> tuple[str, ...]:
    """The files below `root` that a pattern of `import` fits, sorted."""
    try:
        found = sorted(path for path in root.glob(pattern) if os.path.isfile(path))
    except (ValueError, NotImplementedError, OSError):  # an absolute pattern, or one that leads out
        return ()
    return tuple(path.relative_to(root).as_posix() for path in found)


def _settings(path: Path, root: Path | None) -> bytes:
    """The bytes of a YAML file. One that nobody named is the repository's, and may lead nowhere else."""
    if root is not None and not Path(os.path.realpath(path, strict=True)).is_relative_to(os.path.realpath(root)):
        raise ConfigError(
            f"{path.name}: this is a symbolic link out of the project", hint="Name that file with --config, or move it."
        )
    with path.open("rb") as stream:
        raw = stream.read(MAX_SETTINGS + 1)
    if len(raw) > MAX_SETTINGS:
        raise ConfigError(f"{path.name}: more than {MAX_SETTINGS:,} bytes are not read as settings")
    return raw


def _refuse_near_names(root: Path) -> None:
    """A file under a name that looks right but is never read would be a gate that nobody configured."""
    for name in (".py-secure-ci.yaml", "py-secure-ci.yml", "py-secure-ci.yaml"):
        if os.path.lexists(root / name):
            raise ConfigError(
                f"{name}: this file is not read", hint=f"Rename it to {DEFAULT_FILE}, or name it with --config."
            )
