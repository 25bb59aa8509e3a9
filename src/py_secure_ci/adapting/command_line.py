"""A command line as one line of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from py_secure_ci.adapting.python_syntax import syntax_command
from py_secure_ci.adapting.selection import argument
from py_secure_ci.tool import Command, Task

Text: TypeAlias = "str | Callable[[Task], str]"


def command_line(
    words: str,
    *,
    inputs: Mapping[str, Text] | None = None,
    env: Mapping[str, str] | None = None,
    clean: Iterable[int] = (0,),
    found: Iterable[int] = (1,),
    config: Callable[[Task], str] = lambda _task: "",
    syntax: bool = False,
) -> Callable[[Task], tuple[Command, ...]]:
    """For `Tool.commands`: words between blanks, in which a place in braces stands for what is known of the task.

    `{scratch}` and `{root}` are folders; `{python}` is the project's interpreter, `{config}` what `config` makes of the
    task: a word with one of these is left out where there is none.
    `{args}`, `{files}` and `{planted}` are a word of their own each, and as many as there are. `inputs` may be made of
    the task. `syntax`: beside it every due file is parsed.
    """

    def commands(task: Task) -> tuple[Command, ...]:
        lists = {
            "{args}": task.options.args,
            "{files}": tuple(argument(file) for file in task.files),
            "{planted}": task.canaries,
        }
        places = {"{config}": said} if (said := config(task)) else {}
        places |= {"{python}": task.python.as_posix()} if task.python else {}
        places |= {"{scratch}": task.scratch.as_posix(), "{root}": task.root.as_posix()}
        main = Command(
            argv=tuple(one for word in words.split(" ") for one in lists.get(word, _filled(word, places))),
            inputs={name: text if isinstance(text, str) else text(task) for name, text in (inputs or {}).items()},
            env={name: "".join(_filled(value, places)) for name, value in (env or {}).items()},
            clean=frozenset(clean),
            found=frozenset(found),
        )
        return (main, syntax_command(task)) if syntax else (main,)

    return commands


def _filled(word: str, places: Mapping[str, str]) -> tuple[str, ...]:
    for place, text in places.items():
        word = word.replace(place, text)
    return () if "{python}" in word or "{config}" in word else (word,)
