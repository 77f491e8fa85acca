"""`touchline segments export` writes who is in a segment: all of them, once, or nothing at all."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from flows.cli import main
from flows.commands.segments import export
from flows.commands.segments.spool import Spool
from state.store.keys import offers_key, shard_keys
from state.store.members import AT_ONCE, members
from tests.flows.segments_redis import PLAYBOOK, SINCE, counted, stored

DAY_MS = 86_400_000
BOTH = 'customer_id,since\n"a,n""n",2026-01-01T00:00:00.000Z\nzoë,2026-01-02T00:00:00.000Z\n'


@pytest.fixture
def full(fresh_redis: str) -> str:
    """Two vips among five customers, and keys that are none of customers."""
    customers = {'a,n"n': {"vip": SINCE, "full": 5}, "zoë": {"vip": SINCE + DAY_MS}}
    stored(counted(fresh_redis), {**customers, "bob": {}, "eve": {"full": 1}, "x}:c:y": {"old": 1}})
    with Redis.from_url(fresh_redis) as redis:
        redis.set(offers_key("{s00}:c:x"), "{}")
        redis.set(shard_keys(0).fence, "no profile")
    return fresh_redis


def exported(url: str, tmp_path: Path, *arguments: str) -> Result:
    book = tmp_path / "book.yaml"
    book.write_text(PLAYBOOK)
    env = {"TOUCHLINE_REDIS_URL": url, "TOUCHLINE_PLAYBOOK": str(book)}
    return CliRunner().invoke(main, ["segments", "export", *arguments], env=env)


def files(folder: Path) -> list[str]:
    """Hidden ones too; but for what the test itself has put there."""
    others = ("book.yaml", "redis")
    return sorted(path.name for path in folder.iterdir() if path.name not in others)


def test_members_are_written_with_since_when_in_the_order_of_their_ids(
    full: str, tmp_path: Path
) -> None:
    told = exported(full, tmp_path, "vip", "--to", str(tmp_path / "vips.csv"))
    assert (told.exit_code, told.stdout) == (0, "")
    assert (tmp_path / "vips.csv").read_text() == BOTH
    assert told.stderr == f"2 customers written to {tmp_path}/vips.csv, 5 profiles read\n"
    assert files(tmp_path) == ["vips.csv"]


def test_a_jsonl_file_has_an_object_a_line(full: str, tmp_path: Path) -> None:
    exported(full, tmp_path, "vip", "--to", str(tmp_path / "vips.jsonl"))
    assert (tmp_path / "vips.jsonl").read_text() == (
        '{"customer_id":"a,n\\"n","since":"2026-01-01T00:00:00.000Z"}\n'
        '{"customer_id":"zoë","since":"2026-01-02T00:00:00.000Z"}\n'
    )


def test_stdout_gets_the_rows_and_nothing_else(full: str, tmp_path: Path) -> None:
    assert exported(full, tmp_path, "vip", "--to", "-").stdout == BOTH
    lines = exported(full, tmp_path, "vip", "--to", "-", "--format", "jsonl").stdout
    assert lines.count('"customer_id"') == 2
    nobody = exported(full, tmp_path, "empty", "--to", "-")
    assert (nobody.exit_code, nobody.stdout) == (0, "customer_id,since\n")


def test_since_takes_only_who_came_in_so_long_ago_at_most(full: str, tmp_path: Path) -> None:
    now_ns = (SINCE + DAY_MS + 60_000) * 1_000_000
    with mock.patch("time.time_ns", return_value=now_ns):
        taken = exported(full, tmp_path, "vip", "--to", "-", "--since", "1m").stdout
        assert taken.splitlines()[1:] == ["zoë,2026-01-02T00:00:00.000Z"]
        assert (
            exported(full, tmp_path, "vip", "--to", "-", "--since", "59s").stdout.count("\n") == 1
        )


def test_a_file_that_is_there_is_written_over_with_force_only(full: str, tmp_path: Path) -> None:
    target = tmp_path / "vips.csv"
    target.write_text("mine")
    told = exported("redis://127.0.0.1:1", tmp_path, "vip", "--to", str(target))
    assert (told.exit_code, target.read_text()) == (1, "mine"), "said before Redis is asked"
    assert told.stderr == f"Error: {target}: is there already; --force writes over it\n"
    assert exported(full, tmp_path, "vip", "--to", str(target), "--force").exit_code == 0
    assert target.read_text() == BOTH


def test_a_file_that_comes_to_be_there_meanwhile_is_left_as_it_is(
    full: str, tmp_path: Path
) -> None:
    target = tmp_path / "vips.csv"

    def slow(*arguments: object) -> object:
        target.write_text("mine")
        return members(*arguments)  # type: ignore[arg-type]  # as it came

    with mock.patch.object(export, "members", slow):
        told = exported(full, tmp_path, "vip", "--to", str(target))
    assert (told.exit_code, target.read_text()) == (1, "mine")
    assert "is there already" in told.stderr
    assert files(tmp_path) == ["vips.csv"]


@pytest.mark.parametrize(
    ("target", "code", "said"),
    [
        ("vips.txt", 2, "expected - or a name in .csv or .jsonl, got"),
        ("none/vips.csv", 1, "there is no folder"),
        (".", 2, "expected - or a name in .csv or .jsonl"),
    ],
)
def test_a_place_that_will_not_do_is_refused_before_anything_is_read(
    tmp_path: Path, target: str, code: int, said: str
) -> None:
    told = exported("redis://127.0.0.1:1", tmp_path, "vip", "--to", str(tmp_path / target))
    assert told.exit_code == code
    assert said in told.stderr
    assert files(tmp_path) == []


def test_a_profile_that_cannot_be_read_is_named_and_nothing_is_written(
    full: str, tmp_path: Path
) -> None:
    with Redis.from_url(full) as redis:
        redis.set(shard_keys(1).profile_prefix + b"odd", b"no profile")
    told = exported(full, tmp_path, "vip", "--to", str(tmp_path / "vips.csv"))
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: customer 'odd': expected a stored profile")
    assert files(tmp_path) == []


def test_more_customers_than_are_asked_for_at_once_are_all_written_once(
    full: str, tmp_path: Path
) -> None:
    names = {f"c-{n:05}" for n in range(4 * AT_ONCE + 1)}
    stored(full, {name: {"full": SINCE} for name in names})
    exported(full, tmp_path, "full", "--to", str(tmp_path / "full.csv"))
    rows = (tmp_path / "full.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows if row[0] == "c"] == sorted(names)


def test_an_id_that_looks_like_a_part_of_a_key_is_written_whole(full: str, tmp_path: Path) -> None:
    rows = exported(full, tmp_path, "old", "--to", "-").stdout.splitlines()
    assert rows[1:] == ["x}:c:y,1970-01-01T00:00:00.001Z"]


def test_who_is_named_twice_is_written_once() -> None:
    with Spool() as spool:
        spool.fill([("bob", 2), ("ann", 1), ("bob", 3)])
        assert (len(spool), list(spool)) == (2, [("ann", 1), ("bob", 2)])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle_it_ends_with_1_and_leaves_nothing(
    full: str, tmp_path: Path, number: signal.Signals
) -> None:
    """Redis holds its answer back until the signal has come."""
    target = tmp_path / "vips.csv"
    stored(full, {f"c-{n:05}": {"vip": SINCE} for n in range(20 * AT_ONCE)})
    command = ["segments", "export", "vip", "--to", str(target), "--redis-url", full]
    with (
        Redis.from_url(full) as redis,
        subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *command],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TOUCHLINE_PLAYBOOK": "none"},
        ) as child,
    ):
        while not _scans(redis):
            time.sleep(0.001)
            assert child.poll() is None
        redis.execute_command("CLIENT", "PAUSE", 2_000, "ALL")
        child.send_signal(number)
        assert child.stderr is not None
        said = child.stderr.read()
        assert child.wait() == 1, said
    assert said.splitlines()[-1] == "Error: stopped; nothing was written"
    assert files(tmp_path) == []


def _scans(redis: Redis) -> int:
    """How many SCANs it has answered."""
    return int(redis.info("commandstats").get("cmdstat_scan", {}).get("calls", 0))
