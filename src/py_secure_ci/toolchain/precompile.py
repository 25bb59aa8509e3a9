"""Run by a new environment's own Python: byte code for what a tool loads whenever it starts.

Children may not write to the toolchain, so that without this every start would compile the same modules again. Its
argument is the name of the tool's distribution. What cannot be compiled or loaded is left as it is: that costs time.
"""

from __future__ import annotations

import py_compile
import sys
from contextlib import suppress
from importlib import import_module
from importlib.metadata import Distribution, distribution
from pathlib import Path


def main(name: str) -> None:
    """Compile the distribution's own modules, and load those that its entry points name with all that they load."""
    tool = distribution(name)
    for source in _sources(tool):
        with suppress(OSError, py_compile.PyCompileError):
            py_compile.compile(str(source), doraise=True)
    for module in sorted({entry.module for entry in tool.entry_points}):
        with suppress(Exception, SystemExit):  # another program's module, which may do what it likes
            import_module(module)


def _sources(tool: Distribution) -> list[Path]:
    files = [Path(str(tool.locate_file(one))) for one in tool.files or ()]
    native = {(one.parent, one.name.partition(".")[0]) for one in files if one.suffix in (".so", ".pyd")}
    return [one for one in files if one.suffix == ".py" and (one.parent, one.stem) not in native]


if __name__ == "__main__":
    main(sys.argv[1])
