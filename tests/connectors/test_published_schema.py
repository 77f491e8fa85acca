"""JSON Schemas of what is published are as narrow as what the flow writes, and no narrower."""

import copy
from typing import Any

import pytest
from msgspec import Struct

from connectors.events.schema_of_types import schemas_of
from connectors.published import schema_examples as examples
from state.applied import COMMIT_BITS, GENERATION_BITS, INDEX_BITS
from tests.event_docs import schemas
from tests.json_schema import Judge

JUDGES = {name: Judge(schema) for name, schema in schemas().items()}
SHOWN = {
    "enriched": examples.enriched(),
    "action": examples.action("offer.decided"),
    "dead-letter": examples.dead_letter(),
    "offers": examples.offers(),
}
ID = "0" * 32
PLACE = ("applied",)


def passes(file: str, place: tuple[Any, ...], value: object) -> bool:
    """Whether the example with this value there is as the schema of the file says."""
    record = copy.deepcopy(SHOWN[file])
    part: Any = record
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    return JUDGES[file].passes(record)


@pytest.mark.parametrize(
    ("file", "place", "last", "beyond"),
    [
        ("enriched", ("id",), ID, ID[1:]),
        ("enriched", ("original", "messageId"), "m", ""),
        ("action", ("id",), ID, "A" * 32),
        ("action", ("kind",), "offer.decided", "offer.taken"),
        ("action", ("body", "decision_id"), ID, "1"),
        ("dead-letter", ("partition",), 0, -1),
        ("dead-letter", ("offset",), 0, -1),
        ("dead-letter", ("detail",), "x" * 1_000, "x" * 1_001),
        ("dead-letter", ("stage",), "decide", "publish"),
        ("dead-letter", ("reason",), "tombstone", "unknown"),
        ("dead-letter", ("headers",), [["a", None]] * 64, [["a", None]] * 65),
        ("dead-letter", ("headers", 0), ["a" * 128, "YQ=="], ["a" * 129, "YQ=="]),
        ("dead-letter", ("headers", 0), ["a", None], ["a", None, None]),
        ("enriched", (*PLACE, "shard"), 0, -1),
        ("action", (*PLACE, "generation"), (1 << GENERATION_BITS) - 1, 1 << GENERATION_BITS),
        ("action", (*PLACE, "commit"), (1 << COMMIT_BITS) - 1, 1 << COMMIT_BITS),
        ("action", (*PLACE, "index"), (1 << INDEX_BITS) - 1, 1 << INDEX_BITS),
        ("dead-letter", (*PLACE, "index"), 0, -1),
        ("offers", ("offers", 0, "rank"), 1, 0),
        ("offers", ("offers", 0, "decision_id"), ID, ID + "0"),
    ],
)
def test_the_last_value_that_may_come_passes_and_the_next_does_not(
    file: str, place: tuple[Any, ...], last: object, beyond: object
) -> None:
    assert passes(file, place, last)
    assert not passes(file, place, beyond)


class Inner(Struct):
    """What is referred to."""

    number: int


class Outer(Struct):
    """What refers to it."""

    inner: Inner
    """Nobody would read this."""
    other: int
    """This they would."""


def test_beside_a_reference_a_fields_words_are_left_out() -> None:
    said = schemas_of([Outer], "#/{name}")["Outer"]["properties"]
    assert said["inner"] == {"$ref": "#/Inner"}
    assert said["other"]["description"] == "This they would."


@pytest.mark.parametrize("severity", ["info", "warning", "critical", "fatal"])
def test_an_alert_has_a_severity_that_playbooks_have(severity: str) -> None:
    action = examples.action("alert.raised")
    action["body"]["severity"] = severity
    assert JUDGES["action"].passes(action) == (severity != "fatal")
