"""The account of every event: what was produced, and where each is now.

Pure of Kafka: it is given what was read, and says by topic, partition and hour

    produced = rows + repeats + dead letters + waiting + missing

and which rows nobody produced. A row is found by its id; a repeat is an event whose id has a row
already, which is dropped by design.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from arro3.core import Array, DataType, RecordBatch

from connectors.kafka.topics import PREFIX
from connectors.warehouse.engine import connect
from connectors.warehouse.reading import rows_sql
from connectors.warehouse.snapshot import Snapshot

HOUR_MS = 3_600_000
NEVER_MS = 2**63 - 1
"""No row is as late."""


class Produced(NamedTuple):
    """An event as it lies in its topic."""

    topic: str
    partition: int
    offset: int
    at_ms: int
    """The log record's timestamp."""
    id: str | None
    """None when it is no event that could have a row."""


class Line(NamedTuple):
    """The account of one topic, partition and hour."""

    topic: str
    partition: int
    hour_ms: int
    """When the hour begins, by the records' timestamps."""
    produced: int
    rows: int
    repeats: int
    dead_letters: int
    waiting: int
    """Not processed yet, or processed and not in the warehouse yet."""
    missing: int
    """Processed, and neither a row nor a dead letter."""
    doubled: int
    """Rows that are there another time, with the same place."""
    unknown: int
    """Rows of events that are not in the topic."""

    @property
    def differs(self) -> bool:
        """Whether something is wrong; what is waiting is not."""
        return bool(self.missing or self.doubled or self.unknown)


class Ledger:
    """Takes what was read, in any order, and sums it up. About 100 bytes an event; what does not
    fit into memory goes to a temporary file."""

    def __init__(self) -> None:
        self._db = connect()
        self._db.execute(
            """
            create table produced(topic varchar, part bigint, "offset" bigint, ts bigint,
                                  id varchar, later boolean);
            create table dead(topic varchar, part bigint, "offset" bigint);
            create table tail(id varchar);
            create table forwarded(topic varchar, part bigint, "offset" bigint);
            create table processed(topic varchar, part bigint, "offset" bigint);
            create table since(topic varchar, part bigint, ts bigint, whole boolean);
            create table stored(id varchar, shard bigint, generation bigint, "commit" bigint,
                                "index" bigint, topic varchar, ts bigint);
            """
        )

    def add_produced(self, events: Sequence[Produced], *, later: bool = False) -> None:
        """Events of the topics; `later`: came after the others were counted, and only explain
        rows."""
        if not events:
            return
        topics, parts, offsets, stamps, ids = zip(*events, strict=True)
        self._insert(
            "produced",
            topic=_texts(topics),
            part=_numbers(parts),
            offset=_numbers(offsets),
            ts=_numbers(stamps),
            id=_texts(ids),
            later=_flags([later] * len(events)),
        )

    def add_dead(self, places: Iterable[tuple[str, int, int]]) -> None:
        """(topic, partition, offset) of dead letters; a repeated one counts once."""
        self._add_places("dead", places)

    def set_processed(self, places: Iterable[tuple[str, int, int]]) -> None:
        """(topic, partition, next offset): how far the touchpoints flow says that it is."""
        self._add_places("processed", places)

    def add_forwarded(self, places: Iterable[tuple[str, int, int]]) -> None:
        """(topic, partition, offset) of what is on its way to the partition where it belongs."""
        self._add_places("forwarded", places)

    def add_tail(self, ids: Sequence[str]) -> None:
        """Ids that are published and that the warehouse has not read yet."""
        if ids:
            self._insert("tail", id=_texts(ids))

    def set_rows(self, snapshot: Snapshot) -> None:
        """The rows of the warehouse."""
        self._db.execute(
            f"""insert into stored
                select id, shard, generation, "commit", "index", '{PREFIX}' || channel,
                       epoch_ms(received_at)
                from ({rows_sql(snapshot)})"""  # noqa: S608 - no text of a user's
        )

    def forget_whereabouts(self) -> None:
        """All but what was produced, to be looked at anew."""
        for table in ("dead", "tail", "forwarded", "processed", "stored"):
            self._db.execute(f"delete from {table}")  # noqa: S608 - no text of a user's

    def lines(self, whole: dict[tuple[str, int], bool], since_ms: int = 0) -> list[Line]:
        """The account, by topic, partition and hour, from `since_ms` on.

        `whole`: topic and partition → whether the log still holds its first record. Where it does
        not, rows older than what it still holds are of events that went with its beginning.
        """
        first = dict(self._firsts())
        begin = min(first.values(), default=NEVER_MS)
        # Of a log that is whole, rows older than all that is in any are of an earlier topic.
        stamps = [
            begin if is_whole else first.get(part, NEVER_MS) for part, is_whole in whole.items()
        ]
        if whole:
            self._db.execute("delete from since")
            self._insert(
                "since",
                topic=_texts([topic for topic, _ in whole]),
                part=_numbers([partition for _, partition in whole]),
                ts=_numbers(stamps),
                whole=_flags(list(whole.values())),
            )
        found = self._db.execute(_ACCOUNT, {"since": since_ms}).fetchall()
        return [Line(*values) for values in found]

    def close(self) -> None:
        """Let go of the memory."""
        self._db.close()

    def _firsts(self) -> Iterator[tuple[tuple[str, int], int]]:
        """Of each partition the lowest timestamp in it."""
        found = self._db.execute("select topic, part, min(ts) from produced group by all")
        for topic, part, at_ms in found.fetchall():
            yield (topic, part), at_ms

    def _add_places(self, table: str, places: Iterable[tuple[str, int, int]]) -> None:
        listed = list(places)
        if listed:
            topics, parts, offsets = zip(*listed, strict=True)
            columns = {"part": _numbers(parts), "offset": _numbers(offsets)}
            self._insert(table, topic=_texts(topics), **columns)

    def _insert(self, table: str, **columns: Any) -> None:
        batch = RecordBatch.from_pydict(columns)
        self._db.register("batch", batch)
        self._db.execute(f"insert into {table} by name select * from batch")  # noqa: S608 - no text of a user's
        self._db.unregister("batch")


def _texts(values: Sequence[str | None]) -> Array:
    return Array(list(values), type=DataType.utf8())


def _flags(values: Sequence[bool]) -> Array:
    return Array(list(values), type=DataType.bool())


def _numbers(values: Sequence[int]) -> Array:
    return Array(list(values), type=DataType.int64())


_ACCOUNT = """
with places as (
  select id, shard, generation, "commit", "index", topic, ts, count(*) as copies
  from stored group by id, shard, generation, "commit", "index", topic, ts
  qualify generation = max(generation) over (partition by id) -- a rebuild's take their place
),
known as (
  select places.*, coalesce(places.ts >= since.ts, false) as in_log
  from places left join since on since.topic = places.topic and since.part = places.shard
),
rows_of as (
  select id, count(*) filter (where in_log) as n, bool_or(not in_log) as older
  from known group by id
),
buried as (select distinct topic, part, "offset" from dead),
exact as (select distinct id, topic, shard as part, ts from known where in_log),
events as (
  select produced.*, buried.topic is not null as is_dead, exact.id is not null as is_exact
  from produced
  left join buried using (topic, part, "offset")
  left join exact using (id, topic, part, ts)
),
ranked as (
  select events.*, row_number() over (
    partition by id, is_dead order by is_exact desc, later, ts, topic, "offset"
  ) as nth
  from events
),
classed as (
  select ranked.topic, ranked.part, ranked.ts, ranked.later, case
    when is_dead then 'dead'
    when ranked.id is not null and nth <= coalesce(rows_of.n, 0) then 'row'
    when ranked.id is not null and (rows_of.n > 0 or (rows_of.older and not since.whole))
      then 'repeat'
    when ranked.id in (select id from tail) then 'waiting'
    when (ranked.topic, ranked.part, ranked."offset") in (from forwarded) then 'waiting'
    when ranked."offset" >= coalesce(processed."offset", 0) then 'waiting'
    else 'missing' end as fate
  from ranked
  left join rows_of on rows_of.id = ranked.id
  left join since on since.topic = ranked.topic and since.part = ranked.part
  left join processed on processed.topic = ranked.topic and processed.part = ranked.part
),
made as (
  select id, count(*) as m from events where id is not null and not is_dead group by id
),
strange as (
  select topic, shard as part, ts, copies,
         row_number() over (partition by id order by ts, "commit", "index") > coalesce(m, 0)
           as is_unknown
  from known left join made using (id) where in_log
),
entries as (
  select topic, part, ts // 3600000 * 3600000 as "hour", 1 as produced,
         (fate = 'row')::int as r, (fate = 'repeat')::int as again, (fate = 'dead')::int as dead,
         (fate = 'waiting')::int as waiting, (fate = 'missing')::int as missing,
         0 as doubled, 0 as unknown
  from classed where not later and ts >= $since
  union all by name
  select topic, part, ts // 3600000 * 3600000 as "hour", 0 as produced, 0 as r, 0 as again,
         0 as dead, 0 as waiting, 0 as missing,
         case when is_unknown then 0 else copies - 1 end as doubled,
         case when is_unknown then copies else 0 end as unknown
  from strange where ts >= $since and (is_unknown or copies > 1)
)
select topic, part, "hour", sum(produced)::bigint, sum(r)::bigint, sum(again)::bigint,
       sum(dead)::bigint, sum(waiting)::bigint, sum(missing)::bigint, sum(doubled)::bigint,
       sum(unknown)::bigint
from entries group by all order by topic, part, "hour"
"""
