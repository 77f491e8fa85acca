"""JSON Schemas (draft-07) of msgspec types, with what their docstrings say as descriptions.

Draft-07 is what every validator has, and what AsyncAPI 3 takes without asking. Pure, but for the
source code of the types, which is where their fields' docstrings are.
"""

import ast
import inspect
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from textwrap import dedent
from typing import Any, Final

import msgspec

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
MOMENT: Final = (
    "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?"
    "([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])$"
)
"""RFC 3339 with a zone, as the decoder reads it."""
OUR_MOMENT: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$"
"""RFC 3339 as we write it: UTC, with milliseconds."""

Schema = dict[str, Any]


def schemas_of(types: Sequence[type], template: str) -> dict[str, Schema]:
    """Name → schema of each of `types` and of what they refer to.

    `template` says where a schema lies, such as "#/definitions/{name}". Only types that stand in
    `types` themselves have their fields described.
    """
    _, found = msgspec.json.schema_components(types, ref_template=template)
    schemas = {name: _in_draft_7(schema) for name, schema in found.items()}
    for each in types:
        if issubclass(each, msgspec.Struct):
            _describe(each, schemas[each.__name__])
    return schemas


def referred(schema: object, prefix: str) -> set[str]:
    """The names that `schema` refers to, below `prefix`."""
    if isinstance(schema, dict):
        found = set().union(*(referred(part, prefix) for part in schema.values()))
        target = schema.get("$ref")
        return found | ({target.removeprefix(prefix)} if isinstance(target, str) else set())
    if isinstance(schema, list):
        return set().union(*(referred(part, prefix) for part in schema))
    return set()


def alone(schema: Schema, components: dict[str, Schema], template: str) -> Schema:
    """`schema` as a document of its own, with those of `components` that it needs inside."""
    prefix = template.format(name="")
    needed: set[str] = set()
    rest = referred(schema, prefix)
    while rest:
        needed |= rest
        rest = set().union(*(referred(components[name], prefix) for name in rest)) - needed
    inside = {name: components[name] for name in sorted(needed)}
    return {"$schema": DRAFT, **schema, **({"definitions": inside} if inside else {})}


def _in_draft_7(schema: Any) -> Any:
    """The few words of draft 2020-12 that draft-07 says otherwise; nothing that says nothing."""
    if isinstance(schema, list):
        return [_in_draft_7(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    said = {
        name: _in_draft_7(part)
        for name, part in schema.items()
        if (name, part) not in (("default", None), ("required", []))
    }
    if "prefixItems" in said:
        said["items"] = said.pop("prefixItems")
        said["additionalItems"] = False
    if said.get("format") == "date-time":
        said["pattern"] = MOMENT
    return _merged(said)


def _merged(schema: Schema) -> Schema:
    """Alternatives of plain types as one list of types: then errors say what was expected."""
    choices = schema.get("anyOf", ())
    names = [name for choice in choices for name in choice if name != "type"]
    if len(set(names)) < len(names) or not all("type" in choice for choice in choices):
        return schema
    merged = {name: part for name, part in schema.items() if name != "anyOf"}
    if choices:
        merged["type"] = [choice["type"] for choice in choices]
    for choice in choices:
        merged |= {name: part for name, part in choice.items() if name != "type"}
    return merged


def _describe(struct: type[msgspec.Struct], schema: Schema) -> None:
    """Adds docstrings, and that a moment of ours has the form of a moment."""
    schema["description"] = inspect.cleandoc(struct.__doc__ or "")
    docs = _field_docs(struct)
    for field in msgspec.structs.fields(struct):
        said = schema["properties"][field.encode_name]
        if field.type is datetime:
            said |= {"format": "date-time", "pattern": OUR_MOMENT}
        # Beside a reference nothing else counts in draft-07; what it refers to describes itself.
        if field.name in docs and "$ref" not in said:
            said["description"] = docs[field.name]


def _field_docs(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Field → the docstring below it, in the type or what it is derived from."""
    docs: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            docs |= _own_docs(base)
    return docs


def _own_docs(struct: type[msgspec.Struct]) -> dict[str, str]:
    (described,) = ast.parse(dedent(inspect.getsource(struct))).body
    assert isinstance(described, ast.ClassDef)
    docs = {}
    for field, text in pairwise(described.body):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(doc))),
            ):
                docs[name] = " ".join(doc.split()).replace("None", "null")
    return docs
