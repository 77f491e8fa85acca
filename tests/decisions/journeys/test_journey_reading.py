"""What is wrong with a journey is named with its place."""

import pytest

from decisions.journeys.table import END, Act, If, Over, Split, Until, Wait
from decisions.load import parse_playbook
from decisions.playbook import PlaybookError
from tests.decisions.journeys.traveller import HEAD, journeys, one

BEGIN = "journeys:\n  j:\n    title: J\n    event: E\n"
# In what is expected below, $ is "journeys.j.".
STEPS = BEGIN + "    steps:\n"


def problems(text: str) -> list[str]:
    """Without the file's name; lines count from the first one of `text`."""
    lines = HEAD.count("\n")
    with pytest.raises(PlaybookError) as caught:
        parse_playbook(HEAD + text, "p")
    found = [line.removeprefix("p:") for line in str(caught.value).splitlines()]
    return [f"{int(line.partition(':')[0]) - lines}:{line.partition(':')[2]}" for line in found]


KINDS = "wait, wait_until, until, if, split, action, end"
WRONG = [
    ("      - wait: 0s\n", "6:15: $steps[1].wait; expected a duration from 1s to 366d, got"),
    ("      - wait: 367d\n", "6:15: $steps[1].wait; expected a duration from 1s to 366d"),
    (
        "      - wait: 1h\n        wait_until: '09:00'\n",
        f"6:9: $steps[1]; expected one of {KINDS}, got wait, wait_until",
    ),
    ("      - sleep: 1h\n", f'6:9: $steps[1]; expected one of {KINDS}, got "sleep"'),
    ("      - stop\n", f'6:9: $steps[1]; expected a step: {KINDS}, got "stop"'),
    (
        "      - until: profile.orders.count > 0\n",
        "6:9: missing key in $steps[1]; expected timeout, got nothing",
    ),
    (
        "      - until: nothing\n        timeout: 1d\n",
        "6:16: $steps[1].until; an unknown name; expected one of",
    ),
    (
        "      - until: profile.affinity['a'] > profile.orders.value_90d\n        timeout: 1d\n",
        "6:",
    ),
    (
        "      - if: 'event.name == \"X\"'\n        then: [end]\n",
        "6:14: $steps[1].if; there is no event here",
    ),
    (
        "      - if: profile.orders.count > 0\n",
        "6:9: $steps[1]; expected at least one of then, else, got neither",
    ),
    ("      - if: key == 'a'\n        then: [end]\n", "6:13: $steps[1].if; an unknown name"),
    (
        "      - if: profile.orders.count > 0\n        then: []\n",
        "7:15: $steps[1].then; expected 1 to 50 entries, got 0",
    ),
    ("      - end\n      - wait: 1h\n", "7:9: $steps[2]; expected a step that can be reached"),
    (
        "      - if: true\n        then: [{wait: 1h}, end]\n        else: [end]\n      - end\n",
        "9:9: $steps[2]; expected a step that can be reached",
    ),
    (
        "      - {until: true, timeout: 1h, then: [end], else: [end]}\n      - wait: 1h\n",
        "7:9: $steps[2]; expected a step that can be reached",
    ),
    (
        "      - split: [{share: 50, steps: [end]}, {share: 50, steps: [end]}]\n      - wait: 1h\n",
        "7:9: $steps[2]; expected a step that can be reached",
    ),
    (
        "      - split: [{share: 50}, {share: 40}]\n",
        "6:16: $steps[1].split; expected shares that are 100 together, got 90",
    ),
    (
        "      - split: [{share: 90}" + ", {share: 1}" * 10 + "]\n",
        "6:16: $steps[1].split; expected",
    ),
    (
        "      - split: [{share: 0}, {share: 99}]\n",
        '6:25: $steps[1].split[1].share; expected a whole number from 1 to 99, got "0"',
    ),
    (
        "      - {id: a, wait: 1h}\n      - {id: a, wait: 1h}\n",
        '7:14: $steps[2].id; expected each id once in a journey (line 11 has it), got "a"',
    ),
    (
        "      - {id: a, wait: 1h}\n      - {id: a, action: log, message: m}\n",
        '7:14: $steps[2].id; expected each id once in a journey (line 11 has it), got "a"',
    ),
    ("      - {id: A, wait: 1h}\n", "6:14: $steps[1].id; expected a-z, 0-9 and _, a letter first"),
    (
        "      - {id: a, action: log}\n",
        "6:9: missing key in $steps[1]; expected message, got nothing",
    ),
    ("      - {action: sing}\n", "6:18: $steps[1].action; expected one of webhook"),
    (
        "      - {action: log, message: 'at {event.at}'}\n",
        "6:37: $steps[1].message; there is no event here",
    ),
    (
        "      - wait_until: '09:00'\n",
        "6:9: $steps[1].wait_until; expected $local_time beside it, got none",
    ),
    (
        "      - wait_until: '24:00'\n    local_time: {otherwise: UTC}\n",
        '6:21: $steps[1].wait_until; expected a time of day such as "09:00"',
    ),
    (
        "      - {wait_until: '09:00', days: [mon, day]}\n    local_time: {otherwise: UTC}\n",
        "6:43: $steps[1].days[2]; expected one of mon, tue",
    ),
    (
        "      - {wait_until: '09:00', days: [mon, mon]}\n    local_time: {otherwise: UTC}\n",
        "6:37: $steps[1].days; expected each day once, got one twice",
    ),
]
AROUND = [
    (
        "    quiet: {from: '21:00', to: '08:00'}\n",
        "5:12: $quiet; expected $local_time beside it, got none",
    ),
    (
        "    local_time: {otherwise: UTC}\n    quiet: {from: '21:00', to: '21:00'}\n",
        "6:32: $quiet.to; expected another time than from, got the same",
    ),
    (
        "    local_time: {otherwise: Europe/Berln}\n",
        "5:29: $local_time.otherwise; expected an IANA time zone such as",
    ),
    (
        "    local_time: {otherwise: UTC, zone: profile.orders.count}\n",
        "5:40: $local_time.zone; expected a text, got int",
    ),
    (
        "    reentry: 0d\n",
        '5:14: $reentry; expected once, always or a duration such as 7d, got "0d"',
    ),
    (
        "    reentry: never\n",
        '5:14: $reentry; expected once, always or a duration such as 7d, got "never"',
    ),
    ("    reentry: 999d\n", "5:14: $reentry; expected a duration from 1s to 366d"),
    ("    at_most: 17\n", '5:14: $at_most; expected a whole number from 1 to 16, got "17"'),
    ("    key: segments\n", "5:10: $key; expected a text, a number or a flag, got list(string)"),
    ('    exit: \'profile.affinity["a"] > profile.affinity["b"] + profile.orders.value\'\n', "5:"),
    ("    in_flight: stay\n", '5:16: $in_flight; expected one of finish, move, end, got "stay"'),
]


@pytest.mark.parametrize(("steps", "expected"), WRONG)
def test_what_is_wrong_with_a_step_is_named(steps: str, expected: str) -> None:
    found = problems(STEPS + steps)
    assert len(found) == 1, found
    assert found[0].startswith(expected.replace("$", "journeys.j.")), found[0]


def test_a_zone_is_offered_by_its_place_and_not_for_few_letters_in_common() -> None:
    def said(zone: str) -> str:
        (found,) = problems(f"{BEGIN}    local_time: {{otherwise: {zone}}}\n    steps: [end]\n")
        return found

    assert said("Europe/Berln").endswith('got "Europe/Berln"; did you mean "Europe/Berlin"?')
    assert said("CEST").endswith('got "CEST"')


def test_three_splits_stand_within_each_other() -> None:
    step = "{until: true, timeout: 1h, else: [{wait_until: '09:00', days: [mon]}]}"
    for _ in range(3):
        step = f"{{split: [{{share: 50, steps: [{step}]}}, {{share: 50}}]}}"
    around = f"{BEGIN}    local_time: {{otherwise: UTC}}\n    steps:\n      - "
    (journey,) = parse_playbook(f"{HEAD}{around}{step}\n", "p").journeys.values()
    assert len(journey.steps) == 5


@pytest.mark.parametrize(("said", "expected"), AROUND)
def test_what_is_wrong_with_a_journey_is_named(said: str, expected: str) -> None:
    found = problems(BEGIN + said + "    steps: [end]\n")
    assert len(found) == 1, found
    assert found[0].startswith(expected.replace("$", "journeys.j.")), found[0]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("'event.channel == \"click\"'", "journeys.j.event; expected an event beside a condition"),
        ("profile.orders.count > 0\n    key: profile.cart.cart_id", "expected an event that"),
        ("now > timestamp(profile.orders.count)", "journeys.j.when"),
    ],
)
def test_a_condition_alone_has_to_be_one_that_can_be_watched(when: str, expected: str) -> None:
    text = f"journeys:\n  j:\n    title: J\n    when: {when}\n    steps: [end]\n"
    if "timestamp" in when:
        assert journeys(text).journeys["j"].events == ()
        return
    found = problems(text)
    assert len(found) == 1, found
    assert expected in found[0]


def test_a_journey_needs_an_event_or_a_condition() -> None:
    assert problems("journeys: {j: {title: J, steps: [end]}}\n") == [
        "1:15: journeys.j; expected an event, a condition (when) or both, got neither"
    ]


def test_a_journey_has_at_most_fifty_steps_wherever_they_stand() -> None:
    fifty = "      - {if: true, then: [" + ", ".join(["{wait: 1h}"] * 49) + "]}\n"
    assert len(journeys(STEPS + fifty).journeys["j"].steps) == 50
    assert problems(STEPS + fifty + "      - end\n") == [
        "7:9: journeys.j.steps[2]; expected at most 50 steps in a journey, got more"
    ]


def test_a_playbook_has_at_most_fifty_journeys() -> None:
    many = "journeys:\n" + "".join(
        f"  j{n}: {{title: J, event: E, steps: [end]}}\n" for n in range(51)
    )
    assert problems(many) == ["2:3: journeys; expected at most 50 entries, got 51"]


def test_steps_become_a_flat_table_in_which_each_names_the_next() -> None:
    book = one(
        "event: E",
        "[{until: 'event.name == \"X\"', timeout: 1h, then: [{wait: 1h}]},"
        " {if: true, then: [{action: log, message: m}, end], else: [{wait: 2h}]},"
        " {split: [{share: 40, steps: [{wait: 3h}]}, {share: 60}]}]",
    )
    steps = book.journeys["j"].steps
    assert list(map(type, steps)) == [Until, Wait, If, Act, Over, Wait, Split, Wait]
    until, first, either, act, _, second, split, third = steps
    assert isinstance(until, Until)
    assert (until.held, until.timed_out) == (1, 2)
    assert isinstance(first, Wait)
    assert first.then == 2
    assert isinstance(either, If)
    assert (either.true, either.false) == (3, 5)
    assert isinstance(act, Act)
    assert act.then == 4
    assert isinstance(second, Wait)
    assert second.then == 6
    assert isinstance(split, Split)
    assert (split.below, split.ways) == ((40, 100), (7, END))
    assert isinstance(third, Wait)
    assert third.then == END


def test_an_event_is_named_once_for_a_journey_would_begin_twice_with_one_id() -> None:
    twice = BEGIN.replace("event: E", "event: [E, F, E]") + "    steps: [{wait: 1h}]\n"
    assert problems(twice) == ['4:19: journeys.j.event; expected each once, got "E"']
