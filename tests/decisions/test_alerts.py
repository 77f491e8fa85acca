import pytest

from decisions.alerting.memory import MAX_REMEMBERED
from decisions.playbook import PlaybookError
from state.touchpoint import identity
from tests.decisions.someone import HOUR_MS, MINUTE_MS, Someone, actions, book

KIOSK = """
    alerts:
      kiosk_failing:
        event: Kiosk Transaction Failed
        severity: warning
        cooldown: 30m
        key: event.properties.kiosk_id
        message: Kiosk {event.properties.kiosk_id} failed {profile.kiosk.failures} times
    """
FAILED = "Kiosk Transaction Failed"


def test_an_alert_is_raised_with_its_message_filled_in() -> None:
    someone = Someone(book(KIOSK))
    (alert,) = actions(someone.does(FAILED, {"kiosk_id": "k-7"}))
    assert alert.kind == "alert.raised"
    assert alert.id == identity("c-1", "m-1", "alert.raised", "kiosk_failing").hex()
    assert alert.body == {
        "alert": "kiosk_failing",
        "severity": "warning",
        "message": "Kiosk k-7 failed 1 times",
        "key": "k-7",
    }
    assert someone.does("Page Viewed") is None


def test_it_is_silent_until_its_cooldown_is_over_for_each_key() -> None:
    someone = Someone(book(KIOSK))
    seven, eight = {"kiosk_id": "k-7"}, {"kiosk_id": "k-8"}
    assert actions(someone.does(FAILED, seven))
    assert not actions(someone.does(FAILED, seven, after_ms=30 * MINUTE_MS - 1))
    assert actions(someone.does(FAILED, eight, after_ms=0))
    assert actions(someone.does(FAILED, seven, after_ms=1))


def test_what_has_cooled_down_is_forgotten() -> None:
    someone = Someone(book(KIOSK))
    for number in range(5):
        someone.does(FAILED, {"kiosk_id": f"k-{number}"}, after_ms=10 * MINUTE_MS)
    assert list(someone.profile.alerts) == [f"kiosk_failing:k-{n}" for n in (2, 3, 4)]


def test_a_profile_remembers_a_bounded_number_the_oldest_go_and_are_counted() -> None:
    someone = Someone(book(KIOSK))
    for number in range(MAX_REMEMBERED + 3):
        someone.does(FAILED, {"kiosk_id": f"k-{number}"})
    assert len(someone.profile.alerts) == MAX_REMEMBERED
    assert "kiosk_failing:k-2" not in someone.profile.alerts
    assert "kiosk_failing:k-3" in someone.profile.alerts
    assert someone.profile.trimmed == 3


def test_a_long_key_is_remembered_short_and_still_told_apart() -> None:
    someone = Someone(book(KIOSK))
    assert actions(someone.does(FAILED, {"kiosk_id": "ä" * 500 + "1"}))
    assert actions(someone.does(FAILED, {"kiosk_id": "ä" * 500 + "2"}))
    assert not actions(someone.does(FAILED, {"kiosk_id": "ä" * 500 + "1"}))
    assert max(len(name.encode()) for name in someone.profile.alerts) <= len("kiosk_failing:") + 16
    remembered = {f"kiosk_failing:{identity('c-1', 'ä' * 500 + end).hex()[:16]}" for end in "12"}
    assert someone.profile.alerts.keys() == remembered


def test_a_value_that_is_missing_does_not_silence_the_alert() -> None:
    someone = Someone(book(KIOSK))
    decision = someone.does(FAILED)
    assert decision is not None
    assert decision.actions[0].body["message"] == "Kiosk ? failed 1 times"
    assert "key" not in decision.actions[0].body
    assert decision.rule_errors == {"alert.kiosk_failing": 2}


def test_a_condition_without_an_event_is_asked_when_what_it_reads_changes() -> None:
    someone = Someone(
        book("""
            alerts:
              bounces:
                when: profile.email.bounced >= 2
                severity: info
                cooldown: 1h
                message: Bounced {profile.email.bounced}
            """)
    )
    assert someone.does("Email Bounced") is None
    assert actions(someone.does("Email Bounced"))[0].body["message"] == "Bounced 2"
    assert someone.does("Page Viewed", after_ms=2 * HOUR_MS) is None
    assert actions(someone.does("Email Bounced"))[0].body["message"] == "Bounced 3"


def test_an_offer_that_starts_is_no_reason_to_raise_an_alert_again() -> None:
    someone = Someone(
        book("""
            offers:
              late: {title: L, lever: 1, value: 1, channels: [click], placements: home, ttl: 1h,
                start: 2026-02-03}
            alerts:
              bounced: {when: profile.email.bounced > 0, severity: info, cooldown: 1h, message: B}
            """)
    )
    assert actions(someone.does("Email Bounced"))
    started = someone.does("Page Viewed", after_ms=24 * HOUR_MS)
    assert [action.kind for action in actions(started)] == ["offer.decided"]


def test_a_condition_that_names_its_event_is_found_by_that_name() -> None:
    playbook = book(
        """
        alerts:
          big:
            when: event.name == "Order Completed" && event.properties.total > 100.0
            severity: info
            cooldown: 1h
            message: '{event.properties.total} for {{nobody}}'
        """.replace("{{nobody}}", "us")
    )
    assert playbook.alerts["big"].events == ("Order Completed",)
    someone = Someone(playbook)
    assert someone.does("Order Completed", {"order_id": "1", "total": 20.0}) is None
    (alert,) = actions(someone.does("Order Completed", {"order_id": "2", "total": 250.5}))
    assert alert.body["message"] == "250.5 for us"


def test_an_alert_sees_the_segment_entered_by_the_same_event() -> None:
    someone = Someone(
        book("""
            segments: {buyer: {title: Buyer, when: profile.orders.count > 0}}
            alerts:
              first: {when: '"buyer" in segments', severity: info, cooldown: 1d, message: Hello}
            """)
    )
    first = someone.does("Order Completed", {"order_id": "1", "total": 1.0})
    assert [action.kind for action in actions(first)] == ["segment.entered", "alert.raised"]
    later = someone.does("Order Completed", {"order_id": "2", "total": 1.0}, after_ms=48 * HOUR_MS)
    assert later is None  # what it reads, the segments, has not changed


@pytest.mark.parametrize("message", ["a } b", "a { b", "{event.properties.x", "{{x}}"])
def test_braces_without_a_partner_are_refused(message: str) -> None:
    with pytest.raises(PlaybookError, match="braces in pairs"):
        book(f"""
            alerts:
              x: {{event: E, severity: info, cooldown: 1h, message: '{message}'}}
            """)


def test_a_wrong_placeholder_is_refused_where_it_stands() -> None:
    with pytest.raises(PlaybookError) as refused:
        book("""
            alerts:
              x:
                event: E
                severity: info
                cooldown: 1h
                message: 'Failed {profile.kiosk.failurs} times'
            """)
    assert str(refused.value).startswith("test.yaml:12:")
    assert 'did you mean "failures"?' in str(refused.value)
