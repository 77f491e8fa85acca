"""Laws of segments that have an end of their own, whatever customers do and whenever."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.decide import pass_time
from decisions.segments import ENTERED, EXITED
from decisions.wake import wake
from state.decision import Decision
from state.profile import decode_profile, encode_profile
from state.times import rfc3339
from tests.decisions.someone import HOUR_MS, MINUTE_MS, Someone, book

PLAYBOOK = book("""
    segments:
      follower: {title: Named first, when: '!("full" in segments) && "idle" in segments'}
      held_follower: {title: F, when: '"idle" in segments', dwell: 90m}
      full: {title: Wavers, when: profile.cart.value >= 150.0, until: profile.cart.value < 100.0}
      held: {title: Held, when: profile.cart.value >= 150.0, dwell: 2h}
      both: {title: B, when: profile.cart.value >= 150.0, until: profile.cart.value < 100.0, dwell: 5h}
      idle: {title: Idle, when: 'now - profile.last_at >= duration("1h")'}
      away:
        title: Until they have been here for a while
        when: now - profile.last_at >= duration("3h")
        until: now - profile.sessions.started_at < duration("30m") || profile.orders.count > 2
        dwell: 20m
      lapsed:
        title: Ends by time
        when: profile.cart.value >= 100.0
        until: now - profile.cart.updated_at > duration("4h")
        dwell: 7h
      odd: {title: Fails at three, when: 10 / (3 - profile.orders.count) > 2, dwell: 1h}
      odd_end: {title: E, when: profile.cart.value > 50.0, until: 10 / profile.orders.count > 5}
    """)  # noqa: E501 - a segment is a line
HYSTERESIS = ("full", "both")

Event = tuple[str, dict[str, Any]]
events = st.sampled_from(
    [
        ("Page Viewed", {}),
        ("Email Delivered", {}),
        ("Order Completed", {"total": 9.0}),
        *(
            (name, {"product_id": f"p-{price}", "price": float(price)})
            for name in ("Product Added", "Product Removed")
            for price in (30, 60, 90, 120)
        ),
    ]
)
gaps = st.sampled_from(
    [1, MINUTE_MS, 29 * MINUTE_MS, HOUR_MS - 1, HOUR_MS, 2 * HOUR_MS, 5 * HOUR_MS, 60 * HOUR_MS]
)
histories = st.lists(st.tuples(events, gaps), min_size=1, max_size=25)
Move = tuple[int, str, str, str]
"""When, kind, segment, since."""


class Told(Someone):
    """Somebody whose moves are written down."""

    def __init__(self) -> None:
        super().__init__(PLAYBOOK)
        self.moves: list[Move] = []
        self.errors = 0

    def lives(self, event: Event, after_ms: int, stops: int = 1) -> None:
        """Time passes, in so many steps, and then the event happens."""
        until_ms = self.now_ms + after_ms - 1
        for step in range(1, stops + 1):
            self.waits(until_ms - (until_ms - self.now_ms) * (stops - step) // stops)
        self.note(self.now_ms + after_ms, self.does(*event, after_ms=after_ms))

    def waits(self, until_ms: int) -> None:
        """What time alone brings about until then."""
        for at_ms, decision in wake(self.profile, self.customer_id, self.playbook, until_ms):
            self.note(at_ms, decision)

    def note(self, at_ms: int, decision: Decision | None) -> None:
        """What was decided."""
        for action in decision.actions if decision else ():
            if action.kind.startswith("segment."):
                body = action.body
                self.moves.append((at_ms, action.kind, body["segment"], body["since"]))
        self.errors += sum(decision.rule_errors.values()) if decision else 0


def lived(history: list[tuple[Event, int]]) -> Told:
    """Somebody after all of it, and ten days."""
    told = Told()
    for event, after_ms in history:
        told.lives(event, after_ms)
    told.waits(told.now_ms + 240 * HOUR_MS)
    return told


@given(histories)
def test_entering_and_leaving_take_turns_and_leaving_says_since_when(
    history: list[tuple[Event, int]],
) -> None:
    told = lived(history)
    since: dict[str, int] = {}
    for at_ms, kind, segment, said in told.moves:
        if kind == ENTERED:
            assert segment not in since
            since[segment] = at_ms
            assert said == rfc3339(at_ms)
        else:
            assert said == rfc3339(since.pop(segment))
    assert told.profile.segments == since
    assert [at_ms for at_ms, *_ in told.moves] == sorted(at_ms for at_ms, *_ in told.moves)


@given(histories)
def test_nobody_stays_shorter_than_the_dwell(history: list[tuple[Event, int]]) -> None:
    since: dict[str, int] = {}
    for at_ms, kind, segment, _ in lived(history).moves:
        if kind == ENTERED:
            since[segment] = at_ms
        else:
            assert at_ms - since[segment] >= PLAYBOOK.segments[segment].dwell_ms


@given(histories)
def test_between_the_two_conditions_nobody_moves(history: list[tuple[Event, int]]) -> None:
    told = Told()
    for event, after_ms in history:
        told.waits(told.now_ms + after_ms - 1)
        before = dict(told.profile.segments)
        told.lives(event, after_ms)
        if 100.0 <= told.profile.cart.value < 150.0:
            for name in HYSTERESIS:
                assert told.profile.segments.get(name) == before.get(name)


@given(histories, st.integers(2, 9))
def test_in_one_jump_or_in_many_the_moves_are_the_same_at_the_same_instants(
    history: list[tuple[Event, int]], stops: int
) -> None:
    one, many = Told(), Told()
    for event, after_ms in history:
        one.lives(event, after_ms)
        many.lives(event, after_ms, stops)
        many.profile = decode_profile(encode_profile(many.profile))
    assert many.moves == one.moves
    assert encode_profile(many.profile) == encode_profile(one.profile)


@settings(max_examples=50)
@given(histories, st.lists(st.integers(0, 12 * HOUR_MS), max_size=12))
def test_no_move_is_missed_all_rules_asked_at_any_moment_have_nothing_to_add(
    history: list[tuple[Event, int]], moments: list[int]
) -> None:
    told = Told()
    for event, after_ms in history:
        told.lives(event, after_ms)
    for after_ms in sorted(moments):
        at_ms = told.now_ms + after_ms
        told.waits(at_ms)
        asked = decode_profile(encode_profile(told.profile))
        decision = pass_time(asked, told.customer_id, PLAYBOOK, at_ms)
        assert decision is None or decision.actions == []


@given(histories)
def test_a_segment_follows_those_it_names_in_the_same_moment_by_time_as_well(
    history: list[tuple[Event, int]],
) -> None:
    told = lived(history)
    inside: set[str] = set()
    for number, (at_ms, _, segment, _) in enumerate(told.moves):
        inside.symmetric_difference_update({segment})
        if told.moves[number + 1 : number + 2] and told.moves[number + 1][0] == at_ms:
            continue  # more happens at this moment
        assert ("follower" in inside) is ("idle" in inside and "full" not in inside)
        assert "held_follower" in inside or "idle" not in inside


@given(st.integers(1, 5), gaps)
def test_an_error_counts_as_false_once_the_dwell_is_over(orders: int, after_ms: int) -> None:
    told = Told()
    told.lives(("Page Viewed", {}), 1)
    entered_ms = told.profile.segments["odd"]
    for _ in range(orders):
        told.lives(("Order Completed", {"total": 9.0}), after_ms)
    told.waits(told.now_ms + 240 * HOUR_MS)
    left = [(at_ms, kind) for at_ms, kind, segment, _ in told.moves if segment == "odd"]
    gone_ms = max(entered_ms + HOUR_MS, entered_ms + 3 * after_ms)
    expected = [(entered_ms, ENTERED)] + ([(gone_ms, EXITED)] if orders >= 3 else [])
    assert left == expected
    if orders == 3:
        assert told.errors > 0
