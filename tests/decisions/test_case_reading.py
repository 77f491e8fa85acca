# ruff: noqa: E501 - an error is one line of output, and stands here as one
"""Tests that stand in a playbook: what can never match is refused where it stands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.events import decode, event
from decisions.cases import read
from decisions.cases.run import run
from decisions.format import case_keys
from decisions.format.keys import Text
from decisions.load import parse_playbook
from decisions.playbook import Playbook, PlaybookError
from tests.decisions.casebook import BOOK, ORDER, VIEW, written

WHERE = "tests[1].expect"
LONG = "x" * 129
MANY = ", ".join(f"k{n}: 1" for n in range(254))


def refused(case: str) -> list[str]:
    with pytest.raises(PlaybookError) as wrong:
        parse_playbook(written(case), "my.yaml")
    return [line.partition(": ")[2] for line in str(wrong.value).splitlines()]


def test_limits_and_names_are_the_decoder_s() -> None:
    assert case_keys.FIXED_NAMES == event.FIXED_NAMES
    assert (read.MAX_BYTES, read.MAX_KEYS) == (decode.MAX_BYTES, decode.MAX_KEYS)
    assert read.CONTROL.pattern == decode.CONTROL.pattern
    assert case_keys.CASE["customer"].kind == Text(decode.MAX_ID_CHARACTERS)


@pytest.mark.parametrize(
    ("case", "line"),
    [
        (
            f"given: [{VIEW}]",
            "tests[1]; expected an expect, without which nothing is tested, got none",
        ),
        (
            "given: []\nexpect: {alerts: [order]}",
            f"{WHERE}, which can never match; expected an event before it, since rules are asked at events, got none",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{alerts: [order]}}",
            f"{WHERE}.alerts, which can never match; expected an event before it at which order is asked: Order Completed, got none",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{offers: {{home: [spring]}}}}",
            f'{WHERE}.offers.home, which can never match; expected an offer that is served in home: hello, thanks, got "spring"',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{offers: {{home: [hello, thanks]}}}}",
            f"{WHERE}.offers.home, which can never match; expected at most 1 of them, as home holds no more, got 2",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{offers: {{shop: [spring, coffee]}}}}",
            f"{WHERE}.offers.shop, which can never match; expected coffee alone, since it stands only where nothing else fits, got others beside it",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{segments: {{in: [fan], not_in: [fan]}}}}",
            f"{WHERE}.segments, which can never match; expected fan in one of in and not_in, got it in both",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{profile: {{profile.orders.count: '1'}}}}",
            f'{WHERE}.profile: profile.orders.count, which can never match; expected a value of type int, got "1" in quotes',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{profile: {{profile.orders.count: 1.5}}}}",
            f'{WHERE}.profile: profile.orders.count, which can never match; expected a value of type int, got "1.5"',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{segments: [byer]}}",
            f'{WHERE}.segments; expected one of buyer, fan, got "byer"; did you mean "buyer"?',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{offers: {{hom: []}}}}",
            f'{WHERE}.offers; expected one of home, shop, got "hom"; did you mean "home"?',
        ),
        (
            f"given: [{VIEW}]\nexpect: {{alerts: {{excludes: [ordr]}}}}",
            f'{WHERE}.alerts.excludes; expected one of order, got "ordr"; did you mean "order"?',
        ),
        (
            f'given: [{VIEW}]\nexpect: {{that: [event.name == "E"]}}',
            f"{WHERE}.that; there is no event here; expected one of customer, now, profile, segments, or a function that looks back, such as seen(), got event",
        ),
        (
            "given: [{channel: clik, event: E}]\nexpect: {segments: []}",
            'tests[1].given[1].channel; expected one of click, email, kiosk, got "clik"; did you mean "click"?',
        ),
        (
            "given: [{channel: click}]\nexpect: {segments: []}",
            "missing key in tests[1].given[1]; expected event, as the type is track, got nothing",
        ),
        (
            "given: [{channel: click, type: page, event: E}]\nexpect: {segments: []}",
            'tests[1].given[1].event; expected Page Viewed, as the type is page, got "E"',
        ),
        (
            f"given: [{{channel: click, event: {LONG}}}]\nexpect: {{segments: []}}",
            "tests[1].given[1].event; expected at most 128 characters, got 129",
        ),
        (
            f"given: [{{channel: click, event: E, id: {LONG}}}]\nexpect: {{segments: []}}",
            "tests[1].given[1].id; expected at most 128 characters, got 129",
        ),
        (
            f"given: [{{channel: click, event: E, properties: {{a: {LONG * 300}}}}}]\nexpect: {{segments: []}}",
            "tests[1].given[1]; expected at most 32,768 bytes, more is refused, got 38,753",
        ),
        (
            "given: [{channel: click, event: E, at: 2h}, {channel: click, event: E, at: 1h}]\nexpect: {segments: []}",
            "tests[1].given[2].at; expected no time before that of the event before it, 2026-01-01T02:00:00.000Z, got 2026-01-01T01:00:00.000Z",
        ),
        (
            "given: [{channel: click, event: E, at: soon}]\nexpect: {segments: []}",
            'tests[1].given[1].at; expected a time such as 2h, +30m, 100d before or 2026-05-10T12:00:00Z, got "soon"',
        ),
        (
            "given: [{channel: click, event: E, at: 99999d before}]\nexpect: {segments: []}",
            'tests[1].given[1].at; expected a time between 1970 and 9999, got "99999d before"',
        ),
        (
            f"traits: {{town: Berlin}}\ngiven: [{VIEW}]\nexpect: {{segments: []}}",
            'unknown trait in tests[1].traits.town; expected one of city, age, got "town"',
        ),
        (
            f"traits: {{age: old}}\ngiven: [{VIEW}]\nexpect: {{segments: []}}",
            'tests[1].traits.age; expected a value that is kept as int, got "old"',
        ),
        (
            f"given: [{VIEW}, {{channel: click, expect: {{segments: []}}}}]\nexpect: {{segments: []}}",
            "tests[1].given[2]: an expect stands alone; expected expect, got channel",
        ),
        (
            f"given: [{VIEW}]\nexpect: {{}}",
            f"{WHERE}; expected at least one of segments, offers, alerts, escalated, acknowledged, cleared, actions, journeys, profile, that, got none of them",
        ),
        (
            "given: [{channel: click, event: E, at: +2h before}]\nexpect: {segments: []}",
            'tests[1].given[1].at; expected a time such as 2h, +30m, 100d before or 2026-05-10T12:00:00Z, got "+2h before"',
        ),
        (
            f'customer: "a\\tb"\ngiven: [{VIEW}]\nexpect: {{segments: []}}',
            "tests[1].customer; expected no control characters, got one",
        ),
        (
            f"given: [{', '.join([VIEW] * 201)}]\nexpect: {{segments: []}}",
            "tests[1].given; expected 0 to 200 entries, got 201",
        ),
        (
            f"given: [{', '.join([VIEW[:-1] + ', times: 500}'] * 2)}, {VIEW}]\nexpect: {{segments: []}}",
            "tests[1].given[3]; expected at most 1,000 events in a case, got 1,001",
        ),
        (
            f"given: [{{channel: click, event: E, properties: {{a: {{{MANY}}}}}}}]\nexpect: {{segments: []}}",
            "tests[1].given[1]; expected at most 256 different keys, more are refused, got 258",
        ),
    ],
)  # fmt: skip - one case a line
def test_what_can_never_match_is_refused_in_one_sentence(case: str, line: str) -> None:
    assert refused(case) == [line]


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_whatever_is_cut_out_of_a_case_it_is_run_or_refused_with_places(
    data: st.DataObject,
) -> None:
    case = f"""
        start: 2026-02-01
        traits: {{city: Berlin}}
        given: [{ORDER}, {{expect: {{segments: [buyer]}}}}, {{channel: click, type: page, at: +1h, id: m}}]
        expect: {{offers: {{home: {{includes: [thanks]}}}}, alerts: [{{alert: order, message: Order 10.5}}], profile: {{now: 2026-02-01T01:00:00Z}}, that: ['true']}}
        """
    text = written(case)
    start = data.draw(st.integers(len(BOOK), len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    filler = data.draw(st.sampled_from(["", "x", ": ", "- ", "[", "{}", "null", "5", "(", "now"]))
    playbook = parsed(text[:start] + filler + text[end:])
    if isinstance(playbook, PlaybookError):
        assert all(line.startswith("my.yaml:") for line in str(playbook).splitlines())
    else:
        assert [run(case, playbook).case for case in playbook.cases] == list(playbook.cases)


def parsed(text: str) -> Playbook | PlaybookError:
    try:
        return parse_playbook(text, "my.yaml")
    except PlaybookError as error:
        return error


def test_two_cases_of_one_name_are_refused_with_both_lines() -> None:
    case = written(f"given: [{VIEW}]\nexpect: {{segments: []}}")
    again = case.removeprefix(BOOK)
    first, second = (text.count("\n") + 1 for text in (BOOK, case))
    with pytest.raises(PlaybookError) as wrong:
        parse_playbook(case + again, "my.yaml")
    said = (
        f'{second}:5: tests[2].name; expected each name once (line {first} has it), got "It is so"'
    )
    assert str(wrong.value) == f"my.yaml:{said}"


def test_an_offer_is_not_expected_in_two_places() -> None:
    text = written(f"given: [{VIEW}]\nexpect: {{offers: {{home: [hello], shop: [hello]}}}}")
    both = "channels: [click, kiosk], placements: [home, shop]"
    text = text.replace("channels: [click], placements: home", both, 1)
    refusal = parsed(text)
    assert str(refusal).partition(": ")[2] == (
        f"{WHERE}.offers.shop, which can never match; "
        "expected hello in one place, since it stands in one at most, got it in home, too"
    )


def test_tests_are_no_part_of_the_version() -> None:
    without = parse_playbook(BOOK.removesuffix("tests:\n"), "my.yaml")
    assert without.cases == ()
    tested = parse_playbook(written(f"given: [{VIEW}]\nexpect: {{segments: []}}"), "my.yaml")
    assert tested.version == without.version
    assert [case.name for case in tested.cases] == ["It is so"]


def test_a_trait_too_long_to_be_kept_whole_is_refused() -> None:
    case = f"traits: {{city: {'x' * 10_000}}}\ngiven: [{VIEW}]\nexpect: {{segments: []}}"
    (line,) = refused(case)
    assert line.startswith("tests[1].traits.city; expected a value that is kept as string")
