"""`touchline up` says where everything is, shows what happens, and leaves nothing behind.

Broker and Redis are real; stand_in.py takes the place of the flows and the simulator, but where a
test says that they are real, too.
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
from pathlib import Path

import pytest

from flows.local.data_dir import USUAL
from flows.local.next_steps import next_commands
from flows.local.process import LINUX
from flows.local.stack import Ready
from tests.flows.running_up import (
    REAL,
    ROOT,
    UP,
    listens,
    ready,
    seen_on_terminal,
    simulated,
    until_told,
    up,
    working_in,
)

MOST_STOP_S = 5.0
LOST = "Error: what is not in the warehouse is lost, since the embedded Kafka forgets it; see {0}"
ABSENT = "Kafka does not answer"

pytestmark = pytest.mark.usefixtures("kafka", "redis_url")


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
        assert summary["summary"]["troubles"] == []
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
        out, err = process.communicate()
        assert time.monotonic() - began_s < MOST_STOP_S
    (*_, line) = out.splitlines()
    troubles = json.loads(line)["summary"]["troubles"]
    if name == "simulator":
        assert (process.returncode, troubles) == (0, [])
        return
    assert process.returncode == 1
    log = tmp_path / ".touchline" / "logs" / f"{name}.log"
    (trouble,) = troubles
    assert trouble.startswith(f"the {name} flow did not end within ")
    assert trouble.endswith(f" s and was killed; see {log}")
    assert err.splitlines()[1:] == [trouble, LOST.format(log.parent)]


def test_a_flow_that_waits_is_told_while_it_does_and_at_the_end(tmp_path: Path) -> None:
    with up(tmp_path, "--demo", "--for", "1", mood="warehouse waits") as process:
        out, err = process.communicate()
    assert process.returncode == 1
    assert "  warehouse is not ready: better times\n" in out[: out.index("stopping")]
    logs = tmp_path / ".touchline" / "logs"
    assert out.splitlines()[-1] == (
        "trouble       the warehouse flow was not ready when it had to stop (better times); see "
        f"{logs / 'warehouse.log'}"
    )
    assert err.splitlines() == [LOST.format(logs)]


def test_events_that_are_not_in_the_warehouse_at_the_end_are_told(tmp_path: Path) -> None:
    with up(tmp_path, "--demo", "--for", "1", mood="warehouse writes nothing") as process:
        out, err = process.communicate()
    assert process.returncode == 1
    (trouble,) = re.findall(r"^trouble       (.*)$", out, re.MULTILINE)
    assert re.match(r"the warehouse flow has 0 of \d+ accepted events in its table; see", trouble)
    assert err.splitlines() == [LOST.format(tmp_path / ".touchline" / "logs")]


def test_a_warehouse_that_cannot_be_written_is_told_while_it_is_so_and_at_the_end(
    tmp_path: Path,
) -> None:
    warehouse = tmp_path / ".touchline" / "warehouse"
    warehouse.mkdir(parents=True)
    (warehouse / "touchpoints").write_text("in the way\n")
    with up(tmp_path, "--demo", "--json", "--for", "6", program=REAL) as process:
        out, err = process.communicate()
    *numbers, summary = [json.loads(line) for line in out.splitlines()[1:]]
    for line in numbers:
        assert line["numbers"]["waiting"] == {"warehouse": "the warehouse is not available"}
    assert process.returncode == 1
    (trouble,) = summary["summary"]["troubles"]
    assert re.match(
        r"the warehouse flow was not ready when it had to stop \(the warehouse is not available\),"
        r" and has 0 of [\d,]+ accepted events in its table; see .*/warehouse\.log$",
        trouble,
    )
    assert err.splitlines()[1:] == [trouble, LOST.format(warehouse.with_name("logs"))]


@pytest.mark.skipif(not LINUX, reason="the embedded Kafka is found in /proc")
def test_a_kafka_that_hangs_is_told_and_forgotten_when_it_answers_again(tmp_path: Path) -> None:
    with up(tmp_path, "--demo", "--json", program=REAL) as process:
        ready(process)
        until_told(process, lambda numbers: numbers["offers"] > 0)
        (kafka,) = [p for p, line in working_in(tmp_path).items() if " broker " in line]
        os.kill(kafka, signal.SIGSTOP)
        until_told(process, lambda numbers: numbers["waiting"].get("touchpoints") == ABSENT)
        os.kill(kafka, signal.SIGCONT)
        until_told(process, lambda numbers: not numbers["waiting"])
        process.terminate()
        assert process.stdout is not None
        (*_, last) = process.stdout
    assert process.returncode == 0
    assert json.loads(last)["summary"]["troubles"] == []


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
    with up(tmp_path, "--demo") as process:
        lock = tmp_path / ".touchline" / "lock"
        while not lock.exists():
            time.sleep(0.005)
        process.terminate()
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert out.endswith("stopping ...\n")


@pytest.mark.parametrize("command", ["up", "run", "simulate", "tail"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_program_is_being_loaded_stops_it_in_peace(
    command: str, number: int
) -> None:
    code = f"import os; import flows.cli; os.kill(os.getpid(), {number:d}); os.abort()"
    done = subprocess.run(
        [sys.executable, "-c", code, command], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"stopping ...\n")


@pytest.mark.parametrize("name", ["simulator", "touchpoints", "warehouse"])
def test_a_process_that_dies_is_named_with_its_last_lines(tmp_path: Path, name: str) -> None:
    with up(tmp_path, "--demo", "--json", mood=f"{name} dies") as process:
        out, err = process.communicate()
    assert process.returncode == 1
    assert f"Error: {name} ended by itself (exit code 7)" in err
    assert err.endswith("\n  no luck today\n")
    troubles = json.loads(out.splitlines()[-1])["summary"]["troubles"]
    expected = [] if name == "simulator" else [f"the {name} flow ended by itself (exit code 7)"]
    assert [trouble.partition(";")[0] for trouble in troubles] == expected


@pytest.mark.skipif(not LINUX, reason="the flow is found in /proc")
def test_what_a_flow_that_is_killed_leaves_undone_is_told(tmp_path: Path) -> None:
    with up(tmp_path, "--demo", "--json", program=REAL) as process:
        ready(process)
        until_told(process, lambda numbers: numbers["offers"] > 0)
        (flow,) = [p for p, line in working_in(tmp_path).items() if " run warehouse " in line]
        os.kill(flow, signal.SIGSTOP)  # so that something is left undone, before it is killed
        time.sleep(1.0)
        os.kill(flow, signal.SIGKILL)
        out, err = process.communicate()
    assert process.returncode == 1
    (trouble,) = json.loads(out.splitlines()[-1])["summary"]["troubles"]
    assert re.match(
        r"the warehouse flow was killed by signal 9 \(SIGKILL\),"
        r" and has [\d,]+ of [\d,]+ accepted events in its table; see .*/warehouse\.log$",
        trouble,
    )
    assert "Error: warehouse was killed by signal 9 (SIGKILL)" in err


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
    shutil.copy(ROOT / "playbooks" / "retail.yaml", tmp_path / "my.yaml")
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


def test_a_reader_that_goes_away_stops_everything_quietly(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    with up(tmp_path, "--demo", "--json", stdout=theirs) as process:
        os.close(theirs)
        with os.fdopen(ours) as reader:
            reader.readline()
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err.endswith("Starting the flows ...\n")


def test_without_a_terminal_there_are_plain_lines(tmp_path: Path) -> None:
    metrics = "http://127.0.0.1:PORT/metrics"
    with up(tmp_path, "--demo", "--for", "0.6") as process:
        out, _ = process.communicate()
    assert "\x1b" not in out
    (after,) = re.findall(r"^Try next, .*\n((?:  .+\n)*)", out, re.MULTILINE)
    assert [re.sub(r"\d{4,5}", "PORT", line) for line in after.splitlines()] == [
        f"  {command}"
        for command in next_commands(
            Ready(
                *("127.0.0.1:PORT", "redis://127.0.0.1:PORT/0", {"touchpoints": metrics}),
                *("", str(USUAL.absolute())),
            ),
            f"{sys.executable} -m flows.cli",
            None,
        )
    ]
    assert "live in memory" in out
    assert re.search(r"events/s \(click \d+, chat \d+.*offers \d+", out)
    assert re.search(r"^dead letters  1$", out, re.MULTILINE)


def test_on_a_terminal_a_screen_is_drawn_and_addresses_and_summary_stay(tmp_path: Path) -> None:
    seen = seen_on_terminal(tmp_path, TERM="xterm")
    assert "Try next" in seen
    assert seen.count("Ctrl-C stops") > 1
    assert re.search(r"Kafka +127\.0\.0\.1:\d+", seen[: seen.index("Ctrl-C stops")])
    assert "ran " in seen[seen.rindex("stopping") :]


def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    seen = seen_on_terminal(tmp_path, TERM="dumb")
    assert "\x1b" not in seen
    assert re.search(r"events/s \(click \d+", seen)


def test_a_terminal_without_our_signs_gets_other_ones(tmp_path: Path) -> None:
    seen = seen_on_terminal(tmp_path, TERM="xterm", PYTHONIOENCODING="ascii")
    assert "####" in seen
    assert "ran " in seen[seen.rindex("stopping") :]
