"""The rows that the warehouse must hold, made of the log by hand, and how DuckDB is asked for them.

Moments are compared as microseconds since the epoch.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from connectors.published.record_types import ActionRecord, EnrichedRecord
from state.applied import Applied
from tests.oracle.deeds import EPOCH

TOUCHPOINT_TYPES = {
    "id": "VARCHAR",
    "customer_id": "VARCHAR",
    "channel": "VARCHAR",
    "event": "VARCHAR",
    "occurred_at": "TIMESTAMP WITH TIME ZONE",
    "received_at": "TIMESTAMP WITH TIME ZONE",
    "playbook": "VARCHAR",
    "shard": "BIGINT",
    "generation": "BIGINT",
    "commit": "BIGINT",
    "index": "BIGINT",
    "segments": "VARCHAR[]",
    "profile": "VARCHAR",
    "original": "VARCHAR",
    "date": "DATE",
}
ACTION_TYPES = {
    "id": "VARCHAR",
    "kind": "VARCHAR",
    "customer_id": "VARCHAR",
    "caused_by": "VARCHAR",
    "decided_at": "TIMESTAMP WITH TIME ZONE",
    "playbook": "VARCHAR",
    "shard": "BIGINT",
    "generation": "BIGINT",
    "commit": "BIGINT",
    "index": "BIGINT",
    "body": "VARCHAR",
    "date": "DATE",
}


def selected(types: dict[str, str]) -> str:
    """The columns in SQL, in a form that can be compared."""
    return ", ".join(
        f'epoch_us("{name}") as "{name}"' if kind.startswith("TIMESTAMP") else f'"{name}"'
        for name, kind in types.items()
    )


def parsed(row: dict[str, Any], column: str) -> dict[str, Any]:
    """The row with one column's JSON read."""
    return row | {column: json.loads(row[column])}


def touchpoint_row(record: EnrichedRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "customer_id": record.customer_id,
        "channel": record.channel,
        "event": record.event,
        "occurred_at": micros(record.occurred_at),
        "received_at": micros(record.received_at),
        "playbook": record.playbook,
        **place(record.applied),
        "segments": record.segments,
        "profile": record.profile,
        "original": bytes(record.original).decode(),
        "date": record.received_at.date(),
    }


def action_row(record: ActionRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "kind": record.kind,
        "customer_id": record.customer_id,
        "caused_by": record.caused_by,
        "decided_at": micros(record.decided_at),
        "playbook": record.playbook,
        **place(record.applied),
        "body": record.body,
        "date": record.decided_at.date(),
    }


def place(applied: Applied) -> dict[str, int]:
    return {
        "shard": applied.shard,
        "generation": applied.generation,
        "commit": applied.commit,
        "index": applied.index,
    }


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
