"""`touchline warehouse sql`, `tables` and `maintain`, as a person and a program call them."""

import csv
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

import flows.commands.warehouse.sql
from connectors.warehouse.ask import Warehouse
from connectors.warehouse.errors import WarehouseUnavailable
from connectors.warehouse.query import Answer, answer
from flows.commands.warehouse import command
from flows.commands.warehouse.patience import interruptible
from tests.connectors.warehouse_samples import decided, event, store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store(
        tmp_path / "w",
        [event(1, segments=("vip",)), event(2, "bob")],
        [event(3, "zoe")],
        actions=[decided(1, "a", "alert.raised", alert="x", severity="high", message="hm")],
    )
    return tmp_path / "w"


def touchline_warehouse(folder: Path, *arguments: str, stdin: str | None = None) -> Result:
    environment = {"TOUCHLINE_WAREHOUSE_URL": str(folder)}
    return CliRunner().invoke(command, arguments, env=environment, input=stdin)


def out(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_table_for_people_is_aligned_with_numbers_to_the_right(folder: Path) -> None:
    sql = "select customer_id, index, null as nothing from touchpoints order by 1"
    result = touchline_warehouse(folder, "sql", sql)
    assert out(result).splitlines() == [
        "customer_id  index  nothing",
        "-----------  -----  -------",
        "ada              1",
        "bob              2",
        "zoe              3",
    ]
    assert result.stderr == "3 rows\n"


def test_a_table_shows_a_thousand_rows_unless_more_are_asked_for(folder: Path) -> None:
    def lines(*arguments: str) -> tuple[int, str]:
        result = touchline_warehouse(folder, "sql", "from range(2500)", *arguments)
        return len(out(result).splitlines()) - 2, result.stderr

    assert lines() == (
        1_000,
        "the first 1,000 rows, there are more: --limit N, --all or another --format\n",
    )
    assert lines("--all") == (2_500, "2,500 rows\n")
    assert lines("--limit", "7") == (7, "7 rows\n")


def test_json_is_an_object_a_line_and_csv_has_a_line_of_names(folder: Path) -> None:
    sql = """select id, occurred_at, segments, 1.5::decimal(5, 2) as d, 'nan'::double as n,
             original::json as o, e'two\\nlines' as t from touchpoints where customer_id = 'ada'"""
    result = touchline_warehouse(folder, "sql", sql, "--format", "json")
    (line,) = out(result).splitlines()
    assert json.loads(line) == {
        "id": "0-1",
        "occurred_at": "2026-01-01T12:00:00.123Z",
        "segments": ["vip"],
        "d": 1.5,
        "n": None,
        "o": {"messageId": "1", "properties": {}},
        "t": "two\nlines",
    }
    assert result.stderr == ""
    names, row = csv.reader(
        io.StringIO(out(touchline_warehouse(folder, "sql", sql, "--format", "csv")))
    )
    assert names == ["id", "occurred_at", "segments", "d", "n", "o", "t"]
    assert row[:4] == ["0-1", "2026-01-01T12:00:00.123Z", '["vip"]', "1.5"]
    assert row[6] == "two\nlines"
    many = touchline_warehouse(folder, "sql", "from range(2500)", "--format", "csv")
    assert len(out(many).splitlines()) == 2_501


def test_parquet_goes_to_a_file_or_down_a_pipe_and_never_to_a_terminal(
    folder: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "x.parquet"
    target.parent.mkdir()
    sql = ("sql", "from touchpoints;", "--format", "parquet")
    assert out(touchline_warehouse(folder, *sql, "--output", str(target))) == ""
    counted = duckdb.execute("select count(*) from read_parquet(?)", [str(target)]).fetchall()
    assert counted == [(3,)]
    assert list(target.parent.iterdir()) == [target], "nothing beside it"
    piped = touchline_warehouse(folder, *sql)
    assert piped.stdout_bytes[:4] == piped.stdout_bytes[-4:] == b"PAR1"
    lost = touchline_warehouse(folder, *sql, "--output", str(tmp_path / "none/x"))
    assert (lost.exit_code, "none/x: cannot be written" in lost.stderr) == (1, True)
    with terminal(folder, *sql) as (_, said):
        assert "binary, nothing for a terminal" in said(until="--output")


def test_sql_comes_from_an_argument_a_file_or_stdin(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("-- a remark\nselect 42 as x")
    for given, stdin in (
        (("select 42 as x",), None),
        (("--file", str(tmp_path / "q.sql")), None),
        (("-",), "select 42 as x;\n"),
        (("--file", "-"), "select 42 as x"),
    ):
        result = touchline_warehouse(folder, "sql", *given, "--format", "json", stdin=stdin)
        assert json.loads(out(result)) == {"x": 42}
    for wrong in ((), ("select 1", "--file", "x"), ("select 1", "--limit", "1", "--all")):
        assert touchline_warehouse(folder, "sql", *wrong).exit_code == 2
    (tmp_path / "latin").write_bytes(b"select '\xe9'")
    for name, said in (("none", "No such file"), ("latin", "expected UTF-8")):
        result = touchline_warehouse(folder, "sql", "--file", str(tmp_path / name))
        assert (result.exit_code, said in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("drop view alerts", "refused, as the warehouse is only read here: DROP"),
        ("selec 1", "line 1, at 'selec': Parser Error"),
        ("from tuchpoints", "no table or view tuchpoints; the nearest: touchpoints"),
        ("from read_text('/etc/passwd')", "refused, as only the warehouse's own tables"),
    ],
)
def test_what_is_not_answered_ends_with_1_and_one_line(sql: str, said: str, folder: Path) -> None:
    result = touchline_warehouse(folder, "sql", sql)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_warehouse_that_cannot_be_read_ends_every_command_with_one_line(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "touchpoints/_delta_log/00000000000000000002.json").write_text('{"add": {"pa')
    for name in (("sql", "select 1"), ("tables",), ("maintain",)):
        for place, said in ((tmp_path / "none", "no such folder"), (folder, "is cut off; stop")):
            result = touchline_warehouse(place, *name)
            assert (result.exit_code, result.stdout) == (1, ""), name
            assert said in result.stderr
            assert result.stderr.count("\n") == 1
    assert touchline_warehouse(folder, "sql", "select 1", "--url", "ftp://x").exit_code == 2


def test_a_query_whose_files_went_is_asked_once_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def gone_once(warehouse: Warehouse, sql: str) -> Answer:
        asked.append(warehouse)
        if len(asked) == 1:
            raise WarehouseUnavailable("gone")
        return answer(warehouse, sql)

    monkeypatch.setattr(flows.commands.warehouse.sql, "answer", gone_once)
    assert "3" in out(touchline_warehouse(folder, "sql", "select count(*) from touchpoints"))
    assert len(asked) == 2
    assert asked[0] is not asked[1]


def test_explain_shows_the_plan_as_it_is(folder: Path) -> None:
    shown = out(touchline_warehouse(folder, "sql", "explain select count(*) from alerts"))
    assert len(shown.splitlines()) > 3


def test_the_tables_are_told_with_their_sizes_and_each_column_s_meaning(folder: Path) -> None:
    shown = out(touchline_warehouse(folder, "tables"))
    assert re.search(r"touchpoints +3 rows +2 files +[\d,]+ bytes +version 2, last commit 2", shown)
    assert re.search(r"customer_id +VARCHAR +Whom it is about", shown)
    told = json.loads(out(touchline_warehouse(folder, "tables", "--json")))
    assert [(t["name"], t["rows"], t["files"]) for t in told["tables"]] == [
        ("touchpoints", 3, 2),
        ("actions", 1, 1),
    ]
    one = json.loads(out(touchline_warehouse(folder, "tables", "alerts", "--json")))
    assert [view["name"] for view in one["views"]] == ["alerts"]
    wrong = touchline_warehouse(folder, "tables", "alert")
    assert (wrong.exit_code, "expected one of touchpoints" in wrong.stderr) == (1, True)


def test_maintain_says_what_it_would_do_and_then_does_it(folder: Path) -> None:
    would = out(touchline_warehouse(folder, "maintain", "--dry-run")).splitlines()
    assert re.search(r"touchpoints: 2 files, .*would merge 2 files of 1 days .* remove 0", would[0])
    assert "touchpoints: 2 files, " in out(touchline_warehouse(folder, "maintain", "--dry-run"))
    did = touchline_warehouse(folder, "maintain")
    assert "touchpoints: 2 files -> 1, " in out(did)
    assert "touchpoints 2026-01-01: 2 files -> 1" in did.stderr
    reckless = ("--keep", "0h", "--yes-lose-running-readers", "--json")
    told = json.loads(out(touchline_warehouse(folder, "maintain", *reckless)))
    assert [t["removed_files"] for t in told["tables"]] == [2, 0]
    for keep, said in (("1h", "expected at least 24h"), ("7 weeks", "hours or days")):
        refused = touchline_warehouse(folder, "maintain", "--keep", keep)
        assert (refused.exit_code, said in refused.stderr) == (2, True)
    assert "3" in out(touchline_warehouse(folder, "sql", "select count(*) from touchpoints_rows"))


class terminal:  # noqa: N801 - a context manager that reads as a word
    """The command in a terminal of 60 columns: its process, and what it says until a word comes."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._arguments = arguments
        self._folder = folder

    def __enter__(self) -> tuple["subprocess.Popen[bytes]", "terminal"]:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "warehouse", *self._arguments],
            cwd=ROOT,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={
                **os.environ,
                "TOUCHLINE_WAREHOUSE_URL": str(self._folder),
                "COLUMNS": "60",
            },
        )
        os.close(theirs)
        return self._process, self

    def __call__(self, until: str) -> str:
        said = ""
        deadline = time.monotonic() + 60
        while until not in said:
            assert time.monotonic() < deadline, said
            if select.select([self._ours], [], [], 1)[0]:
                said += os.read(self._ours, 65_536).decode()
        return said

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)


def test_a_table_is_cut_to_the_terminal_and_carries_no_control_characters(folder: Path) -> None:
    sql = "select repeat('long ', 50) as a, e'x\\x1b[31m' as b, 7 as c, repeat('é', 90) as d"
    with terminal(folder, "sql", sql) as (_, said):
        lines = said(until="1 row").splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert "…" in lines[2]
    assert "x?[31m" in lines[2]


@pytest.mark.parametrize("form", ["table", "parquet"])
def test_ctrl_c_ends_a_long_query_which_tells_that_it_runs(
    form: str, folder: Path, tmp_path: Path
) -> None:
    arguments = ("--format", form, "--output", str(tmp_path / "out"))
    sql = "select count(*) from range(100000000000) a(i) where sin(i) > 2"
    with terminal(folder, "sql", sql, *arguments) as (process, said):
        said(until="Ctrl-C ends it")
        process.send_signal(signal.SIGINT)
        assert "stopped" in said(until="stopped")
        assert process.wait(20) == 130
    assert not list(tmp_path.glob("*.part"))


def test_ctrl_c_is_ctrl_c_whether_duckdb_or_python_finds_it_first() -> None:
    connection = duckdb.connect()
    with pytest.raises(KeyboardInterrupt), interruptible(connection):
        raise RuntimeError("Query interrupted")  # in DuckDB's words
    with pytest.raises(RuntimeError, match="something else"), interruptible(connection):
        raise RuntimeError("something else")
    connection.close()
