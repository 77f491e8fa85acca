"""`touchline warehouse reconcile` balances what the real flows did, and finds what is wrong."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Producer
from deltalake import DeltaTable, QueryBuilder, write_deltalake

from connectors.events.decode import decode
from connectors.kafka.topics import DEAD_LETTER, ENRICHED, create_topics
from connectors.warehouse.ask import open_warehouse
from connectors.warehouse.delta import DeltaAppender
from connectors.warehouse.tables import TOUCHPOINTS
from flows import warehouse
from flows.commands.warehouse.reconcile import command
from flows.metrics.meter import Meter
from flows.settings import Settings
from state.touchpoint import Touchpoint
from tests.connectors.warehouse_samples import event
from tests.faults.world import MIXED, PARTITIONS, Logged, World, accepted_ids

NOW_MS = 1_767_268_800_000
EVENTS = 300


def touchline_reconcile(kafka: str, folder: Path, *arguments: str) -> Result:
    environment = {
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": kafka,
        "TOUCHLINE_WAREHOUSE_URL": str(folder),
        "TOUCHLINE_PARTITIONS": str(PARTITIONS),
    }
    return CliRunner().invoke(command, ["--wait", "0", *arguments], env=environment)


def told(kafka: str, folder: Path, *arguments: str) -> tuple[int, dict[str, int], list[Any]]:
    """Exit code, the total's numbers that are not 0, the hours shown."""
    result = touchline_reconcile(kafka, folder, "--json", *arguments)
    assert result.stdout, result.output
    answer = json.loads(result.stdout)
    total = {name: number for name, number in answer["total"].items() if number}
    assert answer["balanced"] == (result.exit_code == 0)
    return result.exit_code, total, answer["hours"]


@pytest.fixture
def world(fresh_kafka: str, fresh_redis: str) -> World:
    """Topics with simulated events, one of which is sent twice, and two that are none."""
    create_topics({"bootstrap.servers": fresh_kafka}, Settings().channels, PARTITIONS)
    return World(fresh_kafka, fresh_redis)


def filled(world: World) -> int:
    """How many records were produced."""
    produced = world.fill(EVENTS, time.time_ns() // 1_000_000 - 120_000, producers=MIXED)
    producer = Producer({"bootstrap.servers": world.bootstrap_servers})
    good = accepted_ids(world)
    first = next(r for r in world.log("touchpoints.click") if id_in(r) in good)
    producer.produce("touchpoints.click", first.value, first.key, first.partition)
    producer.produce("touchpoints.chat", b"no event", b"x", 0)
    producer.produce("touchpoints.kiosk", None, b"x", 1)
    assert producer.flush(10) == 0
    return produced + 3


def id_in(record: Logged) -> str:
    """The id of an event, or nothing for what is none."""
    event = decode(record.value, "click", record.stamp, record.stamp)
    return event.id if isinstance(event, Touchpoint) else ""


def loaded(world: World, folder: Path, rows: int) -> None:
    """Run the warehouse flow until it has so many rows."""
    settings = Settings(kafka_bootstrap_servers=world.bootstrap_servers, warehouse_url=str(folder))
    stop = threading.Event()
    meter = Meter()
    flow = threading.Thread(
        target=warehouse.run, args=(settings, meter, stop, lambda: None), daemon=True
    )
    flow.start()
    deadline = threading.Event()
    for _ in range(300):
        if meter.value("touchline_warehouse_rows_total", table="touchpoints") >= rows:
            break
        deadline.wait(0.1)
    stop.set()
    flow.join(20)
    assert not flow.is_alive()


def strangers(kafka: str) -> None:
    """What somebody else wrote into topics of ours: it explains no event, and stops nobody."""
    producer = Producer({"bootstrap.servers": kafka})
    for topic in (DEAD_LETTER, ENRICHED):
        for value in (None, b"no JSON", b"{}"):
            producer.produce(topic, value, b"x", 0)
    assert producer.flush(10) == 0


def balanced(world: World, folder: Path) -> dict[str, int]:
    """The account, once all events are in the warehouse; on their way there they wait."""
    kafka = world.bootstrap_servers
    produced = filled(world)
    DeltaAppender(str(folder), TOUCHPOINTS, "id", PARTITIONS).positions()
    code, total, _ = told(kafka, folder)
    assert (code, total) == (2, {"produced": produced, "waiting": produced}), "not processed"

    assert world.run("never", 1, produced) == 0
    strangers(kafka)
    code, total, _ = told(kafka, folder)
    assert code == 2, "processed, and not in the warehouse yet"
    assert total["produced"] == produced == total["waiting"] + total["dead_letters"]
    shown = touchline_reconcile(kafka, folder)
    assert f"{total['waiting']} events are not in the warehouse yet" in shown.stderr

    accepted = sum(n for name, n in world.counters().items() if name.startswith("accepted:"))
    loaded(world, folder, accepted)
    code, total, hours = told(kafka, folder)
    assert (code, hours) == (0, [])
    return total


def table(folder: Path) -> DeltaTable:
    return DeltaTable(str(folder / "touchpoints"))


def test_every_event_waits_until_it_is_a_row_a_repeat_or_a_dead_letter_and_what_is_wrong_is_found(
    world: World, tmp_path: Path
) -> None:
    kafka, folder = world.bootstrap_servers, tmp_path / "warehouse"
    total = balanced(world, folder)
    counts = world.counters()
    kinds = {"rows": "accepted:", "repeats": "duplicate:", "dead_letters": "dead_letter:"}
    assert total == {
        "produced": EVENTS + 3,
        **{k: sum(n for c, n in counts.items() if c.startswith(p)) for k, p in kinds.items()},
    }
    assert total["repeats"] >= 1
    assert total["dead_letters"] >= 2

    # A loss: of one row.
    whole = table(folder).version()
    (lost,) = one_row(folder)
    table(folder).delete(f"id = '{lost}'")
    code, found, hours = told(kafka, folder)
    assert (code, found) == (1, {**total, "rows": total["rows"] - 1, "missing": 1})
    assert [hour["missing"] for hour in hours] == [1]
    shown = touchline_reconcile(kafka, folder)
    assert (shown.exit_code, "missing 1;" in shown.stdout) == (1, True)
    assert "it does not balance" in shown.stderr

    # A double: the same rows again, as a writer would that forgot what it had done.
    table(folder).restore(whole)
    doubled(folder, lost)
    code, found, hours = told(kafka, folder)
    assert (code, found) == (1, {**total, "doubled": 1})
    assert [(hour["doubled"], hour["missing"]) for hour in hours] == [(1, 0)]

    # A row that nobody produced.
    table(folder).restore(whole)
    now_ms = max(record.stamp for record in world.log("touchpoints.click"))
    stranger = event(1, event_id="of nobody", at_ms=now_ms, partition=0)
    assert DeltaAppender(str(folder), TOUCHPOINTS, "other", 1).append([stranger], {0: 1}) == 1
    code, found, hours = told(kafka, folder)
    assert (code, found) == (1, {**total, "unknown": 1})
    assert [(hour["topic"], hour["partition"]) for hour in hours] == [("touchpoints.click", 0)]

    # And as it was before.
    table(folder).restore(whole)
    assert told(kafka, folder)[:2] == (0, total)


def one_row(folder: Path) -> list[str]:
    with open_warehouse(str(folder)) as opened:
        found = opened.connection.execute("select id from touchpoints order by id limit 1")
        return [name for (name,) in found.fetchall()]


def doubled(folder: Path, name: str) -> None:
    """Write the row with this id once more, byte for byte."""
    columns = ", ".join(f'"{column.name}"' for column in TOUCHPOINTS.columns)
    found = QueryBuilder().register("t", table(folder))
    again = found.execute(f"select {columns} from t where id = '{name}'")
    write_deltalake(table(folder), again, mode="append")


def test_hours_before_the_one_asked_for_are_left_out(world: World, tmp_path: Path) -> None:
    kafka, folder = world.bootstrap_servers, tmp_path / "warehouse"
    DeltaAppender(str(folder), TOUCHPOINTS, "id", PARTITIONS).positions()
    producer = Producer({"bootstrap.servers": kafka})
    for hour in (9, 10, 11):
        producer.produce("touchpoints.chat", b"x", b"x", 0, timestamp=NOW_MS + hour * 3_600_000)
    assert producer.flush(10) == 0
    code, total, hours = told(kafka, folder, "--since", "2026-01-01T22:30:00Z")
    assert (code, total) == (2, {"produced": 2, "waiting": 2})
    assert [h["hour"] for h in hours] == ["2026-01-01T22:00:00.000Z", "2026-01-01T23:00:00.000Z"]
    assert told(kafka, folder, "--hours", "1")[:2] == (0, {})


def test_what_cannot_be_told_ends_with_2_and_a_sentence(world: World, tmp_path: Path) -> None:
    kafka = world.bootstrap_servers
    none = touchline_reconcile(kafka, tmp_path / "none")
    assert (none.exit_code, "none: no such folder" in none.stderr) == (2, True)
    silent = touchline_reconcile("127.0.0.1:1", tmp_path)
    assert (silent.exit_code, "Kafka: no broker answers at 127.0.0.1:1; " in silent.stderr) == (
        2,
        True,
    )
    both = touchline_reconcile(kafka, tmp_path, "--hours", "1", "--since", "2026-01-01")
    assert (both.exit_code, "expected one of them" in both.stderr) == (2, True)
    never = touchline_reconcile(kafka, tmp_path, "--since", "soon")
    assert (never.exit_code, "expected a moment such as" in never.stderr) == (2, True)
    for error in (none, silent):
        assert error.stderr.count("\n") == 1


def test_a_channel_without_its_topic_is_named(fresh_kafka: str, tmp_path: Path) -> None:
    result = touchline_reconcile(fresh_kafka, tmp_path)
    assert result.exit_code == 2
    assert "topic touchpoints.click does not exist: `touchline topics create`" in result.stderr
