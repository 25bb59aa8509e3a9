"""The projects of one repository: each file belongs to exactly one of them, and the root project has the rest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from py_secure_ci.commands.configuration import find_config
from py_secure_ci.commands.inside import inside
from py_secure_ci.commands.project import Project, open_with
from py_secure_ci.commands.session import Session
from py_secure_ci.config.load import DEFAULT_FILE
from py_secure_ci.config.settings import Config, ProjectEntry
from py_secure_ci.errors import ConfigError
from py_secure_ci.source.tree import Tree, without


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A project and where it is. `folder`: below the root project, POSIX; empty: the root project itself."""

    folder: str
    project: Project


def members_of(root: Project, session: Session, ours: Iterable[Path] = ()) -> tuple[Member, ...]:
    """The root project, then the others by folder. Raises ConfigError (`file:line: key`) for entries that cannot be."""
    found = _folders(root)
    if not found:
        return (Member(folder="", project=root),)
    tree = without(root.tree, found)
    members = [Member(folder="", project=replace(root, tree=tree))]
    ours = tuple(ours)
    for folder, entry in sorted(found.items()):
        place = root.root.joinpath(*folder.split("/"))
        config = _config(place, folder, entry, root.config)
        project = open_with(config, place, root.output, session, ours)
        inner = [one.removeprefix(f"{folder}/") for one in found if one.startswith(f"{folder}/")]
        members.append(Member(folder=folder, project=replace(project, tree=without(project.tree, inner))))
    return tuple(members)


def config_in(root: Path, config: Config, folder: str) -> Config:
    """The settings of one of the projects that the root's settings name. Raises ConfigError if they do not name it."""
    if folder in ("", "."):
        return config
    place = inside(root, folder)
    for entry in config.projects if place else ():
        if place and _fits(folder, _pattern(entry)):
            return _config(place, folder, entry, config)
    raise ConfigError(f"{config.file or DEFAULT_FILE}: there is no project {folder}")


def _folders(root: Project) -> dict[str, ProjectEntry]:
    """Every folder that is a project of its own, with the entry that says so."""
    there = _folders_with_files(root.tree)
    found: dict[str, ProjectEntry] = {}
    for entry in root.config.projects:
        pattern = _pattern(entry)
        fitting = [folder for folder in there if _fits(folder, pattern)]
        if not fitting:
            raise ConfigError(
                f"{entry.place}: no folder with files of the repository fits {entry.pattern!r}",
                hint="Correct the path, or take the entry away. Ignored and excluded files do not count.",
            )
        for folder in fitting:
            if folder in found:
                raise ConfigError(
                    f"{entry.place}: {folder} is a project already ({found[folder].place})",
                    hint="Let one entry name it; a folder inside another project's is fine.",
                )
            _refuse_outside(root.root, folder, entry)
            found[folder] = entry
    return found


def _pattern(entry: ProjectEntry) -> tuple[str, ...]:
    path = PurePosixPath(entry.pattern.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or entry.pattern[1:2] == ":":
        raise ConfigError(
            f"{entry.place}: {entry.pattern!r} leads out of the repository", hint="Name a folder below this file."
        )
    if not path.parts:
        raise ConfigError(
            f"{entry.place}: {entry.pattern!r} is the root project, which is always there", hint="Take the entry away."
        )
    if "**" in path.parts:
        raise ConfigError(
            f"{entry.place}: `**` fits folders inside folders that fit", hint="Write one pattern for each depth."
        )
    return path.parts


def _fits(folder: str, pattern: tuple[str, ...]) -> bool:
    parts = folder.split("/")
    return len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern))


def _folders_with_files(tree: Tree) -> list[str]:
    folders: set[str] = set()
    for path in tree.files:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return sorted(folders)


def _refuse_outside(root: Path, folder: str, entry: ProjectEntry) -> None:
    if inside(root, folder) is None:
        raise ConfigError(
            f"{entry.place}: {folder} is reached through a symbolic link", hint="Name the folder that it leads to."
        )


def _config(place: Path, folder: str, entry: ProjectEntry, root: Config) -> Config:
    """The project's own file alone, or the root's with what is said for it there."""
    if os.path.isfile(place / DEFAULT_FILE):
        if entry.own:
            raise ConfigError(
                f"{entry.place}: {folder} has a {DEFAULT_FILE} of its own, so that nothing can be said for it here",
                hint="Move the settings into that file, or remove it.",
            )
        config = find_config(place, None)
        if config.projects:
            raise ConfigError(
                f"{folder}/{config.projects[0].place}: only the repository's root names projects",
                hint=f"Name them in {root.file}.",
            )
        return config
    above = "../" * len(folder.split("/"))
    digest = hashlib.sha256(f"{root.digest}\0{folder}".encode("utf-8", "surrogatepass")).hexdigest()
    return replace(entry.config, file=above + root.file, digest=digest)
