"""The quick way into a private environment: names it, sees whether it is ready, and becomes its Python.

Read on every start of py-secure-ci, before anything is known to be installed: it imports as little as it can, and
leaves all making to `_make`, which is read only when there is something to make.
"""

from __future__ import annotations

import hashlib
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PACKAGE = os.path.join(ROOT, "src", "py_secure_ci")
LOCKS = os.path.join(PACKAGE, "locks")
MARKER = "made-whole.txt"  # written last; holds the path of the file to find in an environment that is whole
LAYOUT = "1"  # raise it when `_make` makes environments differently
FAILED = 3  # the exit status of everything that keeps py-secure-ci from starting


def cache_folder() -> str:
    """Where private environments live; empty when nothing says where this user's caches are.

    The same rules as `cache_folder` in `src/py_secure_ci/toolchain/places.py`.
    """
    said = os.environ.get("PY_SECURE_CI_CACHE", "")
    if said:
        return os.path.abspath(said)
    if os.name == "nt":
        local = os.environ.get("LOCALAPPDATA", "")
        return os.path.join(local, "py-secure-ci", "Cache") if local else ""
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(xdg):
        return os.path.join(xdg, "py-secure-ci")
    home = os.environ.get("HOME", "") or _home_of_user()
    if not os.path.isabs(home):
        return ""
    return os.path.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache", "py-secure-ci")


def _home_of_user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a container's user that no passwd file names
        return ""


def interpreter() -> str:
    """What an environment depends on besides its contents: this very Python, on this kind of machine."""
    machine = os.uname().machine if hasattr(os, "uname") else ""
    multiarch = getattr(sys.implementation, "_multiarch", "")
    return "\n".join((sys.version, sys.implementation.name, sys.platform, machine, multiarch, sys.base_prefix))


def digest(*paths: str, also: str = "") -> str:
    """Sha256 (hex) over the interpreter, `also`, and the names and bytes of files and of all files of folders."""
    total = hashlib.sha256("\0".join((LAYOUT, interpreter(), also)).encode("utf-8", "surrogateescape"))
    for path in paths:
        for name in [path] if os.path.isfile(path) else _files(path):
            with open(name, "rb") as file:
                content = file.read()
            heading = "\0%s\0%d\0" % (os.path.relpath(name, ROOT), len(content))
            total.update(heading.encode("utf-8", "surrogateescape"))
            total.update(content)
    return total.hexdigest()


def _files(folder: str) -> list[str]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [os.path.join(parent, name) for name in names if not name.endswith(".pyc")]
    return sorted(found)


def python_of(environment: str) -> str:
    """The interpreter of an environment."""
    if os.name == "nt":
        return os.path.join(environment, "Scripts", "python.exe")
    return os.path.join(environment, "bin", "python")


def ready(environment: str) -> bool:
    """Whether an environment was made to the end and still holds what it must."""
    marker = os.path.join(environment, MARKER)
    try:
        with open(marker, encoding="utf-8") as file:
            proof = file.read()
    except OSError:
        return False
    try:  # noqa: SIM105 -- contextlib costs a millisecond of every start
        os.utime(marker)  # tells environments in use from those that may be cleared away
    except OSError:
        pass  # a cache that was filled beforehand and is read-only now is fine
    return bool(proof) and os.path.exists(os.path.join(environment, proof)) and os.path.exists(python_of(environment))


def environment(name: str, key: str) -> str:
    """Folder of a private environment; ends the process when no cache folder is known."""
    cache = cache_folder()
    if not cache:
        sys.stderr.write(
            "py-secure-ci: does not know where to keep its private environment: HOME is not set.\n"
            "  Set PY_SECURE_CI_CACHE to a folder that can be written.\n"
        )
        sys.exit(FAILED)
    return os.path.join(cache, "environments", "%s-%s" % (name, key[:32]))


def become(environment: str, words: list[str]) -> int:
    """Run the environment's Python with `words` in place of this process; on Windows wait for it, give its status."""
    argv = [python_of(environment), *words]
    if os.name != "nt":
        os.execv(argv[0], argv)
    import subprocess

    child = subprocess.Popen(argv)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the child got it too and ends by itself


def product(arguments: list[str]) -> int:
    """Run py-secure-ci with `arguments`; makes its environment first if need be."""
    try:
        key = digest(PACKAGE, os.path.join(ROOT, "pyproject.toml"))
    except OSError as error:
        sys.stderr.write("py-secure-ci: cannot read its own files: %s\n  Is the checkout whole?\n" % error)
        return FAILED
    where = environment("py-secure-ci", key)
    if not ready(where):
        import _make

        _make.make(where, _make.PRODUCT)
    try:
        return become(where, ["-I", "-X", "utf8", "-m", "py_secure_ci", *arguments])
    except OSError as error:
        sys.stderr.write("py-secure-ci: cannot start %s: %s\n" % (python_of(where), error))
        sys.stderr.write("  Remove the folder %s, or set PY_SECURE_CI_CACHE to another place.\n" % where)
        return FAILED
