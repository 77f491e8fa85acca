"""The play: four acts over some months, two playbooks, and a warehouse that looks on.

Each act sends its events, and the flow applies them with its clock in that act's time. Between two
acts time passes: orders leave the 90 days, cooldowns end, offers lapse and begin. The flow is cut
twice, so that the log holds repeats.
"""

import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from confluent_kafka import Producer
from deltalake import DeltaTable
from msgspec import structs

from connectors.kafka.topics import channel_topic
from flows.simulate.stream import stream
from tests.faults.programs import Child
from tests.faults.world import ROOT, World, ended
from tests.oracle.deeds import moment
from tests.oracle.rare import DAY, Sent, rare_events

CORNERS = ROOT / "tests/oracle/corners.yaml"
SHOP = ROOT / "tests/oracle/shop.yaml"
CHANNELS = ("click", "email", "chat", "kiosk")
CUSTOMERS = 40
FLUSH_EVENTS = 100
WAREHOUSE_LIMIT_S = 20
PARQUET = "from read_parquet(?, hive_partitioning = true)"


class Act(NamedTuple):
    """One act. Times are milliseconds."""

    name: str
    playbook: Path
    ahead_ms: int
    """The flow's clock less the wall's."""
    ends_at: int
    """The flow's clock is below this in this act, and above it in the next."""
    events: list[Sent]
    cut_at: str
    """Where the flow is killed first (see `tests.faults.victim`); "" for nowhere."""


def acts(now_ms: int, folder: Path) -> list[Act]:
    """The play as it is written; `now_ms` is the last act's time."""
    corners = folder / "corners.yaml"
    yesterday = moment(now_ms - DAY).date().isoformat()
    corners.write_text(CORNERS.read_text().replace("YESTERDAY", yesterday))
    written = (
        ("first", SHOP, -120 * DAY, 1 / 500, 450, ""),
        ("second", SHOP, -25 * DAY, 1 / 300, 550, "3 acknowledged"),
        ("third", corners, -2 * DAY, 200, 600, "5 half published"),
        ("fourth", corners, 0, 1 / 60, 450, ""),
    )
    play = []
    for seed, (name, playbook, ahead_ms, rate, count, cut_at) in enumerate(written):
        end_ms = now_ms + ahead_ms - 10_000
        start_ms = end_ms - int(count / rate * 1000)
        emissions = islice(stream(seed, CUSTOMERS, start_ms, rate), count)
        events = [
            *rare_events(name, end_ms),
            *(Sent(e.channel, e.key, e.value, e.kind != "broken") for e in emissions),
        ]
        play.append(Act(name, playbook, ahead_ms, end_ms + DAY, events, cut_at))
    return play


def perform(world: World, play: list[Act]) -> None:
    """Send and apply every act's events."""
    total = 0
    for act in play:
        world = structs.replace(world, flush_events=FLUSH_EVENTS, playbook=act.playbook)
        producer = Producer(
            {"bootstrap.servers": world.bootstrap_servers, "partitioner": "murmur2_random"}
        )
        for event in act.events:
            producer.produce(channel_topic(event.channel), event.value, event.customer)
        producer.flush()
        total += len(act.events)
        if act.cut_at:
            # Cut in a flush with events: one of time alone has no rows to repeat.
            assert run(world, act.ahead_ms, act.cut_at, 3, total, RESTS="1") == -9
        assert run(world, act.ahead_ms, "never", 1, total) == 0


def run(world: World, ahead_ms: int, point: str, nth: int, total: int, **settings: str) -> int:
    """The flow until `total` records are accounted for, or it is cut; its exit code."""
    arguments = (str(ahead_ms), point, str(nth), str(total))
    words = ["-m", "tests.oracle.another_day", *arguments]
    child = Child(words, {**world.environment, **settings}, "stderr")
    said = ended(child)
    assert child.returncode in (0, -9), said[-4000:]
    return child.returncode


class Warehouse:
    """The warehouse flow as a child, from the first act to the last, and its tables."""

    def __init__(self, world: World, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "warehouse.log"
        with self._log.open("w") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", "run", "warehouse", "--json"],
                env=world.environment | {"TOUCHLINE_WAREHOUSE_URL": str(folder / "warehouse")},
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> "Warehouse":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()

    def files(self, table: str) -> list[str]:
        """The files that make up the table now."""
        folder = str(self._folder / "warehouse" / table)
        return DeltaTable(folder).file_uris() if DeltaTable.is_deltatable(folder) else []

    def rows(self, table: str, columns: str) -> list[dict[str, Any]]:
        """What is in them; `columns` in SQL."""
        files = self.files(table)
        if not files:
            return []
        found = duckdb.execute(f"select {columns} {PARQUET}", [files])
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def types(self, table: str) -> dict[str, str]:
        """Column → type."""
        found = duckdb.execute(f"describe select * {PARQUET}", [self.files(table)]).fetchall()
        return {column: kind for column, kind, *_ in found}

    def stop(self, **counts: int) -> None:
        """End it by SIGTERM once its tables have so many rows, or will not get them."""
        deadline = time.monotonic() + WAREHOUSE_LIMIT_S
        while any(len(self.rows(table, "id")) < count for table, count in counts.items()):
            if time.monotonic() > deadline or self._child.poll() is not None:
                break
            time.sleep(0.1)
        self._child.terminate()
        assert self._child.wait(WAREHOUSE_LIMIT_S) == 0, self._log.read_text()[-4000:]
