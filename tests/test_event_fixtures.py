"""The events that producers test with: decoder, JSON Schemas and fold say the same of them."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.decode import decode
from connectors.events.event import Event
from connectors.events.schema_names import KNOWN, KnownEvent, example, properties_of
from connectors.events.schema_of_types import MOMENT
from flows.settings import Settings
from flows.simulate.answers import NAMES as OUTCOMES
from state import sections
from state.fold import _EFFECTS as EFFECTS
from state.fold import fold
from state.fold.consents import SAYS
from state.profile import Profile
from state.touchpoint import Touchpoint
from tests.connectors.samples import json_values, valid_raws
from tests.event_docs import COMPONENTS, schemas
from tests.event_fixtures import INVALID, NOON_MS, VALID, Fixture, named
from tests.json_schema import Judge

JUDGES = {name: Judge(schema) for name, schema in schemas().items()}
NOT_OF_THE_EVENT = {
    *(Reason.TOMBSTONE, Reason.MISPLACED, Reason.BAD_ORIGIN, Reason.BAD_BROADCAST),
    Reason.UNDECIDABLE,
}
"""Reasons that lie in the record, its place or the playbook."""
UNSAID = {
    *("too_large--33-kb", "too_deep--65-levels", "too_many_keys--one-for-each-day"),
    *("not_json--not-a-number", "invalid--february-30"),
    *("in_future--year-2999", "too_late--year-2000"),
    *("in_future--sent-before-it-happened", "in_future--received-in-2999"),
}
"""Events that are refused and pass their schema, as docs/events.md says."""
ANY_EVENT = sections.CHANNELS | sections.EVENTS | sections.SESSIONS
"""What every event changes."""


def decoded(value: bytes, channel: str = "click") -> Touchpoint | Refusal:
    return decode(value, channel, NOON_MS, NOON_MS)


@pytest.mark.parametrize("fixture", VALID, ids=named)
def test_a_valid_event_is_taken_and_passes_the_schema_of_its_channel(fixture: Fixture) -> None:
    assert isinstance(decoded(fixture.value, fixture.channel), Touchpoint)
    event = json.loads(fixture.value)
    assert JUDGES[fixture.channel].errors(event) == []
    assert JUDGES["event"].errors(event) == []


@pytest.mark.parametrize("fixture", INVALID, ids=named)
def test_an_invalid_event_is_refused_for_the_reason_in_its_name(fixture: Fixture) -> None:
    refusal = decoded(fixture.value, fixture.channel)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == fixture.reason


@pytest.mark.parametrize("fixture", INVALID, ids=named)
def test_a_schema_refuses_what_it_can(fixture: Fixture) -> None:
    try:
        event = json.loads(fixture.value)
    except ValueError:  # no schema ever sees it
        assert fixture.reason in ("empty", "not_utf8", "not_json")
        return
    passes = JUDGES["event"].passes(event), JUDGES[fixture.channel].passes(event)
    assert passes == ((fixture.name in UNSAID),) * 2


def test_every_known_name_and_type_has_a_valid_event() -> None:
    found = {(one.channel, json.loads(one.value).get("event")) for one in VALID}
    assert found >= {(event.channel, event.name) for event in KNOWN.values()}
    types = {json.loads(one.value)["type"] for one in VALID}
    assert types == {"track", "identify", "page", "screen", "group", "alias"}


@pytest.mark.parametrize("channel", Settings().channels)
def test_every_reason_that_an_event_can_give_has_an_invalid_one_of_each_channel(
    channel: str,
) -> None:
    found = {one.reason for one in INVALID if one.channel == channel}
    assert found == {str(reason) for reason in Reason if reason not in NOT_OF_THE_EVENT}


def test_no_message_id_is_used_twice() -> None:
    ids = [json.loads(one.value)["messageId"] for one in VALID]
    assert len(set(ids)) == len(ids)


# The schemas and the decoder

moments = st.from_regex(MOMENT, fullmatch=True).map(str.strip)
fields = st.sampled_from([*Event.__struct_encode_fields__, "context"])
values = json_values | moments | st.text(max_size=300) | st.just(...)


@given(st.sampled_from(VALID), st.dictionaries(fields, values, min_size=1, max_size=4))
def test_a_schema_takes_what_the_decoder_takes(fixture: Fixture, changes: dict[str, Any]) -> None:
    """`...` in the place of a value leaves the field out."""
    event = json.loads(fixture.value) | changes
    event = {name: value for name, value in event.items() if value is not ...}
    result = decoded(json.dumps(event).encode())
    passes = JUDGES["event"].passes(event)
    if isinstance(result, Touchpoint):
        assert passes, JUDGES["event"].errors(event)
    elif result.reason in (Reason.NO_ID, Reason.BAD_ID):
        assert not passes
    elif result.reason == Reason.INVALID:
        assert not passes or any(map(no_such_day, event.values()))
    else:
        assert result.reason in (Reason.IN_FUTURE, Reason.TOO_LATE, Reason.TOO_MANY_KEYS)
        assert passes or any(map(no_such_day, event.values()))


def no_such_day(value: object) -> bool:
    """Whether it is a moment of a day like 30 February, which no pattern can tell."""
    if not isinstance(value, str) or not JUDGES["event"].passes(
        {"messageId": "m", "type": "page", "userId": "ann", "timestamp": value}
    ):
        return False
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return True
    return False


@given(valid_raws())
def test_no_schema_of_any_event_refuses_what_is_taken(value: bytes) -> None:
    assume(isinstance(decoded(value), Touchpoint))  # a drawn field may be one that is read
    assert JUDGES["event"].errors(json.loads(value)) == []


# The schemas and the fold


def sent(event: KnownEvent, properties: dict[str, Any], second: int = 0) -> dict[str, Any]:
    return {
        "messageId": f"m-{second}",
        "type": "track",
        "event": event.name,
        "userId": "ann",
        "timestamp": f"2026-01-15T11:00:0{second}Z",
        "properties": properties,
    }


def folded(event: KnownEvent, properties: dict[str, Any]) -> tuple[Profile, int]:
    """The profile of a customer with a cart and orders after this event, and what it changed."""
    profile = Profile()
    for number, (name, said) in enumerate(
        [
            ("Product Added", {"product_id": "sneaker-42", "quantity": 5, "price": 2}),
            ("Order Completed", {"total": 500}),
            ("Product Added", {"product_id": "sneaker-42", "quantity": 5, "price": 2}),
            (event.name, properties),
        ]
    ):
        raw = sent(event, properties, number) | {"event": name, "properties": said}
        touchpoint = decoded(json.dumps(raw).encode(), event.channel)
        assert isinstance(touchpoint, Touchpoint)
        changed = fold(profile, touchpoint, {})
    return profile, changed


def without_trimmed(profile: Profile) -> Profile:
    profile.trimmed = 0
    return profile


@pytest.mark.parametrize("name", KNOWN)
def test_an_event_changes_the_parts_that_are_said(name: str) -> None:
    event = KNOWN[name]
    assert folded(event, example(event))[1] & ~ANY_EVENT == event.changes


def test_all_names_are_known_that_change_more_than_any_name_and_those_of_offers() -> None:
    assert set(KNOWN) == {*EFFECTS, *OUTCOMES, *SAYS}


DESCRIBED = [(event, one) for event in KNOWN.values() for one in properties_of(event.properties)]
DECIDING = {"decision_id"}
"""Read by what decides, not by the fold."""
ALONE: dict[str, Any] = {
    "sku": "sneaker-42",
    "revenue": 30,
    "value": 20,
    "quantity": 3,
    "category": "hats",
    "products": [{"product_id": "hat-1", "category": "hats"}],
}
"""A value that makes a difference, for properties without an example that does."""


@pytest.mark.parametrize(
    ("name", "said"),
    [(event.name, one.name) for event, one in DESCRIBED if one.read and one.name not in DECIDING],
)
def test_a_property_that_is_said_to_be_read_makes_a_difference(name: str, said: str) -> None:
    event = KNOWN[name]
    value = ALONE.get(said) or {p.name: p.examples for _, p in DESCRIBED}[said][-1]
    # What a line of the cart is changed by counts where there is one.
    beside: dict[str, Any] = {}
    if event.changes & sections.CART and said in ("price", "quantity", "cart_id"):
        beside = {"product_id": "sneaker-42", "products": [{"product_id": "sneaker-42"}]}
    assert folded(event, beside | {said: value})[0] != folded(event, beside)[0]


SCALARS = [(event.name, one.name) for event, one in DESCRIBED if one.name != "products"]


def beyond(name: str, said: str) -> Iterator[Any]:
    """Values just outside what the schema says of a property."""
    schema = COMPONENTS[KNOWN[name].properties.__name__]["properties"][said]
    yield from ("", "7", True, [1], {"id": 1}) if "number" in schema["type"] else ("", True, [1])
    yield from (schema["minimum"] - 1, schema["maximum"] + 1) if "minimum" in schema else ()


def refused_and_ignored(name: str, said: str, value: Any) -> None:
    """The schema of the channel refuses it; the event is taken, and it changes nothing."""
    event = KNOWN[name]
    properties = example(event) | {said: value}
    raw = sent(event, properties)
    assert not JUDGES[event.channel].passes(raw)
    assert JUDGES["event"].passes(raw)
    ignored = {name: one for name, one in properties.items() if name != said}
    assert without_trimmed(folded(event, properties)[0]) == without_trimmed(
        folded(event, ignored)[0]
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [(e.name, p.name) for e, p in DESCRIBED if p.read and p.name != "products"],
)
def test_a_value_just_outside_what_the_schema_says_is_taken_and_ignored(
    name: str, said: str
) -> None:
    for value in beyond(name, said):
        refused_and_ignored(name, said, value)


@given(st.sampled_from(SCALARS), json_values)
def test_what_the_schema_of_a_channel_refuses_is_taken_and_ignored(
    place: tuple[str, str], value: Any
) -> None:
    event = KNOWN[place[0]]
    properties = example(event) | {place[1]: value}
    assume(not JUDGES[event.channel].passes(sent(event, properties)))
    refused_and_ignored(*place, value)


@given(st.sampled_from([(e.name, p.name) for e, p in DESCRIBED if not p.read]), json_values)
def test_a_property_that_is_not_read_makes_no_difference(
    place: tuple[str, str], value: Any
) -> None:
    event, said = KNOWN[place[0]], place[1]
    properties = example(event)
    assert folded(event, properties | {said: value})[0] == folded(event, properties)[0]
