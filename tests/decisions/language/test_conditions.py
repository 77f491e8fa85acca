"""What a condition sees, says of itself, and does with data that do not fit."""

from typing import Any

import pytest

from decisions.language import (
    BOOL,
    DOUBLE,
    INT,
    STRING,
    EvaluationError,
    ExpressionError,
    Scope,
    compile_condition,
    compile_value,
)
from decisions.language.fields import FIELDS, KEYS
from decisions.language.scope import TEXTS
from state.event_names import event_key
from state.profile import CartLine, ChannelActivity, Interest, Profile
from state.sections import (
    AFFINITY,
    CART,
    CHANNELS,
    EMAIL,
    EVENT,
    EVENTS,
    NOW,
    ORDERS,
    SEGMENTS,
    TRAITS,
)
from state.touchpoint import Touchpoint

NOW_MS = 1_767_225_600_000
DAY_MS = 86_400_000
TODAY = NOW_MS // DAY_MS
TRAIT_TYPES = {"city": STRING, "age": INT, "score": DOUBLE, "member": BOOL, "sports": TEXTS}
SCOPE = Scope(TRAIT_TYPES, ["vip", "new"])


def event(name: str = "Order Completed", **properties: Any) -> Touchpoint:
    return Touchpoint(
        "", b"", "m1", "c1", "click", "track", name, NOW_MS - 1_000, NOW_MS, properties, {}, b""
    )


def is_true(
    source: str, profile: Profile | None = None, touchpoint: Touchpoint | None = None
) -> bool:
    condition = compile_condition(source, SCOPE)
    return condition(profile or Profile(), touchpoint or event(), NOW_MS)


def value(source: str, profile: Profile | None = None) -> Any:
    return compile_value(source, SCOPE)(profile or Profile(), event(), NOW_MS)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_of_the_table_has_a_value_of_its_type_for_a_new_customer(field: Any) -> None:
    if field.type == KEYS:
        assert not is_true(f'"x" in {field.name}')
        return
    compiled = compile_value(field.name.replace("[key]", '["x"]'), SCOPE)
    assert (compiled.type, compiled.reads) == (field.type, field.reads)
    plain = {"int": int, "double": float, "bool": bool, "list(string)": list, "duration": float}
    kind = plain.get(field.type, dict if field.type.startswith("map") else str)
    assert type(compiled(Profile(), event(), NOW_MS)) is kind


def test_a_collection_has_a_default_for_every_key_written_either_way() -> None:
    profile = Profile(
        events={event_key("Order Completed"): 2, "Queue Joined": 4},
        channels={"email": ChannelActivity(3, 1_000, NOW_MS)},
    )
    assert value('profile.events["Order Completed"]', profile) == 2
    assert value("profile.events[event.name]", profile) == 2
    assert value('profile.events["Queue Joined"]', profile) == 4
    assert value("profile.events.Nothing", profile) == 0
    assert is_true(
        '"Order Completed" in profile.events && "Queue Joined" in profile.events', profile
    )
    assert is_true('event.name in profile.events && !("Page Viewed" in profile.events)', profile)
    told = event("Page Viewed", number=2, named="Order Completed", many=["Order Completed"])
    assert is_true("event.properties.named in profile.events", profile, told)
    assert is_true("!(event.properties.number in profile.events)", profile, told)
    assert is_true("!(event.properties.many in profile.events)", profile, told)
    assert value("profile.channels.email.events", profile) == 3
    assert value('profile.channels["email"].first_at', profile) == "1970-01-01T00:00:01.000Z"
    assert value("profile.channels.kiosk.events", profile) == 0
    assert is_true('has(profile.events.Nothing) || "email" in profile.channels', profile)


def test_the_cart_counts_pieces_products_and_categories() -> None:
    profile = Profile()
    profile.cart.lines = {"b": CartLine(2, 1.5, "shoes"), "a": CartLine(3, 1.0, "hats")}
    assert value("profile.cart.items", profile) == 5
    assert value("profile.cart.products", profile) == 2
    assert value("profile.cart.categories", profile) == ["hats", "shoes"]
    assert is_true('"a" in profile.cart.product_ids && !("c" in profile.cart.product_ids)', profile)


def test_windows_and_interests_are_as_of_now() -> None:
    profile = Profile()
    profile.orders.recent = [(TODAY - 91, 7.0, 1), (TODAY - 90, 5.0, 1)]
    profile.affinity = {"shoes": Interest(4.0, NOW_MS - 30 * DAY_MS)}
    assert value("profile.orders.value_90d", profile) == 5.0
    assert value("profile.orders.count_90d", profile) == 1
    assert value('profile.affinity["shoes"]', profile) == 2.0
    assert value('profile.affinity["hats"]', profile) == 0.0


def test_the_top_category_is_the_strongest_now_and_of_equals_the_first_by_name() -> None:
    old, new = Interest(3.0, NOW_MS - 30 * DAY_MS), Interest(2.0, NOW_MS)
    assert value("profile.top_category", Profile(affinity={"old": old, "new": new})) == "new"
    assert value("profile.top_category", Profile(affinity={"b": new, "a": new})) == "a"
    assert value("profile.top_category", Profile(affinity={"a": Interest(0.0, NOW_MS)})) == ""


def test_a_trait_has_its_declared_type_or_the_condition_is_an_error() -> None:
    profile = Profile(traits={"city": "Berlin", "age": 40, "score": 2, "member": True})
    assert is_true('customer.city == "Berlin" && customer.member', profile)
    assert is_true("customer.age + 1 == 41 && customer.score / 4.0 == 0.5", profile)
    assert is_true('customer["age"] == 40 && has(customer.age)', profile)
    stale = Profile(traits={"city": 5, "age": True, "score": "high", "member": 1})
    for source in (
        'customer.city != ""',
        "customer.age > 0",
        "customer.score > 0.0",
        "customer.member",
    ):
        with pytest.raises(EvaluationError):
            is_true(source, stale)
        with pytest.raises(EvaluationError, match="no key"):
            is_true(source, Profile())
    assert not is_true("has(customer.age)")


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ('"run" in customer.sports', True),
        ('"swim" in customer.sports', False),
        ("size(customer.sports) == 2 && customer.sports.size() == 2", True),
        ('customer.sports == ["run", "ski"]', True),
        ('customer.sports[1] == "ski" && customer["sports"][0] == "run"', True),
        ('customer.sports.exists(sport, sport in ["swim", "ski"])', True),
        ('customer.sports.filter(sport, sport.startsWith("s")) == ["ski"]', True),
        ('customer.sports + ["swim"] == ["run", "ski", "swim"]', True),
        ("event.properties.sport in customer.sports", True),
        ("has(customer.sports)", True),
    ],
)
def test_a_trait_that_is_a_list_is_asked_like_any_list(source: str, answer: bool) -> None:
    profile = Profile(traits={"sports": ["run", "ski"]})
    assert is_true(source, profile, event(sport="ski")) is answer


def test_a_trait_that_is_a_list_and_not_declared_so_or_the_other_way_round_errs() -> None:
    stale = Profile(traits={"sports": "run", "city": ["Bern"], "age": ["1"], "member": ["true"]})
    for source in ('"run" in customer.sports', "size(customer.sports) > 0"):
        with pytest.raises(EvaluationError, match=r"expected list\(string\), got 'run'"):
            is_true(source, stale)
        with pytest.raises(EvaluationError, match="no key"):
            is_true(source, Profile())
    for source in ('customer.city != ""', "customer.age > 0", "customer.member"):
        with pytest.raises(EvaluationError, match="got list"):
            is_true(source, stale)


def test_an_error_on_one_side_gives_way_to_what_decides_alone() -> None:
    missing, wrong = "event.properties.missing == 1", "event.properties.text > 5"
    touchpoint = event(text="five")
    for first, second in ((missing, "false"), ("false", missing)):
        assert not is_true(f"{first} && {second}", touchpoint=touchpoint)
    for first, second in ((missing, "event.properties.text == 'five'"), ("true", wrong)):
        assert is_true(f"{first} || {second}", touchpoint=touchpoint)
    assert not is_true(f"{missing} && {wrong} && event.properties.text == 6", touchpoint=touchpoint)
    assert is_true(f"!({missing} && event.properties.text == 6)", touchpoint=touchpoint)
    for source in (
        f"{missing} && true",
        f"{missing} || false",
        f"{missing} || {wrong}",
        f"!({missing})",
    ):
        with pytest.raises(EvaluationError):
            is_true(source, touchpoint=touchpoint)


def test_only_the_chosen_side_of_a_ternary_is_evaluated() -> None:
    assert is_true("has(event.properties.n) ? event.properties.n > 1 : true")
    with pytest.raises(EvaluationError):
        is_true("event.properties.n > 1 ? true : true")


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("true", 0),
        ("profile.orders.value > 1.0", ORDERS),
        ("profile.orders.value_90d > 1.0", ORDERS | NOW),
        ("now - profile.last_at > duration('30d')", CHANNELS | NOW),
        ("profile.affinity['x'] > 1.0", AFFINITY | NOW),
        ("profile.top_category == 'x'", AFFINITY),
        ("event.name == 'X' && profile.events['X'] > 1", EVENT | EVENTS),
        ("'vip' in segments || has(customer.age)", SEGMENTS | TRAITS),
        ("customer.age > 1 ? profile.email.sent > 1 : false", TRAITS | EMAIL),
        ("['a'].exists(p, p in profile.cart.product_ids)", CART),
    ],
)
def test_a_condition_knows_what_it_reads(source: str, reads: int) -> None:
    assert compile_condition(source, SCOPE).reads == reads


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("event.name == 'X'", {"X"}),
        ("'X' == event.name && profile.orders.count > 1", {"X"}),
        ("event.name in ['X', 'Y'] && event.name != 'X'", {"X", "Y"}),
        ("event.name == 'X' || (event.name == 'Y' && customer.age > 1)", {"X", "Y"}),
        ("event.name in ['X', 'Y'] && event.name in ['Y', 'Z']", {"Y"}),
        ("event.name == 'X' && event.name == 'Y'", set()),
        ("event.name in []", set()),
        ("event.name == 'X' ? customer.age > 1 : false", {"X"}),
        ("event.name == 'X' ? true : event.name == 'Y'", {"X", "Y"}),
        ("event.name in ['X', 'Y'] ? event.name == 'Y' : false", {"Y"}),
        ("event.name == 'X' || customer.age > 1", None),
        ("event.name == customer.city", None),
        ("event.name in ['X', customer.city]", None),
        ("!(event.name == 'X')", None),
        ("event.name != 'X'", None),
        ("event.type == 'track'", None),
        ("true", None),
    ],
)
def test_a_condition_knows_the_events_it_can_be_true_for(
    source: str, names: set[str] | None
) -> None:
    assert compile_condition(source, SCOPE).event_names == names


@pytest.mark.parametrize(
    ("source", "segments"),
    [
        ("true", set()),
        ("'vip' in segments", {"vip"}),
        ("'vip' in segments && !('new' in segments)", {"vip", "new"}),
        ("size(segments) > 1", {"vip", "new"}),
        ("event.properties.x in segments", {"vip", "new"}),
        ("segments.exists(s, s.startsWith('v'))", {"vip", "new"}),
    ],
)
def test_a_condition_knows_the_segments_it_depends_on(source: str, segments: set[str]) -> None:
    assert compile_condition(source, SCOPE).segments == segments


@pytest.mark.parametrize(
    ("source", "kind", "expected"),
    [
        ("now", "timestamp", "2026-01-01T00:00:00.000Z"),
        ("now - event.at", "duration", 1.0),
        ("duration('1d') + duration('250ms')", "duration", 86_400.25),
        ("[now]", "list(timestamp)", ["2026-01-01T00:00:00.000Z"]),
        ("[[now - event.at]]", "list(list(duration))", [[1.0]]),
        ("[]", "list(dyn)", []),
        ("null", "null_type", None),
        ("event.properties", "map(string, dyn)", {}),
        ("profile.orders.count > 1 ? 'many' : 'few'", "string", "few"),
    ],
)
def test_a_value_is_plain_json_and_knows_its_type(source: str, kind: str, expected: Any) -> None:
    assert compile_value(source, SCOPE).type == kind
    assert value(source) == expected


@pytest.mark.parametrize("source", ["1.0 / 0.0", "[0.0 / 0.0]", "[1, 1.0 / 0.0]"])
def test_a_double_that_json_has_not_is_an_error(source: str) -> None:
    with pytest.raises(EvaluationError):
        value(source)


def test_a_list_that_is_gone_through_is_bounded() -> None:
    anything = "event.properties.l.exists(e, e == 7)"
    inner = "event.properties.l.exists(e, event.properties.l.exists(f, e + f == -1))"
    assert not is_true(anything, touchpoint=event(l=[0] * 1_000))
    assert not is_true(inner, touchpoint=event(l=[0] * 100))
    for source, size in (
        (anything, 1_001),
        (inner, 101),
        ("7 in event.properties.l", 1_001),
        ("event.properties.l == event.properties.l", 1_001),
    ):
        with pytest.raises(EvaluationError, match="more than"):
            is_true(source, touchpoint=event(l=[0] * size))


def test_nesting_in_an_event_cannot_break_a_comparison() -> None:
    nested: Any = []
    for _ in range(900):
        nested = [nested]
    assert is_true("event.properties.l == event.properties.l", touchpoint=event(l=nested))


def test_without_an_event_none_can_be_named() -> None:
    with pytest.raises(ExpressionError, match="no event"):
        compile_condition("event.name == 'X'", Scope(event=False))
    condition = compile_condition("[1].exists(event, event == 1)", Scope(event=False))
    assert condition(Profile(), event(), NOW_MS)


def test_a_variable_of_a_macro_hides_a_name_and_only_inside() -> None:
    assert is_true("[1].exists(now, now == 1) && now > event.at")
    with pytest.raises(ExpressionError, match="unknown name"):
        compile_condition("[1].exists(e, e == 1) && e == 1", SCOPE)
