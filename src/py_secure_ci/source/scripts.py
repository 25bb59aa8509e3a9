"""Which files are Python programs although their names do not say so: by their first line, as systems start them."""

from __future__ import annotations

import posixpath
import re

# Tools know these by their names; a notebook's first line is no program's.
_KNOWN = frozenset({".py", ".pyi", ".pyw", ".ipynb"})
_NAMES = frozenset({"SConstruct", "SConscript", "wscript"})
_ENDINGS = frozenset({".wsgi"})
# A program yet to be made: no parser can read it.
_TEMPLATES = frozenset({".in", ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".mako", ".erb"})
_INTERPRETER = re.compile(r"(?:i?python|pypy)[0-9.]*w?(?:\.exe)?")
_RUNNERS = frozenset({"uv", "pipx"})  # `uv run --script`
# A shell that hands the same file on to Python, which takes that line for a string.
_HANDED_ON = re.compile(rb"#![^\n]*sh[ \t\r]*\n['\"][^\n]*exec[^\n]*python")


def is_script(path: str, head: bytes) -> bool:
    """Whether a file of this name that begins like this is a Python program that no tool would take for one."""
    name = posixpath.basename(path)
    ending = posixpath.splitext(name)[1].lower()
    if ending in _KNOWN or ending in _TEMPLATES:
        return False
    return name in _NAMES or ending in _ENDINGS or _started_by_python(head)


def is_template(path: str, head: bytes) -> bool:
    """Whether a file is a template that Python programs are made from."""
    return posixpath.splitext(path)[1].lower() in _TEMPLATES and _started_by_python(head)


def told_of(templates: list[str]) -> tuple[str, ...]:
    """A note on templates; none without any."""
    if not templates:
        return ()
    shown = ", ".join(sorted(templates)[:5]) + (f" and {len(templates) - 5} more" if len(templates) > 5 else "")
    return (f"templates of Python programs, in which no tool looks for security defects: {shown}",)


def _started_by_python(head: bytes) -> bool:
    if not head.startswith(b"#!"):
        return False
    words = head.partition(b"\n")[0][2:].decode("utf-8", "replace").split()
    program = posixpath.basename(words[0]) if words else ""
    if program == "env":
        rest = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        program = posixpath.basename(rest[0]) if rest else ""
    return bool(
        _INTERPRETER.fullmatch(program)
        or (program in _RUNNERS and "run" in words)
        or _HANDED_ON.match(head) is not None
    )
