"""A published log as crashes leave it, and the rows that a warehouse must have of it."""

from pathlib import Path
from random import Random
from typing import NamedTuple

import duckdb
from confluent_kafka import Producer
from deltalake import DeltaTable

from connectors.kafka.topics import ACTIONS, ENRICHED
from connectors.published.records import action_record, enriched_record
from state.applied import Applied
from state.decision import Action
from state.touchpoint import Touchpoint

NOON_MS = 1_767_268_800_000


class Published(NamedTuple):
    """One record on its way to Kafka."""

    topic: str
    partition: int
    key: str | None
    value: bytes


class Log(NamedTuple):
    """What is published, and the ids each table must hold, in any order."""

    records: list[Published]
    touchpoints: list[str]
    actions: list[str]


def log(seed: int, flushes: int, shards: int = 4, first_commit: int = 0) -> Log:
    """`flushes` for each shard, each a plan and its rows; a third of them come again, as after a
    crash: the same plan and bytes. Between them lies what is no record of ours."""
    dice = Random(seed)
    made = Log([], [], [])
    for commit in range(first_commit, first_commit + flushes):
        for shard in range(shards):
            flush = [Published(ENRICHED, shard, None, b'{"plan": %d}' % commit)]
            for index in range(dice.randint(1, 8)):
                applied = Applied(shard, 0, commit, index)
                flush.append(_touchpoint(applied))
                made.touchpoints.append(_id(applied))
                if dice.random() < 0.5:
                    flush.append(_action(applied))
                    made.actions.append(_id(applied))
            made.records.extend(flush)
            while dice.random() < 0.3:
                made.records.extend(flush[: dice.randint(1, len(flush))])
                made.records.extend(flush)
        if dice.random() < 0.2:
            made.records.append(Published(ENRICHED, 0, "x", b"not a record"))
    return made


def _id(applied: Applied) -> str:
    return f"{applied.shard}-{applied.commit}-{applied.index}"


def _touchpoint(applied: Applied) -> Published:
    at_ms = NOON_MS + applied.commit * 1_000 + applied.index
    name = _id(applied)
    raw = b'{"messageId":"%s"}' % name.encode()
    touchpoint = Touchpoint(
        name, b"", name, "ada", "click", "track", "Product Viewed", at_ms, at_ms, {}, {}, raw
    )
    value = enriched_record(touchpoint, {}, ["vip"], applied, "v1")
    return Published(ENRICHED, applied.shard, "ada", value)


def _action(applied: Applied) -> Published:
    name = _id(applied)
    value = action_record("ada", Action(name, "offer.decided", name, {}), NOON_MS, "v1", applied)
    return Published(ACTIONS, applied.shard, "ada", value)


def publish(bootstrap: str, records: list[Published]) -> None:
    """All of `records`, acknowledged."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    for topic, partition, key, value in records:
        producer.produce(topic, value, key=key, partition=partition)
    assert producer.flush(20) == 0


def stored(warehouse: Path, table: str) -> list[str]:
    """Ids of the rows in `table`, sorted, as often as they are there; [] when it is not there."""
    folder = str(warehouse / table)
    files = DeltaTable(folder).file_uris() if DeltaTable.is_deltatable(folder) else []
    if not files:
        return []
    found = duckdb.execute("select id from read_parquet(?) order by id", [files]).fetchall()
    return [name for (name,) in found]
