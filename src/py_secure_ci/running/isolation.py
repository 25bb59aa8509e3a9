"""Namespaces: a child that sees no other process, no network and a tree that it cannot change (man 7 namespaces)."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from py_secure_ci.running import linux

# What a child that runs as root keeps; the rest (mounting, tracing, raw devices, …) would undo the isolation.
_KEPT_CAPABILITIES = frozenset(
    {0, 1, 3, 4, 5, 6, 7, 10, 18}
)  # chown … setuid, bind service, chroot: man 7 capabilities
_SIOCSIFFLAGS, _IFF_UP_RUNNING = 0x8914, 0x41
# Talking to one of these is as good as root on the host. Read-only mounts do not stop a connection.
_DOORS = ("/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock", "/run/systemd/private")


def enter(*, user: bool, network: bool) -> None:
    """Leave the parent's namespaces (the next fork is process 1 of the new ones). Raises OSError.

    `user`: through a user namespace, for whom is not allowed otherwise; the child keeps its own user id.
    """
    flags = linux.CLONE_NEWPID | linux.CLONE_NEWNS | linux.CLONE_NEWIPC | (0 if network else linux.CLONE_NEWNET)
    uid, gid = os.geteuid(), os.getegid()
    linux.unshare(flags | (linux.CLONE_NEWUSER if user else 0))
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def furnish(*, network: bool, readonly: Iterable[str], writable: Iterable[str]) -> None:
    """From process 1: mount a /proc of our own and close the trees; of two that name a place the inner one counts.

    Raises OSError.
    """
    linux.mount("", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    closed = dict.fromkeys(readonly, True)
    words = closed | {path: False for path in writable if closed}
    for path in sorted(words, key=lambda path: len(Path(path).parts)):
        if not Path(path).exists():
            continue
        if path != "/":
            linux.mount(path, path, flags=linux.MS_BIND | linux.MS_REC)
        linux.set_readonly(path, readonly=words[path])
    linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    if Path("/dev/shm").is_dir():  # noqa: S108
        linux.mount("tmpfs", "/dev/shm", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=1777")  # noqa: S108
    for door in _DOORS:
        if Path(door).exists():
            linux.mount("/dev/null", door, flags=linux.MS_BIND)
    if not network:
        _loopback_up()


def drop_privileges() -> None:
    """Give up, for this process and all that it starts, what could undo the isolation. Raises OSError."""
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        if capability not in _KEPT_CAPABILITIES:
            try:
                linux.prctl(linux.PR_CAPBSET_DROP, capability)
            except OSError:
                break  # past the last capability that the kernel knows, or not allowed (then there is none to drop)


def _loopback_up() -> None:
    """The new network has a loopback of its own, but it is down: programs that talk to themselves need it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING))
