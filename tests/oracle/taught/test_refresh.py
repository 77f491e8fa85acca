"""Offers are chosen anew at the very millisecond at which time lets others in, and at no other."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from decisions.load import load_playbook
from state.times import milliseconds
from tests.faults.laws.known import Known
from tests.oracle.taught.lived import Lived
from tests.oracle.taught.refreshed import MINUTE, SECOND, Deed, Held, Refreshed, Served

BEGIN = 1_772_323_200_000
"""2026-03-01T00:00:00Z"""
LIVES = 12
DEEDS = 25
SEEN = ("Page Viewed", "Product Viewed")
SAID = ("Offer Shown", "Offer Accepted", "Offer Dismissed")
BOOK = load_playbook(Path(__file__).with_name("refreshed.yaml"))


def decided(lived: Lived) -> list[Held]:
    """What it decided, in the oracle's words."""
    return [
        Held(
            at_ms,
            action.body["offer_id"],
            action.body["placement"],
            action.body["channel"],
            _ms(action.body["expires_at"]),
        )
        for at_ms, action in lived.actions
        if action.kind == "offer.decided"
    ]


def _ms(text: str) -> int:
    return milliseconds(datetime.fromisoformat(text))


def live(number: int) -> tuple[Lived, Refreshed]:
    """One customer: now and then away for longer than offers are chosen for."""
    rng = random.Random(f"refresh {number}")
    lived, naive = Lived(f"c-{number}", BOOK, Known(BOOK)), Refreshed()
    at = BEGIN + rng.randrange(20 * MINUTE)
    for _ in range(DEEDS):
        now = lived.servings[-1] if lived.servings else None
        if now is not None and now.offers and rng.random() < 0.5:
            one = rng.choice(now.offers)
            name = rng.choice(SAID)
            when = {act.id: at_ms for at_ms, act in lived.actions}
            lived.take(at, name, decision_id=one.decision_id)
            naive.take(Deed(at, name, one.offer_id, when[one.decision_id]))
        else:
            name = rng.choice(SEEN)
            lived.take(at, name)
            naive.take(Deed(at, name))
        before = at
        at += int(SECOND * 10 ** (rng.random() * 3.2)) if rng.random() < 0.9 else 15 * MINUTE
        # In one jump or in several.
        for share in sorted(rng.random() for _ in range(rng.randrange(3))):
            lived.rest(int(before + share * (at - before)))
        lived.rest(at)
        naive.rest(at)
    return lived, naive


@pytest.fixture(scope="module")
def lives() -> Sequence[tuple[Lived, Refreshed]]:
    return [live(number) for number in range(LIVES)]


def test_what_is_decided_is_what_the_oracle_decides(
    lives: Sequence[tuple[Lived, Refreshed]],
) -> None:
    for number, (lived, naive) in enumerate(lives):
        assert decided(lived) == naive.decided, number


def test_what_is_served_is_what_the_oracle_serves(
    lives: Sequence[tuple[Lived, Refreshed]],
) -> None:
    for number, (lived, naive) in enumerate(lives):
        found = [
            Served(one.as_of, tuple(offer.offer_id for offer in one.offers))
            for one in lived.servings
        ]
        assert found == naive.served, number


def test_the_lives_go_to_all_the_corners(lives: Sequence[tuple[Lived, Refreshed]]) -> None:
    seen = Counter(
        (action.body["offer_id"], action.caused_by.startswith("time:"))
        for lived, _ in lives
        for _, action in lived.actions
        if action.kind == "offer.decided"
    )
    assert all(seen[offer, by_time] for offer in "abcde" for by_time in (False, True)), seen
