"""The benchmarks account for every event and write down what they found; nothing here is timed."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.latency import offer_waits_ms
from benchmarks.machine import Machine, Moment
from benchmarks.report import BEGIN, END, README, markdown, write
from benchmarks.results import Memory, Results, Throughput, spread, targets_of
from connectors.published.records import offers_document
from decisions.offers import DECIDED
from flows.local.services import MissingExtra, start_kafka
from state.decision import ServedOffer, Serving
from state.touchpoint import identity

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def embedded(tmp_path: Path) -> None:
    """The benchmarks start services themselves; here it is only seen whether they can."""
    try:
        start_kafka(tmp_path).stop(0)
    except MissingExtra as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"a service is missing in CI: {missing}")
        pytest.skip(str(missing))


def bench(*arguments: str) -> Results:
    """`python -m benchmarks --json` with `arguments`."""
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--json", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    return msgspec.json.decode(ended.stdout, type=Results)


@pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc")
def test_a_backlog_is_accounted_for_to_the_last_event_and_paid_for_by_stage(embedded: None) -> None:
    written_down = README.read_bytes()
    found = bench("throughput", "--events", "3000").throughput
    assert found is not None
    assert found.events == 3000
    assert found.duplicates
    assert found.dead_letters
    assert found.commits >= 16
    assert found.stages_us["decide"] > 0
    assert sum(found.stages_us.values()) <= found.process_us["touchpoints"] * 1.01
    assert [at.share for at in found.memory] == [0.1, 0.25, 0.5, 0.75, 1.0]
    assert README.read_bytes() == written_down


@pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc")
def test_an_open_loop_sees_offers_that_its_events_led_to(embedded: None) -> None:
    found = bench("latency", "--rate", "100", "--seconds", "3").latency
    assert found is not None
    assert found.offer.count > 20
    assert 0 < found.offer.p50 <= found.offer.p99 <= found.offer.most
    assert found.broker.count > 100
    assert found.reader.count == 200


def test_a_wait_counts_from_the_event_that_decided_the_offer_and_ends_at_its_first_read() -> None:
    def document(message_id: str) -> str:
        decision = identity("c-1", message_id, DECIDED, "welcome").hex()
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
    found = spread([float(n) for n in range(1, 101)])
    assert (found.count, found.p50, found.p90, found.p99, found.most) == (100, 51, 91, 100, 100)
    with pytest.raises(ValueError, match="nothing was observed"):
        spread([])


def results(events_per_s: float, end_mb: float) -> Results:
    """What a run might have found."""
    moment = Moment("0.00 0.00 0.00", 5.0)
    throughput = Throughput(
        events=1_000,
        seconds=2.0,
        events_per_s=events_per_s,
        windows=[events_per_s],
        window_s=10.0,
        stages_us={"decide": 12.5},
        process_us={"touchpoints": 20.0},
        memory=[Memory(1.0, 300.0, 20)],
        commits=16,
        actions_per_event=0.3,
        duplicates=10,
        dead_letters=1,
        other_load=0.1,
    )
    memory = [Memory(0.5, 200.0, 10), Memory(0.75, 230.0, 15), Memory(1.0, end_mb, 20)]
    return Results(
        at="2026-01-01 00:00+00:00",
        command="make bench",
        machine=Machine("a processor", 2, 8.0, "Linux", "3.11", {"bytewax": "0.21.1"}),
        before=moment,
        after=moment,
        throughput=throughput,
        memory=memory,
        latency=None,
        peers=[],
        targets=targets_of(throughput, memory, None),
    )


def test_a_promise_that_was_missed_is_said_to_be_missed() -> None:
    assert [target.met for target in results(30_000, 205).targets] == [True, True]
    assert [target.met for target in results(29_999, 230).targets] == [False, False]
    assert "MISSED" in markdown(results(29_999, 205))


def test_only_what_stands_between_the_marks_is_rewritten(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n\n{BEGIN}\n\nold\n\n{END}\nafter\n")
    for _ in range(2):
        write(results(31_000, 205), readme)
    text = readme.read_text()
    assert text.startswith(f"before\n\n{BEGIN}\n\n**Targets**")
    assert text.endswith(f"{END}\nafter\n")
    assert "31,000" in text
    assert "old" not in text


def test_a_readme_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("no marks")
    with pytest.raises(ValueError, match="expected the lines"):
        write(results(31_000, 205), readme)
    assert readme.read_text() == "no marks"
    assert BEGIN in README.read_text()
    assert END in README.read_text()
