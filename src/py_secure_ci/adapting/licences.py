"""What metadata says of a package's licence, as SPDX. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from py_secure_ci.config.licence_policy import canonical

_NAMES: Mapping[str, Mapping[str, str]] = json.loads(
    (Path(__file__).parent.parent / "data" / "licences.json").read_text(encoding="utf-8")
)
# Writes each installed distribution's words to one line of JSON, then how many there are; imports none of them.
SCRIPT = """\
import glob, json, os, sys
from email.parser import HeaderParser
prefix = json.loads(sys.stdin.readline())
parts = ("lib/python3*/*-packages", "lib64/python3*/*-packages", "Lib/site-packages")
found = (glob.glob(os.path.join(glob.escape(prefix), part, "*.dist-info", "METADATA")) for part in parts if prefix)
paths = sorted({os.path.realpath(path) for one in found for path in one})
for path in paths:
    with open(path, encoding="utf-8", errors="replace") as file:
        heading = HeaderParser().parse(file)
    print(json.dumps({
        "name": str(heading["Name"]), "version": str(heading["Version"]), "path": path,
        "expression": heading["License-Expression"], "text": (heading["License"] or "")[:2000],
        "classifiers": [one for one in heading.get_all("Classifier") or [] if one.startswith("License ::")],
    }))
print(json.dumps({"count": len(paths)}))
"""


def said_by_metadata(entry: Mapping[str, Any]) -> str:
    """The licence that a distribution's metadata states, canonical; empty where it states none that is certain.

    The expression (PEP 639) first; then the old free text, if it is SPDX or a name that stands for one licence; then
    classifiers, all of which must be certain: `BSD License` may be any of four.
    """
    for said in (entry.get("expression"), entry.get("text")):
        if isinstance(said, str) and said.strip():
            found = canonical(said) or canonical(_NAMES["texts"].get(" ".join(said.split()).lower(), ""))
            if found:
                return found
    classifiers = [one for one in entry.get("classifiers") or () if one != "License :: OSI Approved"]
    known = [_NAMES["classifiers"].get(one, "") for one in classifiers]
    return canonical(" AND ".join(dict.fromkeys(known))) if known and all(known) else ""
