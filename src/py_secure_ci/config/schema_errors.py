"""What JSON Schema says against a YAML file, in words for the person who wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from py_secure_ci.config.schema_words import NOT_KNOWN, described, sentence, type_fits
from py_secure_ci.config.yaml_source import KeyPath, YamlSource, dotted
from py_secure_ci.errors import ConfigError


def check(source: YamlSource, schema: Mapping[str, Any]) -> None:
    """Raise one ConfigError that names every violation in line order; return if there is none."""
    from jsonschema import Draft202012Validator

    errors = list(Draft202012Validator(schema).iter_errors(source.data))
    if not errors:
        return
    teller = _Teller(source, schema)
    told = sorted({line for error in errors for line in teller.tell(error)})
    raise ConfigError("\n".join(text for _, text in told))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean X?`, or the known words, or nothing if there are none."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f" Did you mean `{near[0]}`?"
    return f" Known: {', '.join(known)}." if known else ""


class _Teller:
    """Finds the words for one error, with the whole schema at hand."""

    def __init__(self, source: YamlSource, schema: Mapping[str, Any]) -> None:
        self.source, self.schema = source, schema

    def tell(self, error: Any) -> Iterator[tuple[int, str]]:
        """(line, text) of each thing that is wrong."""
        path: KeyPath = tuple(error.absolute_path)
        if error.validator == "additionalProperties" and error.validator_value is False:
            for key in sorted(set(error.instance) - set(error.schema.get("properties", {}))):
                yield self._at((*path, key), self._unknown(path, str(key), error.schema.get("properties", {})))
        elif "propertyNames" in error.schema_path:
            meant = did_you_mean(str(error.instance), map(str, error.validator_value))
            yield self._at((*path, error.instance), f"this is not known here.{meant}")
        elif error.validator == "anyOf" and (inner := _meant(error)):
            for one in inner:
                yield from self.tell(one)
        elif error.validator == "required":
            for key in _missing(error):
                yield self._at(path, f"the key `{key}` is missing{described(error.schema['properties'][key], ': ')}.")
        else:
            yield self._at(path, self._wrong(path, error))

    def _at(self, path: KeyPath, words: str) -> tuple[int, str]:
        return self.source.line(path), f"{self.source.place(path)}: {words}"

    def _wrong(self, path: KeyPath, error: Any) -> str:
        if error.validator == "enum" and path[-2:-1] == ("tools",) and isinstance(error.instance, str):
            stage = self._stage_of(error.instance)
            if stage:
                return f"{error.instance} belongs to the stage {stage}: write it under `stages.{stage}.tools`."
        said = sentence(error, path, self.source.texts.get(path, ""))
        if said.endswith(NOT_KNOWN):
            said += did_you_mean(str(error.instance), map(str, error.validator_value))
        return said

    def _stage_of(self, tool: str) -> str:
        stages = self.schema["properties"]["stages"]["properties"]
        return next((name for name, one in stages.items() if tool in one["properties"]["tools"]["items"]["enum"]), "")

    def _unknown(self, path: KeyPath, key: str, known: Mapping[str, Any]) -> str:
        if key == "<<":
            return "YAML's merge key is not read: write the values out."
        what = "unknown tool" if path[-1:] == ("tools",) else "unknown key"
        if not known:
            return f"{what}: nothing can be set here."
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.75)
        homes = [] if near else [at for at in self._homes(key) if at[:-1] != path]
        if homes:
            home = ("tools", "NAME", key) if homes[0][0] == "tools" and len(homes) > 1 else homes[0]
            return f"{what}. `{key}` belongs elsewhere: write it as `{dotted(home)}`."
        return f"{what}.{did_you_mean(key, known)}"

    def _homes(self, key: str) -> list[KeyPath]:
        """Where a key of that name may stand, the shortest path first."""
        found = [path for path in _key_paths(self.schema) if path[-1] == key]
        return sorted(found, key=len)


def _key_paths(schema: Mapping[str, Any], path: KeyPath = ()) -> Iterator[KeyPath]:
    for key, inner in schema.get("properties", {}).items():
        yield (*path, key)
        if key != "projects":
            yield from _key_paths(inner, (*path, key))


def _meant(error: Any) -> list[Any]:
    """The errors of the one alternative that the value is of the type of; none if there is no such, or several."""
    fitting = [n for n, one in enumerate(error.validator_value) if type_fits(error.instance, one)]
    return [one for one in error.context if one.schema_path[0] == fitting[0]] if len(fitting) == 1 else []


def _missing(error: Any) -> list[str]:
    """The keys that are missing, but for those that an unknown key may well be a misspelling of."""
    known = error.schema.get("properties", {})
    unknown = [str(key) for key in error.instance if key not in known]
    meant = {near for key in unknown for near in difflib.get_close_matches(key, known, n=1, cutoff=0.6)}
    # One error is told of each missing key, so that each finds its own.
    own = [key for key in error.validator_value if error.message.startswith(repr(key))]
    return [key for key in own if key not in meant]
