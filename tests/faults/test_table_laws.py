"""The laws of the warehouse find what is wrong: tables that were right, spoilt in one way each."""

from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest
from deltalake import DeltaTable

from connectors.kafka.reader import Place
from connectors.kafka.topics import ACTIONS, ENRICHED
from connectors.warehouse.delta import DeltaAppender, Position
from connectors.warehouse.tables import DECISIONS, TOUCHPOINTS, Row, Table
from tests.faults.laws.memory import FEWEST, SLACK_MB, grew, grew_since_the_first_third
from tests.faults.laws.tables import AS_PUBLISHED, ONE_ROW, PUBLISHED, TableLaws, reached, stored
from tests.faults.laws.verdict import Verdict

SHARD = 1
Log = list[tuple[bytes | None, bytes]]


def applied(commit: int, index: int) -> dict[str, int]:
    return {"shard": SHARD, "generation": 0, "commit": commit, "index": index}


def event(commit: int, index: int) -> bytes:
    return orjson.dumps(
        {
            "id": f"{commit:016x}{index:016x}",
            "customer_id": f"c-{index}",
            "channel": "click",
            "event": "Product Viewed",
            "occurred_at": "2026-01-15T23:59:59.123Z",
            "received_at": "2026-01-16T00:00:00.456Z",
            "original": {"messageId": f"m-{commit}-{index}", "größe": [1.0, None, "ä"]},
            "profile": {"visits": {"count": index}},
            "segments": ["new", "vip"][: index % 3],
            "applied": applied(commit, index),
            "playbook": "p1",
        }
    )


def action(commit: int, index: int) -> bytes:
    return orjson.dumps(
        {
            "id": f"{commit:016x}{index:016x}",
            "kind": "offer.decided",
            "customer_id": f"c-{index}",
            "caused_by": f"m-{index}",
            "decided_at": "2026-01-16T00:00:00.456Z",
            "playbook": "p1",
            "applied": applied(commit, index),
            "body": {"offers": [{"score": 0.5 + index}]},
        }
    )


def log(record: Callable[[int, int], bytes]) -> Log:
    """Four flushes of three records behind their plans; the third is there again, after a crash."""
    flushes = {c: [(b"k", record(c, i)) for i in range(3)] for c in range(1, 5)}
    found: Log = []
    for commit in (1, 2, 3, 3, 4):
        found += [(None, b"a plan"), *flushes[commit]]
    return found


def rows(table: Table, records: Log) -> list[Row]:
    """Each once, as the writer makes them."""
    read, place = table.reader(), Place(table.topic, SHARD)
    made = {row.mark: row for row in (read(place, value) for key, value in records if key)}
    return list(made.values())


def written(
    folder: Path, table: Table, parts: Sequence[Sequence[Row]], make: type[DeltaAppender]
) -> None:
    """`parts` committed one after the other, as by a writer that is started anew for each."""
    for part in parts:
        make(str(folder), table, "id", SHARD + 1).append(part, {SHARD: 1})


def judged(folder: Path, table: Table, records: Log) -> Verdict:
    verdict = Verdict()
    (published,) = (one for one in PUBLISHED if one.table == table.name)
    laws = TableLaws(published, SHARD, verdict)
    for key, value in records:
        laws.published(key, value)
    laws.stored(stored(folder, published, SHARD))
    return verdict


class Forgetful(DeltaAppender):
    """Does not look for what the table has: the part that the law is there for is taken away."""

    def _position(self, handle: DeltaTable, app: str) -> Position:
        return super()._position(handle, f"forgotten/{app}")


BOTH = pytest.mark.parametrize(
    ("table", "record"), [(TOUCHPOINTS, event), (DECISIONS, action)], ids=["touchpoints", "actions"]
)


@BOTH
def test_tables_that_hold_each_record_once_break_no_law(
    table: Table, record: Callable[[int, int], bytes], tmp_path: Path
) -> None:
    found = rows(table, log(record))
    written(tmp_path, table, [found[:5], found[3:9], found], DeltaAppender)
    verdict = judged(tmp_path, table, log(record))
    assert verdict.told() == []
    assert (verdict.table_rows, verdict.lost, verdict.twice) == (12, 0, 0)


@BOTH
def test_a_writer_that_forgets_its_position_commits_rows_twice_and_is_found_out(
    table: Table, record: Callable[[int, int], bytes], tmp_path: Path
) -> None:
    found = rows(table, log(record))
    written(tmp_path, table, [found[:5], found[3:]], Forgetful)
    verdict = judged(tmp_path, table, log(record))
    assert verdict.broken.keys() == {ONE_ROW}
    assert (verdict.table_rows, verdict.lost, verdict.twice) == (14, 0, 2)


@BOTH
def test_rows_that_were_passed_over_are_lost(
    table: Table, record: Callable[[int, int], bytes], tmp_path: Path
) -> None:
    found = rows(table, log(record))
    written(tmp_path, table, [found[:5], found[7:]], DeltaAppender)
    verdict = judged(tmp_path, table, log(record))
    assert verdict.broken.keys() == {ONE_ROW}
    assert (verdict.table_rows, verdict.lost, verdict.twice) == (10, 2, 0)


@BOTH
def test_a_row_that_nobody_published_is_named(
    table: Table, record: Callable[[int, int], bytes], tmp_path: Path
) -> None:
    found = rows(table, log(record))
    written(tmp_path, table, [[*found, *rows(table, [(b"k", record(9, 0))])]], DeltaAppender)
    verdict = judged(tmp_path, table, log(record))
    assert len(verdict.broken[ONE_ROW]) == 1
    assert "(0, 9, 0) was not published" in verdict.broken[ONE_ROW][0]


@pytest.mark.parametrize("column", range(len(TOUCHPOINTS.columns)))
def test_a_row_with_one_other_value_is_no_longer_its_record(column: int, tmp_path: Path) -> None:
    spoilt = rows(TOUCHPOINTS, log(event))
    value = spoilt[4].values[column]
    other: object = value + 1 if isinstance(value, int) else [*value, "x"]
    if isinstance(value, str):
        other = f"{value} "
    values = (*spoilt[4].values[:column], other, *spoilt[4].values[column + 1 :])
    spoilt[4] = spoilt[4]._replace(values=values)
    written(tmp_path, TOUCHPOINTS, [spoilt], DeltaAppender)
    assert judged(tmp_path, TOUCHPOINTS, log(event)).broken.keys() & {ONE_ROW, AS_PUBLISHED}


def test_all_is_in_the_tables_once_the_last_record_of_each_log_is(tmp_path: Path) -> None:
    found = rows(TOUCHPOINTS, log(event))
    last = {"touchpoints": {SHARD: (SHARD, 0, 4, 2)}, "actions": {}}
    assert not reached(tmp_path, last)
    written(tmp_path, TOUCHPOINTS, [found[:-1]], DeltaAppender)
    assert not reached(tmp_path, last)
    written(tmp_path, TOUCHPOINTS, [found[-1:]], DeltaAppender)
    assert reached(tmp_path, last)


def test_the_topics_of_the_tables_are_those_that_are_published() -> None:
    assert {p.topic: p.table for p in PUBLISHED} == {ENRICHED: "touchpoints", ACTIONS: "actions"}


def test_memory_that_comes_to_rest_is_bounded_and_memory_that_grows_is_not() -> None:
    at_rest = [50.0, 100, 150, 155, 150, 160, 150, 158, 150]
    assert grew_since_the_first_third(at_rest, may_hold_mb=0) is None
    grows = [100.0 + 20 * n for n in range(12)]
    assert grew_since_the_first_third(grows, may_hold_mb=0) == (
        f"memory grew from 160 to 320 MB, expected {160 * 1.2 + SLACK_MB:.0f} at most"
    )
    assert grew_since_the_first_third(grows, may_hold_mb=200) is None
    assert grew([100, 200], [270]) is None
    assert grew([100, 200], [210, 271], may_hold_mb=1) is None
    assert grew([100, 200], [272, 210], may_hold_mb=1) == (
        "memory grew from 200 to 272 MB, expected 271 at most"
    )
    assert grew_since_the_first_third([1.0, *[1_000.0] * (FEWEST - 2)], may_hold_mb=0) is None
