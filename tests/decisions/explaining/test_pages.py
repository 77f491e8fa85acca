# ruff: noqa: E501 - a line of a page is a line, the sign is meant
"""What is said of a rule as a whole: exact pages, names that are found or not, and relations."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from decisions.explaining.explain import UnknownRule, explain
from decisions.explaining.page import text, to_json
from decisions.explaining.relations import names, rests_on, rules, used_by
from decisions.load import parse_playbook
from flows.cli import main
from tests.decisions.explaining.page_book import BOOK, PAGES, RAISED

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "playbook.md").read_text()
RETAIL = ROOT / "playbooks" / "retail.yaml"
PLAYBOOK = parse_playbook(BOOK, "my.yaml")


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_a_rule_is_told_on_a_page(name: str, page: str) -> None:
    assert f"{text(explain(PLAYBOOK, name))}\n" == page


@pytest.mark.parametrize(("name", "said"), RAISED.items())
def test_an_alert_says_what_raises_it_when_it_is_asked_and_what_time_does(
    name: str, said: tuple[object, ...]
) -> None:
    says = to_json(explain(PLAYBOOK, f"alert.{name}"))["says"]
    assert (says["when"], says["asked"], says["time"]) == said


@pytest.mark.parametrize(
    ("name", "key", "lines"),
    [
        (
            "everyone",
            "asked",
            ["Once, at the first event of a customer with this version of the playbook."],
        ),
        ("buyer", "asked", ["At events that change orders."]),
        ("buyer", "time", ["never"]),
        ("usual", "eligible", ["always: it is for everyone"]),
        (
            "usual",
            "rank",
            [
                "By its score: value 1 = 1.",
                "It is a fallback: it stands only in a place where nothing else fits.",
            ],
        ),
        ("again", "when", ['at the event "A"']),
        (
            "again",
            "runs",
            ["A customer is on it once at a time.", "When it is over, it may begin again at once."],
        ),
        ("again", "exits", ['the event is "B"']),
        ("again", "time", ["never"]),
        (
            "back",
            "when",
            [{"text": "when this becomes true", "below": ["the customer is in the segment quiet"]}],
        ),
        ("back", "runs", ["A customer is on it once at a time.", "When it is over, never again."]),
        ("back", "time", ["as time moves customers in and out of quiet"]),
        ("told", "time", ["as time moves customers in and out of quiet"]),
        (
            "told",
            "asked",
            [
                "At events that change segments.",
                "Without an event, at the moment at which time alone may change the answer.",
            ],
        ),
    ],
)  # fmt: skip - one case a line
def test_what_a_program_gets_is_what_people_read(name: str, key: str, lines: list[object]) -> None:
    said = to_json(explain(PLAYBOOK, name))
    assert said["says"][key] == lines
    assert json.loads(json.dumps(said)) == said


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("cart", "expected one of alert.cart or journey.cart, got cart, which all are"),
        (
            "quite",
            "expected the name of a segment, offer, alert, journey or route, such as segment.vip, got quite; did you mean segment.quiet?",
        ),
        (
            "alert.quiet",
            "expected the name of a segment, offer, alert, journey or route, such as segment.vip, got alert.quiet; did you mean segment.quiet?",
        ),
        (
            "zzzzz",
            "expected the name of a segment, offer, alert, journey or route, such as segment.vip, got zzzzz; the playbook has segment.buyer, segment.quiet, segment.everyone, offer.hello, offer.usual, alert.fails, alert.share, alert.left, alert.left_last, alert.after, alert.city, alert.fading, alert.cart, alert.told, journey.cart, journey.back, journey.again and route.sales",
        ),
    ],
)  # fmt: skip - one case a line
def test_a_name_that_is_none_is_told_with_the_nearest(name: str, error: str) -> None:
    with pytest.raises(UnknownRule) as wrong:
        explain(PLAYBOOK, name)
    assert str(wrong.value) == error


def test_a_rule_is_found_by_its_name_alone_where_no_other_has_it() -> None:
    assert explain(PLAYBOOK, "quiet") == explain(PLAYBOOK, "segment.quiet")
    assert explain(PLAYBOOK, "sales").kind == "route"


def test_what_rests_on_a_rule_is_the_other_side_of_what_it_rests_on() -> None:
    assert rests_on(PLAYBOOK.segments["quiet"]) == ("segment.buyer",)
    assert rests_on(PLAYBOOK.alerts["fails"]) == ("segment.quiet", "route.sales")
    assert rests_on(PLAYBOOK.journeys["cart"]) == ("segment.buyer",)
    assert used_by("segment.buyer", PLAYBOOK) == ("segment.quiet", "journey.cart")
    assert used_by("route.sales", PLAYBOOK) == ("alert.fails",)


def test_what_an_event_must_end_time_alone_does_not_and_a_key_is_read_like_the_rest() -> None:
    alert = """{
        event: A, severity: info, cooldown: 1h, message: x,
        until: 'event.name == "B" && profile.orders.count_90d > 1',
        actions: [{action: log, message: x, idempotency_key: 'string("buyer" in segments)'}]}"""
    text = BOOK.replace("alerts:\n", f"alerts:\n  ended: {alert}\n")
    page = explain(parse_playbook(text, "my.yaml"), "ended")
    assert to_json(page)["says"]["time"] == ["never"]
    assert page.rests_on == ("segment.buyer",)


@pytest.mark.parametrize(
    "source", [BOOK, RETAIL.read_text(), "".join(re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL))]
)
def test_every_rule_of_a_playbook_has_a_page(source: str) -> None:
    playbook = parse_playbook(source, "my.yaml")
    assert len(names(playbook)) == len(rules(playbook)) + len(playbook.routes)
    for name in names(playbook):
        page = explain(playbook, name)
        said = text(page)
        assert said.startswith(name)
        assert "None" not in said
        assert "{}" not in said
        assert set(page.rests_on) | set(page.used_by) <= set(names(playbook))


def test_the_page_in_the_documentation_is_what_is_printed() -> None:
    playbook = parse_playbook("".join(re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)), "docs")
    shown = DOCS.split("<!-- explained: checked by a test -->\n```\n")[1].split("\n```\n")[0]
    assert shown == text(explain(playbook, "quiet_vip"))


def test_the_command_prints_a_page_or_one_object() -> None:
    words = CliRunner().invoke(main, ["check", str(RETAIL), "--explain", "vip"])
    assert words.exit_code == 0
    assert words.stdout.startswith("segment.vip: ")
    asked = ["check", str(RETAIL), "--json", "--explain", "segment.vip"]
    said = json.loads(CliRunner().invoke(main, asked).stdout)
    playbook = parse_playbook(RETAIL.read_text(), "retail")
    assert said == {
        "file": str(RETAIL),
        "version": playbook.version,
        **to_json(explain(playbook, "vip")),
    }


def test_the_command_names_the_nearest_rule() -> None:
    result = CliRunner().invoke(main, ["check", str(RETAIL), "--explain", "vipp"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "got vipp; did you mean segment.vip" in result.stderr


def test_the_schema_is_of_no_rule() -> None:
    result = CliRunner().invoke(main, ["check", "--schema", "--explain", "vip"])
    assert result.exit_code == 2
    assert "--schema stands alone" in result.stderr
