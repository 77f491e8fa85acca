"""What programs are told about one customer, made of what is known: no service needed."""

import json

import pytest

from flows.commands.customer.document import document
from flows.commands.customer.history import NOT_ASKED, History, Touch
from flows.commands.customer.page import last_alerts
from state.profile import Profile
from state.store.lookup import Known
from tests.flows.test_customer_page import HISTORY, NOW_MS, OFFERS, PROFILE, TITLES


def test_programs_get_the_same_under_stable_names() -> None:
    known = Known("ann", 3, PROFILE, json.dumps(OFFERS).encode())
    alerts = last_alerts(PROFILE, HISTORY, TITLES)
    told = document(known, HISTORY, alerts, TITLES)
    assert [(offer["offer_id"], offer["title"]) for offer in told["offers"]] == [
        ("tea", "Tea for two")
    ]
    assert told["served"] == {
        "key": "touchline:offers:ann",
        "as_of": "2026-01-10T23:59:00.000Z",
        "expires_at": "2026-01-12T00:00:00.000Z",
    }
    assert told["last_alerts"][0] == {
        "at": "2026-01-10T23:59:55.000Z",
        "alert": "vip_unhappy",
        "severity": "critical",
        "message": "Rated 1 of 5",
        "key": None,
    }
    assert told["touchpoints"][0] == {
        "at": "2026-01-11T00:00:00.000Z",
        "channel": "click",
        "event": "Product Added",
        "id": "2",
        "properties": {"name": "Green tea", "price": 3.5},
    }
    assert told["warehouse"] == {
        "url": "./warehouse",
        "as_of": "2026-01-10T23:59:58.000Z",
        "missing": None,
    }
    without = document(known, History("w", missing=NOT_ASKED), [], TITLES)
    assert without["touchpoints"] is None
    assert without["warehouse"]["missing"] == NOT_ASKED


def test_a_number_named_at_in_an_events_properties_stays_the_producers() -> None:
    properties = {"at": 5, "order": {"paid_at": 6}, "lines": [{"at": 7}]}
    history = History("w", touchpoints=[Touch(NOW_MS, "click", "E", "1", properties)])
    told = document(Known("ann", 3, Profile(), None), history, [], TITLES)
    assert told["touchpoints"][0]["properties"] == properties


@pytest.mark.parametrize("served", [b"{", b"[1]", b"null", None])
def test_a_serving_key_that_holds_no_document_is_no_offer_for_programs(
    served: bytes | None,
) -> None:
    told = document(Known("ann", 3, Profile(), served), HISTORY, [], TITLES)
    assert told["offers"] == []
    assert told["served"]["as_of"] is None
