"""What people are shown while everything runs."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from msgspec import structs
from redis import Redis
from rich.console import Console

from flows.local.next_steps import next_commands
from flows.local.numbers import Numbers
from flows.local.outcome import somebody
from flows.local.report import JsonReport, PlainReport, line_of
from flows.local.screen import screen
from flows.local.stack import Ready


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_without_a_redis_client_the_command_shown_for_an_offer_uses_curl(
    fresh_redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Redis.from_url(fresh_redis) as redis:
        redis.set("touchline:offers:c-000001", '{"offers":[{"offer_id":"tea"}]}')
        redis.set("touchline:offers:a-0123456789ab", '{"offers":[{"offer_id":"tea"}]}')
        redis.set("touchline:offers:c-2", '{"offers":[]}')
    customer = somebody(fresh_redis)
    assert customer == "c-000001"
    monkeypatch.setattr("shutil.which", lambda name: None)
    where = Ready("127.0.0.1:1", fresh_redis, {"touchpoints": "http://127.0.0.1:1"}, "", "")
    _, _, get, _ = next_commands(where, "touchline", customer)
    shown = subprocess.run(
        ["sh", "-c", get], capture_output=True, text=True, timeout=10, check=False
    )
    assert '{"offers":[{"offer_id":"tea"}]}' in shown.stdout


WHERE = Ready(
    "127.0.0.1:65535",
    "redis://127.0.0.1:65535/0",
    dict.fromkeys(("touchpoints", "warehouse"), "http://127.0.0.1:65535/metrics"),
    "/home/somebody/touchline/.touchline/warehouse",
    "/home/somebody/touchline/.touchline",
)
NUMBERS = Numbers(
    seconds=36_000,
    events=999_999_999,
    events_per_s=223_456.7,
    channels_per_s={"click": 123_456.7, "email": 1.0, "chat": 0.0, "kiosk": 99_999.9},
    latency_p50_ms=1234.5,
    latency_p99_ms=9999.9,
    offers=10**9,
    alerts=10**6,
    dead_letters=10**6,
    lag_events=10**8,
    warehouse_rows=10**10,
)
ANSWERS = {f"Offer {name}": 100_000 for name in ("Shown", "Clicked", "Accepted", "Dismissed")}
TROUBLED = structs.replace(
    NUMBERS,
    shards=16,
    shards_owned=12,
    shards_waiting=3,
    silent={"touchpoints": 75.3},
    waiting={"warehouse": "the warehouse is not available"},
    no_events_s=7.2,
)
TROUBLES = [
    "touchpoints has not answered for 75 s",
    "warehouse is not ready: the warehouse is not available",
    "no events for 7 s",
    "12 of 16 shards owned, 3 waiting",
]


def drawn(
    numbers: Numbers, commands: list[str], *, width: int = 80, compact: bool = False
) -> list[str]:
    console = Console(width=width, height=24 if compact else 40, force_terminal=True)
    with console.capture() as capture:
        console.print(screen(numbers, ANSWERS, commands, compact=compact))
    text = re.sub(r"\x1b\[[0-9;]*m", "", capture.get())
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize("client", [None, "/usr/bin/redis-cli", "/usr/bin/valkey-cli"])
@pytest.mark.parametrize("compact", [True, False])
def test_the_screen_fits_a_terminal_of_80_columns(
    compact: bool, client: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "shutil.which", lambda name: client if client and client.endswith(name) else None
    )
    commands = next_commands(WHERE, ".venv/bin/touchline", "c-000001")
    lines = drawn(TROUBLED, commands, compact=compact)
    assert max(map(len, lines)) <= 80
    assert len(lines) <= (23 if compact else 34)
    for command in commands:
        assert f"  {command}" in lines


def test_on_a_narrow_terminal_bars_give_way_to_names_and_rates() -> None:
    lines = drawn(NUMBERS, [], width=40)
    assert max(map(len, lines)) <= 40
    assert any(re.match(r"click +123,456\.7 /s +█+$", line) for line in lines)
    narrower = drawn(NUMBERS, [], width=24)
    assert any(re.match(r"click +123,456\.7 /s", line) for line in narrower)


def test_the_longest_bar_is_of_the_channel_with_most_events() -> None:
    bars = {line.split()[0]: line.count("█") for line in drawn(NUMBERS, []) if "/s" in line}
    assert bars == {"click": 40, "email": 1, "chat": 0, "kiosk": 32, "all": 0}


def test_what_is_not_as_it_should_be_is_told_on_the_screen_and_in_a_plain_line() -> None:
    assert set(TROUBLES) <= set(drawn(TROUBLED, []))
    assert line_of(TROUBLED).endswith("  ".join(["", *TROUBLES]))
    well = structs.replace(NUMBERS, shards=16, shards_owned=16)
    assert line_of(well) == line_of(NUMBERS)


def told_at(field: str, values: list[Any]) -> list[int]:
    """Seconds of the plain lines, when `field` has one value after the other, a second each."""
    out: list[str] = []
    report = PlainReport(out.append, "touchline", lambda ready: None)
    report.ready(WHERE)
    for second, value in enumerate(values):
        numbers = structs.replace(NUMBERS, seconds=second, offers=0, **{field: value})
        report.numbers(numbers, {})
    return [int(line.split(" s ")[0]) for line in out if "events/s" in line]


def test_a_flow_that_falls_silent_or_speaks_again_is_told_before_the_next_line_is_due() -> None:
    assert told_at("silent", [{}, {}, {"warehouse": 2}, {"warehouse": 3}, {}, {}]) == [0, 2, 4]


def test_a_flow_that_waits_is_told_at_once_and_again_when_it_waits_for_something_else() -> None:
    kafka, redis = {"touchpoints": "Kafka"}, {"touchpoints": "Redis"}
    assert told_at("waiting", [{}, kafka, kafka, redis, {}, {}]) == [0, 1, 3, 4]


def test_events_that_do_not_come_are_told_at_once_and_not_each_second() -> None:
    assert told_at("no_events_s", [0, 5, 6, 7, 0, 0]) == [0, 1, 4]


def test_what_is_not_as_it_should_be_is_in_the_numbers_for_programs() -> None:
    out: list[str] = []
    JsonReport(out.append, out.append).numbers(TROUBLED, {})
    numbers = json.loads(out[0])["numbers"]
    assert numbers["silent"] == {"touchpoints": 75.3}
    assert numbers["waiting"] == {"warehouse": "the warehouse is not available"}
    assert numbers["no_events_s"] == 7.2
    assert (numbers["shards_owned"], numbers["shards"], numbers["shards_waiting"]) == (12, 16, 3)
