"""The table of docs/reliability.md, as the suite writes it."""

import pytest
from msgspec import structs

from tests.faults.perform import Result
from tests.faults.table import BEGIN, END, HEAD, rows, written

RESULT = Result(
    fault="kill",
    about="kill -9 of a worker",
    seed=7,
    seconds=60.0,
    kills=20,
    times=20,
    events=12_345,
    lost=0,
    twice=1,
    second_contents=2,
    repeats={},
    recoveries=[1.0, 2.0, 4.5],
    caught_up_s=0.5,
    counts={},
    judged=True,
    broken=[],
    logs="",
)
PAGE = f"Before.\n\n{BEGIN}\n{HEAD}\n| `a`: x | old |\n| `kill`: x | old |\n{END}\n\nAfter.\n"
ROW = "| `kill`: kill -9 of a worker | 1 | 12,345 | 20 | 0 | 1 | 2 | 2.0 / 4.5 | 7 |"


def test_a_row_tells_all_runs_of_a_fault_together() -> None:
    assert rows([RESULT]) == {"kill": ROW}
    again = structs.replace(RESULT, seed=8, recoveries=[9.0])
    assert rows([RESULT, again]) == {
        "kill": "| `kill`: kill -9 of a worker | 2 | 24,690 | 40 | 0 | 2 | 4 | 3.2 / 9.0 | 7, 8 |"
    }


def test_of_a_refusal_no_law_is_told() -> None:
    refused = structs.replace(RESULT, judged=False, recoveries=[])
    assert rows([refused])["kill"].endswith("| 20 | - | - | - | refused | 7 |")


def test_new_rows_take_the_place_of_old_ones_and_all_around_them_stays() -> None:
    page = written(PAGE, {"kill": ROW}, ["kill", "a", "never-run"])
    assert page == f"Before.\n\n{BEGIN}\n{HEAD}\n{ROW}\n| `a`: x | old |\n{END}\n\nAfter.\n"
    assert written(page, {"kill": ROW}, ["kill", "a"]) == page


def test_a_page_without_the_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="expected the marks"):
        written("no marks", {"kill": ROW}, ["kill"])
