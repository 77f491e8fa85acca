"""The JSON Schema of a playbook's file, for editors: completion, and a mark where a key is wrong.

What it refuses the loader refuses, too; not the other way round: conditions and names are only
texts to it.
"""

from typing import Any, Final

from decisions.format.condition_keys import FORMS
from decisions.format.keys import (
    ID,
    CaseTime,
    Choice,
    Conditions,
    Duration,
    Entries,
    Expression,
    Flag,
    Items,
    Key,
    Keys,
    Kind,
    Moment,
    Name,
    Names,
    NewIds,
    Number,
    OneOf,
    Plain,
    Share,
    Tagged,
    Text,
    Texts,
    Values,
    Whole,
)
from decisions.format.sections import PLAYBOOK

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

# What a YAML reader takes for a number or a flag is a text to the loader, where a text may stand.
WRITTEN: Final = ["string", "number", "boolean"]
NAME: Final[Schema] = {"type": "string", "pattern": f"^{ID}$"}
EXPRESSION: Final[Schema] = {"type": WRITTEN, "minLength": 1, "pattern": r"\S"}
CONDITION: Final[Schema] = {"$ref": "#/$defs/condition"}
DURATION: Final = r"^(?!0+[smhd]$)\d{1,5}[smhd]$"
SHARE: Final = r"^(?:[1-9]\d?|100)%$"
DAY: Final = r"\d{4}-\d{2}-\d{2}"
TIME: Final = DAY + r"[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:[Zz]|[+-]\d{2}:\d{2})"
MOMENT: Final = f"^(?:{DAY}|{TIME})$"
CASE_TIME: Final = rf"^(?:\+?\d{{1,5}}[smhd]|\d{{1,5}}[smhd] before|{DAY}|{TIME})$"


def schema() -> Schema:
    """The whole of it, as plain JSON values."""
    return {
        "$schema": DIALECT,
        "title": "Touchline playbook",
        "description": "Which customers belong together, what to offer them, when to tell people.",
        **_schema(PLAYBOOK),
        "$defs": {"condition": {"anyOf": [EXPRESSION, *(_keys(form) for form in FORMS)]}},
    }


def _schema(kind: Kind) -> Schema:
    match kind:
        case Keys():
            return _keys(kind)
        case Entries():
            return {
                "type": "object",
                "maxProperties": kind.most,
                "propertyNames": {"pattern": f"^{kind.pattern}$"},
                "additionalProperties": _schema(kind.holds),
            }
        case Items():
            return {
                "type": "array",
                "minItems": kind.least,
                "maxItems": kind.most,
                "items": _schema(kind.holds),
            }
        case OneOf():
            return {"anyOf": [_schema(one) for one in kind.kinds]}
        case Tagged():
            return _tagged(kind)
        case Values():
            return {"type": "object", "maxProperties": kind.most}
        case _:
            return _value(kind)


def _keys(kind: Keys) -> Schema:
    found: Schema = {
        "type": "object",
        "additionalProperties": False,
        "required": list(kind.required),
        "properties": {key.name: _key(key) for key in kind.keys},
    }
    if not kind.required:
        del found["required"]
    if kind.any_of:
        found["anyOf"] = [{"required": [name]} for name in kind.any_of]
    return found


def _tagged(kind: Tagged) -> Schema:
    """For each word what goes with it, so that an editor marks the key that is wrong."""
    words = kind.words
    doc = words[0][1][kind.by].doc
    cases = [
        {
            "if": {
                "required": [kind.by],
                "properties": {kind.by: {"description": doc, "const": word}},
            },
            "then": _keys(keys),
        }
        for word, keys in words
    ]
    return {
        "type": "object",
        "required": [kind.by],
        "properties": {kind.by: {"description": doc, "enum": [word for word, _ in words]}},
        "allOf": cases,
    }


def _key(key: Key) -> Schema:
    found = {"description": key.doc, **_schema(key.kind)}
    if isinstance(key.default, bool | int):
        found["default"] = key.default
    elif key.default:
        found["description"] += f" If not said: {key.default}."
    if isinstance(key.kind, Duration) and key.kind.most:
        least, most = key.kind.least, key.kind.most
        found["description"] += f" From {least} to {most}." if least else f" At most {most}."
    if key.examples:
        found["examples"] = list(key.examples)
        if isinstance(key.kind, NewIds):
            found["examples"] = [list(key.examples)]
    return found


def _value(kind: Kind) -> Schema:  # noqa: C901 - one line for each kind
    match kind:
        case Text():
            return {"type": WRITTEN, "minLength": 1, "maxLength": kind.most, "pattern": r"\S"}
        case Texts():
            return _one_or_more(_value(Text(128)), kind.most)
        case Choice():
            return {"type": "string", "enum": list(kind.of)}
        case Name():
            return NAME
        case Names():
            return {
                "type": ["string", "array"],
                "pattern": NAME["pattern"],
                "minItems": 0 if kind.expected else 1,
                "uniqueItems": True,
                "items": NAME,
            }
        case NewIds():
            return {
                "type": "array",
                "minItems": 1,
                "maxItems": kind.most,
                "uniqueItems": True,
                "items": NAME,
            }
        case Whole():
            return {"type": "integer", "minimum": kind.low, "maximum": kind.high}
        case Number():
            return {"type": "number", "minimum": kind.low, "maximum": kind.high}
        case Share():
            return {"type": "string", "pattern": SHARE}
        case Flag():
            return {"type": "boolean"}
        case Duration():
            return {"type": "string", "pattern": DURATION}
        case Moment():
            return {"type": "string", "pattern": MOMENT}
        case CaseTime():
            return {"type": "string", "pattern": CASE_TIME}
        case Expression():
            return CONDITION if kind.condition else EXPRESSION
        case Conditions():
            several = {"type": "array", "minItems": 1, "maxItems": kind.most, "items": CONDITION}
            return {"anyOf": [CONDITION, several]}
        case Plain():
            return {"type": WRITTEN}
        case _:
            raise TypeError(f"expected a kind of value, got {kind}")


def _one_or_more(one: Schema, most: int) -> Schema:
    """One, or a list of them: both in one schema, so that an editor has one thing to say."""
    return {**one, "type": [*WRITTEN, "array"], "minItems": 1, "maxItems": most, "items": one}
