"""What becomes of an alert that was raised: it stands, is over, escalated, acknowledged."""

import pytest

from decisions.alerting.memory import MAX_REMEMBERED, WATCH_BYTES
from decisions.playbook import PlaybookError
from state.profile import Profile, encode_profile
from tests.decisions.in_time import InTime
from tests.decisions.someone import DAY_MS, HOUR_MS, MINUTE_MS, book

FAILED = "Kiosk Transaction Failed"

UNTIL = """
    alerts:
      a:
        event: Kiosk Transaction Failed
        key: event.properties.kiosk_id
        severity: warning
        cooldown: 1m
        message: Kiosk {event.properties.kiosk_id} fails
        until: event.name == "Kiosk Repaired"
    """
K, L = {"kiosk_id": "k"}, {"kiosk_id": "l"}


def test_once_raised_it_is_silent_until_it_is_over_for_each_key() -> None:
    someone = InTime(book(UNTIL))
    assert someone.at(0, FAILED, K) == [(0, "raised", "a:k")]
    assert someone.at(HOUR_MS, FAILED, K) == []
    assert someone.at(HOUR_MS, FAILED, L) == [(HOUR_MS, "raised", "a:l")]
    cleared_at = 2 * HOUR_MS
    assert someone.at(cleared_at, "Kiosk Repaired", K) == [(cleared_at, "cleared", "a:k")]
    assert someone.published[-1][1].body == {
        "alert": "a",
        "severity": "warning",
        "key": "k",
        "raised_at": "2026-02-02T02:40:00.000Z",
    }
    assert someone.at(cleared_at + 1, "Kiosk Repaired", K) == []
    assert someone.at(3 * HOUR_MS, FAILED, K) == [(3 * HOUR_MS, "raised", "a:k")]
    assert someone.at(3 * HOUR_MS, FAILED, L) == []


def test_the_cooldown_holds_after_it_was_cleared() -> None:
    someone = InTime(book(UNTIL))
    someone.at(0, FAILED, K)
    someone.at(1_000, "Kiosk Repaired", K)
    assert someone.at(MINUTE_MS - 1, FAILED, K) == []
    assert someone.at(MINUTE_MS, FAILED, K)


QUIET = """
    alerts:
      a:
        when: profile.kiosk.failures >= 2
        severity: warning
        cooldown: 1s
        message: Fails
        until: now - profile.kiosk.last_failure_at > duration("30m")
    """


def test_it_can_be_over_by_time_alone_and_what_holds_already_is_not_raised() -> None:
    someone = InTime(book(QUIET))
    someone.at(0, FAILED, K)
    someone.at(1_000, FAILED, K)
    someone.at(20_000, FAILED, K)
    someone.passes(DAY_MS)
    assert someone.told == [
        (1_000, "raised", "a"),
        (20_000 + 30 * MINUTE_MS + 1, "cleared", "a"),
    ]
    assert someone.published[-1][1].caused_by == "time:alert.a:m-2"
    late = someone.at(DAY_MS, FAILED, K, late_ms=HOUR_MS)  # over before it came
    assert late == []


ESCALATES = """
    alerts:
      a:
        event: Kiosk Transaction Failed
        key: event.properties.kiosk_id
        severity: warning
        cooldown: 30m
        message: Kiosk {event.properties.kiosk_id} fails
        escalate:
          - {after: 10m, severity: critical}
          - {after: 1h, message: "Nobody looks at {event.properties.kiosk_id}"}
    """


def test_each_step_is_taken_once_when_nobody_acknowledges() -> None:
    someone = InTime(book(ESCALATES))
    someone.at(0, FAILED, K)
    someone.passes(9 * DAY_MS)
    assert someone.told == [
        (0, "raised", "a:k"),
        (10 * MINUTE_MS, "escalated", "a:k"),
        (HOUR_MS, "escalated", "a:k"),
    ]
    bodies = [action.body for _, action in someone.published[1:]]
    said = [(body["step"], body["severity"], body["message"]) for body in bodies]
    assert said == [(1, "critical", "Kiosk k fails"), (2, "warning", "Nobody looks at k")]
    assert len({action.id for _, action in someone.published}) == 3
    assert someone.published[1][1].caused_by == "time:alert.a:m-1"


def test_an_alert_that_is_raised_again_goes_on_to_wait_for_its_next_step() -> None:
    someone = InTime(book(ESCALATES))
    someone.at(0, FAILED, K)
    assert someone.at(40 * MINUTE_MS, FAILED, K)  # after its cooldown
    someone.passes(DAY_MS)
    escalated = [at_ms for at_ms, kind, _ in someone.told if kind == "escalated"]
    assert escalated == [10 * MINUTE_MS, HOUR_MS]


def acknowledge(someone: InTime, at_ms: int, **properties: object) -> list[str]:
    told = someone.at(at_ms, "Alert Acknowledged", dict(properties))
    return [f"{kind} {subject}" for _, kind, subject in told]


def test_an_acknowledgement_stops_the_steps_of_its_key_and_is_told_once() -> None:
    someone = InTime(book(ESCALATES))
    someone.at(0, FAILED, K)
    someone.at(0, FAILED, L)
    assert acknowledge(someone, MINUTE_MS, alert="a", key="k") == ["acknowledged a:k"]
    assert acknowledge(someone, MINUTE_MS, alert="a", key="k") == []
    someone.passes(DAY_MS)
    assert [told for told in someone.told if told[1] == "escalated"] == [
        (10 * MINUTE_MS, "escalated", "a:l"),
        (HOUR_MS, "escalated", "a:l"),
    ]


def test_the_next_time_it_is_raised_it_waits_for_its_steps_again() -> None:
    someone = InTime(book(ESCALATES))
    someone.at(0, FAILED, K)
    acknowledge(someone, MINUTE_MS, alert="a", key="k")
    someone.at(HOUR_MS, FAILED, K)
    someone.passes(DAY_MS)
    escalated = [at_ms for at_ms, kind, _ in someone.told if kind == "escalated"]
    assert escalated == [HOUR_MS + 10 * MINUTE_MS, 2 * HOUR_MS]
    assert acknowledge(someone, DAY_MS, alert="a", key="k") == ["acknowledged a:k"]


def test_without_a_key_all_keys_are_acknowledged_and_other_alerts_are_not() -> None:
    someone = InTime(book(ESCALATES))
    someone.at(0, FAILED, K)
    someone.at(0, FAILED, L)
    assert acknowledge(someone, 1_000, alert="b") == []
    assert acknowledge(someone, 1_000, alert=["a"]) == []
    assert acknowledge(someone, 1_000) == []
    assert sorted(acknowledge(someone, 1_000, alert="a")) == [
        "acknowledged a:k",
        "acknowledged a:l",
    ]


def test_it_can_be_acknowledged_until_seven_days_after_its_last_step() -> None:
    for late_ms, expected in ((0, ["acknowledged a:k"]), (1, [])):
        someone = InTime(book(ESCALATES))
        someone.at(0, FAILED, K)
        someone.passes(DAY_MS)
        last_ms = HOUR_MS + 7 * DAY_MS
        assert acknowledge(someone, last_ms + late_ms, alert="a", key="k") == expected


def test_what_it_counts_is_forgotten_after_its_window_also_when_it_can_be_acknowledged() -> None:
    counts = ESCALATES.rstrip() + "\n        threshold: {count: 2, within: 10m}\n"
    for late_ms, expected in ((8 * MINUTE_MS, ["raised"]), (DAY_MS, [])):
        someone = InTime(book(counts.replace("cooldown: 30m", "cooldown: 1m")))
        someone.at(0, FAILED, K)
        someone.at(MINUTE_MS, FAILED, K)
        late = someone.at(2 * MINUTE_MS, FAILED, K, late_ms=late_ms)
        assert [kind for _, kind, _ in late] == expected


def test_a_plain_alert_can_be_acknowledged_once_while_it_is_silent() -> None:
    plain = UNTIL[: UNTIL.index("        until")]
    someone = InTime(book(plain))
    assert acknowledge(someone, 0, alert="a") == []
    long = {"kiosk_id": "k" * 50}
    someone.at(1_000, FAILED, long)
    assert acknowledge(someone, 2_000, alert="a", key="k" * 50) == ["acknowledged a:" + "k" * 50]
    assert acknowledge(someone, 3_000, alert="a", key="k" * 50) == []
    someone.at(62_000, FAILED, long)
    assert acknowledge(someone, 62_000 + MINUTE_MS, alert="a") == []  # no longer silent
    someone.at(200_000, FAILED, long)
    assert acknowledge(someone, 200_001, alert="a", key="k" * 50)


def test_what_was_acknowledged_and_is_over_is_not_acknowledged_again_while_it_is_silent() -> None:
    someone = InTime(book(UNTIL))
    someone.at(0, FAILED, K)
    assert acknowledge(someone, 1_000, alert="a", key="k") == ["acknowledged a:k"]
    someone.at(2_000, "Kiosk Repaired", K)
    assert acknowledge(someone, 3_000, alert="a", key="k") == []


def test_an_acknowledgement_is_of_the_time_that_was_acknowledged() -> None:
    someone = InTime(book(UNTIL[: UNTIL.index("        until")]))
    someone.at(0, FAILED, K)
    acknowledge(someone, 1_000, alert="a", key="k")
    someone.at(MINUTE_MS, FAILED, K)  # again
    someone.at(MINUTE_MS, FAILED, L)
    acknowledge(someone, MINUTE_MS + 1, alert="a", key="l")
    assert set(someone.profile.watches) == {"a:l"}


def test_one_that_stands_goes_on_to_stand_when_it_is_acknowledged() -> None:
    both = UNTIL.rstrip() + "\n        escalate: {after: 10m}\n"
    someone = InTime(book(both))
    someone.at(0, FAILED, K)
    acknowledge(someone, 1_000, alert="a")
    assert someone.at(HOUR_MS, FAILED, K) == []
    assert someone.at(2 * HOUR_MS, "Kiosk Repaired", K) == [(2 * HOUR_MS, "cleared", "a:k")]


def test_what_is_over_is_not_escalated() -> None:
    both = UNTIL.rstrip() + "\n        escalate: {after: 10m}\n"
    someone = InTime(book(both))
    someone.at(0, FAILED, K)
    someone.at(MINUTE_MS, "Kiosk Repaired", K)
    someone.passes(DAY_MS)
    assert [kind for _, kind, _ in someone.told] == ["raised", "cleared"]


ABSENT = """
    alerts:
      a:
        event: Kiosk Session Started
        key: event.properties.session
        absence: {of: event.name == "Kiosk Session Ended", within: 1h}
        severity: warning
        cooldown: 1m
        message: "{event.properties.note}"
        escalate: {after: 10m}
    """


def test_what_is_remembered_is_bounded_the_oldest_goes_and_is_counted() -> None:
    someone = InTime(book(ABSENT))
    for number in range(MAX_REMEMBERED + 3):
        someone.at(number, "Kiosk Session Started", {"session": f"s{number}", "note": "n"})
    assert len(someone.profile.watches) == MAX_REMEMBERED
    assert "a:s2" not in someone.profile.watches
    assert someone.profile.trimmed == 3
    someone.passes(HOUR_MS + MAX_REMEMBERED + 2)
    raised = [subject for _, kind, subject in someone.told if kind == "raised"]
    assert raised == [f"a:s{number}" for number in range(3, MAX_REMEMBERED + 3)]


def test_it_is_bounded_in_bytes_too() -> None:
    someone = InTime(book(ABSENT))
    for number in range(MAX_REMEMBERED):
        note = chr(0x10000 + number) * 200
        someone.at(number, "Kiosk Session Started", {"session": f"s{number}" * 40, "note": note})
    taken = someone.profile.watches
    assert 10 < len(taken) < MAX_REMEMBERED
    size = len(encode_profile(Profile(watches=taken))) - len(encode_profile(Profile()))
    assert size <= WATCH_BYTES
    assert someone.profile.trimmed == MAX_REMEMBERED - len(taken)


def test_what_the_playbook_no_longer_has_is_forgotten() -> None:
    someone = InTime(book(ABSENT))
    someone.at(0, "Kiosk Session Started", {"session": "s", "note": "n"})
    someone.playbook = book("alerts: {}\n")
    someone.at(1, "Page Viewed")
    assert someone.profile.watches == {}
    someone.passes(DAY_MS)
    assert someone.told == []


ASKS = """
    alerts:
      a:
        event: Kiosk Session Started
        key: event.properties.session
        absence: {of: event.name == "Kiosk Session Ended", within: 1h}
        severity: warning
        cooldown: 1m
        message: m
        actions:
          - {action: log, message: "Failed {FIELD} times", requires_approval: false, expiry: 1d}
        escalate:
          after: 10m
          actions:
            - {action: log, message: "Nobody looks", requires_approval: false, expiry: 1d}
    """


def test_others_are_asked_when_time_raises_it_and_with_each_step() -> None:
    someone = InTime(book(ASKS.replace("FIELD", "profile.kiosk.failures")), kinds=("alert", "log"))
    for session in ("s", "t"):
        someone.at(0, "Kiosk Session Started", {"session": session})
    someone.passes(DAY_MS)
    asked = [(at, action) for at, action in someone.published if action.kind == "log"]
    assert [(at, action.body["message"], action.body["origin"]) for at, action in asked] == [
        (HOUR_MS, "Failed 0 times", {"alert": "a", "key": "s"}),
        (HOUR_MS, "Failed 0 times", {"alert": "a", "key": "t"}),
        (HOUR_MS + 10 * MINUTE_MS, "Nobody looks", {"alert": "a", "key": "s"}),
        (HOUR_MS + 10 * MINUTE_MS, "Nobody looks", {"alert": "a", "key": "t"}),
    ]
    assert len({action.id for _, action in asked}) == 4


def test_a_step_and_what_is_raised_at_the_same_instant_ask_for_two_actions() -> None:
    playbook = book(ASKS.replace("FIELD", "profile.kiosk.failures"))
    someone = InTime(playbook, kinds=("log",))
    someone.at(0, "Kiosk Session Started", {"session": "s"})
    someone.at(10 * MINUTE_MS, "Kiosk Session Started", {"session": "s:1"})
    someone.passes(HOUR_MS + 10 * MINUTE_MS)
    said = [(at, action.body["message"]) for at, action in someone.published[1:]]
    both = ["Failed 0 times", "Nobody looks"]
    assert sorted(said) == [(HOUR_MS + 10 * MINUTE_MS, words) for words in both]
    assert len({action.id for _, action in someone.published}) == 3


def test_an_action_that_time_brings_about_cannot_look_at_the_event() -> None:
    with pytest.raises(PlaybookError, match=r"actions\[1\].message"):
        book(ASKS.replace("FIELD", "event.properties.n"))


TWO_STAND = """
    alerts:
      a:
        event: Kiosk Transaction Failed
        severity: warning
        cooldown: 1m
        message: Fails
        escalate: {after: 30m}
      gone:
        event: Kiosk Transaction Failed
        severity: warning
        cooldown: 1m
        message: Fails, too
        escalate: {after: 2h}
    """


def test_a_step_that_is_due_is_taken_also_once_the_playbook_has_another_alert_no_more() -> None:
    someone = InTime(book(TWO_STAND))
    someone.at(0, FAILED)
    someone.playbook = book(TWO_STAND[: TWO_STAND.index("      gone:")])
    someone.passes(HOUR_MS)
    assert someone.told[2:] == [(30 * MINUTE_MS, "escalated", "a")]
    assert someone.profile.watches.keys() == {"a"}
    assert someone.at(2 * HOUR_MS, "Page Viewed") == []
