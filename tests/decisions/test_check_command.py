import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flows.cli import main

RETAIL = str(Path(__file__).parents[2] / "playbooks" / "retail.yaml")


def test_a_right_playbook_is_said_in_words() -> None:
    result = CliRunner().invoke(main, ["check", RETAIL])
    assert result.exit_code == 0
    assert "retail.yaml is right: Retail, spring season, version " in result.stdout
    assert '  vip_preview: See the new collection a week early, when "vip" in segments (' in (
        result.stdout
    )
    assert "It listens to click, email, chat and kiosk." in result.stdout


def test_a_program_gets_one_json_object() -> None:
    result = CliRunner().invoke(main, ["check", "--json", RETAIL])
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert said["channels"] == ["click", "email", "chat", "kiosk"]
    assert said["offers"]["bestsellers"]["fallback"] is True
    assert said["offers"]["gift_wrapping"]["end"] == "2026-05-11T00:00:00.000Z"
    assert said["alerts"]["vip_unsubscribed"]["cooldown_seconds"] == 604_800


def test_whom_an_offer_with_topics_is_for_is_said_in_words_and_to_a_program() -> None:
    words = CliRunner().invoke(main, ["check", RETAIL]).stdout
    assert "and what to wear, for who declared running or shoes (" in words
    assert "in our stores, for who declared outdoor, when !profile.email.unsubscribed (" in words
    found = json.loads(CliRunner().invoke(main, ["check", RETAIL, "--json"]).stdout)
    assert found["interests"] == "has(customer.interests) ? customer.interests : []"
    assert found["offers"]["running_stories"]["topics"] == ["running", "shoes"]
    assert found["offers"]["welcome"]["topics"] == []


def test_whom_an_offer_is_for_by_its_products_is_said_in_words_and_to_a_program(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.yaml"
    text = Path(RETAIL).read_text()
    about = "    products: shoes\n    topics_of_products: true\n"
    file.write_text(text.replace("    topics: [running, shoes]\n", about, 1))
    words = CliRunner().invoke(main, ["check", str(file)]).stdout
    assert (
        "and what to wear, for who declared a category of its products, if they have one (" in words
    )
    found = json.loads(CliRunner().invoke(main, ["check", str(file), "--json"]).stdout)
    stories = found["offers"]["running_stories"]
    assert (stories["topics"], stories["topics_of_products"]) == ([], True)
    assert found["offers"]["welcome"]["topics_of_products"] is False


def test_what_limits_an_offer_in_all_is_said_in_words_and_to_a_program(tmp_path: Path) -> None:
    text = Path(RETAIL).read_text() + "\nbudgets: {coffees: {units: 20000}}\n"
    file = tmp_path / "mine.yaml"
    file.write_text(text.replace("  apology:\n", "  apology:\n    budget: coffees\n", 1))
    words = CliRunner().invoke(main, ["check", str(file)]).stdout
    assert ", until 20,000 of coffees are accepted (" in words
    found = json.loads(CliRunner().invoke(main, ["check", str(file), "--json"]).stdout)
    assert found["budgets"] == {"coffees": {"units": 20_000, "hard": False}}
    assert found["offers"]["apology"]["budget"] == "coffees"
    assert found["offers"]["welcome"]["budget"] is None


def test_what_is_remembered_of_events_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    rule = "{title: Seen, when: 'count(event.name == \"A\", 24h) > 2'}"
    head = "channels: [click]\nplacements: {}\noffers: {}\n"
    file.write_text(f"{head}segments: {{seen: {rule}}}\n")
    said = 'count((event.name == "A"), 1d)'
    words = CliRunner().invoke(main, ["check", str(file)]).stdout
    assert f"It remembers of each customer's events what answers\n  {said}\n" in words
    assert json.loads(CliRunner().invoke(main, ["check", "--json", str(file)]).stdout)[
        "history"
    ] == [said]
    assert (
        "It remembers" not in CliRunner().invoke(main, ["check", "tests/oracle/shop.yaml"]).stdout
    )


def test_what_raises_an_alert_and_what_becomes_of_it_is_said_in_words(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "playbook.md").read_text()
    file = tmp_path / "docs.yaml"
    file.write_text("".join(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)))
    said = " ".join(CliRunner().invoke(main, ["check", str(file)]).stdout.split())
    for words in (
        "at Kiosk Transaction Failed, 3 of them within 10 minutes, at most once for one key in ",
        'in 1 hour, until event.name == "Kiosk Transaction Completed", again as critical after',
        "again as critical after 30 minutes if nobody acknowledges it, again as warning after 2",
        "at Kiosk Transaction Failed, 50% of at least 5 when event.name in [",
        'at Checkout Started, then none when event.name == "Order Completed" within 2 hours',
        'at Order Completed, then one when event.name == "Order Cancelled" within 1 hour',
        "nobody acknowledges it and after 2 hours others are asked for log within 1 day ",
        'at a change of has(customer.plan) ? customer.plan : "none" from plus to basic, at most',
    ):
        assert words in said
    alerts = json.loads(CliRunner().invoke(main, ["check", "--json", str(file)]).stdout)["alerts"]
    assert alerts["checkout_left"]["raised_by"] == "absence"
    assert alerts["vip_unhappy"]["raised_by"] is None
    assert alerts["kiosk_gives_up"]["until"] == 'event.name == "Kiosk Transaction Completed"'
    assert alerts["kiosk_gives_up"]["escalates_after_seconds"] == [1_800, 7_200]


def test_of_a_segment_it_says_what_ends_it_and_how_long_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "playbook.yaml"
    file.write_text(
        "channels: [click]\nplacements: {home: {channels: [click]}}\noffers: {}\nsegments:\n"
        "  full: {title: Full, when: profile.cart.value > 9.0, until: profile.cart.value <\n"
        "    5.0, dwell: 90m}\n  buyer: {title: Bought, when: profile.orders.count > 0}\n"
    )
    ends = "until profile.cart.value < 5.0, for 90 minutes at least"
    words = CliRunner().invoke(main, ["check", str(file)]).stdout.splitlines()
    assert f"  full: Full, when profile.cart.value > 9.0, {ends}" in words
    assert "  buyer: Bought, when profile.orders.count > 0" in words
    told = json.loads(CliRunner().invoke(main, ["check", "--json", str(file)]).stdout)["segments"]
    assert told["full"]["until"] == "profile.cart.value < 5.0"
    assert told["full"]["dwell_seconds"] == 5_400
    assert (told["buyer"]["until"], told["buyer"]["dwell_seconds"]) == (None, 0)


def test_of_a_journey_it_says_who_starts_and_how_many_steps_there_are(tmp_path: Path) -> None:
    file = tmp_path / "playbook.yaml"
    file.write_text(
        "channels: [click]\nplacements: {home: {channels: [click]}}\noffers: {}\njourneys:\n"
        "  left: {title: Left, event: [A, B], when: profile.orders.count > 0, steps: [end]}\n"
        "  gone: {title: Gone, when: profile.orders.count > 1, in_flight: move, steps:\n"
        "    [{if: true, then: [{wait: 1h}]}]}\n"
    )
    words = CliRunner().invoke(main, ["check", str(file)]).stdout
    assert (
        "2 journeys. A customer starts\n"
        "  left: Left, at A or B, if profile.orders.count > 0; 1 step\n"
        "  gone: Gone, when this becomes true: profile.orders.count > 1; 2 steps\n"
    ) in words
    told = json.loads(CliRunner().invoke(main, ["check", "--json", str(file)]).stdout)["journeys"]
    assert told["left"]["events"] == ["A", "B"]
    assert (told["gone"]["in_flight"], told["gone"]["steps"]) == ("move", 2)
    assert len(told["gone"]["version"]) == 12


def test_a_wrong_playbook_ends_with_1_and_every_problem_on_stderr(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("titel: Mine\nchannels: [click]\nplacements: {}\noffers: []\n")
    result = CliRunner().invoke(main, ["check", "--json", str(path)])
    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first.startswith(f"{path}:1:1: unknown key in the playbook; ")
    assert first.endswith('did you mean "title"?')
    assert second == f"{path}:4:9: offers; expected id: value lines, got a list"
    problems = json.loads(result.stdout)["problems"]
    assert [(problem["line"], problem["column"]) for problem in problems] == [(1, 1), (4, 9)]


def test_a_file_that_is_not_there_is_named() -> None:
    result = CliRunner().invoke(main, ["check", "none.yaml"])
    assert result.exit_code == 1
    assert result.stderr.startswith("none.yaml:1:1: ")
    assert "`touchline check --sample > playbook.yaml` writes one" in result.stderr


def test_the_sample_is_a_playbook_that_is_right_and_serves_an_offer(tmp_path: Path) -> None:
    file = tmp_path / "playbook.yaml"
    file.write_text(CliRunner().invoke(main, ["check", "--sample"]).stdout)
    result = CliRunner().invoke(main, ["check", "--json", str(file)])
    assert result.exit_code == 0, result.stderr
    assert list(json.loads(result.stdout)["offers"]) == ["welcome"]


@pytest.mark.parametrize("more", ["none.yaml", "--schema", "--json"])
def test_the_sample_is_asked_for_alone(more: str) -> None:
    assert CliRunner().invoke(main, ["check", "--sample", more]).exit_code == 2


def test_help_has_an_example() -> None:
    assert "touchline check playbooks/retail.yaml" in (
        CliRunner().invoke(main, ["check", "--help"]).stdout
    )


def scores_of(offer: dict[str, Any]) -> list[float]:
    return [treatment["score"] for treatment in offer["treatments"]]


def test_the_offers_of_a_place_are_said_from_the_highest_score_down_and_the_fallback_last() -> None:
    lines = CliRunner().invoke(main, ["check", RETAIL]).output.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("In home"))
    ids = [line.split(":")[0].strip() for line in lines[first + 1 : lines.index("", first)]]
    offers = json.loads(CliRunner().invoke(main, ["check", "--json", RETAIL]).output)["offers"]
    scores = [(not offers[name]["fallback"], max(scores_of(offers[name]))) for name in ids]
    assert len(ids) > 2
    assert scores == sorted(scores, reverse=True)


ACTING = """\
channels: [click]
placements: {home: {channels: [click]}}
offers: {}
alerts:
  gone:
    event: Cart Emptied
    severity: info
    cooldown: 1d
    message: Gone
    actions:
      - {action: email.request, template: t, requires_approval: true, expiry: 12h}
      - {action: log, message: m}
"""


def test_what_others_are_asked_for_stands_beside_its_alert(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(ACTING)
    lines = CliRunner().invoke(main, ["check", str(path)]).output.splitlines()
    alert = next(n for n, line in enumerate(lines) if line.startswith("  gone (info)"))
    assert lines[alert + 1] == (
        "    and others are asked for email.request, once approved, within 12 hours "
        "and log within 7 days"
    )
    said = json.loads(CliRunner().invoke(main, ["check", "--json", str(path)]).output)
    assert said["alerts"]["gone"]["actions"] == [
        {"action": "email.request", "requires_approval": True, "expiry_seconds": 43_200},
        {"action": "log", "requires_approval": False, "expiry_seconds": 604_800},
    ]


def test_how_many_offers_a_placement_holds_is_how_many_fit(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    places = "{home: {channels: [click], offers: 3}, top: {channels: [click]}}"
    file.write_text(f"channels: [click]\nplacements: {places}\noffers: {{}}\n")
    words = CliRunner().invoke(main, ["check", str(file)]).stdout
    assert "In home (on click) stand at most 3 offers; the first 3 that fit of\n" in words
    assert "In top (on click) stands at most 1 offer; the first that fits of\n" in words
