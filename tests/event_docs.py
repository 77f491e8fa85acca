"""What is generated of the types of events and records; written anew by python -m tests.event_docs

The tables of docs/events.md, docs/asyncapi.yaml and docs/schemas/. A test keeps them current.
"""

import json
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from msgspec import Struct

from connectors.events import schema as events
from connectors.events.schema_names import GROUPS, Group, KnownEvent, Property, properties_of
from connectors.events.schema_of_types import Schema, alone
from connectors.published import schema as records
from flows.asyncapi import asyncapi
from flows.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
EVENTS = DOCS / "events.md"
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
TEMPLATE = "#/definitions/{name}"
COMPONENTS = {**events.components(TEMPLATE), **records.components(TEMPLATE)}
PUBLISHED = {
    "enriched": "EnrichedRecord",
    "action": "ActionRecord",
    "dead-letter": "DeadLetterRecord",
    "offers": "OffersDocument",
}
"""File of docs/schemas → the type it is of."""

WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "array": "list of objects",
}


def schemas() -> dict[str, Schema]:
    """Name of a file in docs/schemas, without its ending → the schema that should be there."""
    bare: dict[str, Schema] = {"event": COMPONENTS[events.EVENT]}
    bare |= {name: events.channel_schema(name, TEMPLATE) for name in Settings().channels}
    bare |= {name: COMPONENTS[component] for name, component in PUBLISHED.items()}
    return {name: alone(schema, COMPONENTS, TEMPLATE) for name, schema in bare.items()}


def files() -> dict[Path, str]:
    """Path → what should be in it."""
    made = {
        DOCS / "schemas" / f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }
    return made | {
        DOCS / "asyncapi.yaml": asyncapi(Settings(), VERSION),
        EVENTS: with_tables(EVENTS.read_text()),
    }


def with_tables(text: str) -> str:
    """docs/events.md with its tables as they should be."""
    tables = {"fields": [*_fields(), ""]}
    tables |= {group.name: [*_table(group), *_properties(group), ""] for group in GROUPS}
    for name, lines in tables.items():
        begin, end = f"<!-- events: {name} -->\n", "<!-- /events -->"
        assert text.count(begin) == 1, f"docs/events.md: expected {begin.strip()} once"
        before, _, rest = text.partition(begin)
        text = before + begin + "\n".join(["", *lines, ""]) + end + rest.partition(end)[2]
    return text


def _fields() -> Iterator[str]:
    yield "| field | needed | what it is |"
    yield "| --- | --- | --- |"
    for name, (needed, what) in events.FIELDS.items():
        yield f"| `{name}` | {needed} | {what} |"


def _table(group: Group) -> Iterator[str]:
    """Names, what is read of their events, and what that changes; without a column of nothing."""
    rows = [
        (
            ", ".join(f"`{event.name}`" for event in alike),
            ", ".join(f"`{one.name}`" for one in properties_of(kind) if one.read),
            effect,
        )
        for (kind, effect), alike in groupby(group.events, _alike)
    ]
    if not any(effect for _, _, effect in rows):
        return
    shown = [0, 1, 2] if any(reads for _, reads, _ in rows) else [0, 2]
    for row in (("name", "reads", "what changes"), ("---",) * 3, *rows):
        yield f"| {' | '.join(row[column] for column in shown)} |"
    yield ""


def _alike(event: KnownEvent) -> tuple[type[Struct], str]:
    return event.properties, event.effect


def _properties(group: Group) -> Iterator[str]:
    yield "| property | | |"
    yield "| --- | --- | --- |"
    told: dict[str, tuple[Property, str]] = {}
    for event in group.events:
        schema = COMPONENTS[event.properties.__name__]["properties"]
        for one in properties_of(event.properties):
            told.setdefault(one.name, (one, words(schema[one.name])))
            if one.read and not told[one.name][0].read:
                told[one.name] = one, words(schema[one.name])
    for one, kind in told.values():
        yield f"| `{one.name}` | {kind} | {one.doc}{'' if one.read else ' *Kept, not read.*'} |"


def words(schema: Schema) -> str:
    """What a property is, for people: "number from 1 to 5"."""
    kinds = [WORDS[kind] for kind in schema["type"] if kind != "null"]
    low, high = schema.get("minimum"), schema.get("maximum")
    if "integer" in schema["type"]:
        low = high = None  # the 64 bits are said once for all
    return " or ".join(kinds) + _range(low, high)


def _range(low: Any, high: Any) -> str:
    if low is None:
        return ""
    return f", {low:,} or more" if high is None else f" from {low:,} to {high:,.0f}"


if __name__ == "__main__":
    for path, content in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
