"""An answer never changes before it was said to, whatever the condition, the customer and the time.

Customers, literals and instants are drawn so close together that much happens within milliseconds.
"""

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from decisions.language import BOOL, DOUBLE, STRING, EvaluationError, Scope, compile_condition
from decisions.language.changes import Changes
from decisions.language.compiled import Condition, compile_changes, compile_value
from state.profile import CartLine, Interest, Profile, Tracker
from state.touchpoint import Touchpoint

BASE_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
DAY_MS = 86_400_000
TODAY = BASE_MS // DAY_MS
AGES_MS = 18_262 * DAY_MS
"""As far as is promised: 50 years."""
SCOPE = Scope({"city": STRING, "bound": DOUBLE, "member": BOOL}, ["vip"])

TIMES = st.sampled_from(
    [
        "now",
        "now",
        "profile.orders.last_at",
        "profile.sessions.last_at",
        "event.at",
        'timestamp("2026-01-01T00:00:00.003Z")',
        'timestamp("9999-12-31T23:59:59.992Z")',
        'timestamp("0001-01-01T00:00:00.004Z")',
        "timestamp(customer.city)",
        "timestamp(event.properties.at)",
    ]
)
SPANS = st.sampled_from(
    ["0s", "1ms", "3ms", "-2ms", "1s", "1d", "90d", "3652499d", "3652500d", "-3652500d"]
).map('duration("{}")'.format)
COMPARED = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
ALWAYS_KNOWN = st.sampled_from(
    ['("vip" in segments)', "customer.member", "has(customer.city)", "event.properties.flag"]
)
CONSTANTS = st.sampled_from(
    ["2.0", "8.0", "0.0", "-8.0", "12.0", "0.5", "1e300", "profile.cart.value", "customer.bound"]
)
NUMBERS = st.sampled_from(["0", "1", "2"])


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda texts: f"({' '.join(texts)})")


def either(of: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return joined(ALWAYS_KNOWN, st.just("?"), of, st.just(":"), of)


PLUS_MINUS = st.sampled_from(["+", "-"])
MOMENTS = st.recursive(
    TIMES,
    lambda inner: st.one_of(
        joined(inner, PLUS_MINUS, SPANS),
        joined(inner, st.just("+ ("), inner, st.just("-"), inner, st.just(")")),
        joined(inner, st.just("- ("), inner, st.just("-"), inner, st.just(")")),
        either(inner),
    ),
    max_leaves=4,
)
WAITS = joined(MOMENTS, st.just("-"), MOMENTS) | SPANS
LONGER = WAITS | joined(WAITS, PLUS_MINUS, WAITS)
SCORES = st.recursive(
    st.sampled_from(["a", "b", "c", "none"]).map('profile.affinity["{}"]'.format),
    lambda inner: st.one_of(
        joined(inner, PLUS_MINUS, inner),
        joined(st.just("-"), inner),
        joined(inner, st.sampled_from(["*", "/"]), CONSTANTS),
        joined(CONSTANTS, st.just("*"), inner),
        either(inner),
    ),
    max_leaves=4,
)
WINDOWS = st.sampled_from(["profile.orders.value_90d", "profile.orders.value_90d * 0.5"])
COUNTS = st.sampled_from(["profile.orders.count_90d", "2 / profile.orders.count_90d"])
COUNTED = 'double(count(event.name == "A", 2s))'
SUMMED = 'sum(1.0, event.name == "A", 90d)'
SINCE = 'since(event.name == "A")'
SEQUENCE = 'sequence(event.name == "A", event.name == "B", 1s)'
SIMPLE = st.one_of(
    ALWAYS_KNOWN,
    joined(MOMENTS, COMPARED, MOMENTS),
    joined(LONGER, COMPARED, LONGER),
    joined(SCORES, COMPARED, CONSTANTS),
    joined(CONSTANTS, COMPARED, SCORES),
    joined(SCORES, COMPARED, st.just("event.properties.bound")),
    joined(SCORES, COMPARED, SCORES),
    joined(SCORES, st.just("/"), SCORES, COMPARED, CONSTANTS),
    joined(WINDOWS, COMPARED, CONSTANTS),
    joined(st.just(f"{COUNTED} + {SUMMED} "), COMPARED, NUMBERS.map("{}.0".format)),
    joined(st.just(SINCE), COMPARED, SPANS),
    st.just(SEQUENCE),
    joined(COUNTS, COMPARED, NUMBERS),
    joined(
        st.just("profile.cart.categories.exists(x, profile.affinity[x]"),
        COMPARED,
        CONSTANTS,
        st.just(")"),
    ),
    joined(
        st.just("size(event.properties.times.filter(x, now - timestamp(x)"),
        COMPARED,
        SPANS,
        st.just(")) > 1"),
    ),
)
CONDITIONS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        joined(inner, st.sampled_from(["&&", "||", "==", "!="]), inner),
        joined(st.just("!"), inner),
        joined(inner, st.just("?"), inner, st.just(":"), inner),
        joined(  # a time that jumps
            st.just("profile.orders.last_at < now - ("),
            inner,
            st.just("?"),
            SPANS,
            st.just(":"),
            SPANS,
            st.just(")"),
        ),
    ),
    max_leaves=4,
)

NEAR = st.integers(BASE_MS - 5, BASE_MS + 12)
WRITTEN = st.sampled_from(["2026-01-01T00:00:00.006Z", "2025-12-31T23:59:59.999Z", "x"])
INTERESTS = st.builds(
    lambda score, days, ms: Interest(score, BASE_MS - days * DAY_MS + ms),
    st.sampled_from([0.0, 1.0, 3.3, 8.0, 16.0, 32.0]),
    st.sampled_from([0, 30, 60]),
    st.integers(-5, 12),
)
DAYS = st.tuples(
    st.sampled_from([TODAY - 92, TODAY - 91, TODAY - 90, TODAY - 89, TODAY]),
    st.sampled_from([0.0, 8.0, -8.0]),
    st.integers(0, 2),
)


def tracker(source: str, days_in_a_bucket: float) -> tuple[bytes, st.SearchStrategy[Tracker]]:
    """Under which key it is kept, and what it may hold."""
    (remembered,) = compile_value(source, SCOPE).history
    now = int(BASE_MS // (days_in_a_bucket * DAY_MS))
    buckets = st.integers(now - 92, now).map(lambda bucket: (bucket, 1.0, 1))
    recent = st.lists(buckets, unique_by=lambda bucket: bucket[0], max_size=4).map(sorted)
    done = st.integers(BASE_MS - 1_005, BASE_MS) | st.just(0)
    return remembered.key, st.builds(Tracker, NEAR, done, recent)


TRACKERS = dict(
    (
        tracker(COUNTED, 1 / 86_400),
        tracker(SUMMED, 1),
        tracker(SINCE, 1),
        tracker(SEQUENCE, 1),
    )
)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    profile = Profile(affinity=draw(st.dictionaries(st.sampled_from("abc"), INTERESTS)))
    profile.orders.last_at = draw(NEAR)
    profile.sessions.last_at = draw(NEAR | st.just(0))
    profile.orders.recent = sorted(draw(st.lists(DAYS, unique_by=lambda day: day[0])))
    profile.cart.value = draw(st.sampled_from([0.0, 8.0]))
    profile.cart.lines = {name: CartLine(1, 1.0, name) for name in draw(st.sets(NAMES))}
    profile.traits = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "city": WRITTEN,
                "bound": st.sampled_from([4.0, 8.0]),
                "member": st.booleans(),
            },
        )
    )
    if draw(st.booleans()):
        profile.segments["vip"] = 1
    profile.history = draw(st.fixed_dictionaries({}, optional=TRACKERS))
    return profile


NAMES = st.sampled_from("abc")
BOUNDS = st.sampled_from([4.0, 8, True, "8"])
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "at": WRITTEN,
        "bound": BOUNDS,
        "flag": st.booleans(),
        "times": st.lists(WRITTEN, max_size=3),
    },
).map(
    lambda said: Touchpoint(
        "", b"", "m1", "c1", "click", "track", "Seen", BASE_MS + 2, BASE_MS, said, {}, b""
    )
)


def answer(condition: Condition, profile: Profile, event: Touchpoint, now_ms: int) -> Any:
    try:
        return condition(profile, event, now_ms)
    except EvaluationError:
        return "an error"


def walked(changes_at: Changes, profile: Profile, event: Touchpoint, now_ms: int) -> list[int]:
    """The instants at which to look, up to the change that is said; it is the last of them."""
    change = changes_at(profile, event, now_ms)
    assert change == 0 or change > now_ms
    waits = [*range(1, 25), 999, 1000, DAY_MS - 1, DAY_MS, DAY_MS + 1]
    waits += [days * DAY_MS for days in (2, 30, 31, 60, 90, 91, 92, 3_650, 18_262)]
    later = [now_ms + wait for wait in waits]
    if change == 0 or change > now_ms + AGES_MS:
        return [*later, 0]
    later += [(now_ms + change) // 2, change - 2, change - 1]
    return [*sorted(instant for instant in later if now_ms < instant < change), change]


@settings(max_examples=400)
@given(CONDITIONS, profiles(), EVENTS, NEAR)
def test_an_answer_stays_as_it_is_until_the_instant_that_was_said(
    source: str, profile: Profile, event: Touchpoint, now_ms: int
) -> None:
    condition = compile_condition(source, SCOPE)
    assume(not condition.timely)
    for _ in range(12):
        before = answer(condition, profile, event, now_ms)
        *between, change = walked(condition.changes_at, profile, event, now_ms)
        for instant in between:
            assert answer(condition, profile, event, instant) == before, instant - BASE_MS
        if change == 0:
            break
        now_ms = change


@settings(max_examples=100)
@given(st.lists(CONDITIONS, max_size=4), profiles(), EVENTS, NEAR)
def test_the_first_change_of_several_conditions_is_that_of_the_one_that_changes_first(
    sources: list[str], profile: Profile, event: Touchpoint, now_ms: int
) -> None:
    conditions = [compile_condition(source, SCOPE) for source in sources]
    timely = [condition for condition in conditions if not condition.timely]
    each = [condition.changes_at(profile, event, now_ms) for condition in timely]
    first = min([change for change in each if change], default=0)
    assert compile_changes(timely)(profile, event, now_ms) == first
