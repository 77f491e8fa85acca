"""The section `limits`: what it says holds, what it does not say is as documented."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from decisions.format.limit_keys import DUPLICATES, LIMITS
from decisions.load import parse_playbook
from decisions.playbook import PlaybookError
from decisions.values import duration_ms
from flows.cli import main
from state.limits import USUAL, Limits
from state.repeats import Window
from tests.decisions.someone import HEAD

RETAIL = str(Path(__file__).parents[2] / "playbooks" / "retail.yaml")
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


def limits(text: str) -> Limits:
    return parse_playbook(f"{HEAD}offers: {{}}\n{text}", "my.yaml").limits


def wrong(text: str) -> str:
    with pytest.raises(PlaybookError) as refused:
        limits(text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", Limits(Window(64, DAY_MS), 30 * DAY_MS, 5 * MINUTE_MS)),
        ("limits: {}", USUAL),
        ("limits: {duplicates: {}}", USUAL),
        ("limits: {duplicates: {ids: 1}}", Limits(Window(1))),
        ("limits: {duplicates: {within: 90s}}", Limits(Window(64, 90_000))),
        ("limits: {late: 2d}", Limits(late_ms=2 * DAY_MS)),
        ("limits: {ahead: 1s}", Limits(ahead_ms=1_000)),
        (
            "limits: {duplicates: {ids: 1024, within: 90d}, late: 3650d, ahead: 1d}",
            Limits(Window(1_024, 90 * DAY_MS), 3_650 * DAY_MS, DAY_MS),
        ),
        ("limits: {duplicates: {within: 1m}, late: 1m}", Limits(Window(64, 60_000), 60_000)),
    ],
)
def test_what_is_said_holds_and_the_rest_is_as_usual(text: str, said: Limits) -> None:
    assert limits(text) == said


def test_what_the_tables_say_of_what_is_not_said_is_what_holds() -> None:
    found = Limits(
        Window(int(str(DUPLICATES["ids"].default)), duration_ms(str(DUPLICATES["within"].default))),
        duration_ms(str(LIMITS["late"].default)),
        duration_ms(str(LIMITS["ahead"].default)),
    )
    assert found == USUAL


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{duplicates: {ids: 0}}", "ids; expected a whole number from 1 to 1024, got"),
        ("{duplicates: {ids: 1025}}", "ids; expected a whole number from 1 to 1024, got"),
        ("{duplicates: {within: 59s}}", "within; expected a duration from 1m to 90d, got"),
        ("{duplicates: {within: 91d}}", "within; expected a duration from 1m to 90d, got"),
        ("{duplicates: {within: 24}}", "within; expected a duration such as"),
        ("{late: 59s}", "limits.late; expected a duration from 1m to 3650d, got"),
        ("{late: 3651d}", "limits.late; expected a duration from 1m to 3650d, got"),
        ("{ahead: 25h}", "limits.ahead; expected a duration from 1s to 1d, got"),
        ("{ahead: 0s}", "limits.ahead; expected a duration from 1s to 1d, got"),
        ("{earliest: 1d}", "unknown key in limits; expected one of duplicates, late, ahead"),
        ("{duplicates: 64}", "limits.duplicates; expected"),
        ("7", "limits; expected"),
    ],
)
def test_what_is_out_of_bounds_is_named_with_its_place(text: str, line: str) -> None:
    told = wrong(f"limits: {text}")
    assert line in told
    assert told.startswith("my.yaml:")


def test_another_limit_is_another_version() -> None:
    texts = [f"{HEAD}offers: {{}}\nlimits: {{late: {late}}}" for late in ("1d", "2d")]
    one, other = (parse_playbook(text, "my.yaml").version for text in texts)
    assert one != other


def test_check_says_the_limits_in_words_and_as_json() -> None:
    said = CliRunner().invoke(main, ["check", RETAIL]).stdout
    assert (
        "A message id is a repeat among a customer's last 64 events and within 1 day; "
        "an event may come 30 days late, and be 5 minutes ahead."
    ) in said
    facts = json.loads(CliRunner().invoke(main, ["check", "--json", RETAIL]).stdout)
    assert facts["limits"] == {
        "duplicates": {"ids": 64, "within_seconds": 86_400},
        "late_seconds": 30 * 86_400,
        "ahead_seconds": 300,
    }
