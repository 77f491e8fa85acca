"""What was decided for who asked goes through a flush: counted, published, undone with the rest."""

import pytest
from msgspec import structs

import decisions.decide
from connectors.events.dead_letter import Reason
from connectors.kafka.topics import DECIDED
from connectors.published.decided import decided_record
from connectors.published.record_types import read_action, read_dead_letter
from decisions.offering.ask import Question, ask
from flows.processor import decide, refuse
from flows.processor.booking import book
from flows.processor.flush import REPEAT, Flush
from state.decided import Decided
from state.profile import Profile, encode_profile
from tests.flows.one_flush import NOW_MS, RETAIL
from tests.flows.test_forwarding import CLICK, Came, event, flushed


def asked(request: str = "r-1", at_ms: int = NOW_MS - 3_000) -> Decided:
    """What a page has been answered about ann, of whom nothing is known."""
    decided = ask(Profile(), Question("ann", request, ("home",), {}), RETAIL, at_ms).decided
    assert decided is not None
    return decided


def came(decided: Decided, at: int = 1) -> Came:
    return Came(DECIDED, at, decided_record(decided, ["home"], {}))


def test_it_is_counted_and_published_as_it_was_decided_and_is_no_event() -> None:
    decided = asked()
    processor, part = flushed(came(decided))
    (action,) = decided.actions
    ((customer, record),) = part.actions
    published = read_action(record)
    assert (customer, published.id, published.body) == ("ann", action.id, action.body)
    assert published.caused_by == "asked:r-1"
    assert round(published.decided_at.timestamp() * 1000) == decided.at_ms
    assert (part.rows, part.dead_letters, part.serving) == ([], [], {})
    (proposal,) = part.touched["ann"].proposals
    assert proposal.decision_id.hex() == action.id
    book(processor, Flush([part]))
    assert processor.meter.value("touchline_answers_counted_total", outcome="applied") == 1
    labels = {"offer": action.body["offer_id"], "channel": action.body["channel"]}
    assert processor.meter.value("touchline_offers_decided_total", **labels) == 1


def test_one_that_comes_again_changes_and_publishes_nothing() -> None:
    processor, part = flushed(came(asked()), came(asked(), at=2))
    assert part.events[1] == REPEAT
    assert len(part.actions) == 1
    _, later = flushed(came(asked(), at=3), shard=part.shard)
    assert (later.actions, later.touched) == ([], {})
    book(processor, Flush([later]))
    assert processor.meter.value("touchline_answers_counted_total", outcome="repeated") == 1


def test_it_says_nothing_of_how_far_a_channel_is() -> None:
    _, part = flushed(came(asked()))
    assert part.newest_ms == {}


def test_an_event_that_cannot_be_decided_takes_nothing_of_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refuse, "commit_pending", lambda _: None)
    whole = decisions.decide.decide

    def failing(profile, touchpoint, *rest):  # type: ignore[no-untyped-def]  # as it is called
        if touchpoint.message_id == "m1":
            profile.contacts.clear()
            profile.proposals.clear()
            raise ValueError
        return whole(profile, touchpoint, *rest)

    monkeypatch.setattr(decide, "decide", failing)
    _, part = flushed(Came(CLICK, 1, event("ann")), came(asked()), Came(CLICK, 2, event("ann", 1)))
    monkeypatch.undo()
    _, right = flushed(Came(CLICK, 1, event("ann")), came(asked()))
    assert encode_profile(part.touched["ann"]) == encode_profile(right.touched["ann"])
    assert len(part.actions) == len(right.actions)
    ((_, letter),) = part.dead_letters
    assert read_dead_letter(letter).reason is Reason.UNDECIDABLE


def test_one_that_cannot_be_taken_in_is_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refuse, "commit_pending", lambda _: None)

    def failing(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(decide, "take_decided", failing)
    _, part = flushed(came(asked()))
    ((_, letter),) = part.dead_letters
    found = read_dead_letter(letter)
    assert (found.topic, found.reason, found.stage) == (DECIDED, Reason.UNDECIDABLE, "decide")
    assert part.actions == []


def test_who_asked_before_their_first_event_is_decided_for_by_all_rules_then() -> None:
    _, part = flushed(came(asked()))
    _, after = flushed(Came(CLICK, 1, event("ann")), shard=part.shard)
    _, plain = flushed(Came(CLICK, 1, event("ann")))
    assert after.touched["ann"].segments.keys() == plain.touched["ann"].segments.keys()
    held = [structs.replace(one, decided_at=0, expires_at=0) for one in after.touched["ann"].offers]
    assert held == [
        structs.replace(one, decided_at=0, expires_at=0) for one in plain.touched["ann"].offers
    ]
