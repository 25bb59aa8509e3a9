"""Kernel filters that need no privilege: Landlock against writing, seccomp against the network.

https://docs.kernel.org/userspace-api/landlock.html, https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import stat
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from py_secure_ci.running import linux

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_WRITE_FILE, _MAKE_BLOCK, _REFER, _TRUNCATE = 1 << 1, 1 << 11, 1 << 13, 1 << 14
_CHANGE_FOLDER = sum(1 << bit for bit in range(4, 13))
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2

# What programs write to without changing anybody's files.
_ALWAYS_WRITABLE = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx")
_ALWAYS_WRITABLE_FOLDERS = ("/dev/pts", "/dev/shm", "/proc")  # noqa: S108

# machine: (AUDIT_ARCH_*, number of socket(2))
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_IO_URING_SETUP = 425
_X32 = 0x40000000  # on x86_64 the x32 calls would be a way around
_AF_UNIX, _AF_NETLINK = 1, 16
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06


def landlock_version() -> int:
    """The version of Landlock that this kernel speaks; 0 for none."""
    try:
        return linux.syscall(_CREATE_RULESET, 0, 0, 1)
    except OSError:
        return 0


def can_filter_network() -> bool:
    """Whether `forbid_network` knows this machine (the kernel itself is asked by a trial)."""
    return platform.machine() in _MACHINES and ctypes.sizeof(ctypes.c_void_p) == 8


def confine_writes(readonly: Sequence[str], writable: Iterable[str]) -> None:
    """Let this process and its descendants change nothing in `readonly` but what is in `writable`; for good.

    Of two that name a place the inner one counts.
    Whatever is asked, processes outside can no longer be traced, nor their environment read. Raises OSError.
    """
    version = landlock_version()
    # Moving files from folder to folder is refused unless it is handled and allowed; installers do it all the time.
    refer = _REFER if version >= 2 else 0
    handled = _handled(version) if readonly else _MAKE_BLOCK | refer
    scoped = _SCOPE_SIGNALS | _SCOPE_ABSTRACT_SOCKETS if version >= 6 else 0
    size = 24 if version >= 6 else 8
    attributes = ctypes.create_string_buffer(struct.pack("=QQQ", handled, 0, scoped), 24)
    rules = linux.syscall(_CREATE_RULESET, attributes, size, 0)
    if readonly:
        opened = [path for tree in writable for path in inside(tree, readonly)]
        for path in (*_ALWAYS_WRITABLE, *_ALWAYS_WRITABLE_FOLDERS, *opened, *around(readonly)):
            _allow(rules, path, handled)
    elif refer:
        _allow(rules, "/", refer)
    linux.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def inside(tree: str, closed: Sequence[str]) -> Iterator[str]:
    """The tree itself, or, where some of `closed` lie in it, everything in it that is not in these."""
    below = [path for path in closed if Path(tree) in Path(path).parents]
    yield from around(below, Path(tree)) if below else (tree,)


def around(trees: Sequence[str], top: Path = Path("/")) -> Iterator[str]:
    """Everything below `top` that is not in `trees`: the entries beside each of them and beside their parents.

    Symbolic links are left out: what they lead to is named by its own path.
    """
    closed = {Path(tree) for tree in trees}
    parents = {parent for tree in closed for parent in tree.parents if top in (parent, *parent.parents)} - closed
    for parent in sorted(parents):
        if closed & set(parent.parents):
            continue
        with os.scandir(parent) as entries:
            for entry in entries:
                path = Path(entry.path)
                if path not in parents and path not in closed and not entry.is_symlink():
                    yield entry.path


def forbid_network() -> None:
    """Let this process and its descendants open no socket but local ones; for good. Raises OSError."""
    architecture, socket_call = _MACHINES[platform.machine()]
    refuse_family, refuse = _ERRNO | errno.EAFNOSUPPORT, _ERRNO | errno.EPERM
    program = (
        (_LOAD, 0, 0, 4),  # the architecture of the call
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_LOAD, 0, 0, 0),  # its number
        (_AT_LEAST, 7, 0, _X32),
        (_EQUAL, 6, 0, _IO_URING_SETUP),  # makes sockets as well
        (_EQUAL, 0, 3, socket_call),
        (_LOAD, 0, 0, 16),  # the first argument: the address family
        (_EQUAL, 1, 0, _AF_UNIX),
        (_EQUAL, 0, 1, _AF_NETLINK),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, refuse_family),
        (_RETURN, 0, 0, refuse),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), linux.address(code)))
    linux.prctl(linux.PR_SET_SECCOMP, 2, linux.address(header))


def _handled(version: int) -> int:
    extra = (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    return _WRITE_FILE | _CHANGE_FOLDER | extra


def _allow(rules: int, path: str, access: int) -> None:
    if sys.platform != "linux":
        return
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return  # not there, so there is nothing to allow
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            access &= _WRITE_FILE | _TRUNCATE
        beneath = ctypes.create_string_buffer(struct.pack("=Qi", access, handle), 12)
        linux.syscall(_ADD_RULE, rules, _PATH_BENEATH, beneath, 0)
    finally:
        os.close(handle)
