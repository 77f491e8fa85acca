"""What the law of flat memory and files says of samples, and that a process is sampled."""

import os
import time
from pathlib import Path

import pytest

from tests.faults.laws.flat import OLD_S, Sample, grown, usage
from tests.faults.stage.usage_watch import look

LIFE_S = 600


def life(memory_mb: list[float], files: list[int], lasted_s: float = LIFE_S) -> list[Sample]:
    """Evenly over the time, from some instant on."""
    step_s = lasted_s / (len(memory_mb) - 1)
    return [
        Sample(1_000 + number * step_s, memory, open_files)
        for number, (memory, open_files) in enumerate(zip(memory_mb, files, strict=True))
    ]


def wrong(samples: list[Sample]) -> list[str]:
    found = usage(samples)
    assert found is not None
    return grown("worker-1", found)


FLAT = [40] * 600


def test_what_fills_up_and_then_stays_as_it_is_is_flat() -> None:
    filling = [min(100.0 + second, 250.0) for second in range(600)]
    assert wrong(life(filling, FLAT)) == []


def test_memory_that_goes_on_growing_is_named_with_its_numbers() -> None:
    growing = [100.0 + 0.1 * second for second in range(600)]
    assert wrong(life(growing, FLAT)) == [
        (
            "memory of worker-1 grew, expected 138.8 MB at most: 129.9 → 149.9 MB, 40 → 40 open "
            "files in 600 s (medians of the second and the last third)"
        )
    ]


def test_a_leak_shows_behind_a_cache_that_has_filled_up() -> None:
    leaking = [min(100.0 + second, 250.0) + 0.1 * second for second in range(600)]
    assert len(wrong(life(leaking, FLAT))) == 1


def test_a_moment_with_much_more_is_no_growth() -> None:
    peaks = [100.0 + 200 * (second % 10 == 0) for second in range(600)]
    files = [40 + 20 * (second > 590) for second in range(600)]
    assert wrong(life(peaks, files)) == []


def test_files_that_are_opened_and_never_closed_are_named() -> None:
    leaking = [40 + second // 50 for second in range(600)]
    assert wrong(life([100.0] * 600, leaking)) == [
        (
            "open files of worker-1 grew, expected 48.5 at most: 100.0 → 100.0 MB, 45.5 → 49.5 "
            "open files in 600 s (medians of the second and the last third)"
        )
    ]


@pytest.mark.parametrize("samples", [[], life([1.0, 2.0, 900.0], [1, 1, 1], OLD_S - 1)])
def test_a_life_that_is_too_short_says_nothing(samples: list[Sample]) -> None:
    assert usage(samples) is None


def test_a_life_that_nobody_looked_at_for_long_says_nothing() -> None:
    assert usage([Sample(0, 100.0, 4), Sample(LIFE_S, 900.0, 400)]) is None


def test_a_running_process_is_seen_with_its_memory_and_its_files(tmp_path: Path) -> None:
    before = look(os.getpid())
    held = os.urandom(50_000_000)
    with (tmp_path / "one").open("w"), (tmp_path / "other").open("w"):
        after = look(os.getpid())
    assert before is not None
    assert after is not None
    assert after.files == before.files + 2
    assert after.memory_mb > before.memory_mb + len(held) / 2e6
    assert before.at_s <= after.at_s <= time.monotonic()


def test_of_a_process_that_is_gone_nothing_is_seen() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it is a zombie: its numbers are none
    assert look(child) is None
    os.waitpid(child, 0)
    assert look(child) is None
