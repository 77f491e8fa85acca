# ruff: noqa: E501 - an error is one line of output, and stands here as one
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.load import PlaybookUnreadable, load_playbook, parse_playbook
from decisions.playbook import Playbook, PlaybookError
from state.profile import Profile
from tests.decisions.someone import DAY_MS, HEAD, book

OFFER = """\
offers:
  hello:
    title: Ten percent off
    lever: 20
    value: 5.5
    channels: [click]
    placements: home
    ttl: 6h
"""
ALERT = """\
offers: {}
alerts:
  failed:
    event: Kiosk Transaction Failed
    severity: warning
    cooldown: 30m
    message: Failed
"""
SEGMENT = """\
offers: {}
segments:
  buyer:
    title: Has bought
    when: profile.orders.count > 0
"""


def wrong(text: str) -> str:
    with pytest.raises(PlaybookError) as refused:
        parse_playbook(text, "my.yaml")
    return str(refused.value)


@pytest.mark.parametrize("text", [OFFER, ALERT, SEGMENT])
def test_the_examples_below_are_right_before_they_are_broken(text: str) -> None:
    assert parse_playbook(HEAD + text, "my.yaml").version


@pytest.mark.parametrize(
    ("base", "before", "after", "line"),
    [
        (
            OFFER,
            "titel",
            "    titel: Ten",
            '3:5: unknown key in offers.hello; expected one of title, group, eligible, applicable, suitable, value, cost, weight, topics, topics_of_products, products, price, budget, purpose, propensity, lever, cooldown, suppress, arms, channels, treatments, placements, start, end, ttl, because, fallback, got "titel"; did you mean "title"?',
        ),
        (OFFER, "title", None, "3:5: missing key in offers.hello; expected title, got nothing"),
        (OFFER, "title", "    title:", "3:5: offers.hello.title; expected a text, got nothing"),
        (OFFER, "title", "    title: [a]", "3:12: offers.hello.title; expected a text, got a list"),
        (
            OFFER,
            "lever",
            "    lever: high",
            '4:12: offers.hello.lever; expected a number from 0 to 1000000, got "high"',
        ),
        (
            OFFER,
            "lever",
            "    lever: 1000001",
            '4:12: offers.hello.lever; expected a number from 0 to 1000000, got "1000001"',
        ),
        (
            OFFER,
            "value",
            "    value: -1",
            '5:12: offers.hello.value; expected a number from 0 to 1000000000, got "-1"',
        ),
        (
            OFFER,
            "value",
            "    value: '5'",
            '5:12: offers.hello.value; expected a number from 0 to 1000000000, got "5" in quotes',
        ),
        (
            OFFER,
            "value",
            "    value: .nan",
            '5:12: offers.hello.value; expected a number from 0 to 1000000000, got ".nan"',
        ),
        (
            OFFER,
            "channels",
            "    channels: [clik]",
            '6:16: offers.hello.channels; expected one of click, email, chat, kiosk, got "clik"; did you mean "click"?',
        ),
        (
            OFFER,
            "channels",
            "    channels: [click, click]",
            '6:23: offers.hello.channels; expected each once, got "click"',
        ),
        (
            OFFER,
            "channels",
            "    channels: []",
            "6:15: offers.hello.channels; expected at least one, got none",
        ),
        (
            OFFER,
            "channels",
            "    channels: [email]",
            "7:17: offers.hello.placements: home; expected a channel of click, got email",
        ),
        (
            OFFER,
            "placements",
            "    placements: hom",
            '7:17: offers.hello.placements; expected one of home, inbox, got "hom"; did you mean "home"?',
        ),
        (
            OFFER,
            "ttl",
            "    ttl: 6 hours",
            '8:10: offers.hello.ttl; expected a duration such as 90s, 30m, 12h or 7d, got "6 hours"',
        ),
        (
            OFFER,
            "ttl",
            "    ttl: 0s",
            '8:10: offers.hello.ttl; expected a duration such as 90s, 30m, 12h or 7d (not 0), got "0s"',
        ),
        (
            OFFER,
            "ttl",
            "    ttl: 6h\n    end: 2026-02-30",
            '9:10: offers.hello.end; expected a date such as 2026-11-27 or a time such as 2026-11-27T08:00:00Z, got "2026-02-30"',
        ),
        (
            OFFER,
            "ttl",
            "    ttl: 6h\n    end: 2026-02-03T08:00:00",
            '9:10: offers.hello.end; expected a date such as 2026-11-27 or a time such as 2026-11-27T08:00:00Z, got "2026-02-03T08:00:00"',
        ),
        (
            OFFER,
            "ttl",
            "    ttl: 6h\n    start: 2026-02-03\n    end: 2026-02-02",
            "10:10: offers.hello.end; expected a time after its start, got an earlier one",
        ),
        (
            OFFER,
            "ttl",
            "    ttl: 6h\n    ttl: 7h",
            '9:5: duplicate key in offers.hello; expected each key once (line 13 has it), got "ttl"',
        ),
        (
            OFFER,
            "ttl",
            "    ttl: 6h\n    fallback: yes",
            '9:15: offers.hello.fallback; expected true or false, got "yes"',
        ),
        (
            OFFER,
            "ttl",
            "    ttl: 6h\n  hello: {}",
            '9:3: duplicate id in offers; expected each id once (line 7 has it), got "hello"',
        ),
        (
            OFFER,
            "  hello",
            "  Hello:",
            '2:3: an id in offers; expected a-z, 0-9 and _, a letter first, at most 32 characters, got "Hello"',
        ),
        (
            ALERT,
            "severity",
            "    severity: warn",
            '5:15: alerts.failed.severity; expected one of info, warning, critical, got "warn"; did you mean "warning"?',
        ),
        (
            ALERT,
            "event",
            None,
            "4:5: alerts.failed; expected an event, a condition (when), both, or a change, got none of them",
        ),
        (
            ALERT,
            "cooldown",
            None,
            "4:5: missing key in alerts.failed; expected cooldown, got nothing",
        ),
        (
            SEGMENT,
            "when",
            "    when:",
            "5:5: segments.buyer.when; expected an expression, got nothing",
        ),
    ],
)  # fmt: skip - one case a line
def test_a_wrong_line_is_named_with_place_expected_got_and_the_nearest_valid_name(
    base: str, before: str, after: str | None, line: str
) -> None:
    lines = base.splitlines()
    wanted = "title" if before == "titel" else before.strip()
    at = next(n for n, text in enumerate(lines) if text.strip().startswith(wanted + ":"))
    lines[at : at + 1] = [after] if after is not None else []
    row, rest = line.split(":", 1)
    row = str(int(row) + HEAD.count("\n"))
    assert f"my.yaml:{row}:{rest}" in wrong(HEAD + "\n".join(lines) + "\n").splitlines()


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("{}", "1:1: missing key in the playbook; expected channels, got nothing"),
        ("[]", "1:1: the playbook; expected key: value lines, got a list"),
        ("hello", '1:1: the playbook; expected key: value lines, got "hello"'),
        ("", "1:1: the file; expected a playbook, got nothing"),
        (
            HEAD.replace("[click, email, chat, kiosk]", "click") + "offers: {}",
            '1:11: channels; expected a list such as [click, email], got "click"',
        ),
        (
            HEAD.replace("chat, kiosk", "Chat") + "offers: {}",
            '1:26: a channel; expected a-z, 0-9 and _, a letter first, got "Chat"',
        ),
        (
            HEAD.replace("int", "integer") + "offers: {}",
            '2:29: traits.age; expected one of string, int, double, bool, list(string), got "integer"',
        ),
        (
            HEAD.replace("offers: 1", "offers: 7") + "offers: {}",
            '4:37: placements.home.offers; expected a whole number from 1 to 6, got "7"',
        ),
        (
            HEAD.replace("offers: 1", "offers: 4") + "offers: {}",
            "5:3: placements; expected at most 6 offers in all, got more",
        ),
        (
            HEAD + "offer: {}",
            '6:1: unknown key in the playbook; expected one of title, channels, limits, traits, summary, placements, segments, offers, refresh, groups, budgets, purposes, interests, contact, control, experiments, arbitration, learning, routes, alerts, journeys, tests, got "offer"; did you mean "offers"?',
        ),
    ],
)
def test_a_wrong_top_is_named_likewise(head: str, line: str) -> None:
    assert line in wrong(head)


@pytest.mark.parametrize(
    ("when", "line", "column"),
    [
        ("profile.orders.cout > 0", 5, 26),
        ("'profile.orders.cout > 0'", 5, 27),
        (">\n      profile.sessions.count > 3\n      && profile.orders.cout > 0", 7, 25),
        ("|\n      profile.sessions.count > 3\n      && profile.orders.cout > 0", 7, 25),
        ("profile.sessions.count > 3\n      && profile.orders.cout > 0", 6, 25),
    ],
)
def test_an_error_in_a_condition_is_named_where_it_stands(
    when: str, line: int, column: int
) -> None:
    text = SEGMENT.replace("profile.orders.count > 0", when)
    said = wrong(HEAD + text)
    assert said.startswith(f"my.yaml:{line + HEAD.count(chr(10))}:{column}: segments.buyer.when; ")
    assert said.endswith('did you mean "count"?')


def test_a_segment_is_refused_where_nobody_can_tell_when_time_changes_it() -> None:
    when = "profile.sessions.count > 3\n      && now in [profile.first_at]"
    said = wrong(HEAD + SEGMENT.replace("profile.orders.count > 0", when))
    assert said.startswith(
        f"my.yaml:{6 + HEAD.count(chr(10))}:14: segments.buyer.when; nobody can "
    )
    offer = OFFER.replace("ttl: 6h", 'eligible: int(profile.affinity["a"]) > 3\n    ttl: 6h')
    assert parse_playbook(HEAD + offer, "my.yaml").offers  # they are asked at events alone


def test_a_wrong_refresh_is_told_beside_everything_else() -> None:
    lines = wrong(HEAD + "refresh: soon\n" + OFFER.replace("5.5", "y")).splitlines()
    assert [line.partition("; ")[0].rpartition(": ")[2] for line in lines] == [
        "refresh",
        "offers.hello.value",
    ]


def test_offers_and_segments_may_not_look_at_the_event() -> None:
    event = 'event.name == "Order Completed"'
    assert ":10:" in wrong(HEAD + SEGMENT.replace("profile.orders.count > 0", event))
    assert ":13:" in wrong(HEAD + OFFER.replace("ttl: 6h", f"eligible: {event}\n    ttl: 6h"))


def test_a_segment_nobody_declared_is_refused_with_the_nearest() -> None:
    offer = OFFER.replace("ttl: 6h", "eligible: '\"byer\" in segments'\n    ttl: 6h")
    said = wrong(HEAD + SEGMENT.removeprefix("offers: {}\n") + offer)
    assert 'did you mean "buyer"?' in said


def test_all_problems_of_a_file_are_named_at_once_in_their_order() -> None:
    text = OFFER.replace("20", "x").replace("5.5", "y").replace("6h", "z").replace("home", "h")
    lines = wrong("tittle: T\n" + HEAD + text).splitlines()
    assert [int(line.split(":")[1]) for line in lines] == [1, 10, 11, 13, 14]


@pytest.mark.parametrize(
    ("section", "entry", "most"),
    [
        ("segments", "{title: T, when: 'true'}", 48),
        ("traits", "string", 20),
    ],
)
def test_what_a_profile_must_hold_is_bounded(section: str, entry: str, most: int) -> None:
    head = HEAD.replace("traits: {city: string, age: int}\n", "")

    def text(number: int) -> str:
        rows = "".join(f"  x{n}: {entry}\n" for n in range(number))
        return f"{head}offers: {{}}\n{section}:\n{rows}"

    assert parse_playbook(text(most), "my.yaml").version
    assert f"{section}; expected at most {most} entries, got {most + 1}" in wrong(text(most + 1))


def version(text: str) -> str:
    return parse_playbook(text, "my.yaml").version


def test_the_version_follows_what_is_written_and_not_how() -> None:
    text = HEAD + OFFER
    assert version(text) == version("# a comment\n" + text.replace("value: 5.5", "value:   5.5"))
    assert version(text) == version(text.replace("Ten percent off", "'Ten percent off'"))
    assert version(text) != version(text.replace("Ten percent off", "Ten per cent off"))
    assert len(bytes.fromhex(version(text))) == 6


def test_a_date_is_a_whole_day_in_utc() -> None:
    dates = "start: 2026-11-27\n    end: 2026-11-27\n    ttl: 6h"
    offer = parse_playbook(HEAD + OFFER.replace("ttl: 6h", dates), "my.yaml").offers["hello"]
    assert offer.end_ms - offer.start_ms == DAY_MS
    assert offer.start_ms == 1_795_737_600_000


def test_a_file_is_loaded_and_called_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(HEAD + OFFER)
    assert isinstance(load_playbook(path), Playbook)
    path.write_text(HEAD)
    with pytest.raises(PlaybookError, match=r"shop\.yaml:1:1: missing key"):
        load_playbook(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlaybookUnreadable, match=r"none\.yaml:1:1: .*No such file"):
        load_playbook(tmp_path / "none.yaml")
    with pytest.raises(PlaybookUnreadable, match="Is a directory"):
        load_playbook(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: 1\nb: café".encode("latin-1"))
    with pytest.raises(PlaybookError, match=r"latin\.yaml:2:1: .*UTF-8") as wrong:
        load_playbook(latin)
    assert not isinstance(wrong.value, PlaybookUnreadable)  # it is there: no other one is meant


def test_the_summary_is_plain_json_in_the_order_of_the_file() -> None:
    playbook = book("""
        summary:
          orders: profile.orders.count
          ratio: 100 / profile.orders.count
          last: profile.cart.value
        """)
    summary = playbook.summary(Profile(), 0)
    assert list(summary.items()) == [("orders", 0), ("ratio", None), ("last", 0.0)]


@settings(max_examples=200)
@given(st.data())
def test_whatever_is_cut_out_of_a_playbook_it_is_read_or_refused_with_places(
    data: st.DataObject,
) -> None:
    text = HEAD + OFFER + ALERT.removeprefix("offers: {}\n") + SEGMENT.removeprefix("offers: {}\n")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    filler = data.draw(st.sampled_from(["", "x", ": ", "\n", "- ", "[", "{}", "'", "null", "é"]))
    error = problems(text[:start] + filler + text[end:])
    assert error is None or error.problems
    assert all(line.startswith("my.yaml:") for line in str(error or "my.yaml:").splitlines())


def problems(text: str) -> PlaybookError | None:
    try:
        parse_playbook(text, "my.yaml")
    except PlaybookError as error:
        return error
    return None
