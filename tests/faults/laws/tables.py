"""The warehouse's tables against the logs they are made of, row by row.

Nothing of the writer's is asked: a log is read by the rule for readers, its records are taken apart
here, column by column, and the table is read with Delta's list of files and DuckDB.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec
from deltalake import DeltaTable
from msgspec import Raw, Struct

from connectors.kafka.to_end import ToEnd
from connectors.kafka.topics import ACTIONS, ENRICHED
from state.applied import Applied
from tests.faults.laws.verdict import Verdict

ONE_ROW = "each record that a reader takes is one row of its table, and no row is anything else"
AS_PUBLISHED = "each row holds its record as it was published, column by column"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLACE = 'shard, generation, "commit", "index"'

Row = tuple[Any, ...]
"""Place (shard, generation, commit, index), id, and all other columns in an order of its table."""


class Published(NamedTuple):
    """A table, the topic it is filled from, and how each is made a `Row`."""

    table: str
    topic: str
    columns: str
    """SQL of the table."""
    row: Callable[[bytes], Row]
    """Of a record's value."""


class _Event(Struct):
    id: str
    customer_id: str
    channel: str
    event: str
    occurred_at: datetime
    received_at: datetime
    original: Raw
    profile: Raw
    segments: list[str]
    applied: Applied
    playbook: str


class _Action(Struct):
    id: str
    kind: str
    customer_id: str
    caused_by: str
    decided_at: datetime
    playbook: str
    applied: Applied
    body: Raw


def _event(value: bytes) -> Row:
    e = msgspec.json.decode(value, type=_Event)
    return (
        *_place(e.applied),
        *(e.id, _day(e.received_at), e.customer_id, e.channel, e.event),
        *(_us(e.occurred_at), _us(e.received_at), e.playbook, tuple(e.segments)),
        *(bytes(e.profile).decode(), bytes(e.original).decode()),
    )


def _action(value: bytes) -> Row:
    a = msgspec.json.decode(value, type=_Action)
    return (
        *_place(a.applied),
        *(a.id, _day(a.decided_at), a.customer_id, a.kind, a.caused_by),
        *(_us(a.decided_at), a.playbook, bytes(a.body).decode()),
    )


PUBLISHED = (
    Published(
        "touchpoints",
        ENRICHED,
        f'{PLACE}, id, "date", customer_id, channel, event, epoch_us(occurred_at), '
        "epoch_us(received_at), playbook, segments, profile, original",
        _event,
    ),
    Published(
        "actions",
        ACTIONS,
        f'{PLACE}, id, "date", customer_id, kind, caused_by, epoch_us(decided_at), playbook, body',
        _action,
    ),
)


class TableLaws:
    """One partition of a log, and the rows that its table has of it."""

    def __init__(self, published: Published, shard: int, verdict: Verdict) -> None:
        self._row, self._verdict = published.row, verdict
        self._where = f"{published.table}, shard {shard}"
        self._expected: dict[Row, tuple[str, int]] = {}
        """Place → id and hash of the row that must be there."""
        self.last: Row | None = None
        """The highest place that a reader has taken."""

    def published(self, key: bytes | None, value: bytes) -> None:
        """The next record of the log. One without a key is a plan; one that is not above the last
        is a repeat."""
        if key is None:
            return
        row = self._row(value)
        place = row[:4]
        if self.last is None or place > self.last:
            self.last = place
            self._expected[place] = (row[4], hash(row))

    def stored(self, rows: Iterable[Row]) -> None:
        """All rows that the table has of the partition; what must hold of them."""
        verdict, seen = self._verdict, set()
        for row in rows:
            place, name = row[:4], f"{self._where}: {row[4]} at {row[1:4]}"
            verdict.table_rows += 1
            known = self._expected.get(place)
            if place in seen:
                verdict.twice += 1
                verdict.broke(ONE_ROW, f"{name} is there twice")
            elif known is None:
                verdict.broke(ONE_ROW, f"{name} was not published")
            else:
                verdict.expect(known == (row[4], hash(row)), AS_PUBLISHED, name)
            seen.add(place)
        for place, (event_id, _) in self._expected.items():
            if place not in seen:
                verdict.lost += 1
                verdict.broke(ONE_ROW, f"{self._where}: {event_id} at {place[1:]} is missing")


def judge_tables(config: dict[str, str], shards: int, warehouse: Path, verdict: Verdict) -> None:
    """What the laws say of both tables, once nothing is written any more."""
    for published in PUBLISHED:
        for shard in range(shards):
            laws = TableLaws(published, shard, verdict)
            _feed(config, published.topic, {shard: laws})
            laws.stored(stored(warehouse, published, shard))


def stored(warehouse: Path, published: Published, shard: int) -> Iterator[Row]:
    """The rows that a table has of one shard, in no order."""
    if files := _files(warehouse, published.table):
        for row in _select(files, published.columns, f"where shard = {shard}"):
            yield tuple(tuple(value) if isinstance(value, list) else value for value in row)


def last_places(config: dict[str, str], shards: int) -> dict[str, dict[int, Row]]:
    """Table → shard → the highest place in its log; shards without a record are left out."""
    found = {}
    for published in PUBLISHED:
        laws = {shard: TableLaws(published, shard, Verdict()) for shard in range(shards)}
        _feed(config, published.topic, laws)
        found[published.table] = {s: law.last for s, law in laws.items() if law.last is not None}
    return found


def reached(warehouse: Path, last: dict[str, dict[int, Row]]) -> bool:
    """Whether each table has a row at the `last` place of each of its shards, or a later one."""
    for table, places in last.items():
        files = _files(warehouse, table) if places else []
        if places and not files:
            return False
        for shard, place in places.items():
            highest = f'max(row(generation, "commit", "index")) filter (shard = {shard})'
            found = next(_select(files, highest))[0]
            if found is None or found < place[1:]:
                return False
    return True


def _feed(config: dict[str, str], topic: str, laws: dict[int, TableLaws]) -> None:
    for batch in ToEnd(config, dict.fromkeys(((topic, shard) for shard in laws), 0)).batches():
        for message in batch:
            laws[message.partition()].published(message.key(), message.value())


def _files(warehouse: Path, table: str) -> list[str]:
    folder = warehouse / table
    return DeltaTable(str(folder)).file_uris() if DeltaTable.is_deltatable(str(folder)) else []


def _select(files: list[str], what: str, which: str = "") -> Iterator[Row]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select {what} from read_parquet($files, hive_partitioning = true, "
            f"hive_types = {{'date': DATE}}) {which}",
            {"files": files},
        )
        while some := rows.fetchmany(10_000):
            yield from some


def _place(applied: Applied) -> tuple[int, int, int, int]:
    return applied.shard, applied.generation, applied.commit, applied.index


def _us(moment: datetime) -> int:
    whole = moment - EPOCH
    return (whole.days * 86_400 + whole.seconds) * 1_000_000 + whole.microseconds


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
