import pytest

from decisions.playbook import PlaybookError
from state.times import rfc3339
from state.touchpoint import identity
from tests.decisions.someone import DAY_MS, START_MS, Someone, actions, book, summary

BUYERS = """
    segments:
      loyal_buyer:
        title: Named before what it names
        when: '"buyer" in segments && profile.orders.count >= 2'
      buyer:
        title: Has bought
        when: profile.orders.count > 0
      quiet:
        title: Bought, but not in the last week
        when: '"buyer" in segments && now - profile.orders.last_at > duration("7d")'
    """


def test_entering_and_leaving_is_said_once_each() -> None:
    someone = Someone(
        book("segments: {full: {title: Full cart, when: profile.cart.value > 100.0}}\n")
    )
    tent = {"product_id": "tent", "price": 120.0}
    assert someone.does("Page Viewed") is None
    entered = actions(someone.does("Product Added", tent))
    assert [(a.kind, a.body) for a in entered] == [
        ("segment.entered", {"segment": "full", "since": rfc3339(START_MS + 2_000)})
    ]
    assert someone.does("Page Viewed") is None
    left = actions(someone.does("Product Removed", tent))
    assert [(a.kind, a.body) for a in left] == [
        ("segment.exited", {"segment": "full", "since": rfc3339(START_MS + 2_000)})
    ]
    assert someone.profile.segments == {}


def test_an_action_says_its_cause_and_has_an_id_that_follows_from_it() -> None:
    someone = Someone(book(BUYERS))
    (action,) = actions(someone.does("Order Completed", {"total": 5.0}))
    assert action.caused_by == "m-1"
    assert action.id == identity("c-1", "m-1", "segment.entered", "buyer").hex()


def test_a_segment_sees_the_segments_it_names_as_they_are_after_this_event() -> None:
    someone = Someone(book(BUYERS))
    bought = someone.does("Order Completed", {"order_id": "1", "total": 5.0})
    assert summary(bought) == [("segment.entered", "buyer")]
    again = someone.does("Order Completed", {"order_id": "2", "total": 5.0})
    assert summary(again) == [("segment.entered", "loyal_buyer")]


def test_a_segment_that_reads_only_segments_follows_them_at_once() -> None:
    someone = Someone(
        book("""
            segments:
              last: {title: L, when: '!("middle" in segments)'}
              middle: {title: M, when: '"buyer" in segments'}
              buyer: {title: B, when: profile.orders.count > 0}
            """)
    )
    assert summary(someone.does("Page Viewed")) == [("segment.entered", "last")]
    assert summary(someone.does("Order Completed", {"total": 5.0})) == [
        ("segment.entered", "buyer"),
        ("segment.entered", "middle"),
        ("segment.exited", "last"),
    ]


def test_time_alone_moves_a_customer_at_the_next_event_of_any_kind() -> None:
    someone = Someone(book(BUYERS))
    someone.does("Order Completed", {"total": 5.0})
    assert someone.does("Page Viewed", after_ms=6 * DAY_MS) is None
    assert summary(someone.does("Page Viewed", after_ms=2 * DAY_MS)) == [
        ("segment.entered", "quiet")
    ]


def test_a_circle_of_segments_is_refused_with_its_path_and_place() -> None:
    with pytest.raises(PlaybookError) as refused:
        book("""
            segments:
              a: {title: A, when: '"b" in segments'}
              b: {title: B, when: '"c" in segments'}
              c: {title: C, when: '!("a" in segments)'}
            """)
    assert str(refused.value) == (
        "test.yaml:8:3: segments that name each other; expected an order without a circle, "
        "got a -> b -> c -> a"
    )


def test_a_segment_may_not_name_itself() -> None:
    with pytest.raises(PlaybookError, match=r"got me -> me"):
        book("segments: {me: {title: Me, when: '\"me\" in segments'}}\n")


def test_a_condition_that_ends_in_an_error_is_false_and_counted() -> None:
    someone = Someone(
        book("segments: {oddly: {title: Odd, when: 10 / profile.orders.count > 2}}\n")
    )
    decision = someone.does("Page Viewed")
    assert decision is not None
    assert (decision.actions, decision.rule_errors) == ([], {"segment.oddly": 1})
    assert decision.serving is None
    assert summary(someone.does("Order Completed", {"total": 1.0})) == [
        ("segment.entered", "oddly")
    ]


def test_a_new_playbook_takes_customers_out_of_segments_it_no_longer_has() -> None:
    someone = Someone(book(BUYERS))
    someone.does("Order Completed", {"total": 5.0})
    someone.playbook = book("segments: {other: {title: Other, when: profile.orders.count == 1}}\n")
    assert summary(someone.does("Page Viewed")) == [
        ("segment.entered", "other"),
        ("segment.exited", "buyer"),
    ]
    assert list(someone.profile.segments) == ["other"]


def test_a_segment_of_everybody_is_entered_at_the_first_event() -> None:
    someone = Someone(book("segments: {all: {title: Everybody, when: 'true'}}\n"))
    assert summary(someone.does("Page Viewed")) == [("segment.entered", "all")]
    assert someone.does("Page Viewed") is None


def test_segments_that_are_too_long_together_are_asked_one_by_one() -> None:
    long = " || ".join(["profile.orders.count > 0"] * 300)
    someone = Someone(
        book("segments:\n" + "".join(f"  s{n}: {{title: S, when: {long}}}\n" for n in range(4)))
    )
    assert someone.playbook.due(-1).any_moves is None
    assert summary(someone.does("Order Completed", {"total": 5.0})) == [
        ("segment.entered", f"s{n}") for n in range(4)
    ]
