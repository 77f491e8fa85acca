"""`python -m dashboards.prove`: what it prints and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner, Result

from dashboards.prove import __main__ as command
from dashboards.prove.asking import Failure
from dashboards.prove.prometheus import PrometheusError
from dashboards.prove.proof import Proof

EMPTY = Failure("overview / Flows / A", "sum(up)", "nothing", "dashboards/boards/overview.py")


def proof(*failures: Failure, firing: tuple[str, ...] = ()) -> Proof:
    return Proof(
        dashboards=4,
        panels=82,
        queries=107,
        variables=8,
        rules=35,
        firing=list(firing),
        failures=list(failures),
        seconds=18.4,
    )


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command, with what the proof comes to in its place."""

    def called(outcome: Proof | BaseException, *options: str) -> Result:
        def prove(*_: object) -> Proof:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(command, "prove", prove)
        return CliRunner().invoke(command.main, options)

    return called


def test_all_answered_ends_with_0_and_the_numbers(run: Callable[..., Result]) -> None:
    done = run(proof())
    assert (done.exit_code, done.stdout) == (
        0,
        "4 dashboards, 82 panels, 107 queries, 35 rules: all answered on a live flow (18 s)\n",
    )


def test_what_was_not_answered_ends_with_1_a_line_each_and_the_numbers_last(
    run: Callable[..., Result],
) -> None:
    done = run(proof(EMPTY, firing=("TouchlineFlowDown",)))
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        EMPTY.line(),
        "alerts that fired meanwhile, which is no failure: TouchlineFlowDown",
        "4 dashboards, 82 panels, 107 queries, 35 rules: 1 not answered on a live flow (18 s)",
    ]


def test_json_has_the_numbers_and_the_failures(run: Callable[..., Result]) -> None:
    done = run(proof(EMPTY), "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["panels"], told["queries"], told["rules"]) == (82, 107, 35)
    assert told["failures"] == [
        {
            "place": "overview / Flows / A",
            "expression": "sum(up)",
            "came": "nothing",
            "mend": "dashboards/boards/overview.py",
        }
    ]


def test_trouble_ends_with_1_and_one_sentence(run: Callable[..., Result]) -> None:
    done = run(PrometheusError("prometheus: expected this, got that; do so"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "Error: prometheus: expected this, got that; do so\n"


def test_who_stops_it_is_told_that_nothing_is_proved(run: Callable[..., Result]) -> None:
    done = run(KeyboardInterrupt())
    assert (done.exit_code, done.stdout) == (130, "")
    assert done.stderr == "stopped before the end; nothing is proved\n"


def test_an_invalid_board_ends_it_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: object) -> NoReturn:
        pytest.fail("something was started")

    monkeypatch.setattr(command, "prove", started)
    (tmp_path / "overview.json").write_text("{}")
    done = CliRunner().invoke(command.main, ["--boards", str(tmp_path)])
    assert done.exit_code == 1
    assert done.stderr == (
        f"Error: {tmp_path / 'overview.json'}: object missing required field `uid`; write it anew"
        " with `python -m dashboards`\n"
    )
