"""Small warehouses for tests: rows made as the flows make them."""

import json
from pathlib import Path
from typing import Any

from connectors.kafka.reader import Place
from connectors.kafka.topics import ACTIONS, ENRICHED
from connectors.published.records import action_record, enriched_record
from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.tables import DECISIONS, TOUCHPOINTS, Row
from state.applied import Applied
from state.decision import Action
from state.touchpoint import Touchpoint

DAY_MS = 86_400_000
NOON_MS = 1_767_268_800_123
"""2026-01-01T12:00:00.123Z."""

_touchpoint = TOUCHPOINTS.reader()
_action = DECISIONS.reader()


def event(
    number: int,
    customer: str = "ada",
    *,
    event_id: str = "",
    name: str = "Product Viewed",
    channel: str = "click",
    at_ms: int = NOON_MS,
    received_ms: int = 0,
    segments: tuple[str, ...] = (),
    partition: int = 0,
    generation: int = 0,
    **properties: Any,
) -> Row:
    """The row of one event; `number` is its place within its shard."""
    raw = json.dumps({"messageId": str(number), "properties": properties}).encode()
    touchpoint = Touchpoint(
        event_id or f"{partition}-{number}",
        b"",
        str(number),
        customer,
        channel,
        "track",
        name,
        at_ms,
        received_ms or at_ms,
        {},
        {},
        raw,
    )
    applied = Applied(partition, generation, number // 10, number % 10)
    value = enriched_record(touchpoint, {"orders": 2}, list(segments), applied, "v1")
    return _touchpoint(Place(ENRICHED, partition), value)


def decided(
    number: int,
    action_id: str,
    kind: str,
    customer: str = "ada",
    at_ms: int = NOON_MS,
    generation: int = 0,
    **body: Any,
) -> Row:
    """The row of one action."""
    applied = Applied(0, generation, number // 10, number % 10)
    value = action_record(customer, Action(action_id, kind, "m", body), at_ms, "v1", applied)
    return _action(Place(ACTIONS, 0), value)


def store(folder: Path, *commits: list[Row], actions: list[Row] | None = None) -> str:
    """A warehouse with a commit for each list of events; its address."""
    events = DeltaAppender(str(folder), TOUCHPOINTS, "id", 2)
    events.positions()
    for rows in commits:
        events.append(rows, {0: 1})
    decisions = DeltaAppender(str(folder), DECISIONS, "id", 2)
    decisions.positions()
    if actions:
        decisions.append(actions, {0: 1})
    return str(folder)
