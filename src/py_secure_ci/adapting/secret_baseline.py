"""A project's own `.secrets.baseline` (https://github.com/Yelp/detect-secrets#baseline): which secrets it knows.

It is read, not handed to the tool, which would drop what it knows without a word. An entry counts for one file, one
type and one hash, so that another secret on the same line is new.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.model import Suppression
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional

FILE = ".secrets.baseline"
Known = Mapping[tuple[str, str, str], Suppression]


def known_secrets(settings: Mapping[str, str]) -> Known:
    """(file, type, hash) -> why it does not count. Raises WrongShape for a damaged file.

    What people marked as a real secret when they audited the file stays a finding.
    """
    text = settings.get(FILE)
    if text is None:
        return {}
    found: dict[tuple[str, str, str], Suppression] = {}
    results = field(as_dict(load_json(text, FILE), FILE), "results", dict, FILE)
    for path, entries in results.items():
        for one in (as_dict(entry, FILE) for entry in as_list(entries, FILE)):
            digest = field(one, "hashed_secret", str, FILE)
            if optional(one, "is_secret", bool, FILE) is not True:
                line = text.count("\n", 0, max(text.find(digest), 0)) + 1
                why = Suppression(source="tool", reason=f"known to {FILE}", place=f"{FILE}:{line}")
                found[path.replace("\\", "/"), field(one, "type", str, FILE), digest] = why
    return found
