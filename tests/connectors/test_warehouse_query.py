"""SQL that is answered, as values every format shows, and SQL that is refused in one sentence."""

import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.warehouse.ask import Warehouse, open_warehouse
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.query import BATCH_ROWS, answer, write_parquet
from connectors.warehouse.sql_errors import QueryRefused
from tests.connectors.warehouse_samples import event, store


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    url = store(tmp_path, [event(1), event(2, "bob")])
    with open_warehouse(url) as opened:
        yield opened


def told(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return [row for batch in answer(warehouse, sql).batches for row in batch]


@pytest.mark.parametrize(
    ("sql", "value", "shape"),
    [
        ("now() is not null", True, "flag"),
        ("timestamptz '2026-01-01 12:00:00.123456+02'", "2026-01-01T10:00:00.123Z", "text"),
        ("timestamp '2026-01-01 12:00'", "2026-01-01T12:00:00.000", "text"),
        ("date '2026-01-01'", "2026-01-01", "text"),
        ("170141183460469231731687303715884105727::hugeint", 2**127 - 1, "number"),
        ("1.50::decimal(5, 2)", 1.5, "number"),
        ("['a', 'b']", '["a","b"]', "json"),
        ("{'a': [1]}", '{"a":[1]}', "json"),
        ("""'{"a": 1}'::json""", '{"a": 1}', "json"),
        ("[1.5::decimal(5, 2)]", "[1.5]", "json"),
        (
            "uuid '00000000-0000-0000-0000-000000000001'",
            f"{'0' * 8}-{'-'.join(['0000'] * 3)}-000000000001",
            "text",
        ),
        ("interval 1 day", "1 day", "text"),
        ("null", None, "text"),
        ("'infinity'::timestamptz", "infinity", "text"),
    ],
)
def test_a_value_comes_so_that_every_format_can_show_it(
    sql: str, value: object, shape: str, warehouse: Warehouse
) -> None:
    found = answer(warehouse, f"select {sql} as x")
    assert [row for batch in found.batches for row in batch] == [(value,)]
    assert [(c.name, c.shape) for c in found.columns] == [("x", shape)]


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from touchpoints;",
        "select count(*) from touchpoints; -- with a remark; and more",
        "/* before */ with t as (from touchpoints) select count(*) from t -- behind",
        "select count(*) from 'touchpoints'",
        "from (values (2))",
    ],
)
def test_a_statement_that_reads_is_answered_however_it_is_written(
    sql: str, warehouse: Warehouse
) -> None:
    assert told(warehouse, sql) == [(2,)]


def test_what_describes_and_explains_is_answered_too(warehouse: Warehouse) -> None:
    assert ("alerts",) in told(warehouse, "show tables")
    assert told(warehouse, "describe alerts")[0][:2] == ("alert", "VARCHAR")
    assert told(warehouse, "summarize touchpoints")[0][0] == "date"
    explained = answer(warehouse, "explain select 1")
    assert explained.is_plan
    assert answer(warehouse, "/* x */ explain analyze select count(*) from alerts;").is_plan


WRITES = [
    "copy touchpoints to '{there}'",
    "with a as (copy (select 1) to '{there}') select 1",
    "explain analyze copy (select 1) to '{there}'",
    "explain analyze with a as (copy (select 1) to '{there}') select 1",
    "explain (analyze, format json) copy (select 1) to '{there}'",
    "select * from query('with a as (copy (select 1) to ''{there}'') select 1')",
    "create table t (i int)",
    "create view v as select 1",
    "drop view alerts",
    "insert into touchpoints values (1)",
    "delete from touchpoints",
    "with a as (delete from touchpoints returning 1) from a",
    "update touchpoints set id = 'x'",
    "attach '{there}'",
    "export database '{there}'",
    "install httpfs",
    "load httpfs",
    "set threads = 1",
    "set enable_external_access = true",
    "pragma version",
    "call pragma_version()",
    "checkpoint",
    "begin",
    "use memory",
    "prepare p as select 1",
    "vacuum",
    "update extensions",
]


@pytest.mark.parametrize("sql", WRITES)
def test_what_writes_or_changes_is_refused_and_writes_nothing(
    sql: str, warehouse: Warehouse, tmp_path: Path
) -> None:
    """Into the folder, where it may read."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(QueryRefused, match=r"only read here|must be at the top level"):
        told(warehouse, sql.format(there=tmp_path / "touchpoints" / "evil.parquet"))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_statement_that_is_hidden_in_a_text_is_refused(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    hidden = f"with a as (copy (select 1) to '{tmp_path}/touchpoints/evil') select 1"
    (text,) = duckdb.execute("select json_serialize_sql(?)", [hidden]).fetchall()[0]
    for table in (
        "json_execute_serialized_sql('{}')",
        "query('from json_execute_serialized_sql(''{}'')')",
    ):
        sql = "from " + table.format(text.replace("'", "''''" if "query" in table else "''"))
        with pytest.raises(QueryRefused, match="write the SQL itself"):
            told(warehouse, sql)
    assert not (tmp_path / "touchpoints/evil").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "from read_csv('/etc/passwd')",
        "from read_text('/etc/passwd')",
        "from glob('/etc/*')",
        "from read_parquet('s3://bucket/x.parquet')",
        "from read_parquet('https://localhost/x.parquet')",
        "from read_text('{here}/../../../../etc/passwd')",
    ],
)
def test_no_other_file_is_read(sql: str, warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(QueryRefused, match=r"line 1, at .*: refused, as only the warehouse's own"):
        told(warehouse, sql.format(here=tmp_path))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select * frm x", r"line 1, at 'x': Parser Error: syntax error at or near"),
        (
            "select 1,\n  custmer_id\nfrom touchpoints",
            r"line 2, at 'custmer_id': .*\"customer_id\"",
        ),
        ("from touchpoint", r"no table or view touchpoint; the nearest: touchpoints.*ouse tables`"),
        ("from xyz", r"no table or view xyz; `touchline warehouse tables` shows"),
        ("select 1; select 2", r"expected one statement, got 2"),
        ("", r"expected a statement, got nothing"),
        ("-- nothing", r"expected a statement, got nothing"),
        ("select ?", r"without parameters"),
        ("pivot touchpoints on channel", r"refused.*of PIVOT, say which values"),
        ("select 'a'::int", r"line 1, at '::int': Conversion Error"),
        ("select 'a", r"unterminated string literal"),
        ("from sqlsmith()", r"It would be downloaded, so it is not used here"),
        ("select error('boo')", r"boo"),
        ("select\n'\udcff'", r"line 2: expected UTF-8 text"),
        ("select 1\x00", r"line 1: expected UTF-8 text"),
        ("from test_all_types()", r"^Conversion Error"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_with_its_place(
    sql: str, said: str, warehouse: Warehouse
) -> None:
    with pytest.raises(QueryRefused, match=said) as refused:
        told(warehouse, sql)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["sql", "statement", "connection"])
def test_a_name_is_never_one_of_the_program_s_own_variables(
    name: str, warehouse: Warehouse
) -> None:
    with pytest.raises(QueryRefused, match=f"no table or view {name}"):
        told(warehouse, f"from {name}")


def test_a_value_that_cannot_be_computed_far_into_the_answer_is_said_there(
    warehouse: Warehouse,
) -> None:
    sql = "select case when i = 2900000 then error('far') else i end from range(3000000) t(i)"
    batches = answer(warehouse, sql).batches
    assert len(next(batches)) == BATCH_ROWS
    with pytest.raises(QueryRefused, match="far"):
        list(batches)


def test_a_million_rows_come_in_batches_and_are_never_all_held(warehouse: Warehouse) -> None:
    sql = "select i, repeat('x', 100) as text from range(1000000) t(i)"
    tracemalloc.start()
    try:
        batches = answer(warehouse, sql).batches
        sizes = [len(batch) for batch in islice(batches, 20)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()  # it is slow, and who held all would have done so by now
    sizes += [len(batch) for batch in batches]
    assert (sum(sizes), max(sizes)) == (1_000_000, BATCH_ROWS)
    assert peak < 8_000_000, "bytes of Python's; all of them would be more than 200 MB"


def test_parquet_keeps_the_types(tmp_path: Path) -> None:
    url = store(tmp_path / "w", [event(1, segments=("vip",))])
    target = str(tmp_path / "out.parquet")
    with open_warehouse(url, [target]) as warehouse:
        sql = "select occurred_at, segments, 1 as one from touchpoints; -- all"
        assert write_parquet(warehouse, sql, target) == 1
        with pytest.raises(QueryRefused, match="only read here"):
            write_parquet(warehouse, f"copy touchpoints to '{target}'", target)
        with pytest.raises(QueryRefused, match="EXPLAIN has no answer as parquet"):
            write_parquet(warehouse, "explain select 1", target)
    described = duckdb.execute("describe from read_parquet(?)", [target]).fetchall()
    assert [row[1] for row in described] == ["TIMESTAMP WITH TIME ZONE", "VARCHAR[]", "INTEGER"]


def test_a_file_that_was_removed_meanwhile_is_said_with_what_to_do(tmp_path: Path) -> None:
    url = store(tmp_path, [event(1)], [event(2)])
    with open_warehouse(url) as warehouse:
        for file in warehouse.snapshots["touchpoints"].files:
            Path(file.path).unlink()
        with pytest.raises(WarehouseUnavailable, match="run it again"):
            told(warehouse, "select max(original) from touchpoints_rows")
    with pytest.raises(WarehouseUnavailable, match=r"run it again.*\.parquet") as trouble:
        open_warehouse(url)
    assert "LINE" not in str(trouble.value)
