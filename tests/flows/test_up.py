"""`touchline up` says where everything is, shows what happens, and leaves nothing behind.

Broker and Redis are real; stand_in.py takes the place of the flows and the simulator.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rich.console import Console

from flows.local.next_steps import next_commands
from flows.local.numbers import Numbers
from flows.local.outcome import somebody
from flows.local.process import LINUX
from flows.local.screen import screen
from flows.local.stack import Ready

ROOT = Path(__file__).parents[2]
UP = f"""
import sys
import flows.local.stack
flows.local.stack.TOUCHLINE = (sys.executable, {str(Path(__file__).with_name("stand_in.py"))!r})
from flows.cli import main
main()
"""
MOST_STOP_S = 5.0

pytestmark = pytest.mark.usefixtures("kafka", "redis_url")


@contextmanager
def up(
    folder: Path, *options: str, mood: str = "", **more: Any
) -> Iterator["subprocess.Popen[str]"]:
    """A running `up` in `folder`; afterwards nothing runs there any more."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "STAND_IN": mood, **more.pop("env", {})}
    process = subprocess.Popen(
        [sys.executable, "-c", UP, "up", *options],
        cwd=folder,
        env=environment,
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )
    try:
        yield process
        process.wait(20)
    finally:
        process.kill()
        process.communicate()
    if LINUX:
        assert left_in(folder) == []


def left_in(folder: Path) -> list[str]:
    """Command lines of the processes that work in `folder`, after a moment for the dead."""
    deadline = time.monotonic() + 2
    while True:
        left = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").readlink().is_relative_to(folder):
                    left.append((process / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)


def ready(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    text = process.stdout.readline()
    if not text:
        process.kill()
        pytest.fail(f"it ended before it was ready: {process.communicate()[1]}")
    line: dict[str, Any] = json.loads(text)
    return line


def simulated(folder: Path) -> dict[str, Any]:
    """What the stand-in for the simulator prints once it runs."""
    printed = folder / ".touchline" / "logs" / "simulator.out"
    while not printed.read_text().endswith("\n"):
        time.sleep(0.02)
    line: dict[str, Any] = json.loads(printed.read_text())
    return line


def listens(address: str) -> bool:
    host, _, port = re.sub(r"^\w+://|/.*", "", address).partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_with_json_the_first_line_says_where_everything_is_and_the_last_sums_up(
    tmp_path: Path,
) -> None:
    with up(tmp_path, "--demo", "--json", "--for", "2") as process:
        where = ready(process)
        assert list(where) == [
            "bootstrap_servers",
            "redis_url",
            "metrics_urls",
            "warehouse_path",
            "data_dir",
        ]
        assert where["data_dir"] == str(tmp_path / ".touchline")
        assert where["warehouse_path"] == str(tmp_path / ".touchline" / "warehouse")
        assert list(where["metrics_urls"]) == ["touchpoints", "warehouse"]
        addresses = [
            where["bootstrap_servers"],
            where["redis_url"],
            *where["metrics_urls"].values(),
        ]
        assert all(listens(address) for address in addresses)

        assert process.stdout is not None
        *numbers, summary = [json.loads(line) for line in process.stdout]
        assert all(line["numbers"]["offers"] > 0 for line in numbers)
        assert summary["summary"]["events"] > 100
        assert summary["summary"]["answers"] == {"Offer Shown": 3}
        assert summary["summary"]["first_offer_s"] >= summary["summary"]["ready_s"]
    assert process.returncode == 0
    assert not any(listens(address) for address in addresses)
    assert not (tmp_path / ".touchline" / "lock").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_five_seconds_with_a_summary(
    tmp_path: Path, number: signal.Signals
) -> None:
    with up(tmp_path, "--demo", "--json") as process:
        ready(process)
        began_s = time.monotonic()
        process.send_signal(number)
        out, _ = process.communicate()
        assert time.monotonic() - began_s < MOST_STOP_S
    assert process.returncode == 0
    assert "summary" in json.loads(out.splitlines()[-1])


def test_ctrl_c_on_a_terminal_reaches_only_up_which_ends_the_others_in_order(
    tmp_path: Path,
) -> None:
    with up(tmp_path, "--demo", "--json", start_new_session=True) as process:
        ready(process)
        os.killpg(process.pid, signal.SIGINT)
    assert process.returncode == 0
    logs = {log.name: log.read_text() for log in (tmp_path / ".touchline" / "logs").iterdir()}
    assert {"simulator.log", "touchpoints.log", "warehouse.log"} <= logs.keys()
    assert "KeyboardInterrupt" not in "".join(logs.values())


@pytest.mark.parametrize("name", ["simulator", "touchpoints", "warehouse"])
def test_a_process_that_will_not_end_is_ended_in_five_seconds(tmp_path: Path, name: str) -> None:
    with up(tmp_path, "--demo", "--json", mood=f"{name} ignores SIGTERM") as process:
        ready(process)
        simulated(tmp_path)
        began_s = time.monotonic()
        process.terminate()
        process.wait()
        assert time.monotonic() - began_s < MOST_STOP_S
    assert process.returncode == 0


def test_a_second_signal_ends_everything_at_once(tmp_path: Path) -> None:
    with up(tmp_path, "--json", mood="touchpoints ignores SIGTERM") as process:
        ready(process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)  # between two presses of a key
        began_s = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait()
        assert time.monotonic() - began_s < 1.5
    assert process.returncode == 130


def test_a_signal_before_everything_is_ready_stops_it_too(tmp_path: Path) -> None:
    with up(tmp_path, "--json", "--demo") as process:
        lock = tmp_path / ".touchline" / "lock"
        while not lock.exists():
            time.sleep(0.005)
        process.terminate()
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert "summary" not in out


@pytest.mark.parametrize("name", ["simulator", "touchpoints", "warehouse"])
def test_a_process_that_dies_is_named_with_its_last_lines(tmp_path: Path, name: str) -> None:
    with up(tmp_path, "--demo", "--json", mood=f"{name} dies") as process:
        _, err = process.communicate()
    assert process.returncode == 1
    assert f"Error: {name} ended by itself (exit code 7)" in err
    assert err.endswith("\n  no luck today\n")


@pytest.mark.parametrize("option", ["--kafka-port", "--redis-port", "--metrics-port"])
def test_a_taken_port_is_one_line_with_port_and_option(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with up(tmp_path, option, port) as process:
            _, err = process.communicate()
    assert process.returncode == 1
    (line,) = err.splitlines()
    assert f"port {port} is taken" in line
    assert option in line


def test_two_at_once_find_ports_of_their_own(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    with up(folders[0], "--json") as one, up(folders[1], "--json") as other:
        places = [(ready(each)["bootstrap_servers"], each) for each in (one, other)]
        assert places[0][0] != places[1][0]
        for place, each in places:
            assert listens(place)
            each.terminate()
    assert (one.returncode, other.returncode) == (0, 0)


def test_a_second_up_on_the_same_data_directory_is_refused_while_the_first_runs(
    tmp_path: Path,
) -> None:
    with up(tmp_path, "--json") as first:
        ready(first)
        second = subprocess.run(
            [sys.executable, "-c", UP, "up", "--data-dir", str(tmp_path / ".touchline")],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        first.terminate()
    assert second.returncode == 1
    (line,) = second.stderr.splitlines()
    assert str(tmp_path / ".touchline") in line
    assert f"process {first.pid}" in line
    with up(tmp_path, "--json", "--for", "0.1") as third:
        ready(third)
    assert third.returncode == 0


@pytest.mark.skipif(not LINUX, reason="only Linux ends children with a killed parent")
def test_nothing_survives_a_kill_of_up_and_the_next_one_starts(tmp_path: Path) -> None:
    with up(tmp_path, "--demo", "--json") as process:
        ready(process)
        process.kill()
    with up(tmp_path, "--demo", "--json", "--for", "0.1") as process:
        ready(process)
    assert process.returncode == 0


def test_the_simulator_is_told_the_options_and_none_of_the_users_own_servers(
    tmp_path: Path,
) -> None:
    options = ["--rate", "50", "--customers", "77", "--seed", "9", "--playbook", "my.yaml"]
    foreign = {
        "TOUCHLINE_KAFKA_SASL_USERNAME": "somebody",
        "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": "far.example:9092",
        "TOUCHLINE_CACHE_PROFILES": "5000",
    }
    with up(tmp_path, "--demo", "--json", *options, env=foreign) as process:
        where = ready(process)
        told = simulated(tmp_path)
        process.terminate()
    arguments = dict(zip(told["arguments"][2::2], told["arguments"][3::2], strict=True))
    assert told["arguments"][:2] == ["simulate", "--json"]
    assert arguments == {
        "--bootstrap-servers": where["bootstrap_servers"],
        "--redis-url": where["redis_url"],
        "--rate": "50.0",
        "--customers": "77",
        "--seed": "9",
    }
    environment = told["environment"]
    assert environment["TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS"] == where["bootstrap_servers"]
    assert environment["TOUCHLINE_PLAYBOOK"] == "my.yaml"
    assert environment["TOUCHLINE_CACHE_PROFILES"] == "5000"
    assert "TOUCHLINE_KAFKA_SASL_USERNAME" not in environment


def test_a_reader_that_goes_away_stops_everything(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    with up(tmp_path, "--demo", "--json", stdout=theirs) as process:
        os.close(theirs)
        with os.fdopen(ours) as reader:
            reader.readline()
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.endswith("Error: [Errno 32] Broken pipe\n")


def test_without_a_terminal_there_are_plain_lines(tmp_path: Path) -> None:
    metrics = "http://127.0.0.1:PORT/metrics"
    with up(tmp_path, "--demo", "--for", "0.6") as process:
        out, _ = process.communicate()
    assert "\x1b" not in out
    (after,) = re.findall(r"^Try next, .*\n((?:  .+\n)*)", out, re.MULTILINE)
    assert [re.sub(r"\d{4,5}", "PORT", line) for line in after.splitlines()] == [
        f"  {command}"
        for command in next_commands(
            Ready("", "redis://127.0.0.1:PORT/0", {"touchpoints": metrics}, "", ""),
            f"{sys.executable} -m flows.cli",
            None,
        )
    ]
    assert "live in memory" in out
    assert re.search(r"events/s \(click \d+, chat \d+.*offers \d+", out)
    assert re.search(r"^dead letters  1$", out, re.MULTILINE)


def test_on_a_terminal_a_screen_is_drawn_and_the_summary_stays(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    seen = b""
    with up(tmp_path, "--demo", "--for", "0.8", stdout=theirs, env={"TERM": "xterm"}) as process:
        os.close(theirs)
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # the terminal has no other end any more
                break
    os.close(ours)
    assert process.returncode == 0
    assert b"Try next" in seen
    assert seen.count(b"Ctrl-C stops") > 1
    assert b"ran " in seen[seen.rindex(b"stopping") :]


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
    _, get, _ = next_commands(where, "touchline", customer)
    shown = subprocess.run(
        ["sh", "-c", get], capture_output=True, text=True, timeout=10, check=False
    )
    assert '{"offers":[{"offer_id":"tea"}]}' in shown.stdout


@pytest.mark.parametrize("client", [None, "/usr/bin/redis-cli", "/usr/bin/valkey-cli"])
@pytest.mark.parametrize("compact", [True, False])
def test_the_screen_fits_a_terminal_of_80_columns(
    compact: bool, client: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "shutil.which", lambda name: client if client and client.endswith(name) else None
    )
    where = Ready(
        "127.0.0.1:65535",
        "redis://127.0.0.1:65535/0",
        dict.fromkeys(("touchpoints", "warehouse"), "http://127.0.0.1:65535/metrics"),
        "/home/somebody/touchline/.touchline/warehouse",
        "/home/somebody/touchline/.touchline",
    )
    channels = {"click": 123_456.7, "email": 1.0, "chat": 0.0, "kiosk": 99_999.9}
    numbers = Numbers(
        36_000, 999_999_999, 223_456.7, channels, 1234.5, 9999.9, 10**9, 10**6, 10**6, 10**8, 10**10
    )
    names = ("Shown", "Clicked", "Accepted", "Dismissed")
    answers = {f"Offer {name}": 100_000 for name in names}
    commands = next_commands(where, ".venv/bin/touchline", "c-000001")
    console = Console(width=80, height=24 if compact else 40, force_terminal=True)
    with console.capture() as capture:
        console.print(screen(where, numbers, answers, commands, compact=compact))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capture.get()).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= (21 if compact else 34)
    for command in commands:
        assert f"  {command}" in [line.rstrip() for line in lines]
