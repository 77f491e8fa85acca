"""`touchline segments` says how many customers are in each segment, and what a segment is."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flows.cli import main
from state.store.counters import SINCE_MS
from tests.flows.segments_redis import PLAYBOOK, count, counted


@pytest.fixture
def book(tmp_path: Path) -> str:
    """The path of a playbook."""
    path = tmp_path / "book.yaml"
    path.write_text(PLAYBOOK)
    return str(path)


def segments(url: str, book: str, *arguments: str) -> Result:
    env = {"TOUCHLINE_REDIS_URL": url, "TOUCHLINE_PLAYBOOK": book}
    return CliRunner().invoke(main, ["segments", *arguments], env=env)


def said(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_each_segment_is_listed_in_the_playbooks_order_with_what_redis_has_counted(
    fresh_redis: str, book: str
) -> None:
    assert segments(counted(fresh_redis), book).stdout.splitlines() == [
        "segment  customers  entered   left  title",
        "vip              3    1,004  1,001  Our best",
        "full             2        2      0  Full",
        "empty            0        0      0  Nobody",
        "old              1        1      0  (not in this playbook)",
        "4 segments",
    ]


def test_a_program_gets_the_same_as_one_object(fresh_redis: str, book: str) -> None:
    listed = said(segments(counted(fresh_redis), book, "--json"))["segments"]
    assert [one["segment"] for one in listed] == ["vip", "full", "empty", "old"]
    assert listed[0] == {
        "segment": "vip",
        "title": "Our best",
        "in_playbook": True,
        "customers": 3,
        "entered": 1_004,
        "left": 1_001,
    }
    assert (listed[3]["title"], listed[3]["in_playbook"]) == (None, False)
    assert said(segments(fresh_redis, book, "ls", "--json"))["segments"] == listed


def test_of_one_segment_its_conditions_are_shown_and_since_when_is_counted(
    fresh_redis: str, book: str
) -> None:
    assert segments(counted(fresh_redis), book, "full").stdout.splitlines() == [
        "segment       full",
        "title         Full",
        "customers     2",
        "entered       2",
        "left          0",
        "counted since 2025-12-31 00:00:00",
        "when          profile.cart.value >= 150.0",
        "until         profile.cart.value < 9.0",
        "dwell         7,200 s",
    ]
    told = said(segments(fresh_redis, book, "full", "--json"))
    assert told["when"] == "profile.cart.value >= 150.0"
    assert told["until"] == "profile.cart.value < 9.0"
    assert (told["dwell_seconds"], told["customers"]) == (7_200, 2)
    assert told["counted_since"] == "2025-12-31T00:00:00.000Z"
    assert said(segments(fresh_redis, book, "show", "vip", "--json"))["until"] is None


def test_when_a_shard_does_not_say_since_when_it_counts_that_is_not_known(
    fresh_redis: str, book: str
) -> None:
    count(counted(fresh_redis), 2, {"segment.entered:vip": 1})
    assert said(segments(fresh_redis, book, "vip", "--json"))["counted_since"] is None
    assert "counted since not known" in segments(fresh_redis, book, "vip").stdout


@pytest.mark.parametrize("command", [["vpi"], ["show", "vpi"], ["export", "vpi", "--to", "-"]])
def test_an_id_that_is_none_is_told_with_the_nearest(
    fresh_redis: str, book: str, command: list[str]
) -> None:
    told = segments(counted(fresh_redis), book, *command)
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr == (
        'Error: no segment "vpi"; expected one of vip, full, empty, old; did you mean "vip"?\n'
    )


def test_a_segment_that_only_redis_knows_is_shown_without_conditions(
    fresh_redis: str, book: str
) -> None:
    told = segments(counted(fresh_redis), book, "old")
    assert "title         (not in this playbook)" in told.stdout
    assert "when" not in told.stdout


def test_without_a_playbook_that_can_be_read_the_numbers_are_shown_and_it_says_so(
    fresh_redis: str, tmp_path: Path
) -> None:
    told = segments(counted(fresh_redis), str(tmp_path / "none.yaml"))
    assert "vip              3" in told.stdout
    assert told.stderr.startswith(f"titles and conditions are left out: {tmp_path}/none.yaml:1:1:")


def test_a_redis_with_which_no_flow_has_worked_is_no_row_of_zeros(
    fresh_redis: str, book: str
) -> None:
    told = segments(fresh_redis, book)
    assert (told.exit_code, told.stdout) == (1, "")
    assert "no flow has worked with it; check --redis-url" in told.stderr


def test_a_redis_that_does_not_answer_is_one_line_and_2(book: str) -> None:
    told = segments("redis://me:secret@127.0.0.1:1/0", book)
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("Error: Redis at redis://127.0.0.1:1/0 gives no answer")
    assert "secret" not in told.stderr


def test_a_count_of_no_segment_is_none_of_theirs(fresh_redis: str, book: str) -> None:
    count(fresh_redis, 0, {SINCE_MS: 1, "accepted:vip": 5, "offer.decided:vip": 7})
    listed = said(segments(fresh_redis, book, "--json"))["segments"]
    assert {one["segment"]: one["customers"] for one in listed} == {"vip": 0, "full": 0, "empty": 0}


@pytest.mark.parametrize("arguments", [[], ["ls"], ["show"], ["export"]])
def test_its_help_has_examples_and_needs_no_server(arguments: list[str]) -> None:
    told = segments("redis://127.0.0.1:1", "none", *arguments, "--help")
    assert told.exit_code == 0
    assert "Examples:\n" in told.stdout
