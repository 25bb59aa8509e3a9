"""What protects us from the children on this machine, and what does not, in words for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How children are kept apart; the first that the machine allows is used."""

    NAMESPACES = "namespaces"  # own processes, own network, read-only mounts
    FILTERS = "filters"  # Landlock and seccomp: no writing, no sockets
    PLAIN = "plain"  # a process of its own session, nothing more


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What is in force. `why` says in a sentence what is not and for what reason; empty if nothing is missing."""

    level: Level
    no_network: bool  # a child without `network` reaches nothing, not even this machine's loopback
    readonly: bool  # a child cannot change what `readonly` names
    processes: bool  # a child sees and signals no process but its own descendants
    own_loopback: bool  # a child without `network` can still talk to itself over 127.0.0.1
    why: str = ""


def describe(abilities: Mapping[str, object], level: Level) -> Sandbox:
    """The sandbox at `level`, given what the launcher found out."""
    if level is Level.NAMESPACES:
        return Sandbox(level=level, no_network=True, readonly=True, processes=True, own_loopback=True)
    filtered = level is Level.FILTERS
    no_network = filtered and bool(abilities.get("seccomp"))
    readonly = filtered and bool(abilities.get("landlock"))
    missing = [
        *(() if no_network else ("the network cannot be cut off",)),
        *(() if readonly else ("the tree is not read-only: changes are noticed afterwards",)),
        "programs see the names and command lines of other processes (not their environment)"
        if filtered
        else "programs may look into and signal other processes of the same user, though not into py-secure-ci itself",
    ]
    cause = abilities.get("why") or "asked to do without"
    why = f"Namespaces are not available here ({cause}): {'; '.join(missing)}."
    return Sandbox(
        level=level, no_network=no_network, readonly=readonly, processes=False, own_loopback=not no_network, why=why
    )


def strongest(abilities: Mapping[str, object]) -> Level:
    """The best level that this machine allows."""
    if abilities.get("namespaces"):
        return Level.NAMESPACES
    return Level.FILTERS if abilities.get("landlock") or abilities.get("seccomp") else Level.PLAIN
