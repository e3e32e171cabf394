"""The JSON schema of what may be written, for editors and for validators of others.

A validator that takes other than its type has the schema of what it takes beside it; here they
are put together. What is in a schema is what a file can be seen to be by itself: that a name
leads somewhere is left to `lab check` and `lab study check`.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import DictSchema, WithDefaultSchema

from orchestrator.spec.model import Topology
from orchestrator.spec.scenario import Scenario

MODELS: dict[str, type[BaseModel]] = {"topology": Topology, "scenario": Scenario}


def json_schema(what: str) -> dict[str, Any]:
    """The schema of a "topology" or a "scenario", in the dialect of 2020-12."""
    schema = MODELS[what].model_json_schema(by_alias=True, schema_generator=_Written)
    for mapping in (schema, *schema["$defs"].values()):
        mapping["title"] = _in_words(mapping["title"])
        mapping["description"] = mapping["description"].replace("``", "`")
    return {"$schema": _Written.schema_dialect, **schema, "title": f"Clicklab {what}"}


def _in_words(name: str) -> str:
    """``route server`` for RouteServerSpec: what editors call a mapping."""
    return re.sub("(?<!^)(?=[A-Z])", " ", name.removesuffix("Spec")).lower()


class _Written(GenerateJsonSchema):
    """Of files as they are written, not of the values that they are read as."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No: it would be the key again."""
        return False

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """A default that one could write. Where it has a unit, the field says it itself."""
        written = super().default_schema(schema)
        if not isinstance(written.get("default"), str | int):
            written.pop("default", None)
        return written

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        """Keys that are no names are refused, not read over."""
        written = super().dict_schema(schema)
        if "patternProperties" in written:
            written["additionalProperties"] = False
        return written
