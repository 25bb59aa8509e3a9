"""`schema`: print the JSON Schema of the YAML file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.config.policy_schema import POLICY_SCHEMA
from py_secure_ci.config.schema import config_schema, custom_tool_schema


def schema_text() -> str:
    """The text of `schemas/config.schema.json`."""
    options = {tool.name: tool.options for tool in TOOLS}
    schema = config_schema({tool.name: tool.stage for tool in TOOLS}, POLICY_SCHEMA, settings=options)
    schema["properties"]["tools"]["additionalProperties"] = custom_tool_schema()
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print it."""
    print(schema_text(), end="")
    return 0
