"""The benchmarks account for every event and say what they found; nothing here is timed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

import benchmarks.latency
import benchmarks.measure
from benchmarks.__main__ import main
from benchmarks.latency import NotHeld, measure_latencies, offer_waits_ms
from benchmarks.progress import Progress
from benchmarks.protocol import FLUSH_EVENTS
from benchmarks.protocol_flow import PARTS
from benchmarks.results import Booking, Latency, Memory, Program, Results, Run, spread
from benchmarks.rounds import BARE, BYTEWAX, FLOW, RULELESS, SILENT, ratios
from benchmarks.sizes import QUICK, USUAL, WHAT, estimated_s, in_words
from benchmarks.targets import targets_of
from connectors.published.records import offers_document
from decisions.offering.record import DECIDED
from flows.local.services import MissingExtra, start_kafka
from state.decision import ServedOffer, Serving
from state.decision_ids import decision_id
from state.touchpoint import identity

ROOT = Path(__file__).resolve().parents[1]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc")


@pytest.fixture
def embedded(tmp_path: Path) -> None:
    """The benchmarks start services themselves; here it is only seen whether they can."""
    try:
        start_kafka(tmp_path).stop(0)
    except MissingExtra as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"a service is missing in CI: {missing}")
        pytest.skip(str(missing))


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """`python -m benchmarks` with `arguments`, until it has ended."""
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )


def found(*arguments: str) -> Results:
    """What it prints with --json, read as what it is said to be."""
    ended = bench("--json", *arguments)
    assert ended.returncode == 0, ended.stderr[-4000:]
    return msgspec.json.decode(ended.stdout, type=Results)


# What is measured


@LINUX
def test_a_backlog_is_accounted_for_to_the_last_event_and_paid_for_by_stage(embedded: None) -> None:
    throughput = found("throughput", "--events", "3000").throughput
    assert throughput is not None
    assert throughput.events == 3000
    assert throughput.duplicates
    assert throughput.dead_letters
    assert throughput.commits >= 16
    assert throughput.stages_us["decide"] > 0
    assert sum(throughput.stages_us.values()) <= throughput.process_us["touchpoints"] * 1.01
    assert [at.share for at in throughput.memory.held] == [0.1, 0.25, 0.5, 0.75, 1.0]
    assert len(throughput.memory.samples) >= 2
    assert all(mb > 10 for _, mb in throughput.memory.samples)


@LINUX
def test_every_program_works_off_the_same_input_in_its_turn(embedded: None) -> None:
    results = found("rounds", "metrics", "--rounds", "1", "--round-events", "2000")
    rounds, booking = results.rounds, results.booking
    assert rounds is not None
    assert rounds.events == 2000
    assert [program.name for program in rounds.programs] == [FLOW, BARE, SILENT, RULELESS, BYTEWAX]
    for program in rounds.programs:
        (run,) = program.runs
        assert run.events_per_s > 0
        assert run.cpu_us > 0
        assert bool(run.stages_us) == (program.name in (FLOW, RULELESS))
    assert len(rounds.ratios) == 12
    assert booking is not None
    assert booking.flushes > 0
    assert 0 < booking.share < 1
    assert [target.name for target in results.targets] == ["metrics"]


@LINUX
def test_every_part_of_the_protocol_is_seen_at_work(embedded: None) -> None:
    protocol = found("protocol", "--round-events", "4000").protocol
    assert protocol is not None
    assert list(protocol.us_per_event) == list(PARTS)
    assert all(0 < us < 1_000 for us in protocol.us_per_event.values())
    assert 0 < protocol.events_per_shard_flush <= FLUSH_EVENTS


@LINUX
def test_an_open_loop_sees_offers_that_its_events_led_to(embedded: None) -> None:
    results = found("latency", "--rates", "100", "--seconds", "3")
    if not results.latency:  # A machine so busy is not what this is about.
        pytest.skip(results.not_held)
    (latency,) = results.latency
    assert latency.offer.count > 20
    assert 0 < latency.offer.p50 <= latency.offer.p99 <= latency.offer.most
    assert latency.offer.percentiles[50] == latency.offer.p50
    assert latency.broker.count > 100
    assert latency.reader.count == 200
    assert latency.samples


def test_above_a_rate_that_is_not_held_no_other_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def at(rate: float, seconds: float, tell: Progress) -> Latency:
        tried.append(rate)
        if rate > 500:
            raise NotHeld("the flow had committed 9 of 10 events 1 s after the last")
        few = spread([1.0])
        return Latency(rate, seconds, few, few, few, few, few, {}, {}, [], 0.0)

    monkeypatch.setattr(benchmarks.latency, "measure_latency", at)
    latency, not_held = measure_latencies((2_000, 100, 1_000, 500), 2, Progress(None))
    assert [each.rate for each in latency] == [100, 500]
    assert tried == [100, 500, 1_000]
    assert not_held == ("1,000 events/s: the flow had committed 9 of 10 events 1 s after the last")


def test_a_wait_counts_from_the_event_that_decided_the_offer_and_ends_at_its_first_read() -> None:
    def document(message_id: str) -> str:
        decision = decision_id("c-1", identity("c-1", message_id, DECIDED, "welcome")).hex()
        offer = ServedOffer("welcome", decision, "click", 1, 1.0, 1.0, 1.0, "top", [], 9_000)
        return offers_document("c-1", Serving(1_000, 9_000, [offer])).decode()

    events = {"c-1": [("first", 1_000_000), ("nothing", 2_000_000), ("second", 3_000_000)]}
    reads = [
        (6_000_000, "key", document("first")),
        (7_000_000, "key", document("first")),
        (9_000_000, "key", document("second")),
        (9_500_000, "key", document("warm-up")),
        (9_900_000, "probe", "{}"),
    ]
    assert offer_waits_ms(events, reads) == [5.0, 6.0]


def test_percentiles_are_those_of_what_was_observed() -> None:
    all_of_it = spread([float(n) for n in range(1, 101)])
    assert all_of_it.count == 100
    assert [all_of_it.p50, all_of_it.p90, all_of_it.p99, all_of_it.most] == [51, 91, 100, 100]
    assert all_of_it.percentiles[:3] == [1, 2, 3]
    assert len(all_of_it.percentiles) == 101
    with pytest.raises(ValueError, match="nothing was observed"):
        spread([])


def test_a_ratio_compares_runs_of_the_same_round() -> None:
    def program(name: str, *rates: float) -> Program:
        return Program(name, [Run(rate, 1e6 / rate, 0, 0, {}, []) for rate in rates])

    # The machine was twice as fast in the second round: no matter for the ratio.
    speed, cost = ratios([program("ours", 100, 200, 90), program("theirs", 200, 400, 100)])
    assert (speed.of, speed.what) == ("ours / theirs", "throughput")
    assert (speed.median, speed.least, speed.most) == (0.5, 0.5, 0.9)
    assert (cost.median, cost.least, cost.most) == (2.0, 1.111, 2.0)


def test_a_promise_is_judged_only_at_the_rate_it_is_made_for() -> None:
    few = spread([30.0])
    rates = (100, 500, 1_000)
    at = [Latency(rate, 9, few, few, few, few, few, {}, {}, [], 0.0) for rate in rates]
    names = [(target.name, target.met) for target in targets_of(None, None, None, None, at, at)]
    assert names == [
        ("event → offer p50 at 500 events/s", False),
        ("event → offer p99 at 500 events/s", True),
        ("event → offer p50 at 1,000 events/s, Apache Kafka", False),
        ("event → offer p99 at 1,000 events/s, Apache Kafka", False),
    ]


# How the command behaves


def test_how_long_it_takes_is_said_beforehand_and_within_what_it_is_meant_to_take() -> None:
    usual, quick = (sum(estimated_s(WHAT, sizes).values()) for sizes in (USUAL, QUICK))
    assert 300 < usual < 840
    assert 30 < quick < 180
    alone = estimated_s(("metrics",), USUAL)["metrics"]
    assert alone > estimated_s(WHAT, USUAL)["metrics"]  # which shares the rounds' runs of the flow
    assert estimated_s(("metrics",), USUAL, beside=True)["metrics"] > alone
    assert in_words({"rounds": 40.2, "latency": 80}) == "about 2 minutes: rounds 40 s, latency 80 s"
    assert in_words({"rounds": 40.2}) == "about 40 s: rounds 40 s"


@LINUX
def test_ctrl_c_ends_everything_it_has_started(embedded: None) -> None:
    command = [sys.executable, "-m", "benchmarks", "throughput", "--events", "2000000"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        try:
            for line in running.stderr:
                if "writing events" in line:
                    break
            tasks = Path(f"/proc/{running.pid}/task").glob("*/children")
            children = [int(pid) for task in tasks for pid in task.read_text().split()]
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 130
    assert err.splitlines()[-1] == "Stopped: nothing is measured, nothing is written."
    assert out == ""
    assert len(children) == 2
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < deadline, "a broker or a Redis was left behind"
        time.sleep(0.01)


@LINUX
def test_a_part_that_fails_is_named_and_the_others_are_measured_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stalls(*_: object) -> None:
        raise RuntimeError("nothing moved for 60 s at 7 of 1,000")

    few = Booking(1_000, 16, 300.0, 0.3, 0.015)
    monkeypatch.setattr(benchmarks.measure, "measure_rounds", stalls)
    monkeypatch.setattr(benchmarks.measure, "measure_booking", lambda *_: few)
    command = ["metrics", "--json", "--round-events", "1000"]
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == 1
    assert ended.stderr.splitlines()[-1] == ("Error: metrics: nothing moved for 60 s at 7 of 1,000")
    results = msgspec.json.decode(ended.stdout, type=Results)
    assert results.rounds is None
    assert results.booking == few


@pytest.mark.parametrize("rates", ["fast", "0", "nan", "100,,500", ""])
def test_rates_that_are_none_are_refused(rates: str) -> None:
    refused = CliRunner().invoke(main, ["latency", "--rates", rates])
    assert refused.exit_code == 2
    assert f"expected numbers from 1 up, such as 100,500,2000, got {rates!r}" in refused.stderr


@LINUX
def test_another_checkout_is_refused_where_nothing_runs_beside_it(tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["latency", "memory", "--beside", str(tmp_path)])
    assert refused.exit_code == 2
    expected = "--beside: expected rounds or metrics among what is measured, got latency, memory"
    assert expected in refused.stderr


def test_a_file_that_holds_no_results_is_named(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"at": 1}')
    ended = bench("--from", str(tmp_path / "other.json"))
    assert ended.returncode == 1
    assert f"{tmp_path}/other.json: expected results of `make bench`, got: " in ended.stderr


def test_a_memory_that_grew_misses_its_promise() -> None:
    def held(end_mb: float) -> Memory:
        points = [{"share": 0.5, "resident_mb": 200}, {"share": 1, "resident_mb": end_mb}]
        memory = {"cache_profiles": 5, "held": [{**p, "profiles": 5} for p in points]}
        return msgspec.convert({**memory, "samples": []}, Memory)

    def met(end_mb: float) -> bool:
        (target,) = targets_of(None, held(end_mb), None, None, [], [])
        return target.met

    assert met(209)
    assert not met(211)
