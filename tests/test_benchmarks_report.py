"""What a run found is drawn, written down, and stands in the README as it was found."""

import re
import struct
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from benchmarks.machine import Machine, Moment
from benchmarks.report.charts import CHARTS, FOLDER, HEIGHT, WIDTH, png
from benchmarks.report.keep import HERE, JSON, README, check, encoded, keep, read
from benchmarks.report.readme import BEGIN, END, markdown, with_results
from benchmarks.results import (
    Asked,
    Booking,
    Choices,
    Customers,
    Decisions,
    Held,
    Index,
    Latency,
    Lateness,
    Learned,
    Learner,
    LearningCosts,
    Memory,
    Program,
    Protocol,
    Results,
    Rounds,
    Rules,
    Run,
    Spent,
    Spread,
    Throughput,
    Timers,
    Waiting,
    spread,
)
from benchmarks.rounds import ratios
from benchmarks.targets import targets_of

README_TEXT = f"before\n\n{BEGIN}\n\nold\n\n{END}\nafter\n"
SAMPLES = [(0.0, 90.0), (1.0, 150.0), (1.6, 151.5)]
FLOWS = [
    Program("1,000 alerts", [Run(80.0, 30.0, 6.0, 1.0, {}, SAMPLES)]),
    Program("20 alerts", [Run(100.0, 25.0, 6.0, 1.0, {}, SAMPLES)]),
]


def results(events_per_s: float = 31_000, end_mb: float = 205) -> Results:
    """What a run might have found."""
    held = [Held(0.5, 200.0, 10), Held(0.75, 230.0, 15), Held(1.0, end_mb, 20)]
    memory = Memory(20, held, SAMPLES)
    throughput = Throughput(
        events=1_000,
        seconds=2.0,
        events_per_s=events_per_s,
        windows=[events_per_s],
        window_s=10.0,
        stages_us={"decide": 12.5, "all else": 1.5},
        process_us={"touchpoints": 20.0, "touchpoints: librdkafka": 2.0, "kafka": 6.0},
        memory=memory,
        commits=16,
        actions_per_event=0.3,
        duplicates=10,
        dead_letters=1,
        other_load=0.1,
    )
    runs = [Run(rate, 1e6 / rate, 6.0, 1.0, {}, SAMPLES) for rate in (31_000.0, 29_000.0)]
    fast = [structs.replace(run, events_per_s=90_000.0, cpu_us=10.0) for run in runs]
    programs = [Program("ours", runs), Program("theirs", fast)]
    booking = Booking(1_000, 16, 300.0, 0.3, 0.015)
    protocol = Protocol(1_000, 62.5, {"plan": 0.9, "fence": 0.1})
    latency = [_latency(100, 10.0), _latency(500, 12.0)]
    apache = [_latency(1_000, 4.0)]
    return Results(
        at="2026-01-01 00:00+00:00",
        command="make bench",
        quick=False,
        took_s=500.0,
        machine=Machine("a processor", 2, 8.0, "Linux 6.1-x", "3.11.7", {"bytewax": "0.21.1"}),
        before=Moment("0.00 0.00 0.00", 5.0),
        after=Moment("0.00 0.00 0.00", 5.0),
        throughput=throughput,
        memory=memory,
        rounds=Rounds(1_000, programs, ratios(programs)),
        booking=booking,
        protocol=protocol,
        latency=latency,
        not_held="1,000 events/s: the broker had the last event 3.0 s after it was due",
        apache=apache,
        apache_not_held="",
        failed={},
        targets=targets_of(
            throughput, memory, booking, protocol, latency, apache, RULES, TIMERS, DECISIONS
        ),
        rules=RULES,
        timers=TIMERS,
        decisions=DECISIONS,
    )


def _latency(rate: float, ms: float) -> Latency:
    found = spread([ms * step for step in range(1, 6)])
    load = {"touchpoints": 0.3, "kafka": 0.8, "redis": 0.1, "sender": 0.1, "reader": 0.1}
    buckets = Spread(5, ms, ms, ms, ms)
    return Latency(
        rate, 20.0, found, buckets, found, found, found, {"decide": 0.2}, load, SAMPLES, 0.1
    )


RULES = Rules(
    asked=[
        Asked("alerts", 20, 0.9, 11.0, 0.0, [11.0]),
        Asked("alerts", 1_000, 20.0, 15.0, 3.82, [15.0]),
        Asked("retail, not asking when", 13, 0.0, 10.0, 0.0, [10.0]),
        Asked("retail", 13, 0.0, 10.5, 0.5, [10.5]),
    ],
    few=20,
    many=1_000,
    names=50,
    flow=Rounds(9, FLOWS, ratios(FLOWS)),
)
TIMERS = Timers(
    index=Index(1_000_000, 1.0, 2.0, 2.5),
    waiting=[
        Waiting("none", 0, 77.0, 0.0, 0, 0.0, 0.0),
        Waiting("all far", 1_000_000, 110.0, 33.0, 160_000, 0.0, 0.0),
        Waiting("all at the same time", 1_000_000, 280.0, 203.0, 0, 9.5, 6.5),
    ],
    lateness=Lateness(500, 20, spread([300.0, 900.0]), Spread(2, 350, 500, 950, 1_000), {}),
    not_held="",
    customers=[Customers(10_000, [40.0], [27.0], [4.0])],
)


def _learned(scenario: str, **ends: float) -> Learned:
    learners = [
        Learner(name.replace("_", " "), [end / 2, end], [end / 4, end / 2], [end, end + 1], [end])
        for name, end in ends.items()
    ]
    return Learned(scenario, 50_000, 20, 100, 1, 500.0, learners)


TOOK = {"Thompson": 40.0, "river Thompson": 45.0, "MABWiser Thompson": 39.0} | {
    "linear Thompson": 100.0,
    "MABWiser LinTS": 800.0,
}
DECISIONS = Decisions(
    learned=[
        _learned("still", Thompson=42.0, river_Thompson=50.0, MABWiser_UCB1=40.0, random=300.0),
        _learned("drift", **{"Thompson, fading": 90.0}, river_Thompson=80.0, random=310.0),
        _learned("context", linear_Thompson=60.0, MABWiser_LinTS=61.0, random=320.0),
    ],
    spent=[Spent(20, TOOK)],
    costs=LearningCosts(200, 2.0, 44.0, 70.0, 2.0, 9.0, 50_000, 16, 13.6),
    choices=Choices(50, 200, 24.0, 130.0, 170.0, 80.0, 0.08, 6.4),
)


def only_throughput() -> Results:
    """Of a run that was asked for no more."""
    return structs.replace(
        results(),
        memory=None,
        rounds=None,
        booking=None,
        protocol=None,
        latency=[],
        not_held="",
        apache=[],
        targets=[],
        rules=None,
        timers=None,
        decisions=None,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stands for benchmarks/."""
    (tmp_path / README).write_text(README_TEXT)
    return tmp_path


# Tables


def test_a_promise_that_was_missed_is_said_to_be_missed() -> None:
    assert [target.met for target in results().targets[:3]] == [True, True, True]
    assert [target.met for target in results(29_999, 230).targets[:2]] == [False, False]
    assert "MISSED" in markdown(results(29_999))


def test_a_rate_that_was_not_held_is_said_with_its_reason() -> None:
    said = (
        "\nNot held: 1,000 events/s: the broker had the last event 3.0 s after it was due. Higher"
    )
    assert said in markdown(results())
    assert "Not held" not in markdown(structs.replace(results(), not_held=""))


def test_a_rough_run_says_so_in_its_table_and_nothing_that_was_not_measured_is_shown() -> None:
    quick = markdown(structs.replace(only_throughput(), quick=True))
    assert "| QUICK | small sizes, so these numbers are rough |" in quick
    assert "QUICK" not in markdown(only_throughput())
    assert "Latency" not in quick
    assert "Ratios" not in quick
    assert re.findall(r"charts/(\w+)\.png", quick) == ["stages", "memory"]


def test_the_parts_of_the_protocol_are_named_and_judged_together() -> None:
    text = markdown(results())
    assert "| fence: the fence before and after, encoded | 0.100 |\n| all | 1.000 |" in text
    assert "| commit protocol | ≤ 2.5 µs an event | 1.00 µs | met |" in text
    (target,) = targets_of(None, None, None, Protocol(9, 9.0, {"plan": 2.4, "fence": 0.2}), [], [])
    assert not target.met


def test_rules_are_shown_with_what_each_adds_and_judged_by_the_flow_and_by_the_one() -> None:
    text = markdown(results())
    assert "| 1,000 alerts | 20.0 | 15.00 | +3.82 | 0.20 | 15.0 |" in text
    assert "| retail |  | 10.50 | +0.50 |  | 10.5 |" in text
    assert "| throughput with 1,000 rules of that with 20 | ≥ 70 % | 80 % | met |" in text
    assert "| one more rule that an event can concern | ≤ 0.5 µs | 0.20 µs | met |" in text


def test_of_timers_the_worse_of_two_counts_and_a_process_without_any_is_not_judged() -> None:
    text = markdown(results())
    assert "| memory of 1,000,000 timers, all far | ≤ 200 MB | 33 MB | met |" in text
    missed = "| memory of 1,000,000 timers, all at the same time | ≤ 200 MB | 203 MB | MISSED |"
    assert missed in text
    assert "memory of 0" not in text
    assert "| arming a timer | ≤ 3 µs | 2.00 µs | met |" in text
    assert "| firing a timer | ≤ 3 µs | 2.50 µs | met |" in text
    assert "| lateness p99 of timers at 500 events/s | ≤ 1,000 ms | 900 ms | met |" in text
    assert "| 1,000,000, all far | 110 | +33 | 160,000 |  |  |" in text


def test_a_load_that_was_not_held_says_nothing_of_how_late_timers_are() -> None:
    not_held = "500 events/s: the broker had the last event 9.0 s after it was due"
    timers = structs.replace(TIMERS, lateness=None, not_held=not_held)
    text = markdown(structs.replace(results(), timers=timers, targets=[]))
    assert f"| not held | {not_held} |" in text
    judged = targets_of(None, None, None, None, [], [], None, timers)
    assert not [target for target in judged if "lateness" in target.name]


def test_policies_are_shown_by_regret_and_judged_against_the_best_and_the_fastest_peer() -> None:
    text = markdown(results())
    assert "| Thompson | 42.0 | 8.4 % | 21.0 | 42.0 to 42.0 |" in text
    best = "regret, still: Thompson against the best peer, MABWiser UCB1"
    assert f"| {best} | ≤ 105 % | 105 % | met |" in text
    assert (
        "Thompson, fading against the best peer, river Thompson | ≤ 105 % | 112 % | MISSED" in text
    )
    assert "20 arms: Thompson against MABWiser Thompson | ≤ 39 µs | 40 µs | MISSED |" in text
    assert "| 200 draws of a decision, seeding included | < 100 µs | 44 µs | met |" in text
    assert "| memory of 50,000 counters in 16 shards | ≤ 20 MB | 13.6 MB | met |" in text


def test_every_row_of_a_table_has_the_width_of_its_header() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", markdown(results()), re.MULTILINE):
        assert len({line.count(" | ") for line in table.splitlines()}) == 1, table


def test_stages_of_another_checkout_stand_beside_ours() -> None:
    def program(name: str, *decide_us: float) -> Program:
        stages = [{"decode": 4.0, "decide": us} for us in decide_us]
        return Program(name, [Run(9, 30.0, 6.0, 1.0, each, SAMPLES) for each in stages])

    programs = [program("ours", 6, 5, 7), program("before", 12, 10, 99)]
    text = markdown(structs.replace(results(), rounds=Rounds(9, programs, ratios(programs))))
    assert "| stage | ours | before |" in text
    assert "| decode | 4.00 | 4.00 (1.00 x) |" in text
    assert "| decide | 6.00 | 12.00 (0.50 x) |" in text
    assert "by stage in those rounds" not in markdown(results())


# Charts


def size_of(image: bytes) -> tuple[int, int]:
    """Width and height in a PNG's header."""
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert image[12:16] == b"IHDR"
    assert image[-8:-4] == b"IEND"
    width, height = struct.unpack(">II", image[16:24])
    return width, height


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_a_png_and_the_same_bytes_for_the_same_results(name: str) -> None:
    image = png(CHARTS[name], results())
    assert size_of(image) == (WIDTH, HEIGHT)
    assert png(CHARTS[name], results()) == image
    slower = structs.replace(results(20_000, 150), latency=[_latency(100, 90.0)])
    runs = [Run(1_000, 900.0, 6.0, 1.0, {}, SAMPLES[:2])]
    slower = structs.replace(
        slower,
        rounds=Rounds(9, [Program("ours", runs)], []),
        rules=Rules(
            [Asked("alerts", 20, 1.0, 99.0, 0.0, [99.0])],
            20,
            1_000,
            50,
            Rounds(9, [Program("ours", runs)], []),
        ),
        decisions=structs.replace(DECISIONS, learned=DECISIONS.learned[-1:]),
    )
    assert png(CHARTS[name], slower) != image


# Writing down


def test_what_is_kept_reads_back_as_it_was(folder: Path) -> None:
    keep(results(), folder)
    assert read(folder / JSON) == results()
    assert sorted(path.stem for path in (folder / FOLDER).iterdir()) == sorted(CHARTS)
    assert (folder / README).read_text() == with_results(README_TEXT, results(), README)


def test_only_what_stands_between_the_marks_is_rewritten(folder: Path) -> None:
    for _ in range(2):
        keep(only_throughput(), folder)
    text = (folder / README).read_text()
    assert text.startswith(f"before\n\n{BEGIN}\n\n**Throughput")
    assert text.endswith(f"{END}\nafter\n")
    assert "31,000" in text
    assert "old" not in text


def test_a_chart_of_an_earlier_run_that_this_one_has_nothing_for_is_removed(folder: Path) -> None:
    keep(results(), folder)
    keep(only_throughput(), folder)
    assert sorted(path.name for path in (folder / FOLDER).iterdir()) == ["memory.png", "stages.png"]


def test_a_readme_without_the_marks_is_found_before_anything_is_measured(folder: Path) -> None:
    (folder / README).write_text("no marks")
    with pytest.raises(ValueError, match=r"README.md: expected the lines .* put them back"):
        check(folder)
    with pytest.raises(ValueError, match="expected the lines"):
        keep(results(), folder)
    assert [path.name for path in folder.iterdir() if path.is_file()] == [README]
    assert (folder / README).read_text() == "no marks"


def test_a_place_that_can_be_written_to_is_left_as_it_was(folder: Path) -> None:
    check(folder)
    assert sorted(path.name for path in folder.rglob("*")) == [README, FOLDER]
    assert (folder / README).read_text() == README_TEXT


def test_a_full_disk_is_found_before_anything_is_measured(folder: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no full disk here")
    (folder / ".trial").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        check(folder)
    assert sorted(path.name for path in folder.rglob("*")) == [README, FOLDER]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")
def test_on_a_full_disk_everything_stays_as_it_was(folder: Path) -> None:
    keep(only_throughput(), folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / f".{README}.new").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        keep(results(), folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_list_of_numbers_stands_on_one_line_however_it_is_nested() -> None:
    text = encoded(results()).decode()
    assert max(map(len, text.splitlines())) < 2_000
    assert "[0.0, 90.0]" in text
    assert msgspec.json.decode(text, type=Results) == results()


# What is in this repository


def test_the_readme_and_its_charts_are_those_of_the_results_beside_it() -> None:
    kept = read(HERE / JSON)
    text = (HERE / README).read_text()
    assert with_results(text, kept, README) == text
    named = set(re.findall(rf"\({FOLDER}/(\w+\.png)\)", text))
    assert named == {path.name for path in (HERE / FOLDER).iterdir()}
    assert named == {f"{name}.png" for name, chart in CHARTS.items() if chart.fits(kept)}
    for name in named:
        assert size_of((HERE / FOLDER / name).read_bytes()) == (WIDTH, HEIGHT)
