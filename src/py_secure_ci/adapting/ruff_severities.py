"""How bad ruff's rules are. ruff itself has one word for all of them, so this is our own table."""

from __future__ import annotations

from py_secure_ci.model import Severity

# The longest prefix decides. What breaks at run time is an error, all other rules are `OTHER`.
QUALITY = {
    "E9": Severity.ERROR,
    "F": Severity.ERROR,
    "PLE": Severity.ERROR,
}
OTHER = Severity.WARNING

_HIGH = (
    "S201 S202 S312 S321 S324 S401 S402 S411 S412 S413 S415 S501 S502 S505 S507 S602 S604 S605 S609 S611 S701 S702 S704"
)
_LOW = "S101 S105 S106 S107 S110 S112 S311 S403 S404 S405 S406 S407 S408 S409 S504 S603 S606 S607"

# Rules of flake8-bandit (S): what bandit says of the same check where it has one severity, the worse where it has
# two. A rule in neither row is medium, which is bandit's most common word.
SECURITY = {
    **dict.fromkeys(_HIGH.split(), Severity.HIGH),
    **dict.fromkeys(_LOW.split(), Severity.LOW),
}
