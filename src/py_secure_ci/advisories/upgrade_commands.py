"""The command that lifts one pin with the tool that wrote it, tried with the real uv, Poetry, PDM and pip-tools."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from py_secure_ci.pins import Constraint, Pin


@dataclass(frozen=True, slots=True)
class Change:
    """What has to move: `pin` up to `version`.

    `widen`: the constraint that stands in the way; `root`: the one that brings the package in; `compiled_by`: the
    command that a compiled file names at its top; `source`: the file that it was made from.
    """

    pin: Pin
    version: str
    manager: str
    widen: Constraint | None = None
    root: Constraint | None = None
    compiled_by: tuple[str, ...] = ()
    source: str = ""

    @property
    def at_least(self) -> str:
        """The requirement, quoted for a shell. A bare name may be lifted to a version that is still vulnerable."""
        return shlex.quote(f"{self.pin.name}>={self.version}")

    @property
    def chain(self) -> str:
        """The package behind everything that asks for it: what asks may hold it back, and is quietly obeyed."""
        return " ".join(self.pin.via) if self.pin.via[-1:] == (self.pin.name,) else self.pin.name


def command(change: Change) -> str:
    """One line for a shell at the project's root, or words on what to write where."""
    if change.widen is not None and change.manager in _WIDEN and change.widen.groups != ("build-system",):
        where = change.widen.file if change.manager in _BESIDE_THE_LOCK else ""
        return _in_folder(where, _WIDEN[change.manager](change, change.widen))
    if change.manager not in _UPGRADE or (change.widen is not None and change.widen.file == change.pin.file):
        return _edit(change)
    done = _UPGRADE[change.manager](change)
    where = change.pin.file if change.manager in _BESIDE_THE_LOCK else ""
    return _first_allow(change, _in_folder(where, done))


def _in_folder(file: str, text: str) -> str:
    folder = file.rpartition("/")[0]
    return f"cd {shlex.quote(folder)} && {text}" if folder else text


def _first_allow(change: Change, text: str) -> str:
    if change.widen is None:
        return text
    return f"allow {change.pin.name}>={change.version} in {change.widen.file}:{change.widen.line}, then {text}"


def _edit(change: Change) -> str:
    pin = change.pin
    hashes = ", with its new hashes," if pin.hashes else ""
    text = f"write {pin.name}=={change.version}{hashes} in {pin.file}:{pin.line}"
    if change.widen is None or (change.widen.file, change.widen.line) == (pin.file, pin.line):
        return text
    return f"{text}, and allow it in {change.widen.file}:{change.widen.line}"


def _option(one: Constraint | None, group: str, extra: str) -> str:
    if one is None or not one.groups:
        return ""
    return f" {extra if one.extra else group} {shlex.quote(one.groups[0])}"


def _script(change: Change) -> str:
    return shlex.quote(change.pin.file.removesuffix(".lock"))


def _compile(change: Change) -> str:
    """The command that the file names, as it was given; without one, what can be told from the file."""
    upgrades = f"-P {change.at_least}"
    if change.manager == "pip-tools":  # holds every other pin fast, and says that nothing fits
        upgrades = " ".join([*(f"-P {name}" for name in change.pin.via[:-1]), upgrades])
    if change.compiled_by:
        folder, *words = change.compiled_by
        return _in_folder(f"{folder}/" if folder else "", f"{shlex.join(words)} {upgrades}")
    words = ["pip-compile"] if change.manager == "pip-tools" else ["uv", "pip", "compile"]
    words += ["--generate-hashes"] if change.pin.hashes else []
    words += ["-o", change.pin.file, *([change.source] if change.source else [])]
    return f"{shlex.join(words)} {upgrades}"


_BESIDE_THE_LOCK = frozenset({"uv", "poetry", "pdm", "pipenv"})
_UPGRADE: dict[str, Callable[[Change], str]] = {
    "uv": lambda one: f"uv lock --upgrade-package {one.at_least}",
    "script": lambda one: f"uv lock --script {_script(one)} --upgrade-package {one.at_least}",
    "poetry": lambda one: f"poetry update --lock {one.chain}",
    "pdm": lambda one: f"pdm update --no-sync{_option(one.root if one.pin.groups else None, '-dG', '-G')} {one.chain}",
    "pipenv": lambda one: f"pipenv upgrade{' --dev' if one.pin.groups else ''} {one.at_least}",
    "pylock": lambda one: f"lock again with {one.at_least}, and write {shlex.quote(one.pin.file)} anew",
    "pip-tools": _compile,
    "uv-pip": _compile,
}
# Where the manifest's own constraint stands in the way, the manager has to widen it. None of these installs anything.
_WIDEN: dict[str, Callable[[Change, Constraint], str]] = {
    "uv": lambda one, at: f"uv add --no-sync{_option(at, '--group', '--optional')} {one.at_least}",
    "script": lambda one, _: f"uv add --script {_script(one)} {one.at_least}",
    "poetry": lambda one, at: f"poetry add --lock{_option(at, '--group', '--optional')} {one.at_least}",
    "pdm": lambda one, at: f"pdm add --no-sync{_option(at, '-dG', '-G')} {one.at_least}",
    "pipenv": lambda one, at: f"pipenv upgrade{' --dev' if at.groups else ''} {one.at_least}",
}
