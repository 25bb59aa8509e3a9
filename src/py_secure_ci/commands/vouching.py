"""Who vouches for package names in a run: what ships, the configuration, earlier answers, and the public index."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from py_secure_ci.advisories.public_names import PublicNames, remember, remembered, unproven, well_known
from py_secure_ci.advisories.snapshot import Snapshot
from py_secure_ci.dependencies.names import DEFAULT_INDEX
from py_secure_ci.pins import Dependencies

INDEX = DEFAULT_INDEX


def vouching(
    dependencies: Dependencies, snapshot: Snapshot, said: Collection[str], cache: Path, live: bool, stack: ExitStack
) -> Callable[[], PublicNames]:
    """Start asking for the names that nothing proves, if the run is `live`; calling the result waits for the answer.

    `said`: names of the configuration. A name that any declaration takes from an index of its own is not asked for: it
    is nobody else's business. Raises `AdvisoryError` if the shipped list is damaged.
    """
    known = well_known() | remembered(cache) | frozenset(said)
    own = {pin.name for pin in dependencies.pins if pin.source}
    names = [name for name in unproven(dependencies.pins, snapshot, known) if name not in own]
    if not live or not names:
        return lambda: PublicNames(known)
    from py_secure_ci.advisories.existence import ask

    answer = stack.enter_context(ThreadPoolExecutor(1)).submit(ask, INDEX, names)

    def done() -> PublicNames:
        found = answer.result()
        with contextlib.suppress(OSError):  # a cache that cannot be written costs the next run a question
            remember(cache, found.there)
        return PublicNames(known | found.there, found.missing, found.why)

    return done
