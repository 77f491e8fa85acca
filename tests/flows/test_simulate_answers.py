"""Offers are answered once each, the same way each time, and never get in the way of events."""

from collections import Counter

import msgspec
import orjson
import pytest

from connectors.events.dead_letter import Refusal
from connectors.events.decode import decode
from flows.simulate.answers import NAMES, Answer, Audience
from flows.simulate.website import PAUSE_MS, Website

NOW_MS = 1_760_000_000_000


def serving(*decision_ids: str, channel: str = "click") -> bytes:
    offers = [
        {
            "offer_id": "welcome",
            "decision_id": decision_id,
            "channel": channel,
            "rank": 1,
            "score": 400.0,
            "placement": "home",
            "reasons": ["has not bought yet"],
        }
        for decision_id in decision_ids
    ]
    return orjson.dumps({"customer_id": "c-000001", "offers": offers})


def many(seed: int) -> list[Answer]:
    return Audience(seed).answers(
        "c-000001", serving(*(f"d-{number}" for number in range(1_000))), NOW_MS
    )


def test_a_decision_is_answered_once_however_often_it_is_seen() -> None:
    audience = Audience(1)
    assert audience.answers("c-000001", serving("d-1"), NOW_MS)
    assert not audience.answers("c-000001", serving("d-1"), NOW_MS + 1_000)


def test_the_same_seed_gives_a_decision_the_same_answer() -> None:
    assert many(1) == many(1)
    assert many(1) != many(2)


def test_every_offer_is_shown_first_and_some_are_clicked_accepted_or_dismissed() -> None:
    by_decision: dict[str, list[str]] = {}
    for answer in sorted(many(1)):
        decision_id = orjson.loads(answer.value)["properties"]["decision_id"]
        by_decision.setdefault(decision_id, []).append(answer.name)
    ways = Counter(tuple(names) for names in by_decision.values())
    assert set(ways) == {
        ("Offer Shown",),
        ("Offer Shown", "Offer Clicked"),
        ("Offer Shown", "Offer Clicked", "Offer Accepted"),
        ("Offer Shown", "Offer Dismissed"),
    }
    assert min(ways.values()) > 50


def test_answers_are_events_that_name_the_decision() -> None:
    for customer_id in ("c-000001", "a-0123456789ab"):
        for answer in Audience(1).answers(customer_id, serving("d-1"), NOW_MS):
            touchpoint = decode(answer.value, "click", answer.due_ms, answer.due_ms)
            assert not isinstance(touchpoint, Refusal)
            assert touchpoint.customer_id == answer.key == customer_id
            assert touchpoint.name in NAMES
            assert touchpoint.at_ms == answer.due_ms > NOW_MS
            assert touchpoint.properties == {
                "decision_id": "d-1",
                "offer_id": "welcome",
                "placement": "home",
                "channel": "click",
            }


def test_a_website_shows_no_offer_of_another_channel() -> None:
    assert not Audience(1).answers("c-000001", serving("d-1", channel="kiosk"), NOW_MS)


def test_what_is_no_serving_key_is_an_error_of_its_own_kind() -> None:
    with pytest.raises(msgspec.DecodeError):
        Audience(1).answers("c-000001", b'{"offers": 1}', NOW_MS)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://:secret@127.0.0.1:1/0", "redis://127.0.0.1:1/0"),
        ("unix://me:secret@/no/such.sock", "unix:/no/such.sock"),
        ("unix:///no/such.sock?password=secret", "unix:/no/such.sock"),
    ],
)
def test_an_absent_redis_is_said_once_without_its_secrets_and_asked_again(
    url: str, address: str
) -> None:
    said: list[str] = []
    website = Website(url, 1, said.append)
    for later_ms in range(0, 3 * PAUSE_MS, 500):
        website.viewed("c-000001", NOW_MS + later_ms)
        assert website.due(NOW_MS + later_ms) == []
    assert len(said) == 1
    assert f"{address} does not answer" in said[0]
    assert "secret" not in said[0]
