"""Rows for a Delta table by number, and what a table holds."""

from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable

from connectors.kafka.reader import Place
from connectors.kafka.topics import ENRICHED
from connectors.published.records import enriched_record
from connectors.warehouse.tables import TOUCHPOINTS, Row
from state.applied import Applied
from state.touchpoint import Touchpoint

NOON_MS = 1_767_268_800_123
"""2026-01-01T12:00:00.123Z."""

read = TOUCHPOINTS.reader()


def row(number: int, partition: int = 0, received_ms: int = NOON_MS) -> Row:
    """The row of the record with this number in its partition."""
    applied = Applied(partition, 0, number // 10, number % 10)
    touchpoint = Touchpoint(
        id=f"{partition}-{number}",
        fingerprint=b"",
        message_id=str(number),
        customer_id="ada",
        channel="click",
        type="track",
        name="Product Viewed",
        at_ms=NOON_MS - 1_000,
        received_ms=received_ms,
        properties={},
        traits={},
        raw=b'{"price": 1.50, "title": "caf\xc3\xa9 \\u00e9"}',
    )
    segments = ["vip", "lapsed"][: number % 3]
    value = enriched_record(
        touchpoint, {"orders": 2, "sports": ["ski", "Zürich"]}, segments, applied, "v1"
    )
    return read(Place(ENRICHED, partition), value)


def rows(count: int, partition: int = 0) -> list[Row]:
    return [row(number, partition) for number in range(count)]


def stored(folder: Path) -> list[tuple[Any, ...]]:
    """All rows of the table, by place."""
    files = DeltaTable(str(folder / "touchpoints")).file_uris()
    if not files:
        return []
    return duckdb.execute(
        """select id, customer_id, channel, event, date::text, epoch_us(occurred_at),
                  epoch_us(received_at), segments, profile, original, playbook,
                  shard, generation, commit, index
           from read_parquet(?, hive_partitioning = true)
           order by shard, generation, commit, index""",
        [files],
    ).fetchall()


def ids(folder: Path) -> list[str]:
    return [found[0] for found in stored(folder)]


def numbered(count: int, partition: int = 0) -> list[str]:
    return [f"{partition}-{number}" for number in range(count)]
